import CLMat
import Exploration
import Synchronization

/// Where the panel "Profile" takes its numbers from.
public struct ProfileSource: Sendable {
    /// Measures what the device can do. Called once, on a thread of its own, when the panel is opened first.
    public var measure: @Sendable () throws(CLMatError) -> Roofline
    /// Called with true when the panel is opened and the device was measured, and with false when the panel or the
    /// window is closed, since to record costs a little.
    public var setRecording: @Sendable (Bool) -> Void
    /// Where the time goes, by kernel: asked for twice a second while the panel is open. The roofline is nil if it could
    /// not be measured.
    public var table: @Sendable (Roofline?) -> Table

    /// A profile; without `setRecording` it is recorded all the time.
    public init(
        measure: @escaping @Sendable () throws(CLMatError) -> Roofline,
        setRecording: @escaping @Sendable (Bool) -> Void = { _ in },
        table: @escaping @Sendable (Roofline?) -> Table
    ) {
        (self.measure, self.setRecording, self.table) = (measure, setRecording, table)
    }

    /// The profile of the device on which `learner` runs.
    ///
    /// - Parameter recordsAlways: true if somebody else has it recorded from the first step on, and reads it at the end:
    ///   then opening and closing the panel changes nothing.
    public init(of device: Device, _ learner: Learner, recordsAlways: Bool = false) {
        let first = FirstStep()
        self.init(
            measure: { () throws(CLMatError) in try Roofline.measure(on: device) },
            setRecording: { isWanted in
                guard !recordsAlways else { return }
                if isWanted {
                    device.profile.reset()
                    first.step.store(learner.status.step, ordering: .relaxed)
                }
                device.profile.isRecording = isWanted
            },
            table: { roofline in
                let steps = learner.status.step - first.step.load(ordering: .relaxed)
                return device.profile.report(steps: steps, roofline: roofline).table
            })
    }
}

/// The step at which recording began.
private final class FirstStep: Sendable { let step = Atomic<Int>(0) }

extension Profile.Report {
    /// The same as a figure.
    var table: Table {
        Table(columns: columns, rows: rows, numeric: Set(1..<columns.count), caption: caption)
    }
}
