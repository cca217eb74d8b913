import CLMat

extension Network {
    /// One forward pass: the output of every stage, and what the backward pass needs.
    public struct Activations: Sendable {
        /// The images.
        public let input: Matrix
        /// What it is for.
        public let purpose: PassPurpose
        fileprivate var parts: [LayerOutput?]
        /// The last stage that was passed.
        fileprivate let end: Int

        /// The outputs by stage; fewer than the network has if the pass stopped before the end.
        public var outputs: [Matrix] { parts.prefix(end + 1).compactMap { $0?.output } }

        /// The output of a stage that was passed.
        public subscript(_ stage: Int) -> Matrix { parts[stage]?.output ?? input }

        /// The output of the last stage that was passed.
        public var last: Matrix { end < 0 ? input : self[end] }

        fileprivate func input(_ source: StageInput) -> Matrix {
            if case .stage(let index) = source { self[index] } else { input }
        }
    }

    // MARK: - Forward

    /// The outputs of the stages for some images.
    ///
    /// - Parameters:
    ///   - end: the stage after which to stop; the last if nil.
    ///   - purpose: to learn from, or to use the network as it is.
    /// - Shapes: `x` N × C·H·W of ``input``.
    /// - Throws: ``/CLMat/CLMatError/shapeMismatch(operation:left:right:rule:)``, or
    ///   ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` for parameters of other shapes than the layers'.
    public func forward(
        _ x: Matrix, upTo end: Int? = nil, for purpose: PassPurpose = .inference
    ) throws(CLMatError) -> Activations {
        let last = min(end ?? stages.count - 1, stages.count - 1)
        var activations = Activations(
            input: x, purpose: purpose, parts: Array(repeating: nil, count: stages.count), end: last)
        try pass(&activations) { _, _ in }
        return activations
    }

    /// The output of the last layer for each image. What no later layer reads is given up on the way, and so many images go at a time as
    /// have room in 256 MB.
    public func predict(_ x: Matrix) throws(CLMatError) -> Matrix {
        let count = sliceRows(upTo: stages.count - 1)
        guard x.rows > count else { return try predictSlice(x) }
        var parts: [Matrix] = []
        for first in stride(from: 0, to: x.rows, by: count) {
            parts.append(try predictSlice(x.slice(rows: first..<min(x.rows, first + count))))
        }
        return try Matrix(stacking: parts, columns: output.count, on: x.device)
    }

    private func predictSlice(_ x: Matrix) throws(CLMatError) -> Matrix {
        var activations = Activations(
            input: x, purpose: .inference, parts: Array(repeating: nil, count: stages.count), end: stages.count - 1)
        try pass(&activations) { (activations, index) in
            for case .stage(let before) in stages[index].inputs where graph.lastReaders[before] == index {
                activations.parts[before] = nil
            }
        }
        return activations.last
    }

    /// All stages up to the activations' end; `after` each of them.
    private func pass(
        _ activations: inout Activations, after: (inout Activations, Int) -> Void
    ) throws(CLMatError) {
        guard activations.input.columns == input.count else {
            let x = activations.input
            throw .shapeMismatch(
                operation: "forward", left: x.shape, right: Shape(x.rows, input.count),
                rule: "A row must hold an image of \(input).")
        }
        try checkParameters()
        guard activations.end >= 0 else { return }
        for index in 0...activations.end {
            defer { after(&activations, index) }
            // What a layer did for its rectifier is done.
            if activations.parts[index] != nil { continue }
            let stage = stages[index]
            let inputs = stage.inputs.map { activations.input($0) }
            let call = call(index, activations.purpose)
            do {
                if let rectifier = graph.rectifiers[index], rectifier <= activations.end,
                    let layer = stage.layer as? any RectifiedLayer
                {
                    let both = try layer.rectifiedForward(inputs[0], call)
                    activations.parts[index] = both.output
                    activations.parts[rectifier] = LayerOutput(both.rectified)
                } else {
                    activations.parts[index] = try stage.layer.forward(inputs, call)
                }
            } catch .invalidArgument(let operation, let problem) {
                throw .invalidArgument(operation: operation, problem: "Layer '\(stage.name)': \(problem)")
            }
        }
    }

    private func call(_ index: Int, _ purpose: PassPurpose) -> LayerCall {
        var own = purpose
        if case .training(var key) = purpose {
            key.stream = Streams.layers + UInt32(index)
            own = .training(key)
        }
        return LayerCall(
            shapes: stages[index].inputShapes, parameters: parameters[index], statistics: statistics[index],
            purpose: own)
    }

    /// What the statistics are after a pass to learn from.
    func statistics(after activations: Activations) -> [[Matrix]] {
        zip(statistics, activations.parts).map { $1?.statistics ?? $0 }
    }

    // MARK: - Memory

    /// Bytes that a pass may take for what its layers give and save, while it goes over images in slices.
    static let passMemory = 256 << 20

    /// Images of a slice, so that what a pass up to a stage keeps of them, and gradients of it, have room in ``passMemory``.
    func sliceRows(upTo end: Int) -> Int {
        let numbers = stages.prefix(end + 1).reduce(input.count) { $0 + $1.output.count }
        return max(1, Self.passMemory / max(1, 4 * numbers))
    }

    // MARK: - Backward

    /// ∂L/∂parameters from ∂L/∂output of the last layer.
    ///
    /// The gradient with respect to the images is not formed: below the first layer with parameters nothing is done.
    public func parameterGradients(
        _ activations: Activations, outputGradient: Matrix
    ) throws(CLMatError) -> [[Matrix]] {
        try backward(activations, from: [stages.count - 1: outputGradient], .parameters).parameters
    }

    /// ∂L/∂parameters and ∂L/∂images from ∂L/∂output of the last layer, in one backward pass.
    func gradients(
        _ activations: Activations, outputGradient: Matrix
    ) throws(CLMatError) -> (parameters: [[Matrix]], input: Matrix) {
        let (parameters, input) = try backward(
            activations, from: [stages.count - 1: outputGradient], [.parameters, .inputs])
        if let input { return (parameters, input) }
        return (parameters, try Matrix(zeros: activations.input.shape, on: device))
    }

    /// ∂(Σ s·y)/∂images for seeds s at the outputs y of any stages: one backward pass for neurons of any layers, a
    /// different one in each row if need be.
    ///
    /// - Shapes: each seed N × the stage's output.
    public func inputGradient(
        _ activations: Activations, seeds: [Int: Matrix]
    ) throws(CLMatError) -> Matrix {
        if let gradient = try backward(activations, from: seeds, .inputs).input { return gradient }
        return try Matrix(zeros: activations.input.shape, on: device)
    }

    /// Gradients of Σ s·y for seeds s at the outputs y of some stages. A stage that several others read gets the sum of their gradients.
    private func backward(
        _ activations: Activations, from seeds: [Int: Matrix], _ needs: GradientNeeds
    ) throws(CLMatError) -> (parameters: [[Matrix]], input: Matrix?) {
        if let last = seeds.keys.max(), last > activations.end {
            throw .invalidArgument(
                operation: "inputGradient", problem: "The forward pass stopped before layer '\(stages[last].name)'.")
        }
        var parameters = [[Matrix]](repeating: [], count: stages.count)
        var gradients: [StageInput: Matrix] = [:]
        func add(_ gradient: Matrix, to place: StageInput) throws(CLMatError) {
            if var sum = gradients.removeValue(forKey: place) {
                try sum.add(gradient)
                gradients[place] = sum
            } else {
                gradients[place] = gradient
            }
        }
        for (stage, seed) in seeds { gradients[.stage(stage)] = seed }
        func isNeeded(_ source: StageInput) -> Bool {
            if needs.contains(.inputs) { return true }
            if case .stage(let index) = source { return graph.isLearned[index] }
            return false
        }
        for index in stages.indices.reversed() {
            guard let gradient = gradients.removeValue(forKey: .stage(index)), let part = activations.parts[index]
            else { continue }
            let stage = stages[index]
            var own: GradientNeeds = []
            if needs.contains(.parameters), !self.parameters[index].isEmpty { own.insert(.parameters) }
            if stage.inputs.contains(where: isNeeded) { own.insert(.inputs) }
            guard !own.isEmpty else { continue }
            let pass = LayerPass(
                call: call(index, activations.purpose), inputs: stage.inputs.map { activations.input($0) },
                output: part.output, saved: part.saved)
            let found = try stage.layer.backward(gradient, pass, own)
            if own.contains(.parameters) { parameters[index] = found.parameters }
            guard own.contains(.inputs) else { continue }
            for (source, gradient) in zip(stage.inputs, found.inputs) where isNeeded(source) {
                try add(gradient, to: source)
            }
        }
        return (parameters, gradients[.images])
    }
}
