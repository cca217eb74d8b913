import CLMat
import Exploration

/// The smallest model: adds `rate` to a number at each step, and fails when told to.
struct Counter: Model {
    var value = 0.0
    let title = "counter"

    static let rate = Control("rate", title: "rate", range: 0...10, initial: 1, help: "", affects: ["value"])
    private static let failing = Control.toggle("failing", title: "failing", initial: false, help: "")
    var controls: [Control] { [Self.rate, Self.failing] }
    var metrics: [Metric] { [Metric("value", title: "Value", help: "")] }
    var figures: [Figure<Counter>] {
        [
            Figure("number", title: "Number", help: "", isShownAtStart: true) { counter, context in
                Table(columns: ["value", "rate"], rows: [["\(counter.value)", "\(try context.settings[Self.rate])"]])
            },
            Figure("broken", title: "Broken", help: "") { _, _ in
                throw CLMatError.invalidArgument(operation: "broken", problem: "on purpose")
            },
        ]
    }

    mutating func update(_ context: StepContext<Int>) throws(CLMatError) -> Measurements {
        if try context.settings.isOn(Self.failing) {
            throw .deviceFailed(device: "test", operation: "update", status: "on purpose")
        }
        value += try context.settings[Self.rate]
        var measured = Measurements()
        measured["value"] = value
        measured.count("counts", 1, seconds: 0.001)
        return measured
    }

    mutating func perform(_ action: Action, _ context: StepContext<Int>) throws(CLMatError) {
        guard action.id == "reset" else { throw .unknownName(kind: "action", name: action.id, known: ["reset"]) }
        value = 0
    }

    mutating func archive(_ archive: Archive) throws(CLMatError) { try archive.keep("value", &value) }

    func conclude(_ context: StepContext<Int>) throws(CLMatError) -> Measurements {
        var measured = Measurements()
        measured["final"] = value
        return measured
    }
}

struct Numbers: DataSource {
    let name = "numbers"
    let stepsPerEpoch = 10
    func batch(at place: DataPlace) -> Int { place.step.number }
}

/// Doubles the counter's value in a number of its own.
struct Doubler: Attachment {
    typealias Host = Counter
    var doubled = 0.0
    static let factor = Control("factor", title: "factor", range: 1...4, initial: 2, help: "")
    var controls: [Control] { [Self.factor] }
    var metrics: [Metric] { [Metric("doubled", title: "Doubled", help: "")] }
    var figures: [Figure<Attached<Doubler>>] {
        [
            Figure("both", title: "Both", help: "") { subject, _ in
                Table(columns: ["a", "b"], rows: [["\(subject.host.value)", "\(subject.attachment.doubled)"]])
            }
        ]
    }

    mutating func update(on host: Counter, _ context: StepContext<Int>) throws(CLMatError) -> Measurements {
        doubled = try context.settings[Self.factor] * host.value
        var measured = Measurements()
        measured["doubled"] = doubled
        return measured
    }

    mutating func archive(_ archive: Archive) throws(CLMatError) { try archive.keep("doubled", &doubled) }

    static let factory = AttachmentFactory<Counter>(id: "doubler", title: "doubler") { _, _ in Doubler() }
}

extension Learner {
    static func counter(_ options: Options, attached: [String] = []) throws -> Learner {
        try Learner(Counter(), data: Numbers(), attachments: [Doubler.factory], attached: attached, options: options)
    }

    /// Runs to the end on its own thread.
    func runToTheEnd() -> Learner {
        start()
        wait()
        return self
    }
}
