import BenchCases
import CLMat
import Foundation
import Models

/// How soon CLMat's topics are as good as tomotopy's after 200 sweeps, and how good they are after 50 passes: by the
/// perplexity of the second halves of documents that were held out, with α = 0.1 for all.
///
/// CLMat takes 100 samples per token where topics are few, which is better there, and its default where they are many.
struct TopicQuality {
    /// For the rows.
    let name: String
    let corpus: Corpus
    let split: HeldOutSplit
    let topics: Int
    let samples: Double

    private static let sweeps = 200, passes = 50

    /// - Parameter folder: of the splits `NAME.heldout.txt.gz`; one that has none, or nil, has them drawn.
    static func all(topics: [Int], heldOut folder: String?) throws -> [TopicQuality] {
        var all: [TopicQuality] = []
        for (name, corpus) in [("nips", BenchCorpus.nips), ("20news", BenchCorpus.newsgroups)] {
            if let obstacle = BenchCorpus.obstacle(corpus) {
                try StandardOutput.say("lda-quality on \(name) is skipped. \(obstacle)")
                continue
            }
            let corpus = try corpus.get()
            let file = folder.map { "\($0)/\(name).heldout.txt.gz" }
            let isThere = file.map { FileManager.default.fileExists(atPath: $0) } ?? false
            let split =
                if let file, isThere { try HeldOutSplit.read(file, for: corpus) } else {
                    try HeldOutSplit(of: corpus, share: 0.1, seed: 1)
                }
            all += topics.map {
                TopicQuality(
                    name: name, corpus: corpus, split: split, topics: $0,
                    samples: LDA.defaultSamples(topics: $0, tokens: corpus.tokens))
            }
        }
        return all
    }

    /// tomotopy and CLMat in turns, a seed each time.
    func measure(beside peer: Peer, repeats: Int, on device: Device) throws -> [Row] {
        let heldOut = Set(split.documents)
        let rows = try corpus.rows((0..<corpus.count).filter { !heldOut.contains($0) })
        let file = "\(name)-training"
        try BenchCorpus.write(Corpus(name: file, vocabulary: corpus.vocabulary, rows: rows), name: file)
        let completion = try DocumentCompletion(split, on: device)
        // Threads and memory are there before the clock runs.
        _ = try curve(seed: 1, passes: 2, upTo: .infinity, completion, on: device)

        var (own, theirs): ([Result], [Result]) = ([], [])
        var peerName = ""
        for seed in 1...repeats {
            let target: Result
            (target, peerName) = try tomotopy(peer, file, seed: seed, completion, on: device)
            theirs.append(target)
            own.append(
                try curve(seed: seed, passes: Self.passes, upTo: target.perplexity, completion, on: device))
        }
        let setting = "\(name)-k\(topics)-m\(Int(samples))"
        let seconds = own.map(\.seconds).sorted()[own.count / 2]
        let isReached = seconds < .infinity
        return [
            Row(
                name: "lda-time-\(setting)", clmat: seconds, peer: theirs.map(\.seconds).median,
                peerName: "\(peerName), \(Self.sweeps) sweeps"
                    + (isReached ? "" : "; as good not within \(Self.passes) passes"),
                unit: "s", isBetterBelow: true),
            Row(
                name: "lda-perplexity-\(setting)", clmat: own.map(\.perplexity).median,
                peer: theirs.map(\.perplexity).median, peerName: "\(peerName), \(Self.sweeps) sweeps",
                unit: "perplexity", isBetterBelow: true),
        ]
    }

    private struct Result {
        var seconds: Double
        var perplexity: Double
    }

    private func tomotopy(
        _ peer: Peer, _ corpus: String, seed: Int, _ completion: DocumentCompletion, on device: Device
    ) throws -> (Result, String) {
        let file = BenchCorpus.temporaryFile("topics")
        let answer = try peer.ask([
            "lda-tomotopy-topics", BenchCorpus.path(corpus), "\(topics)", "\(Self.sweeps)", "\(seed)", file,
        ])
        let bytes = try Data(contentsOf: URL(fileURLWithPath: file))
        let weights = bytes.withUnsafeBytes { [Float]($0.bindMemory(to: Float.self)) }
        let phi = try Matrix(weights, self.corpus.vocabulary.count, topics, on: device)
        return (Result(seconds: answer.seconds, perplexity: try completion.perplexity(phi: phi)), answer.name)
    }

    /// The perplexity after some passes, and the time of learning until it was at most `goal`, if it was.
    private func curve(
        seed: Int, passes: Int, upTo goal: Double, _ completion: DocumentCompletion, on device: Device
    ) throws -> Result {
        var lda = try LDA(topics: topics, vocabulary: corpus.vocabulary, seed: UInt64(seed), on: device)
        lda.samples = samples
        try lda.fit(corpus, passes: 0, holdingOut: split.documents)
        try device.finish()
        var result = Result(seconds: .infinity, perplexity: .infinity)
        var seconds = 0.0
        for _ in 1...passes {
            let start = ContinuousClock.now
            try lda.fit(corpus, passes: 1)
            try device.finish()
            seconds += (ContinuousClock.now - start).seconds
            let perplexity = try completion.perplexity(of: lda)
            if perplexity <= goal, result.seconds == .infinity { result.seconds = seconds }
            result.perplexity = perplexity
        }
        return result
    }
}
