import CLMat
import Exploration

/// The place on a hill, x ∈ R³, for criteria of it.
struct HillPlace: MixinSubject {
    typealias Gradient = Matrix
    let x: Matrix
    var isFinite: Bool { get throws(CLMatError) { try x.isFinite } }
}

/// Gradient descent on ½‖x − (1, 1, 1)‖² + Σ λᵢ fᵢ(x), whose every step is known.
struct Hill: Model, MixinHost {
    var x: Matrix
    var mixins: Mixins<HillPlace>
    let title = "hill"
    static let rate = Control("rate", title: "rate", range: 0...1, initial: 0.25, help: "", affects: ["loss"])
    /// A control that only concerns what is shown.
    static let zoom = Control("zoom", title: "zoom", range: 1...10, initial: 1, help: "", isView: true)

    init(
        at x: [Float] = [3, -1, 0.5], mixins: [any Mixin<HillPlace>] = [], available: [any Mixin<HillPlace>] = [Ridge()]
    ) throws {
        self.x = try Matrix(x, 1, x.count, on: .cpu)
        self.mixins = Mixins(mixins, available: available)
    }

    var controls: [Control] { mixins.controls + [Self.rate, Self.zoom] }
    var metrics: [Metric] { [Metric("loss", title: "Loss", help: "")] + mixins.metrics }
    var figures: [Figure<Hill>] {
        [
            Figure("view", title: "View", help: "") { hill, context in
                let chosen = context.view["chosen"].map(String.init)
                return Table(columns: ["zoom", "chosen"], rows: [["\(try context.settings[Hill.zoom])"] + chosen])
            },
            Figure("settling", title: "Settling", help: "", from: 0) { count, hill, context in
                count += 1
                return FigureProgress(
                    Table(columns: ["count", "step"], rows: [["\(count)", "\(context.step)"]]), goesOn: count % 5 != 0)
            },
        ]
    }

    mutating func update(_ context: StepContext<Int>) throws(CLMatError) -> Measurements {
        try mixins.follow(context.settings)
        let rate = Float(try context.settings[Self.rate])
        let ownGradient = try x - 1
        var gradient = ownGradient
        if let regulariser = try mixins.gradient(of: HillPlace(x: x), context.forMixins) {
            gradient = try gradient + regulariser
        }
        try x.add(gradient, times: -rate)
        var measured = Measurements()
        measured["loss"] = Double(try ownGradient.sumOfSquares()) / 2
        let whole = Double(try gradient.sumOfSquares()).squareRoot()
        try mixins.measure(of: HillPlace(x: x), whole: whole, context.forMixins, into: &measured)
        return measured
    }

    let viewActions = ["choose"]
    func look(_ action: Action, _ view: inout ViewState) throws(CLMatError) { view["chosen"] = action.arguments }

    mutating func archive(_ archive: Archive) throws(CLMatError) {
        try archive.keep("x", &x)
        try archive.group("mixins") { () throws(CLMatError) in try mixins.archive(archive) }
    }

    static func learner(_ options: Learner.Options = .init(), mixins: [any Mixin<HillPlace>] = []) throws -> Learner {
        try Learner(Hill(mixins: mixins), data: Numbers(), options: options)
    }
}

/// f = ½‖x‖² + a memory: its gradient grows a little with each step, so that a snapshot without its state would tell.
struct Ridge: Mixin {
    let weight = Control(
        "ridge", title: "ridge λ", group: "criteria", range: 0...4, initial: 0.5, help: "keeps x small")
    let score = Metric("ridge-score", title: "Size", unit: "½‖x‖²", help: "what ridge keeps small")
    var steps = 0

    func value(of place: HillPlace, _ context: MixinContext) throws(CLMatError) -> Double? {
        Double(try place.x.sumOfSquares()) / 2
    }

    mutating func gradient(of place: HillPlace, _ context: MixinContext) throws(CLMatError) -> Matrix? {
        steps += 1
        return try place.x * (1 + Float(steps) / 1000)
    }

    mutating func archive(_ archive: Archive) throws(CLMatError) { try archive.keep("steps", &steps) }
}

/// One that does what it is told to do wrong.
struct Faulty: Mixin {
    enum Fault: Sendable, CaseIterable { case throwing, notANumber, infinite, misspelt, ofTheDevice, score }
    let fault: Fault
    let weight = Control("faulty", title: "faulty λ", range: 0...4, initial: 1, help: "fails")
    let score = Metric("faulty-score", title: "Faulty", help: "fails")

    func value(of place: HillPlace, _ context: MixinContext) throws(CLMatError) -> Double? {
        if fault == .score { throw .dataMismatch("There is no score.") }
        return 1
    }

    func gradient(of place: HillPlace, _ context: MixinContext) throws(CLMatError) -> Matrix? {
        switch fault {
        case .throwing: throw .invalidArgument(operation: "faulty", problem: "on purpose.")
        case .notANumber: return try place.x * Float.nan
        case .infinite: return try place.x * Float.infinity
        case .misspelt: return try place.x * Float(context.settings.value(of: "faultly"))
        case .ofTheDevice: throw .deviceFailed(device: "test", operation: "gradient", status: "on purpose")
        case .score: return place.x
        }
    }
}
