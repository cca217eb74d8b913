import CLMat
import Exploration

/// Gradient descent on ‖w − t‖²/2, on a device: each step's loss is known, and every step allocates and launches.
public struct Descent: Model {
    public private(set) var weights: Matrix
    private let target: Matrix
    public let title = "descent"

    public init(on device: Device) throws(CLMatError) {
        weights = try Matrix([3, -1, 0.5], 1, 3, on: device)
        target = try Matrix([1, 1, 1], 1, 3, on: device)
    }

    private let rate = Control("rate", title: "rate", range: 0...1, initial: 0.25, help: "", affects: ["loss"])
    public var controls: [Control] { [rate] }
    public var metrics: [Metric] { [Metric("loss", title: "Loss", help: "")] }
    public var figures: [Figure<Descent>] {
        [
            Figure("weights", title: "Weights", help: "", isShownAtStart: true) { descent, _ in
                Table(columns: ["w"], rows: try descent.weights.values.map { ["\($0)"] })
            }
        ]
    }

    public mutating func archive(_ archive: Archive) throws(CLMatError) { try archive.keep("weights", &weights) }

    public mutating func update(_ context: StepContext<Int>) throws(CLMatError) -> Measurements {
        // w ← w − η (w − t)
        let gradient = try weights - target
        var measured = Measurements()
        measured["loss"] = Double(try gradient.sumOfSquares()) / 2
        try weights.add(gradient, times: -Float(context.settings[rate]))
        return measured
    }
}

/// Batches that are the number of the step.
public struct Steps: DataSource {
    public let name = "steps"
    public let stepsPerEpoch = 10
    public init() {}
    public func batch(at place: DataPlace) -> Int { place.step.number }
}
