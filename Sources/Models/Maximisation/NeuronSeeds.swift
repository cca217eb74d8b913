import CLMat
import ModelOperations

/// The outputs that neurons are read from, of all stages of a network: what seeds need of it.
struct NeuronLayout: Sendable {
    /// The name of each stage.
    let names: [String]
    /// The shape of each stage's output.
    let outputs: [ImageShape]
    /// Images that go through the network at a time if a pass goes up to this stage.
    let sliceRows: [Int]

    init(_ network: Network) {
        names = network.stages.map(\.name)
        outputs = network.stages.map(\.output)
        sliceRows = network.stages.indices.map { network.sliceRows(upTo: $0) }
    }

    func has(_ neuron: Neuron) -> Bool {
        outputs.indices.contains(neuron.stage) && (0..<outputs[neuron.stage].channels).contains(neuron.unit)
    }
}

/// One neuron per row, of any stages: what the backward pass begins with, and what gives the activations. Rows go through the network in
/// slices, so that what its layers give has room in ``Network/passMemory``.
struct NeuronSeeds: Sendable {
    /// Some rows.
    struct Slice: Sendable {
        let rows: Range<Int>
        /// By stage.
        fileprivate let weights: [(stage: Int, weights: NeuronWeights)]
    }

    /// The rows in their order.
    let slices: [Slice]
    /// The last stage that has one of the neurons; nil if there are none.
    let last: Int?
    /// The stages that have, with their outputs.
    private let outputs: [Int: ImageShape]

    /// - Throws: ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` for a neuron that the network does not have.
    init(_ neurons: [Neuron], in layout: NeuronLayout, on device: Device) throws(CLMatError) {
        for neuron in neurons {
            guard layout.outputs.indices.contains(neuron.stage) else {
                throw .invalidArgument(operation: "seeds", problem: "There is no layer \(neuron.stage).")
            }
            let (name, output) = (layout.names[neuron.stage], layout.outputs[neuron.stage])
            guard layout.has(neuron) else {
                throw .invalidArgument(
                    operation: "seeds",
                    problem: "Layer '\(name)' has \(output.channels) neurons; \(neuron.unit) is not one of them.")
            }
        }
        let stages = Set(neurons.map(\.stage))
        outputs = Dictionary(uniqueKeysWithValues: stages.map { ($0, layout.outputs[$0]) })
        last = stages.max()
        var slices: [Slice] = []
        let count = last.map { layout.sliceRows[$0] } ?? 1
        for first in stride(from: 0, to: neurons.count, by: count) {
            let rows = first..<min(neurons.count, first + count)
            var weights: [(stage: Int, weights: NeuronWeights)] = []
            for stage in Set(neurons[rows].map(\.stage)).sorted() {
                let output = layout.outputs[stage]
                let stretches = neurons[rows].map { $0.stage == stage ? $0.stretch(in: output) : .none }
                weights.append((stage, try NeuronWeights(stretches, columns: output.count, on: device)))
            }
            slices.append(Slice(rows: rows, weights: weights))
        }
        self.slices = slices
    }

    /// Whether the network has the stages that the neurons are of.
    func fits(_ network: Network) -> Bool {
        outputs.allSatisfy { network.stages.indices.contains($0) && network.stages[$0].output == $1 }
    }

    /// f of each row of images, N × 1.
    func activations(of x: Matrix, on network: Network) throws(CLMatError) -> Matrix {
        try passes(over: x, columns: 1) { (images, slice) throws(CLMatError) in
            try slice.activations(network.forward(images, upTo: last))
        }
    }

    /// ∂f/∂x of each row, N × pixels, and f if it is asked for.
    func gradients(
        at x: Matrix, on network: Network, withActivations: Bool
    ) throws(CLMatError) -> (gradients: Matrix, activations: Matrix?) {
        var activations: [Matrix] = []
        let gradients = try passes(over: x, columns: x.columns) { (images, slice) throws(CLMatError) in
            let pass = try network.forward(images, upTo: last)
            if withActivations { activations.append(try slice.activations(pass)) }
            return try network.inputGradient(pass, seeds: slice.seeds())
        }
        return (gradients, withActivations ? try Matrix(stacking: activations, columns: 1, on: x.device) : nil)
    }

    /// What `body` gives for each slice, one below the other.
    private func passes(
        over x: Matrix, columns: Int, _ body: (Matrix, Slice) throws(CLMatError) -> Matrix
    ) throws(CLMatError) -> Matrix {
        var parts: [Matrix] = []
        for slice in slices {
            parts.append(try body(slices.count == 1 ? x : x.slice(rows: slice.rows), slice))
        }
        return try Matrix(stacking: parts, columns: columns, on: x.device)
    }
}

extension Matrix {
    /// Matrices one below the other.
    ///
    /// - Parameter columns: what each has.
    init(stacking parts: [Matrix], columns: Int, on device: Device) throws(CLMatError) {
        if parts.count == 1 {
            self = parts[0]
            return
        }
        try self.init(
            uninitialised: Shape(parts.reduce(0) { $0 + $1.rows }, columns), on: device)
        var first = 0
        for part in parts {
            try replace(row: first, with: part)
            first += part.rows
        }
    }
}

extension NeuronSeeds.Slice {
    /// ∂f/∂y by stage.
    fileprivate func seeds() throws(CLMatError) -> [Int: Matrix] {
        var seeds: [Int: Matrix] = [:]
        for (stage, weights) in weights { seeds[stage] = try weights.seeds() }
        return seeds
    }

    /// f of each row.
    fileprivate func activations(_ pass: Network.Activations) throws(CLMatError) -> Matrix {
        var sum: Matrix?
        for (stage, weights) in weights {
            let own = try weights.activations(of: pass[stage])
            if var before = sum.take() {
                try before.add(own)
                sum = before
            } else {
                sum = own
            }
        }
        if let sum { return sum }
        return try Matrix(zeros: Shape(rows.count, 1), on: pass.input.device)
    }
}
