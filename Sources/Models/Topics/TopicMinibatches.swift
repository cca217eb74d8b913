import CLMat
import Exploration
import ModelOperations

/// The documents of a finite corpus in minibatches, and what is kept of each between passes.
struct TopicMinibatches: Sendable {
    let corpus: Corpus
    /// The documents of each minibatch, drawn at random once.
    let documents: [[Int]]
    /// Tokens of all minibatches together.
    let tokens: Int
    /// Tokens of the largest minibatch.
    let mostTokens: Int
    /// On the device, if they fit.
    private let resident: [SparseCounts]
    /// θ of each minibatch's documents; empty if they do not fit.
    var thetas: [Matrix]
    /// The last samples of each minibatch; empty if they do not fit.
    var counts: [TopicCounts]
    private let device: Device
    private let topics: Int

    var keepsTheta: Bool { !thetas.isEmpty }
    var keepsCounts: Bool { !counts.isEmpty }
    var count: Int { documents.count }

    /// - Parameters:
    ///   - batchSize: documents in a minibatch; if nil an eighth of the corpus, at most 10,000.
    ///   - heldOut: documents that are left out.
    ///   - memory: bytes for all that is kept; half of it for samples.
    init(
        _ corpus: Corpus, batchSize: Int?, heldOut: [Int], topics: Int, seed: UInt64, memory: Int, on device: Device
    ) throws(CLMatError) {
        let left = Set(heldOut)
        let order = RandomKey(seed: seed, stream: Streams.topicOrder).permutation(of: corpus.count)
        // A document without words says nothing.
        let used = order.map(Int.init).filter { !left.contains($0) && corpus.length($0) > 0 }
        guard !used.isEmpty else { throw .dataMismatch("No document of \(corpus.name) is left to learn from.") }
        if let batchSize, batchSize < 1 {
            throw .invalidValue(setting: "batch", value: "\(batchSize)", accepted: "1 or more documents")
        }
        let size = min(batchSize ?? min(10_000, (used.count + 7) / 8), used.count)
        let count = (used.count + size - 1) / size
        // Batches of sizes that differ by one at most.
        documents = (0..<count).map { Array(used[used.count * $0 / count..<used.count * ($0 + 1) / count]) }
        (self.corpus, self.device, self.topics) = (corpus, device, topics)
        tokens = used.reduce(0) { $0 + corpus.length($1) }
        mostTokens = documents.map { $0.reduce(0) { $0 + corpus.length($1) } }.max() ?? 0
        var (resident, thetas, counts): ([SparseCounts], [Matrix], [TopicCounts]) = ([], [], [])
        let fitsTheta = used.count * topics * 4 <= memory / 4
        let fitsCounts = corpus.vocabulary.count * topics * 4 <= memory / 2 / count
        let fits = corpus.nonzeros * 8 <= memory / 4
        for batch in documents {
            if fits { resident.append(try SparseCounts(try corpus.rows(batch), on: device)) }
            if fitsTheta { thetas.append(try Matrix(filledWith: 1, Shape(batch.count, topics), on: device)) }
            if fitsCounts {
                counts.append(try TopicCounts(words: corpus.vocabulary.count, topics: topics, on: device))
            }
        }
        (self.resident, self.thetas, self.counts) = (resident, thetas, counts)
    }

    func rows(_ batch: Int) throws(CLMatError) -> SparseCounts {
        resident.isEmpty ? try SparseCounts(try corpus.rows(documents[batch]), on: device) : resident[batch]
    }

    func theta(_ batch: Int) throws(CLMatError) -> Matrix {
        thetas.isEmpty
            ? try Matrix(filledWith: 1, Shape(documents[batch].count, topics), on: device) : thetas[batch]
    }
}

extension Streams {
    /// The order of documents in minibatches.
    static let topicOrder: UInt32 = 34
}
