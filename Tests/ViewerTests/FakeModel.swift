import CLMat
import Foundation

@testable import Exploration

/// A model small enough to know what a window on it must look like.
struct FakeModel: Model {
    let title = "Fake"
    /// The step at which it fails.
    var failsAt: Int?
    /// How long a step takes, in seconds.
    var stepSeconds = 0.0
    private var marks = 0

    init(failsAt: Int? = nil, stepSeconds: Double = 0) { (self.failsAt, self.stepSeconds) = (failsAt, stepSeconds) }

    var controls: [Control] {
        [
            Control("alpha", title: "alpha", range: 0...1, initial: 0.5, help: "moves the loss", affects: ["loss"]),
            Control("beta", title: "beta", range: 1e-3...1, scale: .logWithOff, initial: 0, help: "does nothing"),
            .toggle("gamma", title: "gamma", initial: false, help: "does nothing"),
            .choice("delta", title: "delta", options: ["one", "two"], help: "does nothing"),
        ]
    }

    var metrics: [Metric] {
        [
            Metric("loss", title: "Loss", unit: "nats", help: "falls"),
            Metric(
                "test-accuracy", title: "Accuracy", help: "rises", better: .higher, range: 0...1, isOnUnseenData: true),
            Metric("marks", title: "Marks", help: "how often the action was done"),
            Metric("other", title: "Other", help: "is not measured"),
        ]
    }

    var figures: [Figure<FakeModel>] {
        [
            Figure("grid", title: "Grid", help: "black, white, grey, white", isShownAtStart: true) { model, _ in
                FakeModel.grid
            },
            Figure("broken", title: "Broken", help: "always fails") { _, _ in
                throw CLMatError.dataMismatch("broken on purpose")
            },
            Figure("words", title: "Words", help: "rows by columns") { model, _ in FakeModel.words },
            Figure("heat", title: "Heat", help: "a value per cell") { model, _ in FakeModel.heat },
            Figure("text", title: "Text", help: "words of groups") { model, _ in FakeModel.text },
            Figure("marked", title: "Marked", help: "a table with marks") { model, _ in FakeModel.marked },
            Figure("chosen", title: "Chosen", help: "bars that can be chosen") { model, context in
                Bars(
                    labels: ["a", "b", "c"], series: [("s", [1, 2, 3])],
                    choices: (0..<3).map {
                        Choice(
                            of: $0, chosen: context.view["chosen"].last, "bar", choose: "choose", unchoose: "unchoose")
                    })
            },
        ]
    }

    /// Cells of 2 × 2 pixels: black, white, mid-grey, white.
    static let grid = ImageGrid(
        height: 2, width: 2, columns: 2, columnTitles: ["left", "right"], display: .unit,
        cells: [0, 1, 0.5, 1].enumerated().map { index, value in
            ImageGrid.Cell(
                values: Array(repeating: value, count: 4), title: "cell \(index)",
                actions: [
                    Action(
                        "mark", title: "mark", arguments: [index],
                        asks: index == 3 ? Action.Question("times", 1...9) : nil)
                ])
        },
        columnActions: [
            [Action("mark", title: "mark")],
            [
                Action("mark", title: "mark so often", arguments: [1], asks: Action.Question("times", 4...9)),
                // Marks so often as the group says.
                Action(
                    "mark", title: "mark thing", arguments: [1],
                    asks: Action.Question(
                        "thing",
                        groups: [
                            .init("things", arguments: [3], 0...2, names: ["bag", "ankle boot", "shirt"]),
                            .init("numbers", arguments: [20], 0...7),
                        ])),
            ],
        ])

    mutating func update(_ context: StepContext<Int>) throws(CLMatError) -> Measurements {
        let step = context.step
        if step.number == failsAt { throw .dataMismatch("The fake data ended.") }
        if stepSeconds > 0 { Thread.sleep(forTimeInterval: stepSeconds) }
        var measured = Measurements()
        measured["loss"] = try context.settings.value(of: "alpha") + 1 / Double(step.number)
        measured["test-accuracy"] = 1 - 1 / Double(step.number + 1)
        measured["marks"] = Double(marks)
        if try context.settings.value(of: "gamma") != 0 {
            measured.warn(
                Warning(
                    "broken", "The fake broke", because: "gamma is on", advice: "Switch it off.",
                    actions: [Action("mark", title: "mend it")]))
        }
        return measured
    }

    mutating func perform(_ action: Action, _ context: StepContext<Int>) throws(CLMatError) {
        guard action.id == "mark" else { throw .unknownName(kind: "action", name: action.id, known: ["mark"]) }
        marks += action.arguments.count > 1 ? action.arguments[1] : 1
    }

    var viewActions: [String] { ["choose", "unchoose"] }

    func look(_ action: Action, _ view: inout ViewState) { view["chosen"] = action.arguments }

    mutating func archive(_ archive: Archive) throws(CLMatError) { try archive.keep("marks", &marks) }

    static func learner(_ options: Learner.Options = Learner.Options(), failsAt: Int? = nil, stepSeconds: Double = 0)
        throws -> Learner
    {
        try Learner(
            FakeModel(failsAt: failsAt, stepSeconds: stepSeconds), data: Numbers(),
            attachments: [AttachmentFactory(id: "extra", title: "Extra") { (_, _) throws(CLMatError) in Extra() }],
            options: options)
    }
}

struct Numbers: DataSource {
    let name = "numbers"
    let stepsPerEpoch = 10
    func batch(at place: DataPlace) -> Int { place.step.number }
}

struct Extra: Attachment {
    var controls: [Control] {
        [
            Control(
                "weight", title: "weight", group: "extra", range: 0...1, initial: 0, help: "acts", affects: ["added"])
        ]
    }
    var metrics: [Metric] { [Metric("added", title: "Added", help: "acts")] }

    mutating func update(on host: FakeModel, _ context: StepContext<Int>) -> Measurements { Measurements() }
    mutating func archive(_ archive: Archive) throws(CLMatError) {}
}

extension FakeModel {
    /// A history of one metric, `m`, whose value is the step.
    static func history(_ steps: StrideThrough<Int>) -> Timeline {
        let timeline = Timeline()
        for step in steps {
            var measured = Measurements()
            measured["m"] = Double(step)
            timeline.append(measured, at: Position(step: step))
        }
        return timeline
    }
}
