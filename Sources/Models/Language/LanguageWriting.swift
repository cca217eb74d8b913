import CLMat
import Exploration

/// A text that a language model wrote, and how it took each word.
struct LanguageWriting: Sendable, Equatable {
    /// The step whose model wrote it.
    let step: Int
    /// Without the prompt.
    let words: [Int32]
    /// −ln of the chance that the model gave each word, at temperature 1, in nats.
    let surprises: [Float]

    /// Hands over texts of so many words of a vocabulary.
    static func archive(
        _ writings: inout [LanguageWriting], _ archive: Archive, vocabulary: Int
    ) throws(CLMatError) {
        var (steps, lengths) = (writings.map(\.step), writings.map(\.words.count))
        var (words, surprises) = (writings.flatMap(\.words), writings.flatMap(\.surprises))
        try archive.keep("steps", &steps)
        try archive.keep("lengths", &lengths)
        try archive.keep("words", &words)
        try archive.keep("surprises", &surprises)
        guard archive.isReading else { return }
        guard lengths.count == steps.count, lengths.allSatisfy({ (0...words.count).contains($0) }),
            lengths.reduce(0, +) == words.count, surprises.count == words.count,
            words.allSatisfy({ $0 >= 0 && Int($0) < vocabulary })
        else { throw archive.damaged("words", "they are no texts of \(vocabulary) words") }
        var start = 0
        writings = zip(steps, lengths).map { step, length in
            defer { start += length }
            return LanguageWriting(
                step: step, words: Array(words[start..<start + length]),
                surprises: Array(surprises[start..<start + length]))
        }
    }
}

extension LanguageTrainer {
    /// Steps whose texts are kept.
    static let writingSteps: Set = [1, 20, 100, 500, 2000, 10_000, 50_000, 200_000]
    static let wordsOnTheWay = 30
    /// The temperature at which it writes unless a person chooses another one.
    static let usualTemperature = 0.8

    /// A text of the model as it is now. The same model writes the same.
    func write(
        _ count: Int, at step: Int, temperature: Double = usualTemperature, draw: UInt64 = 1
    ) throws(CLMatError) -> LanguageWriting {
        let vocabulary = data.vocabulary
        let opening = prompt.isEmpty ? [vocabulary.endID ?? 0] : prompt
        let words = try model.sample(
            count, after: opening, temperature: temperature, excluding: vocabulary.unknownID, seed: draw)
        // Read again in one piece.
        let all = opening + words
        let trace = try model.read(Array(all.dropLast()), from: model.state(batch: 1))
        var surprises: [Float] = []
        for part in try model.losses(of: trace.top, Array(all.dropFirst())) { surprises += try part.values }
        return LanguageWriting(step: step, words: words, surprises: Array(surprises.suffix(words.count)))
    }
}
