import ArgumentParser
import BenchCases
import CLMat
import Formats
import Foundation
import ModelOperations

/// The one benchmark program: the same work on CLMat and on a peer, in turns, as a ratio of medians.
@main
struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure CLMat beside its peers: medians of runs that take turns.")

    @Option(help: ArgumentHelp("Only these groups: \(Case.groups.joined(separator: ", ")).", valueName: "a,b"))
    var only: String?

    @Option(help: ArgumentHelp("Write the table as a JSON list too.", valueName: "file"))
    var json: String?

    @Option(help: ArgumentHelp("A Python that has PyTorch; without one only CLMat is measured.", valueName: "path"))
    var python: String?

    @Option(help: ArgumentHelp("The peer's program.", valueName: "file"))
    var peer = "samples/bench/peers/peer.py"

    @Option(
        help: ArgumentHelp(
            "Runs of each; the median counts. lda-quality has 3 seeds if not told otherwise.", valueName: "n"))
    var repeats: Int?

    @Option(help: ArgumentHelp("Topics for lda-quality: 32,128 takes some minutes more.", valueName: "k,k"))
    var topics = "32"

    @Option(
        name: .customLong("held-out"),
        help: ArgumentHelp(
            "Splits for lda-quality, as NAME.heldout.txt.gz; $CLMAT_HELDOUT if not given, else they are drawn.",
            valueName: "folder"))
    var heldOut: String?

    @Option(help: ArgumentHelp("As for explore.", valueName: "name"))
    var device: String?

    @Flag(
        help: ArgumentHelp(
            "The peak of a language model's memory alone, in a process that does nothing else.", visibility: .hidden))
    var peakMemory = false

    @Flag(
        help: ArgumentHelp(
            "The memory of a model of clicks of 37 million features, in a process that does nothing else.",
            visibility: .hidden))
    var manyFeatures = false

    static func main() {
        Descriptors.prepare()
        main(nil)
    }

    func validate() throws {
        guard (1...1000).contains(repeats ?? 1) else { throw ValidationError("--repeats is a number from 1 to 1000.") }
        for group in groups where !Case.groups.contains(group) {
            throw ValidationError("There is no group '\(group)'. Known: \(Case.groups.joined(separator: ", ")).")
        }
        guard topicCounts.allSatisfy({ (2...TopicSampler.mostTopics).contains($0) }) else {
            throw ValidationError("--topics are numbers from 2 to \(TopicSampler.mostTopics), with commas between.")
        }
    }

    private var groups: [String] { only?.split(separator: ",").map(String.init) ?? Case.groups }
    private var topicCounts: [Int] {
        topics.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
    }

    func run() throws {
        if let json { try Files.checkWritable(json) }
        let device = try Device.choose(device).device
        if peakMemory { return try LanguageSpeed.sayPeakMemory(on: device) }
        if manyFeatures { return try ClickSpeed.sayManyFeatures(on: device) }
        let threads = Device.cpu.computeUnits
        let other = try python.map { try Peer(python: $0, program: peer, threads: threads) }
        let repeats = repeats ?? 5
        defer { BenchCorpus.removeFiles() }
        try StandardOutput.say(
            "\(device.summary); the peers with \(threads) threads; medians of \(repeats) runs in turns")
        try StandardOutput.say(Row.header)
        var rows: [Row] = []
        var problem: CLMatError?
        func add(_ row: Row) {
            // The list is written even if nobody reads the table any more.
            do throws(CLMatError) { try StandardOutput.say(row.line) } catch { problem = problem ?? error }
            rows.append(row)
        }
        if groups.contains("lm"), case .success(let text) = BenchText.text {
            for note in text.notes { try StandardOutput.say(note) }
        }
        var skipped: Set<String> = []
        for test in Case.all where groups.contains(test.group) {
            var rival: any Rival = OpenBLASRival(threads: threads)
            switch test.rival {
            case .openBLAS: break
            case .python:
                guard let other else { continue }
                rival = other
            }
            if let obstacle = test.obstacle() {
                if skipped.insert(test.group).inserted {
                    try StandardOutput.say("\(test.group) is skipped. \(obstacle)")
                }
                continue
            }
            add(try measure(test, rival, repeats: repeats, on: device))
        }
        if groups.contains("lda-quality"), let other {
            let folder = heldOut ?? ProcessInfo.processInfo.environment["CLMAT_HELDOUT"]
            for quality in try TopicQuality.all(topics: topicCounts, heldOut: folder) {
                try quality.measure(beside: other, repeats: self.repeats ?? 3, on: device).forEach(add)
            }
        }
        if groups.contains("lm") {
            let speed = LanguageSpeed(device: device, repeats: repeats, add: add)
            if case .success = BenchText.text {
                if let python {
                    try speed.measureMemory(beside: python, peer, threads: threads, deviceName: self.device)
                }
                try speed.measurePowerLaw()
            }
            try speed.measureLargeVocabulary()
        }
        if groups.contains("ctr") {
            let speed = ClickSpeed(device: device, repeats: repeats, add: add)
            try speed.measureReading()
            try speed.measureMemory(deviceName: self.device)
        }
        if groups.contains("window") { try measureWindows(on: device, pairs: repeats, add) }
        if groups.contains("history") {
            for history in HistorySpeed.all(on: device) { try history.measure(rewinds: 20).forEach(add) }
        }
        if let json {
            try Files.write(
                "[\n" + rows.map { "  " + $0.json.written(.spaced) }.joined(separator: ",\n") + "\n]\n", to: json)
        }
        if let problem { throw problem }
    }

    private func measureWindows(on device: Device, pairs: Int, _ add: (Row) -> Void) throws {
        let display: VirtualDisplay?
        do {
            display = try VirtualDisplay.ifNeeded()
        } catch let error as CLMatError {
            return try StandardOutput.say("window is skipped. \(error)")
        }
        return try withExtendedLifetime(display) {
            try WindowSpeed.measureAll(on: device, pairs: pairs, add)
        }
    }

    private func measure(_ test: Case, _ rival: any Rival, repeats: Int, on device: Device) throws -> Row {
        let work = try test.prepare(device)
        _ = try work()
        try device.finish()
        _ = try rival.run(test)
        var (own, theirs): ([Double], [Double]) = ([], [])
        var name = ""
        for _ in 0..<repeats {
            let start = ContinuousClock.now
            let amount = try work()
            try device.finish()
            own.append(amount / (ContinuousClock.now - start).seconds)
            let answer = try rival.run(test)
            theirs.append(answer.rate)
            name = answer.name
        }
        return Row(name: test.name, clmat: own.median, peer: theirs.median, peerName: name, unit: test.unit)
    }
}

/// One line of the table.
struct Row {
    let name: String
    let clmat: Double
    let peer: Double
    let peerName: String
    let unit: String
    /// Of times and perplexities the smaller is the better one.
    var isBetterBelow = false
    /// The median of ratios, where what was measured in pairs is more alike than the medians are.
    var ownRatio: Double?

    /// Above 1 where CLMat is faster, or better.
    var ratio: Double { ownRatio ?? (isBetterBelow ? peer / clmat : clmat / peer) }

    static let header = "case                                  CLMat       peer  ratio  unit       peer"

    var line: String {
        func fit(_ text: String, _ width: Int, left: Bool = false) -> String {
            let space = String(repeating: " ", count: max(0, width - text.count))
            return left ? text + space : space + text
        }
        func number(_ x: Double) -> String {
            String(format: x >= 100 ? "%.0f" : x >= 10 || x == 0 ? "%.1f" : "%.2f", x)
        }
        return fit(name, 32, left: true) + fit(number(clmat), 11) + fit(number(peer), 11)
            + fit(String(format: "%.2f", ratio), 7) + "  " + fit(unit, 11, left: true) + peerName
    }

    var json: JSONValue {
        .object([
            ("name", .text(name)), ("clmat", .number(clmat)), ("peer", .number(peer)), ("peer-name", .text(peerName)),
            ("unit", .text(unit)), ("ratio", .number(ratio)),
        ])
    }
}

extension [Double] {
    var median: Double {
        let sorted = sorted()
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
}
