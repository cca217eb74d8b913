import CLMat
import Exploration
import Formats
import Foundation

extension LDATrainer {
    /// Writes what was learned for other programs:
    ///
    /// - `topics.csv`: topic, share, rank, word, weight, for the 30 heaviest words of each topic; topics are numbered from 1.
    /// - `topics.json`: the same, a list of topics.
    /// - `phi.npy`: topics × words; `vocabulary.txt`: its words, one per line.
    /// - `theta.npy`: documents × topics of the whole corpus, by ``LDA/transform(_:rounds:)``; `documents.txt`: their names.
    /// - Throws: ``/CLMat/CLMatError/fileNotWritable(path:reason:)``, when the others are written.
    public func export(to folder: String) throws(CLMatError) {
        try Files.makeFolder(folder)
        var problems: [CLMatError] = []
        func attempt(_ body: () throws(CLMatError) -> Void) {
            do throws(CLMatError) { try body() } catch { problems.append(error) }
        }
        let values = try lda.phi.values
        let (shares, k) = (try lda.topicShares, lda.topics)
        let top = TopicScores.topWords(values, topics: k, count: 30)
        var csv = "topic,share,rank,word,weight\n"
        var topics: [JSONValue] = []
        for topic in 0..<k {
            var words: [JSONValue] = []
            for (rank, word) in top[topic].enumerated() {
                let weight = values[word * k + topic]
                csv += "\(topic + 1),\(shares[topic]),\(rank + 1),\(csvField(lda.vocabulary[word])),\(weight)\n"
                words.append(.object([("weight", .number(Double(weight))), ("word", .text(lda.vocabulary[word]))]))
            }
            topics.append(
                .object([("share", .number(shares[topic])), ("topic", .whole(topic + 1)), ("words", .list(words))]))
        }
        attempt { () throws(CLMatError) in try Files.write(csv, to: "\(folder)/topics.csv") }
        attempt { () throws(CLMatError) in
            try Files.write(JSONValue.list(topics).written(.foundationIndented), to: "\(folder)/topics.json")
        }
        attempt { () throws(CLMatError) in
            try Files.write(lda.vocabulary.joined(separator: "\n") + "\n", to: "\(folder)/vocabulary.txt")
        }
        attempt { () throws(CLMatError) in try NPYFile.write(try lda.topicWords, to: "\(folder)/phi.npy") }
        var theta: [Float] = []
        for first in stride(from: 0, to: corpus.count, by: 5000) {
            theta += try lda.transform(try corpus.rows(first..<min(corpus.count, first + 5000))).values
        }
        attempt { () throws(CLMatError) in
            try NPYFile.write(theta, corpus.count, k, to: "\(folder)/theta.npy")
        }
        // A line each, also where a file's name holds the end of one.
        let names = (0..<corpus.count).map { document in
            corpus.documentName(document).split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
                .joined(separator: " ")
        }
        attempt { () throws(CLMatError) in
            try Files.write(names.joined(separator: "\n") + "\n", to: "\(folder)/documents.txt")
        }
        guard let first = problems.first else { return }
        if problems.count == 1 { throw first }
        let reasons = problems.map { problem in
            guard case .fileNotWritable(let path, let reason) = problem else { return "\(problem)" }
            return "\(path): \(reason)"
        }
        throw .fileNotWritable(path: folder, reason: reasons.joined(separator: "; "))
    }
}
