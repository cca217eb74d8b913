import CLMat
import ModelKernels

extension KernelFamily {
    static let neurons = KernelFamily("neurons")
}

extension Kernel {
    static let neuronSeeds = Kernel("neuron_seeds", in: .neurons)
    static let neuronActivations = Kernel("neuron_activations", in: .neurons)
}

/// One neuron per row of a layer's outputs, as the same weight over a stretch of the row: a unit, or the map of a channel.
///
/// f_r = w_r Σ y_rj over the stretch. A row whose neuron is of another layer has an empty stretch, and f_r = 0.
public struct NeuronWeights: Sendable {
    /// The columns that a row's neuron is made of, and the weight of each.
    public struct Stretch: Sendable, Hashable {
        /// Columns of the layer's outputs.
        public var columns: Range<Int>
        /// w
        public var weight: Float

        /// The same weight over some columns.
        public init(columns: Range<Int>, weight: Float = 1) { (self.columns, self.weight) = (columns, weight) }

        /// No neuron of this layer.
        public static let none = Stretch(columns: 0..<0, weight: 0)
    }

    /// Numbers in each row of the layer's outputs.
    public let columns: Int
    /// N
    public var rows: Int { weights.rows }
    private let first: IntVector
    private let counts: IntVector
    private let weights: Matrix

    /// - Throws: ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` for a stretch beyond the columns.
    public init(_ stretches: [Stretch], columns: Int, on device: Device) throws(CLMatError) {
        if let row = stretches.firstIndex(where: { $0.columns.lowerBound < 0 || $0.columns.upperBound > columns }) {
            throw .invalidArgument(
                operation: "NeuronWeights",
                problem: "Row \(row) reads columns \(stretches[row].columns), but there are \(columns).")
        }
        self.columns = columns
        first = try IntVector(stretches.map(\.columns.lowerBound), on: device)
        counts = try IntVector(stretches.map(\.columns.count), on: device)
        weights = try Matrix(stretches.map(\.weight), stretches.count, 1, on: device)
    }

    /// ∂f/∂y: N × columns.
    public func seeds() throws(CLMatError) -> Matrix {
        let seeds = try Matrix(uninitialised: Shape(rows, columns), on: weights.device)
        guard columns > 0 else { return seeds }
        try weights.device.launch(
            .neuronSeeds,
            [
                .int(rows), .int(columns), first.argument, counts.argument, weights.argument, seeds.argument,
            ], over: WorkSize(items: rows, workItems: columns, bytesPerItem: 4 * columns))
        return seeds
    }

    /// f of each row: N × 1.
    ///
    /// - Parameter outputs: N × columns.
    /// - Throws: ``/CLMat/CLMatError/shapeMismatch(operation:left:right:rule:)``.
    public func activations(of outputs: Matrix) throws(CLMatError) -> Matrix {
        try requireSameDevice(weights.device, outputs.device, "NeuronWeights.activations")
        guard outputs.shape == Shape(rows, columns) else {
            throw .shapeMismatch(
                operation: "NeuronWeights.activations", left: outputs.shape, right: Shape(rows, columns),
                rule: "There must be one row of the layer's outputs per neuron.")
        }
        let f = try Matrix(uninitialised: Shape(rows, 1), on: weights.device)
        try weights.device.launch(
            .neuronActivations,
            [.int(columns), first.argument, counts.argument, weights.argument, outputs.argument, f.argument],
            over: .groups(rows, bytes: 4 * columns))
        return f
    }
}
