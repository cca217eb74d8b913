import CLMat
import Exploration
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
