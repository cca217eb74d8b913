import CLMat
import Exploration
import Formats
import Foundation
import ModelOperations

// Keeping topics in a file.

extension LDA {
    private static let format = "clmat-lda"

    /// Writes topics, their words and settings in safetensors, aside and renamed. What is kept of minibatches is not written.
    ///
    /// - Throws: ``/CLMat/CLMatError/fileNotWritable(path:reason:)``.
    public func save(to path: String) throws(CLMatError) {
        if let word = vocabulary.first(where: { $0.unicodeScalars.contains("\n") }) {
            throw .fileNotWritable(path: path, reason: "the word \(word.debugDescription) has a line break")
        }
        let archive = Archive.writing()
        var copy = self
        copy.minibatches = nil
        try copy.archive(archive)
        let notes = [
            Self.format: "1", "topics": "\(topics)", "samples": "\(samples)", "seed": "\(seed)",
            "vocabulary": vocabulary.joined(separator: "\n"),
        ]
        try Safetensors.write(archive.tensors, metadata: notes, to: path)
    }

    /// Reads what ``save(to:)`` wrote: the same topics give the same numbers.
    ///
    /// - Throws: ``/CLMat/CLMatError/fileMissing(path:hint:)``; ``/CLMat/CLMatError/fileDamaged(path:place:problem:)`` for what holds no
    ///   topics, or does not fit together.
    public static func load(_ path: String, on device: Device) throws(CLMatError) -> LDA {
        let file = try ModelFile(reading: path, marked: format, else: "holds no topics")
        let (topics, samples): (Int, Double) = (try file.number("topics"), try file.number("samples"))
        guard (1...TopicSampler.mostTopics).contains(topics), samples > 0, samples <= 100_000,
            let words = file.settings["vocabulary"]
        else { throw file.damaged("a setting is missing, or no number") }
        // By scalars: "\r\n" is one character.
        let vocabulary = words.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map {
            String($0)
        }
        // Before memory is asked for: the file must hold topics of that size.
        guard let phi = file.tensors["phi"], phi.shape == [vocabulary.count, topics] else {
            throw file.damaged("its topics are not \(vocabulary.count) words × \(topics)")
        }
        var lda = try LDA(topics: topics, vocabulary: vocabulary, seed: file.number("seed"), on: device)
        lda.samples = samples
        try lda.archive(.reading(file.tensors, from: path, on: device))
        return lda
    }

    /// Hands over what learning changes.
    mutating func archive(_ archive: Archive) throws(CLMatError) {
        try archive.keep("phi", &phi)
        try archive.keep("statistics", &statistics)
        try archive.keep("steps", &steps)
        try archive.keep("documents-seen", &documentsSeen)
        try archive.keep("alpha", &alpha)
        try archive.keep("beta", &beta)
        try archive.keep("coolness", &inverseTemperatures)
        if minibatches != nil {
            try archive.group("minibatches") { () throws(CLMatError) in try minibatches?.archive(archive) }
        }
        guard archive.isReading else { return }
        let isPrior = { (value: Double) in value > 0 && value <= 1e6 }
        for (name, isPossible) in [
            ("alpha", alpha.count == topics && alpha.allSatisfy(isPrior)), ("beta", isPrior(beta)),
            (
                "coolness",
                inverseTemperatures.count == topics && inverseTemperatures.allSatisfy { (0.001...1000).contains($0) }
            ),
            ("steps", (0..<1 << 39).contains(steps)), ("documents-seen", (0..<1 << 60).contains(documentsSeen)),
        ] where !isPossible {
            throw archive.damaged(name, "it is out of range")
        }
        // A topic of no words has no weights at all.
        guard try phi.min() >= 0, try phi.columnSums().values.allSatisfy({ $0 == 0 || abs($0 - 1) < 1e-3 }) else {
            throw archive.damaged("phi", "its columns are not weights of words, which add up to 1")
        }
        guard try statistics.min() >= 0, try statistics.sum().isFinite else {
            throw archive.damaged("statistics", "it holds numbers that are no counts of words")
        }
    }
}

extension TopicMinibatches {
    mutating func archive(_ archive: Archive) throws(CLMatError) {
        for batch in thetas.indices { try archive.keep("theta-\(batch)", &thetas[batch]) }
        for batch in counts.indices {
            try archive.group("counts-\(batch)") { () throws(CLMatError) in try counts[batch].archive(archive) }
        }
        guard archive.isReading else { return }
        for theta in thetas {
            guard theta.count > 0 else { continue }
            guard try theta.min() >= 0, try theta.sum().isFinite else {
                throw archive.damaged("theta-0", "it holds numbers that are no shares of topics")
            }
        }
    }
}

extension TopicCounts {
    fileprivate mutating func archive(_ archive: Archive) throws(CLMatError) {
        var (counts, rates) = (self.counts, self.rates)
        try archive.keep("samples", &counts)
        try archive.keep("rates", &rates)
        guard archive.isReading else { return }
        guard counts.count == shape.count, rates.count == shape.columns, rates.allSatisfy({ $0 > 0 && $0 <= 1e6 }),
            try counts.values.allSatisfy({ $0 >= 0 })
        else { throw archive.damaged("samples", "they are not \(shape.rows) words × \(shape.columns) topics") }
        self = try TopicCounts(counts, rates: rates, words: shape.rows)
    }
}
