import CLMat

/// y = Σ x over its inputs, which have all one shape: the sum at the end of a residual block.
public struct Addition: Layer {
    /// The sum of two inputs or more.
    public init() {}

    public var summary: String { "sum" }

    public var inputCounts: ClosedRange<Int> { 2...Int.max }

    public func output(for inputs: [ImageShape], named name: String) throws(CLMatError) -> ImageShape {
        if let other = inputs.first(where: { $0 != inputs[0] }) {
            throw .layerMismatch(
                layer: name, input: other, problem: "What is added has all one shape, and the first is \(inputs[0]).")
        }
        return inputs[0]
    }

    public func receptiveField(of output: ImageWindow) -> ImageWindow? { output }

    public func forward(_ inputs: [Matrix], _ call: LayerCall) throws(CLMatError) -> LayerOutput {
        var sum = try inputs[0] + inputs[1]
        for input in inputs.dropFirst(2) { try sum.add(input) }
        return LayerOutput(sum)
    }

    public func backward(
        _ gradient: Matrix, _ pass: LayerPass, _ needs: GradientNeeds
    ) throws(CLMatError) -> LayerGradients {
        LayerGradients(inputs: pass.inputs.map { _ in gradient })
    }
}

/// y = x₁ ⊙ x₂, element by element: a gate.
public struct Product: Layer {
    /// The product of two inputs.
    public init() {}

    public var summary: String { "product" }

    public var inputCounts: ClosedRange<Int> { 2...2 }

    public func output(for inputs: [ImageShape], named name: String) throws(CLMatError) -> ImageShape {
        guard inputs[0] == inputs[1] else {
            throw .layerMismatch(
                layer: name, input: inputs[1], problem: "Factors have one shape, and the first is \(inputs[0]).")
        }
        return inputs[0]
    }

    public func receptiveField(of output: ImageWindow) -> ImageWindow? { output }

    public func forward(_ inputs: [Matrix], _ call: LayerCall) throws(CLMatError) -> LayerOutput {
        LayerOutput(try inputs[0] * inputs[1])
    }

    public func backward(
        _ gradient: Matrix, _ pass: LayerPass, _ needs: GradientNeeds
    ) throws(CLMatError) -> LayerGradients {
        LayerGradients(inputs: [try gradient * pass.inputs[1], try gradient * pass.inputs[0]])
    }
}

/// The channels of its inputs one behind the other; maps have all one height and width.
public struct Concatenation: Layer {
    /// The channels of two inputs or more.
    public init() {}

    public var summary: String { "concatenation" }

    public var inputCounts: ClosedRange<Int> { 2...Int.max }

    public func output(for inputs: [ImageShape], named name: String) throws(CLMatError) -> ImageShape {
        let first = inputs[0]
        if let other = inputs.first(where: { $0.height != first.height || $0.width != first.width }) {
            throw .layerMismatch(
                layer: name, input: other,
                problem: "Maps beside each other are of one size, and the first are \(first.height) × \(first.width).")
        }
        return ImageShape(
            channels: inputs.reduce(0) { $0 + $1.channels }, height: first.height, width: first.width)
    }

    public func receptiveField(of output: ImageWindow) -> ImageWindow? { output }

    public func forward(_ inputs: [Matrix], _ call: LayerCall) throws(CLMatError) -> LayerOutput {
        LayerOutput(try .concatenated(columnsOf: inputs))
    }

    public func backward(
        _ gradient: Matrix, _ pass: LayerPass, _ needs: GradientNeeds
    ) throws(CLMatError) -> LayerGradients {
        LayerGradients(inputs: try gradient.split(columns: pass.call.shapes.map(\.count)))
    }
}

/// Channels of zeros before and behind those that there are: how a shortcut around a block gets the channels that it lacks.
public struct ChannelPadding: UnaryLayer {
    /// Channels before the first.
    public let before: Int
    /// Channels behind the last.
    public let after: Int

    /// So many channels of zeros.
    public init(before: Int, after: Int) { (self.before, self.after) = (before, after) }

    public var summary: String { "\(before) + \(after) channels of zeros" }

    public func output(for input: ImageShape, named name: String) throws(CLMatError) -> ImageShape {
        guard before >= 0, after >= 0, before <= 1 << 24, after <= 1 << 24 else {
            throw .layerMismatch(
                layer: name, input: input, problem: "There are no \(before) + \(after) channels to add.")
        }
        return ImageShape(channels: before + input.channels + after, height: input.height, width: input.width)
    }

    public func receptiveField(of output: ImageWindow) -> ImageWindow? { output }

    public func forward(_ x: Matrix, _ call: LayerCall) throws(CLMatError) -> LayerOutput {
        let area = call.shape.area
        var y = try Matrix(zeros: Shape(x.rows, x.columns + (before + after) * area), on: x.device)
        try y.replace(column: before * area, with: x)
        return LayerOutput(y)
    }

    public func inputGradient(_ gradient: Matrix, _ pass: LayerPass) throws(CLMatError) -> Matrix {
        let first = before * pass.shape.area
        return try gradient.slice(columns: first..<first + pass.shape.count)
    }
}
