import CLMat
import Exploration

/// A rule that changes parameters by their gradients, with what it remembers of earlier ones.
public protocol Optimiser: Sendable {
    /// What a person can move beside the learning rate, such as a momentum.
    var controls: [Control] { get }
    /// Takes over what its controls say.
    mutating func follow(_ settings: Settings) throws(CLMatError)
    /// One step. Parameters and gradients have the same layout: by layer, then by parameter.
    ///
    /// - Parameter rate: η
    mutating func update(
        _ parameters: inout [[Matrix]], _ gradients: [[Matrix]], rate: Float
    ) throws(CLMatError)
    /// Hands over what it remembers.
    mutating func archive(_ archive: Archive) throws(CLMatError)
}

extension Optimiser {
    /// None.
    public var controls: [Control] { [] }
    /// There are none.
    public mutating func follow(_ settings: Settings) throws(CLMatError) {}
}

/// Controls that several rules have.
enum OptimiserControls {
    private static let effects: [Control.Effect] = [
        "train-loss", "test-accuracy", "train-accuracy", "test-accuracy-averaged",
    ]

    static func momentum(initially value: Float) -> Control {
        Control(
            "momentum", title: "momentum μ", group: "training", range: 0...0.99, initial: rounded(value),
            help: "how long earlier gradients go on pushing", affects: effects)
    }

    static func firstMoment(initially value: Float) -> Control {
        Control(
            "beta-1", title: "first moment β₁", group: "training", range: 0...0.99, initial: rounded(value),
            help: "how long earlier gradients go on pushing", affects: effects)
    }

    static func secondMoment(initially value: Float) -> Control {
        Control(
            "beta-2", title: "second moment β₂", group: "training", range: 0.5...0.9999, initial: rounded(value),
            help: "over how many steps the size of the gradients is averaged", affects: effects)
    }

    static func decay(initially value: Float) -> Control {
        Control(
            "decay", title: "decay λ of AdamW", group: "training", range: 1e-6...1, scale: .logWithOff,
            initial: rounded(value), help: "shrinks all parameters by ηλ at each step", affects: effects)
    }

    /// As it was written: 0.9, and not the nearest `Float` of it.
    private static func rounded(_ value: Float) -> Double { (Double(value) * 1e6).rounded() / 1e6 }
}

/// What is remembered of parameters has one matrix for each, of its shape. A damaged checkpoint can bring others.
///
/// - Throws: ``/CLMat/CLMatError/dataMismatch(_:)``.
func requireLayout(of parameters: [[Matrix]], _ remembered: [[Matrix]]...) throws(CLMatError) {
    for own in remembered {
        let fits = own.elementsEqual(parameters) { $0.elementsEqual($1) { $0.shape == $1.shape } }
        guard fits else {
            throw .dataMismatch(
                "What training remembers of earlier steps does not fit the network's parameters. Is the checkpoint damaged?"
            )
        }
    }
}

/// Zeros in the shapes of parameters: what a rule remembers at first.
func zeros(like parameters: [[Matrix]]) throws(CLMatError) -> [[Matrix]] {
    var result: [[Matrix]] = []
    for layer in parameters {
        var own: [Matrix] = []
        for parameter in layer { own.append(try Matrix(zeros: parameter.shape, on: parameter.device)) }
        result.append(own)
    }
    return result
}
