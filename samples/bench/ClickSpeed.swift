import BenchCases
import CLMat
import Foundation
import Models

/// What models of clicks cost: a log that is read and learned from, and the memory of many features.
struct ClickSpeed {
    let device: Device
    let repeats: Int
    let add: (Row) -> Void

    private static let batch = 1000

    // MARK: - Reading

    /// A pass over a log in Criteo's format with PowerNet, text to weights: beside the same records read before.
    ///
    /// - Parameter copies: how often the rows of the log are repeated, since those at hand are few.
    func measureReading(copies: Int = 10) throws {
        let data: ClickData
        do throws(CLMatError) {
            var options = ClickOptions()
            options.testShare = 0
            data = try ClickData.load("criteo", options)
        } catch {
            try StandardOutput.say("ctr-read-and-train is skipped. \(error)")
            return
        }
        guard let folder = ProcessInfo.processInfo.environment["CLMAT_DATA"] else { return }
        let packed = "\(folder)/criteo/train.txt.gz"
        let path = FileManager.default.fileExists(atPath: packed) ? packed : "\(folder)/criteo/train.txt"
        var known: [ClickBatch] = []
        var model = try ClickModel(.powerNet(features: data.vocabulary.count), seed: 1, on: device)
        var state = try ClickOptimiserState(for: model)
        var (whole, learning): ([Double], [Double]) = ([], [])
        for round in 0...repeats {
            var count = 0
            let start = ContinuousClock.now
            for _ in 0..<copies {
                let reader = try ClickReader(path, vocabulary: data.vocabulary)
                while let batch = try reader.next(Self.batch) {
                    _ = try model.learn(batch, ClickRecipe(), &state).value
                    count += batch.count
                    if round == 0 { known.append(batch) }
                }
            }
            let seconds = (ContinuousClock.now - start).seconds
            let again = ContinuousClock.now
            for batch in known { _ = try model.learn(batch, ClickRecipe(), &state).value }
            // The first round asks for memory.
            guard round > 0 else { continue }
            whole.append(Double(count) / seconds)
            learning.append(Double(count) / (ContinuousClock.now - again).seconds)
        }
        add(
            Row(
                name: "ctr-read-and-train", clmat: whole.median, peer: learning.median,
                peerName: "CLMat, records in memory", unit: "records/s"))
    }

    // MARK: - Memory

    /// Thirty-seven million features as in the dissertation's section 5.5: what embedding, AdaGrad and the process take. In a process of its own.
    func measureMemory(deviceName: String?) throws {
        let own = Process()
        let output = Pipe()
        own.executableURL = URL(fileURLWithPath: "/proc/self/exe")
        own.arguments = ["--many-features"] + (deviceName.map { ["--device", $0] } ?? [])
        own.standardOutput = output
        try own.run()
        let words = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        own.waitUntilExit()
        let numbers = words.split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
        guard own.terminationStatus == 0, numbers.count == 3 else {
            throw CLMatError.dataMismatch("The process whose memory is measured ended; see what it said above.")
        }
        try StandardOutput.say(
            String(
                format: "ctr-37m: embedding and AdaGrad %.0f MB, resident %.0f MB at most, %.0f records/s", numbers[0],
                numbers[1], numbers[2]))
        for (name, found, most) in [("ctr-37m-weights", numbers[0], 1500.0), ("ctr-37m-resident", numbers[1], 3000)] {
            add(
                Row(
                    name: name, clmat: found, peer: most, peerName: "what it may take", unit: "MB", isBetterBelow: true)
            )
        }
    }

    /// What that process does, and says: MB of weights and AdaGrad, the most MB that were resident, records per second.
    static func sayManyFeatures(on device: Device) throws {
        let features = 37_000_000
        let records = try ZipfClicks(features: features, count: 200_000)
        var model = try ClickModel(.powerNet(features: features), seed: 1, on: device)
        var state = try ClickOptimiserState(for: model)
        let start = ContinuousClock.now
        try model.fit(records, ClickRecipe(), &state)
        let seconds = (ContinuousClock.now - start).seconds
        let megabytes = Double(state.bytes + 4 * model.parameterCount) / 1e6
        try StandardOutput.say(
            "\(megabytes) \(Double(try HostMemory.knownPeak()) / 1e6) \(Double(records.count) / seconds)")
    }
}

extension HostMemory {
    /// ``peak``, which Linux says.
    static func knownPeak() throws -> Int {
        guard let peak else {
            throw CLMatError.dataMismatch("The system does not say how much memory a process has had.")
        }
        return peak
    }
}
