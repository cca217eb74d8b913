import ArgumentParser
import CLMat
import Foundation

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

    @Option(help: ArgumentHelp("Runs of each; the median counts.", valueName: "n"))
    var repeats = 5

    @Option(help: ArgumentHelp("As for explore.", valueName: "name"))
    var device: String?

    func validate() throws {
        guard (1...1000).contains(repeats) else { throw ValidationError("--repeats is a number from 1 to 1000.") }
        for group in groups where !Case.groups.contains(group) {
            throw ValidationError("There is no group '\(group)'. Known: \(Case.groups.joined(separator: ", ")).")
        }
    }

    private var groups: [String] { only?.split(separator: ",").map(String.init) ?? Case.groups }

    func run() throws {
        let device = try Device.choose(device).device
        let threads = Device.cpu.computeUnits
        let other = try python.map { try Peer(python: $0, program: peer, threads: threads) }
        print("\(device.summary); the peers with \(threads) threads; medians of \(repeats) runs in turns")
        print(Row.header)
        var rows: [Row] = []
        for test in Case.all where groups.contains(test.group) {
            var rival: any Rival = OpenBLASRival(threads: threads)
            switch test.rival {
            case .openBLAS: break
            case .python:
                guard let other else { continue }
                rival = other
            }
            let row = try measure(test, rival, on: device)
            print(row.line)
            rows.append(row)
        }
        if let json {
            try Files.write("[\n" + rows.map { "  " + $0.json }.joined(separator: ",\n") + "\n]\n", to: json)
        }
    }

    private func measure(_ test: Case, _ rival: any Rival, on device: Device) throws -> Row {
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

    /// Above 1 where CLMat is faster.
    var ratio: Double { clmat / peer }

    static let header = "case                        CLMat       peer  ratio  unit       peer"

    var line: String {
        func fit(_ text: String, _ width: Int, left: Bool = false) -> String {
            let space = String(repeating: " ", count: max(0, width - text.count))
            return left ? text + space : space + text
        }
        func number(_ x: Double) -> String { String(format: x >= 100 ? "%.0f" : "%.1f", x) }
        return fit(name, 22, left: true) + fit(number(clmat), 11) + fit(number(peer), 11)
            + fit(String(format: "%.2f", ratio), 7) + "  " + fit(unit, 11, left: true) + peerName
    }

    var json: String {
        """
        {"name": "\(name)", "clmat": \(clmat), "peer": \(peer), "peer-name": "\(peerName)", "unit": "\(unit)", \
        "ratio": \(ratio)}
        """
    }
}

extension [Double] {
    var median: Double {
        let sorted = sorted()
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
}
