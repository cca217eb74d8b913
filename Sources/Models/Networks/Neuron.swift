import CLMat
import ModelOperations

/// One neuron of a network, as something whose activation can be maximised.
///
/// In a layer of units it is a unit; in a layer of channels it is a channel, read at its centre or as the mean over
/// its map. Activations are taken as the layer gives them: before an activation function that is a layer of its own.
public struct Neuron: Sendable, Hashable {
    /// How a channel's map becomes one number.
    public enum Reading: Int, Sendable {
        /// The value in the middle of the map.
        case centre
        /// The mean over the map.
        case mean
    }

    /// Index of the stage.
    public var stage: Int
    /// Unit or channel.
    public var unit: Int
    /// How its map becomes one number; of a unit both are the same.
    public var reading: Reading

    /// Unit or channel `unit` of a stage.
    public init(stage: Int, unit: Int, reading: Reading = .centre) {
        (self.stage, self.unit, self.reading) = (stage, unit, reading)
    }

    /// The stage's outputs that make up the activation: f = Σ w·y.
    func stretch(in output: ImageShape) -> NeuronWeights.Stretch {
        let start = unit * output.area
        switch reading {
        case .centre:
            let centre = start + output.height / 2 * output.width + output.width / 2
            return .init(columns: centre..<centre + 1)
        case .mean: return .init(columns: start..<start + output.area, weight: 1 / Float(max(1, output.area)))
        }
    }
}

extension Network {
    /// The rows and columns of an image that can move the activation of a neuron: of a channel's centre, the pixels that the layers
    /// before it bring together there; all of them for other neurons.
    ///
    /// - Source: W. Luo, Y. Li, R. Urtasun, R. Zemel, "Understanding the effective receptive field in deep convolutional neural
    ///   networks", NIPS 2016, section 1 (the theoretical field).
    public func receptiveField(of neuron: Neuron) -> (rows: Range<Int>, columns: Range<Int>) {
        let whole = (rows: 0..<input.height, columns: 0..<input.width)
        guard stages.indices.contains(neuron.stage), neuron.reading == .centre else { return whole }
        let output = stages[neuron.stage].output
        guard output.area > 1 else { return whole }
        let (y, x) = (output.height / 2, output.width / 2)
        // What each stage's part in it is, from the neuron's back to the images.
        var windows: [StageInput: ImageWindow] = [
            .stage(neuron.stage): ImageWindow(rows: y..<y + 1, columns: x..<x + 1)
        ]
        for index in (0...neuron.stage).reversed() {
            guard let own = windows[.stage(index)] else { continue }
            let stage = stages[index]
            guard let field = stage.layer.receptiveField(of: own) else { return whole }
            for (source, shape) in zip(stage.inputs, stage.inputShapes) {
                // What lies beyond a map is padding, which nothing before it can move.
                let part = ImageWindow(
                    rows: field.rows.clamped(to: 0..<shape.height),
                    columns: field.columns.clamped(to: 0..<shape.width))
                windows[source] = windows[source]?.joined(with: part) ?? part
            }
        }
        guard let field = windows[.images], !field.rows.isEmpty, !field.columns.isEmpty else { return whole }
        return (field.rows, field.columns)
    }
}
