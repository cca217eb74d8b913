import CLMat
import Exploration
import Formats
import Foundation

/// What came out of a run, as one JSON object: the same for every model.
struct Summary {
    let learner: Learner
    let model: String
    let device: Device
    let seed: UInt64

    var json: String {
        let status = learner.status
        var values: [(String, JSONValue)] = [
            ("model", .text(model)), ("device", .text(device.name)), ("threads", .whole(Device.cpu.computeUnits)),
            ("seed", .digits("\(seed)")), ("steps", .whole(status.step)), ("seconds", .rounded(status.seconds)),
            ("settings", .rounded(status.settings.values)), ("metrics", .rounded(learner.timeline.lastValues)),
            ("rates", .rounded(learner.totalRates)),
            ("warnings", .list(status.warnings.map { .text($0.text) })),
            ("peak-memory", .whole(Self.peakMemory ?? 0)),
        ]
        if status.lacksConclusion { values.append(("left-out", .list([.text("last score")]))) }
        return JSONValue.object(values).written(.spaced)
    }

    /// The most memory that the program held, in bytes (proc(5), VmHWM).
    private static var peakMemory: Int? {
        let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = status?.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return line?.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) }.map { $0 << 10 }
    }
}
