import CLMat

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

    /// The weights s with which the stage's outputs make up the activation: f = Σ s·y.
    func seed(in output: ImageShape) -> [(index: Int, weight: Float)] {
        let start = unit * output.area
        return switch reading {
        case .centre: [(start + output.height / 2 * output.width + output.width / 2, 1)]
        case .mean: (0..<output.area).map { (start + $0, 1 / Float(output.area)) }
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
        var (rows, columns) = (y..<y + 1, x..<x + 1)
        for stage in stages[...neuron.stage].reversed() {
            guard let above = stage.layer.receptiveField(of: rows), let beside = stage.layer.receptiveField(of: columns)
            else { return whole }
            // What lies beyond a map is padding, which nothing before it can move.
            rows = above.clamped(to: 0..<stage.input.height)
            columns = beside.clamped(to: 0..<stage.input.width)
        }
        return rows.isEmpty || columns.isEmpty ? whole : (rows, columns)
    }

    /// The seeds of one neuron per row, by stage: what ``inputGradient(_:seeds:)`` starts from, and what gives the
    /// activations as row-wise inner products.
    ///
    /// - Throws: ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` for a neuron that the network does not have.
    func seeds(_ neurons: [Neuron]) throws(CLMatError) -> [Int: Matrix] {
        var values: [Int: [Float]] = [:]
        for (row, neuron) in neurons.enumerated() {
            guard stages.indices.contains(neuron.stage) else {
                throw .invalidArgument(operation: "seeds", problem: "There is no layer \(neuron.stage).")
            }
            let output = stages[neuron.stage].output
            guard (0..<output.channels).contains(neuron.unit) else {
                throw .invalidArgument(
                    operation: "seeds",
                    problem:
                        "Layer '\(stages[neuron.stage].name)' has \(output.channels) neurons; \(neuron.unit) is not one of them."
                )
            }
            var stage = values[neuron.stage] ?? [Float](repeating: 0, count: neurons.count * output.count)
            values[neuron.stage] = nil
            for (index, weight) in neuron.seed(in: output) { stage[row * output.count + index] = weight }
            values[neuron.stage] = stage
        }
        var seeds: [Int: Matrix] = [:]
        for (stage, stageValues) in values {
            seeds[stage] = try Matrix(stageValues, neurons.count, stages[stage].output.count, on: device)
        }
        return seeds
    }
}
