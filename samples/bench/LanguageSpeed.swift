import BenchCases
import CLMat
import Formats
import Foundation
import Models

/// What language models cost beside what they compute: memory beside PyTorch's, and power-law embeddings beside dense ones.
struct LanguageSpeed {
    let device: Device
    let repeats: Int
    let add: (Row) -> Void

    // MARK: - Memory

    private static let batch = 400, windows = 3

    /// The most memory that a process has which does nothing but learn, of both.
    func measureMemory(beside python: String, _ program: String, threads: Int, deviceName: String?) throws {
        _ = try BenchText.write()
        let peer = try Peer(python: python, program: program, threads: threads)
        let theirs = try peer.ask(["lm-memory", BenchText.write(), "\(Self.batch)", "\(Self.windows)"])
        let own = Process()
        let output = Pipe()
        own.executableURL = URL(fileURLWithPath: "/proc/self/exe")
        own.arguments = ["--peak-memory"] + (deviceName.map { ["--device", $0] } ?? [])
        own.standardOutput = output
        try own.run()
        let words = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        own.waitUntilExit()
        guard own.terminationStatus == 0, let mebibytes = Double(words.trimmingCharacters(in: .whitespacesAndNewlines))
        else { throw CLMatError.dataMismatch("The process whose memory is measured ended; see what it said above.") }
        add(
            Row(
                name: "lm-memory-b\(Self.batch)", clmat: mebibytes, peer: theirs.work, peerName: theirs.name,
                unit: "MiB", isBetterBelow: true))
    }

    /// What the process of its own does: as many windows as the peer, and it says its peak.
    static func sayPeakMemory(on device: Device) throws {
        let data = try BenchText.text.get().data
        var model = try LanguageSteps(
            .dense(vocabulary: data.vocabulary.count, units: 200), on: data.train, batch: batch, steps: 20,
            device: device)
        _ = try model.learn(2 * windows)
        try StandardOutput.say("\(Double(try HostMemory.knownPeak()) / 1_048_576)")
    }

    // MARK: - Power-law embeddings

    /// The shape of the dissertation's table 5.2 for 512 units beside a dense one.
    func measurePowerLaw() throws {
        let data = try BenchText.text.get().data
        func model(_ shape: LanguageModelShape) throws -> LanguageSteps {
            try LanguageSteps(shape, on: data.train, batch: 400, steps: 20, device: device)
        }
        let features = data.vocabulary.count
        var powerLaw = try model(.powerLaw(.halving(features: features, h: 32, blocks: 5)))
        var dense = try model(.dense(vocabulary: features, units: 512))
        _ = (try powerLaw.learn(1), try dense.learn(1))
        var (own, theirs): ([Double], [Double]) = ([], [])
        for _ in 0..<repeats {
            own.append(try rate { try powerLaw.learn(2) })
            theirs.append(try rate { try dense.learn(2) })
        }
        add(
            Row(
                name: "lm-power-law-512", clmat: own.median, peer: theirs.median, peerName: "CLMat, dense 512",
                unit: "words/s"))
    }

    private func rate(_ work: () throws -> Double) throws -> Double {
        let start = ContinuousClock.now
        let amount = try work()
        try device.finish()
        return amount / (ContinuousClock.now - start).seconds
    }

    /// A vocabulary where embeddings are what costs: step times of power-law embeddings beside dense ones, as in the dissertation's table 5.6,
    /// and the ratios of their operations.
    func measureLargeVocabulary() throws {
        let (words, batch, steps) = (100_000, 500, 10)
        let data = try ZipfText(words: words, tokens: 4 * batch * steps + batch + 1).draw()
        let shapes: [(name: String, shape: LanguageModelShape)] = [
            ("power-law 512", try .powerLaw(.halving(features: words, h: 32, blocks: 5))),
            ("dense 512", try .dense(vocabulary: words, units: 512)),
            ("power-law 1024", try .powerLaw(.halving(features: words, h: 64, blocks: 5))),
            ("dense 256", try .dense(vocabulary: words, units: 256)),
        ]
        var models: [LanguageSteps] = []
        for (_, shape) in shapes {
            models.append(try LanguageSteps(shape, on: data.train, batch: batch, steps: steps, device: device))
        }
        // The first step asks for memory. Of those that take turns the best one counts, since each takes seconds.
        for index in models.indices { _ = try models[index].learn(1) }
        var seconds = [Double](repeating: .infinity, count: models.count)
        for _ in 0..<max(1, min(2, repeats)) {
            for index in models.indices {
                let start = ContinuousClock.now
                _ = try models[index].learn(1)
                try device.finish()
                seconds[index] = min(seconds[index], (ContinuousClock.now - start).seconds)
            }
        }
        let costs = shapes.map { StepCost($0.shape, batch: batch, steps: steps) }
        for (index, (name, shape)) in shapes.enumerated() {
            try StandardOutput.say(
                String(
                    format:
                        "lm-100k, %@: %.2f s per step, %.0f GFLOP (embeddings %.0f, layers %.0f), %.1f GB of logits, ",
                    name,
                    seconds[index], costs[index].operations / 1e9, costs[index].ofEmbeddings / 1e9,
                    costs[index].ofLayers / 1e9, costs[index].logitBytes / 1e9)
                    + "\(shape.embeddingParameters) embedding parameters")
        }
        for (own, other) in [(0, 1), (2, 3)] {
            let name = "lm-100k-" + shapes[own].name.replacingOccurrences(of: " ", with: "-")
            add(
                Row(
                    name: name, clmat: seconds[own], peer: seconds[other], peerName: "CLMat, \(shapes[other].name)",
                    unit: "s per step", isBetterBelow: true))
            add(
                Row(
                    name: name + "-share", clmat: seconds[own] / seconds[other],
                    peer: costs[own].operations / costs[other].operations,
                    peerName: "the same ratio of FLOPs, to \(shapes[other].name)", unit: "of time", isBetterBelow: true)
            )
        }
    }
}

/// What a training step computes: two operations for each multiplication and addition of its products; gates, losses and steps of descent go
/// with the rows and elements alone, and are left out.
private struct StepCost {
    /// Logits, the gradient of what they are made of, and that of the embedding: each 2 per word read and element.
    let ofEmbeddings: Double
    /// 8 · units · (inputs + units) per word and layer, and twice as much on the way back; nothing goes back from the first step.
    let ofLayers: Double
    /// Each of the V logits of a word is written, read and written by the loss, and read by two products and the sum for the biases.
    let logitBytes: Double

    var operations: Double { ofEmbeddings + ofLayers }

    init(_ shape: LanguageModelShape, batch: Int, steps: Int) {
        let (words, units) = (Double(batch * steps), Double(shape.units))
        ofEmbeddings = 6 * words * Double(shape.output.parameterCount)
        var sum = 0.0
        for layer in 0..<shape.layers {
            let inputs = layer == 0 ? Double(shape.input.columns) : units
            sum += 24 * words * units * (inputs + units) - 8 * Double(batch) * units * units
        }
        ofLayers = sum
        logitBytes = 24 * words * Double(shape.vocabulary)
    }
}
