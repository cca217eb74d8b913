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
        return JSON.object([
            ("model", JSON.string(model)), ("device", JSON.string(device.name)),
            ("threads", "\(Device.cpu.computeUnits)"), ("seed", "\(seed)"), ("steps", "\(status.step)"),
            ("seconds", JSON.number(status.seconds)), ("metrics", JSON.object(learner.timeline.lastValues)),
            ("rates", JSON.object(learner.totalRates)),
            ("warnings", JSON.strings(status.warnings.map(\.text))), ("peak-memory", "\(Self.peakMemory ?? 0)"),
        ])
    }

    /// The most memory that the program held, in bytes (proc(5), VmHWM).
    private static var peakMemory: Int? {
        let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = status?.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return line?.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) }.map { $0 << 10 }
    }
}

/// The little JSON that is written here: keys in a fixed order, numbers that are none as null.
enum JSON {
    static func string(_ text: String) -> String { JSONValue.text(text).line }

    static func number(_ value: Double) -> String {
        guard value.isFinite else { return "null" }
        return String(format: "%.7g", value)
    }

    static func strings(_ texts: [String]) -> String { JSONValue.list(texts.map { .text($0) }).line }

    static func object(_ entries: [(String, String)]) -> String {
        "{" + entries.map { "\(string($0.0)): \($0.1)" }.joined(separator: ", ") + "}"
    }

    static func object(_ values: [String: Double]) -> String {
        object(values.sorted { $0.key < $1.key }.map { ($0.key, number($0.value)) })
    }
}
