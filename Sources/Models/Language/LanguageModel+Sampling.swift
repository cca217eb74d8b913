import CLMat
import Foundation

extension LanguageModel {
    /// Words that follow others, each drawn by the chance that the model gives it.
    ///
    /// - Parameters:
    ///   - count: how many words.
    ///   - prompt: ids of the words before. If there are none, the text begins behind `start`.
    ///   - start: the id that stands before an empty prompt, such as that of the end of a sentence.
    ///   - temperature: T of softmax(logits / T): below 1 likely words are drawn more often; 0 always takes the likeliest.
    ///   - excluded: an id that is never drawn, such as that of unknown words.
    ///   - seed: the same seed gives the same words.
    /// - Throws: ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` for ids outside the vocabulary, or a negative temperature.
    public func sample(
        _ count: Int, after prompt: [Int32] = [], startingWith start: Int32 = 0, temperature: Double = 1,
        excluding excluded: Int32? = nil, seed: UInt64
    ) throws(CLMatError) -> [Int32] {
        guard temperature >= 0, temperature.isFinite else {
            throw .invalidArgument(
                operation: "LanguageModel.sample",
                problem: "The temperature has to be 0 or more, but is \(temperature).")
        }
        guard count > 0 else { return [] }
        let draws = RandomKey(seed: seed, stream: Streams.languageSample).uniforms(count)
        let opening = prompt.isEmpty ? [start] : prompt
        var trace = try read(opening, from: state(batch: 1))
        var words: [Int32] = []
        while true {
            let last = trace.top.shape.rows - 1
            let logits = try logits(of: trace.top.rows(last..<last + 1)).values
            let word = Self.draw(
                logits, temperature: temperature, excluding: excluded.map(Int.init), draws[words.count])
            words.append(Int32(word))
            guard words.count < count else { return words }
            trace = try read([Int32(word)], from: trace.state())
        }
    }

    /// The index that a uniform number in 0..<1 falls on.
    static func draw(_ logits: [Float], temperature: Double, excluding excluded: Int?, _ uniform: Double) -> Int {
        let allowed = logits.indices.filter { $0 != excluded || logits.count == 1 }
        let best = allowed.max { logits[$0] < logits[$1] } ?? 0
        guard temperature > 0, logits[best].isFinite else { return best }
        let chances = allowed.map { exp((Double(logits[$0]) - Double(logits[best])) / temperature) }
        var rest = uniform * chances.reduce(0, +)
        for (index, chance) in zip(allowed, chances) {
            rest -= chance
            if rest < 0 { return index }
        }
        return best
    }
}

extension Streams {
    /// Words that a model writes.
    static let languageSample: UInt32 = 0x520
}
