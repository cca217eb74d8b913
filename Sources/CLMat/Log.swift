import Foundation

/// What CLMat says on standard error. `CLMAT_LOG=1`: devices and programs; `2`: each launch too.
enum Log {
    static let level = ProcessInfo.processInfo.environment["CLMAT_LOG"].flatMap { Int($0) } ?? 0

    /// Said always: a person should know it.
    static func notice(_ text: String) { write(text) }

    /// Devices and programs.
    static func event(_ text: @autoclosure () -> String) { if level >= 1 { write(text()) } }

    static func launch(_ name: String, _ size: String, _ time: Duration, on device: Device) {
        write("\(device.name): \(name), \(size), \(time)")
    }

    private static func write(_ text: String) { StandardError.say("clmat: \(text)") }
}
