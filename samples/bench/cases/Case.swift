import CLMat
import Exploration
import Foundation
import Models

/// One measurement: how CLMat does it, and who else does.
package struct Case {
    package enum RivalKind { case python, openBLAS }

    package let name: String
    package let group: String
    package let unit: String
    package var rival = RivalKind.python
    /// Sizes of a product, for the rivals that take any.
    package var product: (m: Int, k: Int, n: Int, repeats: Int)?
    /// What the peer is asked for, if not for a case of this name.
    package var request: [String]?
    /// What keeps it from being measured: data that is not there.
    package var obstacle: () -> String? = { nil }
    /// How many steps of a model, or calls of an operation, the work is.
    package var steps = 1
    /// Makes the operands; each call of the result does the work once, and returns how much it was.
    package let prepare: (Device) throws -> () throws -> Double

    package static let groups = [
        "ops", "lenet", "cifar", "vgg", "ldam", "kmeans", "lda", "lda-quality", "lm", "ctr", "window", "history",
    ]

    package static var all: [Case] {
        ops + [lenetTraining, lenetPrediction] + deepNetworks + [ldam] + kmeans + lda + language + clicks
    }

    // MARK: - Operations

    private static let sizes: [(String, Int, Int, Int, Int)] = [
        ("sgemm-256", 256, 256, 256, 200), ("sgemm-1024", 1024, 1024, 1024, 10), ("sgemm-4096", 4096, 4096, 4096, 1),
        ("sgemm-400x200x10000", 400, 200, 10000, 10),
    ]

    private static var ops: [Case] {
        var cases: [Case] = []
        for (name, m, k, n, repeats) in sizes {
            for rival in [RivalKind.openBLAS, .python] {
                cases.append(
                    Case(name: name, group: "ops", unit: "GFLOP/s", rival: rival, product: (m, k, n, repeats)) {
                        device in
                        let a = try Matrix(uniform: 0...1, RandomKey(seed: 1, stream: 0), Shape(m, k), on: device)
                        let b = try Matrix(uniform: 0...1, RandomKey(seed: 1, stream: 1), Shape(k, n), on: device)
                        var c = try Matrix(zeros: Shape(m, n), on: device)
                        return {
                            for _ in 0..<repeats { try c.multiply(a, b) }
                            return 2e-9 * Double(m * k * n * repeats)
                        }
                    })
            }
        }
        return cases + [
            elementwise("exp") { try $0.exp() }, elementwise("tanh") { try $0.tanh() },
            elementwise("softmax-rows") { try $0.softmaxRows() },
            elementwise("softmax-long", words) { try $0.softmaxRows() },
            elementwise("log-softmax-long", words) { try $0.logSoftmaxRows() }, crossEntropy, segmentSums(64),
            segmentSums(256),
        ]
    }

    /// Scores of 100,000 words at 500 places of a text.
    private static let words = Shape(500, 100_000)

    /// The losses and their gradient.
    private static var crossEntropy: Case {
        Case(name: "cross-entropy-long", group: "ops", unit: "GB/s") { device in
            let x = try Matrix(normal: 0, deviation: 1, RandomKey(seed: 1, stream: 0), words, on: device)
            let labels = try IntVector((0..<words.rows).map { $0 * 197 % words.columns }, on: device)
            return {
                _ = try x.crossEntropy(labels)
                return 8e-9 * Double(words.count)
            }
        }
    }

    /// A million rows by 100,000 segments as frequent as words are (Zipf's law): sorted anew each time, as indices of a minibatch
    /// are.
    private static func segmentSums(_ columns: Int) -> Case {
        let (rows, segments) = (1_000_000, 100_000)
        return Case(name: "segment-sums-\(columns)", group: "ops", unit: "M rows/s") { device in
            let x = try Matrix(
                normal: 0, deviation: 1, RandomKey(seed: 1, stream: 0), Shape(rows, columns), on: device)
            let places = try Matrix(uniform: 0...1, RandomKey(seed: 1, stream: 1), Shape(1, rows), on: .cpu).values
            let indices = try IntVector(
                places.map { min(segments - 1, Int(pow(Double(segments + 1), Double($0))) - 1) }, on: device)
            return {
                _ = try x.segmentSums(by: indices, count: segments)
                return 1e-6 * Double(rows)
            }
        }
    }

    private static func elementwise(
        _ name: String, _ shape: Shape = Shape(8000, 10000), _ function: @escaping (Matrix) throws -> Matrix
    ) -> Case {
        Case(name: name, group: "ops", unit: "GB/s") { device in
            let x = try Matrix(normal: 0, deviation: 1, RandomKey(seed: 1, stream: 0), shape, on: device)
            return {
                _ = try function(x)
                return 8e-9 * Double(shape.count)
            }
        }
    }

    // MARK: - Networks

    /// Made-up images: the speed does not depend on what they show.
    private static func images(_ count: Int) throws -> LabelledImages {
        let noise = try Matrix(uniform: 0...255, RandomKey(seed: 1, stream: 0), Shape(count, 784), on: .cpu).values
        return try LabelledImages(
            name: "noise", shape: ImageShape(height: 28, width: 28), pixels: noise.map { UInt8($0) },
            labels: (0..<count).map { UInt8($0 % 10) }, classNames: (0..<10).map { "\($0)" })
    }

    private static func trainer(_ device: Device) throws -> NetworkTrainer {
        try NetworkTrainer(Network.leNet5(seed: 1, on: device), title: "LeNet-5", test: images(100))
    }

    private static var lenetTraining: Case {
        Case(name: "lenet-training", group: "lenet", unit: "images/s", steps: 200) { device in
            try steps(
                200, of: trainer(device),
                on: ImageBatches(images(6000), name: "noise", batchSize: 100, on: device))
        }
    }

    private static var lenetPrediction: Case {
        Case(name: "lenet-prediction", group: "lenet", unit: "images/s") { device in
            let network = try Network.leNet5(seed: 1, on: device)
            let x = try Matrix(uniform: 0...1, RandomKey(seed: 1, stream: 0), Shape(1000, 784), on: device)
            return {
                for _ in 0..<10 { _ = try network.predict(x) }
                return 10 * 1000
            }
        }
    }

    /// 80 images, with all that the window shows: activations, moves, pulls, and what the network makes of the averages.
    private static var ldam: Case {
        Case(name: "ldam", group: "ldam", unit: "steps/s", steps: 200) { device in
            let host = try trainer(device)
            var sampler = try ActivationSampler(on: host, columns: 10, chains: 8, at: Step(0, seed: 1))
            let settings = Settings(initialOf: sampler.controls + host.controls)
            var number = 0
            return {
                for _ in 0..<200 {
                    number += 1
                    _ = try sampler.update(on: host, StepContext(step: Step(number, seed: 1), settings: settings))
                }
                return 200
            }
        }
    }

    // MARK: - Clustering

    /// Passes over 60,000 points of 784 numbers, 256 clusters, batches of 10,000: beside scikit-learn's minibatches of the
    /// same size, and beside faiss, which takes all points at once.
    private static var kmeans: [Case] {
        ["kmeans-scikit-learn", "kmeans-faiss"].map { name in
            Case(name: name, group: "kmeans", unit: "points/s", steps: 18) { device in
                let batches = try (0..<6).map { part in
                    try Matrix(
                        uniform: 0...1, RandomKey(seed: 1, step: part, stream: 0), Shape(10_000, 784), on: device)
                }
                let start = try batches[0].slice(rows: 0..<256)
                var kmeans = try KMeans(k: 256, rule: .counts, initialisation: .given(start))
                try kmeans.start(from: batches[0], of: 60_000)
                return {
                    for _ in 0..<3 { for batch in batches { try kmeans.partialFit(batch, of: 60_000) } }
                    return 3 * 60_000
                }
            }
        }
    }

    // MARK: - Topics

    /// Passes over the NIPS papers in eight minibatches, 32 topics, after some passes: with 5 rounds of 100 samples per token,
    /// which is as thorough as variational Bayes, and with what is the default, 1 round of the default m.
    private static var lda: [Case] {
        var cases: [Case] = []
        for (kind, samples, rounds) in [
            ("lda", 100.0, 5), ("lda-defaults", LDA.defaultSamples(topics: 32, tokens: 1_900_000), 1),
        ] {
            for peer in ["gensim", "gensim-multicore", "scikit-learn", "tomotopy"] {
                var test = lda("\(kind)-\(peer)", samples: samples, rounds: rounds) {
                    let corpus = try BenchCorpus.nips.get()
                    try BenchCorpus.write(corpus, name: "nips")
                    return corpus
                }
                test.request = ["lda-\(peer)", BenchCorpus.path("nips")]
                test.obstacle = { BenchCorpus.obstacle(BenchCorpus.nips) }
                cases.append(test)
            }
        }
        return cases
    }

    /// Five passes over a corpus, after five.
    package static func lda(
        _ name: String, samples: Double, rounds: Int, on corpus: @escaping () throws -> Corpus
    ) -> Case {
        Case(name: name, group: "lda", unit: "tokens/s", steps: 5 * 8) { device in
            let corpus = try corpus()
            var lda = try LDA(topics: 32, vocabulary: corpus.vocabulary, on: device)
            (lda.samples, lda.rounds) = (samples, rounds)
            try lda.fit(corpus, passes: 5)
            return {
                try lda.fit(corpus, passes: 5)
                return Double(5 * corpus.tokens)
            }
        }
    }
}
