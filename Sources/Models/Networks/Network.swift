import CLMat
import Exploration

/// A graph of named layers with their parameters: a value, so a snapshot is an assignment.
///
/// Each stage reads the images or stages before it: a chain in the simplest case, with branches, sums and concatenations otherwise.
/// Images come in units of full scale, 0 (black) to 1 (white), one per row; the network's own scaling is its first layer.
/// ```swift
/// let network = try Network(input: ImageShape(channels: 3, height: 32, width: 32), seed: 1, on: .cpu) { images in
///     let x = relu(conv("conv1", images, 16, 3))
///     let y = relu(conv("conv2", x, 16, 3)) + x
///     return dense("output", maxPool(y, 2), 10)
/// }
/// print(network.table)
/// ```
public struct Network: Sendable {
    /// A layer in its place.
    public struct Stage: Sendable {
        /// The layer's name, which no other has.
        public let name: String
        /// What it does.
        public let layer: any Layer
        /// What it reads.
        public let inputs: [StageInput]
        /// The shape of each input.
        public let inputShapes: [ImageShape]
        /// The shape of what comes out.
        public let output: ImageShape

        /// The shape of the first input.
        public var input: ImageShape { inputShapes[0] }
    }

    /// The shape of the images.
    public let input: ImageShape
    /// The layers, each behind those that it reads. The last one gives the network's output.
    public let stages: [Stage]
    /// What is learned: by stage, then in the order of the layer's ``Layer/parameters(for:)``.
    public var parameters: [[Matrix]]
    /// What is followed along training without a gradient, by stage as ``Layer/statistics(for:)`` has it.
    public var statistics: [[Matrix]]
    /// Where the parameters live.
    public let device: Device
    let graph: NetworkGraph

    /// A network of stages that name what they read, with fresh parameters. The stages may come in any order.
    ///
    /// - Parameter output: the stage that gives the network's output; the last one given if nil.
    /// - Throws: ``/CLMat/CLMatError/layerMismatch(layer:input:problem:)`` for the first layer that cannot take what it reads;
    ///   ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` for a stage that reads itself or one that there is not, a cycle, two
    ///   stages of one name, a number of inputs that a layer does not take, or a stage that nobody reads.
    public init(
        input: ImageShape, stages descriptions: [StageDescription], output: String? = nil, seed: UInt64,
        on device: Device
    ) throws(CLMatError) {
        let stages = try Stage.ordered(descriptions, input: input, output: output)
        (self.input, self.device, self.stages) = (input, device, stages)
        graph = NetworkGraph(stages)
        (parameters, statistics) = ([], [])
        var stream = Streams.parameters
        for stage in stages {
            var own: [Matrix] = []
            for description in stage.layer.parameters(for: stage.inputShapes) {
                own.append(
                    try description.initialisation.matrix(
                        description.shape, RandomKey(seed: seed, stream: stream), on: device))
                stream += 1
            }
            parameters.append(own)
            // What is followed begins with constants, so that it does not move the streams of the parameters.
            var followed: [Matrix] = []
            for description in stage.layer.statistics(for: stage.inputShapes) {
                followed.append(
                    try description.initialisation.matrix(
                        description.shape, RandomKey(seed: seed, stream: stream), on: device))
            }
            statistics.append(followed)
        }
    }

    /// A chain of layers, each of which reads the one before, with fresh parameters.
    ///
    /// - Throws: ``/CLMat/CLMatError/layerMismatch(layer:input:problem:)`` for the first layer that cannot take what the one
    ///   before it gives; ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` if two layers have one name.
    public init(
        input: ImageShape, layers: [(name: String, layer: any Layer)], seed: UInt64, on device: Device
    ) throws(CLMatError) {
        let before = [StageDescription.images] + layers.map(\.name)
        try self.init(
            input: input,
            stages: zip(layers, before).map { StageDescription($0.name, $0.layer, reading: [$1]) }, seed: seed,
            on: device)
    }

    /// The shape of what the last layer gives.
    public var output: ImageShape { stages.last?.output ?? input }
    /// How many numbers the network learns.
    public var parameterCount: Int { parameters.reduce(0) { $0 + $1.reduce(0) { $0 + $1.count } } }

    /// The place of a layer among the stages.
    ///
    /// - Throws: ``/CLMat/CLMatError/unknownName(kind:name:known:)``.
    public func index(of name: String) throws(CLMatError) -> Int {
        guard let index = stages.firstIndex(where: { $0.name == name }) else {
            throw .unknownName(kind: "layer", name: name, known: stages.map(\.name))
        }
        return index
    }

    /// The same network with other parameters of the same shapes.
    public func with(_ parameters: [[Matrix]]) -> Network {
        var other = self
        other.parameters = parameters
        return other
    }

    /// Parameters and statistics, in one list: what a mean of networks is of.
    var state: [[Matrix]] {
        get { graph.hasStatistics ? parameters + statistics : parameters }
        set {
            parameters = Array(newValue.prefix(stages.count))
            if graph.hasStatistics { statistics = Array(newValue.dropFirst(stages.count)) }
        }
    }

    /// The same network with another state.
    func with(state: [[Matrix]]) -> Network {
        var other = self
        other.state = state
        return other
    }

    mutating func archive(_ archive: Archive) throws(CLMatError) {
        try archive.keep("parameters", &parameters)
        if graph.hasStatistics { try archive.keep("statistics", &statistics) }
    }

    /// Parameters and statistics are of the shapes that the layers say.
    ///
    /// - Throws: ``/CLMat/CLMatError/invalidArgument(operation:problem:)``, which names the stage.
    func checkParameters() throws(CLMatError) {
        func check(_ own: [[Matrix]], _ shapes: [[ParameterDescription]]) throws(CLMatError) {
            guard own.count == stages.count else {
                throw .invalidArgument(
                    operation: "Network", problem: "There are parameters of \(own.count) layers for \(stages.count).")
            }
            for (index, stage) in stages.enumerated() {
                guard own[index].count == shapes[index].count else {
                    throw .invalidArgument(
                        operation: "Network",
                        problem:
                            "Layer '\(stage.name)' takes \(shapes[index].count) parameters, not \(own[index].count).")
                }
                for (matrix, description) in zip(own[index], shapes[index]) where matrix.shape != description.shape {
                    throw .invalidArgument(
                        operation: "Network",
                        problem:
                            "Layer '\(stage.name)': its \(description.name) are \(matrix.shape) instead of \(description.shape)."
                    )
                }
            }
        }
        try check(parameters, graph.parameters)
        try check(statistics, graph.statistics)
    }
}

/// What follows from the stages of a network alone, reckoned once.
final class NetworkGraph: Sendable {
    /// Of each stage.
    let parameters: [[ParameterDescription]]
    let statistics: [[ParameterDescription]]
    let hasStatistics: Bool
    /// Of a stage that does its rectifier in the same launch: where that stands.
    let rectifiers: [Int?]
    /// Whether a stage, or one that it reads directly or by others, has parameters.
    let isLearned: [Bool]
    /// The last stage that reads a stage's output; nil for the network's output.
    let lastReaders: [Int?]

    init(_ stages: [Network.Stage]) {
        parameters = stages.map { $0.layer.parameters(for: $0.inputShapes) }
        statistics = stages.map { $0.layer.statistics(for: $0.inputShapes) }
        hasStatistics = statistics.contains { !$0.isEmpty }
        var readers = [[Int]](repeating: [], count: stages.count)
        var isLearned: [Bool] = []
        for (index, stage) in stages.enumerated() {
            var learns = !parameters[index].isEmpty
            for case .stage(let before) in stage.inputs {
                readers[before].append(index)
                learns = learns || isLearned[before]
            }
            isLearned.append(learns)
        }
        self.isLearned = isLearned
        lastReaders = readers.map { $0.max() }
        rectifiers = stages.indices.map { index in
            guard stages[index].layer is any RectifiedLayer else { return nil }
            return readers[index].first { if case .relu? = stages[$0].layer as? Activation { true } else { false } }
        }
    }
}

extension Streams {
    /// Initial parameters: this one for the first, the next for the second, and so on.
    static let parameters: UInt32 = 0x2_0000
    /// What is random in a forward pass: this one for the first stage, the next for the second, and so on.
    static let layers: UInt32 = 0x3_0000
}
