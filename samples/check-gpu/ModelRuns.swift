import BenchCases
import CLMat
import Foundation
import Models

/// Models and products for some seconds each, with the profile of their kernels, beside PyTorch on the same card.
struct ModelRuns {
    /// What one of them came to.
    struct Result {
        let name, unit: String
        /// Nil if it could not be run; `problem` says why.
        var rate: Double?
        var problem: String?
        var peer: (rate: Double, name: String)?
        var profile: Profile.Report?
    }

    private let device: Device
    private let seconds: Double
    private let peer: Peer?
    /// Whether there is a peer, and why not.
    let peerNote: String
    let hasNIPS = BenchCorpus.obstacle(BenchCorpus.nips) == nil

    init(device: Device, seconds: Double, python: String) {
        (self.device, self.seconds) = (device, seconds)
        let folder = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        (peer, peerNote) = Self.peer(python, program: folder.appendingPathComponent("peer.py").path)
    }

    // MARK: - Cases

    static func cases(hasNIPS: Bool) -> [Case] {
        var cases = Case.all.filter {
            ["lenet-training", "lenet-prediction", "ldam", "kmeans-faiss"].contains($0.name)
                || $0.product != nil && $0.rival == .python
        }
        for index in cases.indices where cases[index].group == "kmeans" { cases[index].request = ["kmeans-torch"] }
        return cases + [
            .lda("lda, 32 topics", samples: LDA.defaultSamples(topics: 32, tokens: 1_900_000), rounds: 1) {
                hasNIPS ? try BenchCorpus.nips.get() : try madeCorpus()
            }
        ]
    }

    /// As many documents and words as NIPS has, the words by Zipf's law; 0.7 million tokens.
    private static func madeCorpus() throws -> Corpus {
        let (documents, words, each) = (1500, 12_419, 400)
        let uniform = try Matrix(uniform: 0...1, RandomKey(seed: 1, stream: 0), Shape(documents, each), on: .cpu).values
        var (starts, indices, counts) = ([Int32(0)], [Int32](), [Int32]())
        for d in 0..<documents {
            var count: [Int32: Int32] = [:]
            // Rank r with a probability of about 1/r: ranks are even on a logarithmic scale.
            for u in uniform[d * each..<(d + 1) * each] {
                let rank = Int32(min(Double(words - 1), pow(Double(words), Double(u)) - 1))
                count[rank, default: 0] += 1 + rank % 2
            }
            for (word, n) in count.sorted(by: { $0.key < $1.key }) {
                indices.append(word)
                counts.append(n)
            }
            starts.append(Int32(indices.count))
        }
        return try Corpus(
            name: "made", vocabulary: (0..<words).map { "w\($0)" },
            rows: SparseRows(columns: words, starts: starts, indices: indices, counts: counts))
    }

    // MARK: - Measuring

    func measure(_ test: Case) -> Result {
        var result = Result(name: test.name, unit: test.unit)
        do {
            let work = try test.prepare(device)
            _ = try work()
            try device.finish()
            let start = ContinuousClock.now
            var (amount, passed) = (0.0, 0.0)
            while passed < seconds {
                amount += try work()
                try device.finish()
                passed = (ContinuousClock.now - start).seconds
            }
            result.rate = amount / passed
            device.profile.reset()
            device.profile.isRecording = true
            defer { device.profile.isRecording = false }
            _ = try work()
            try device.finish()
            result.profile = device.profile.report(steps: test.product == nil ? test.steps : nil)
        } catch {
            result.problem = "\(error)"
        }
        if let peer, test.group != "lda" {
            do { result.peer = try peer.run(test) } catch { result.problem = result.problem ?? "\(error)" }
        }
        return result
    }

    // MARK: - PyTorch

    private static func peer(_ python: String, program: String) -> (Peer?, String) {
        guard let path = find(python) else { return (nil, "There is no \(python): nothing is measured beside CLMat.") }
        let question = Process()
        question.executableURL = URL(fileURLWithPath: path)
        question.arguments = ["-c", "import sys, torch; sys.exit(0 if torch.cuda.is_available() else 3)"]
        question.standardError = FileHandle.nullDevice
        question.standardOutput = FileHandle.nullDevice
        do {
            try question.run()
            question.waitUntilExit()
            switch question.terminationStatus {
            case 0:
                return (try Peer(python: path, program: program, threads: Device.cpu.computeUnits, device: "cuda"), "")
            case 3: return (nil, "PyTorch of \(path) finds no CUDA: nothing is measured beside CLMat.")
            default: return (nil, "\(path) has no PyTorch: nothing is measured beside CLMat.")
            }
        } catch {
            return (nil, "\(path) cannot be run (\(error)): nothing is measured beside CLMat.")
        }
    }

    private static func find(_ program: String) -> String? {
        if program.contains("/") { return FileManager.default.isExecutableFile(atPath: program) ? program : nil }
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        return folders.map { "\($0)/\(program)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }
}
