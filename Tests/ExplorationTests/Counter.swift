import CLMat
import Exploration

/// The smallest model: adds `rate` to a number at each step, and fails when told to.
struct Counter: Model {
    var value = 0.0
    let title = "counter"

    var controls: [Control] {
        [
            Control("rate", title: "rate", range: 0...10, initial: 1, means: "", moves: ["value"]),
            .toggle("failing", title: "failing", initial: false, means: ""),
        ]
    }
    var metrics: [Metric] { [Metric("value", title: "Value", means: "")] }
    var figures: [Figure<Counter>] {
        [
            Figure("number", title: "Number", means: "", startsOpen: true) { counter, context in
                Table(columns: ["value", "rate"], rows: [["\(counter.value)", "\(context.settings["rate"])"]])
            },
            Figure("broken", title: "Broken", means: "") { _, _ in
                throw CLMatError.invalidArgument(operation: "broken", problem: "on purpose")
            },
        ]
    }

    mutating func update(_ batch: Int?, _ settings: Settings, at step: Step) throws(CLMatError) -> Measurements {
        if settings.isOn("failing") { throw .deviceFailed(device: "test", operation: "update", status: "on purpose") }
        value += settings["rate"]
        var measured = Measurements()
        measured["value"] = value
        measured.count("counts", 1, seconds: 0.001)
        return measured
    }

    mutating func perform(_ action: Action, _ settings: Settings, at step: Step) throws(CLMatError) {
        guard action.id == "reset" else { throw .unknownName(kind: "action", name: action.id, known: ["reset"]) }
        value = 0
    }

    mutating func archive(_ archive: Archive) throws(CLMatError) { try archive.keep("value", &value) }

    func conclude(_ settings: Settings, at step: Step) throws(CLMatError) -> Measurements {
        var measured = Measurements()
        measured["final"] = value
        return measured
    }
}

struct Numbers: DataSource {
    let name = "numbers"
    let stepsPerEpoch = 10
    func batch(at step: Step) throws(CLMatError) -> Int { step.number }
}

/// Doubles the counter's value in a number of its own.
struct Doubler: Attachment {
    typealias Host = Counter
    let id = "doubler"
    let title = "doubler"
    var doubled = 0.0
    var controls: [Control] { [Control("factor", title: "factor", range: 1...4, initial: 2, means: "")] }
    var metrics: [Metric] { [Metric("doubled", title: "Doubled", means: "")] }
    var figures: [Figure<Riding<Doubler>>] {
        [
            Figure("both", title: "Both", means: "") { riding, _ in
                Table(columns: ["a", "b"], rows: [["\(riding.host.value)", "\(riding.attachment.doubled)"]])
            }
        ]
    }

    mutating func update(on host: Counter, _ settings: Settings, at step: Step) throws(CLMatError) -> Measurements {
        doubled = settings["factor"] * host.value
        var measured = Measurements()
        measured["doubled"] = doubled
        return measured
    }

    mutating func perform(
        _ action: Action, on host: Counter, _ settings: Settings, at step: Step
    ) throws(CLMatError) {
        throw .unknownName(kind: "action", name: action.id, known: [])
    }

    mutating func archive(_ archive: Archive) throws(CLMatError) { try archive.keep("doubled", &doubled) }

    static let offer = AttachmentOffer<Counter>(id: "doubler", title: "doubler") { _, _ in Doubler() }
}

extension Learner {
    static func counter(_ options: Options, attached: [String] = []) throws -> Learner {
        try Learner(Counter(), data: Numbers(), offers: [Doubler.offer], attached: attached, options: options)
    }

    /// Runs to the end on its own thread.
    func runToTheEnd() -> Learner {
        start()
        wait()
        return self
    }
}
