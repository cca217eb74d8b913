import CLMat
import ModelKernels

extension KernelFamily {
    static let lstm = KernelFamily("lstm")
}

extension Kernel {
    /// Gates, cells and hidden units of one step of all sequences.
    static let lstmCell = Kernel("lstm_cell", in: .lstm)
    static let lstmCellBackward = Kernel("lstm_cell_backward", in: .lstm)
}

/// A layer of long short-term memory, without peepholes and with one bias per gate.
///
/// - Source: Hochreiter, Schmidhuber, "Long short-term memory", Neural Computation 9, 1997; in the form of Zaremba, Sutskever,
///   Vinyals, "Recurrent neural network regularization", arXiv:1409.2329, 2014, section 3.
public struct LSTMLayer: Sendable {
    /// Inputs × 4 units: what comes from below to the input, forget and output gate and the candidate, in the order i, f, g, o.
    public var inputWeights: Matrix
    /// Units × 4 units: what comes from the step before.
    public var recurrentWeights: Matrix
    /// 1 × 4 units.
    public var biases: Matrix

    /// How many numbers come from below.
    public var inputs: Int { inputWeights.rows }
    /// How many cells there are.
    public var units: Int { recurrentWeights.rows }
    /// Weights and biases.
    public var parameterCount: Int { inputWeights.count + recurrentWeights.count + biases.count }

    /// - Throws: ``/CLMat/CLMatError/shapeMismatch(operation:left:right:rule:)`` if the parts do not fit.
    public init(inputWeights: Matrix, recurrentWeights: Matrix, biases: Matrix) throws(CLMatError) {
        let units = recurrentWeights.rows
        guard recurrentWeights.columns == 4 * units, inputWeights.columns == 4 * units else {
            throw .shapeMismatch(
                operation: "LSTMLayer", left: inputWeights.shape, right: recurrentWeights.shape,
                rule: "Both must have four columns for each row of the recurrent weights.")
        }
        guard biases.shape == Shape(1, 4 * units) else {
            throw .shapeMismatch(
                operation: "LSTMLayer", left: recurrentWeights.shape, right: biases.shape,
                rule: "There must be a row of biases, one for each column of the weights.")
        }
        (self.inputWeights, self.recurrentWeights, self.biases) = (inputWeights, recurrentWeights, biases)
    }

    /// Weights uniform in ±`range`, biases 0: that of the forget gate too.
    ///
    /// - Parameter key: three streams from its own on are drawn from.
    public init(
        inputs: Int, units: Int, range: Float, key: RandomKey, on device: Device
    ) throws(CLMatError) {
        var recurrent = key
        recurrent.stream += 1
        try self.init(
            inputWeights: Matrix(uniform: -range...range, key, Shape(inputs, 4 * units), on: device),
            recurrentWeights: Matrix(uniform: -range...range, recurrent, Shape(units, 4 * units), on: device),
            biases: Matrix(zeros: Shape(1, 4 * units), on: device))
    }
}

/// What a layer carries from one window of steps to the next: one row per sequence.
public struct LSTMState: Sendable {
    /// Sequences × units: h.
    public var hidden: Matrix
    /// Sequences × units: c.
    public var cells: Matrix

    /// Where a window left off.
    fileprivate init(hidden: Matrix, cells: Matrix) { (self.hidden, self.cells) = (hidden, cells) }

    /// At rest.
    public init(zeros sequences: Int, units: Int, on device: Device) throws(CLMatError) {
        hidden = try Matrix(zeros: Shape(sequences, units), on: device)
        cells = try Matrix(zeros: Shape(sequences, units), on: device)
    }
}

/// What a layer did in a window of steps, for the way back. Rows are by step, and within a step by sequence.
public struct LSTMTrace: Sendable {
    /// Sequences.
    public let batch: Int
    /// Steps.
    public let steps: Int
    /// i, f, g and o, steps · batch × 4 units.
    fileprivate var gates: Matrix
    /// h from where the window began on, (steps + 1) · batch × units.
    let hidden: Matrix
    /// c likewise.
    let cells: Matrix

    /// The rows of ``hidden`` that are outputs.
    private var outputRows: Range<Int> { batch..<(steps + 1) * batch }
    /// The outputs h, steps · batch × units, as an operand.
    public var outputs: MatrixBlock { hidden.block(rows: outputRows) }

    /// The outputs with dropout.
    public func outputs(_ dropout: Dropout) throws(CLMatError) -> Matrix {
        try dropout.applied(to: hidden, rows: outputRows)
    }

    /// The gates, once: they are changed in place, and nobody else may hold them then.
    fileprivate mutating func takeGates() throws(CLMatError) -> Matrix {
        let own = gates
        gates = try Matrix(zeros: Shape(0, gates.columns), on: gates.device)
        return own
    }

    /// Where the window left off.
    public func state() throws(CLMatError) -> LSTMState {
        let last = steps * batch..<(steps + 1) * batch
        return LSTMState(hidden: try hidden.slice(rows: last), cells: try cells.slice(rows: last))
    }
}

extension LSTMLayer {
    /// A window of steps from a state on.
    ///
    /// - Shapes: x steps · batch × inputs, rows by step and within a step by sequence; the state batch × units.
    /// - Cost: one product for all steps of 8 · inputs · units operations per row, and one of 8 · units² per step.
    /// - Throws: ``/CLMat/CLMatError/shapeMismatch(operation:left:right:rule:)``, or
    ///   ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` for a window of more than 2³¹ gates.
    public func forward(_ x: MatrixBlock, from state: LSTMState) throws(CLMatError) -> LSTMTrace {
        let (batch, device) = (state.hidden.rows, biases.device)
        guard x.shape.columns == inputs, batch > 0, x.shape.rows % batch == 0 else {
            throw .shapeMismatch(
                operation: "LSTMLayer.forward", left: x.shape, right: Shape(batch, inputs),
                rule: "The input must have as many rows for each step as there are sequences, and a column per input.")
        }
        try requireSameShape(state.hidden, state.cells, "LSTMLayer.forward")
        guard state.hidden.columns == units else {
            throw .shapeMismatch(
                operation: "LSTMLayer.forward", left: state.hidden.shape, right: Shape(batch, units),
                rule: "The state must have a column per unit.")
        }
        try requireSameDevice(device, x.device, "LSTMLayer.forward")
        try requireSameDevice(device, state.hidden.device, "LSTMLayer.forward")
        let steps = x.shape.rows / batch
        guard (steps + 1) * batch * 4 * units <= Int(Int32.max) else {
            throw .invalidArgument(
                operation: "LSTMLayer.forward",
                problem: "\(steps) steps of \(batch) sequences with \(units) units are too many for one window.")
        }
        var gates = try Matrix(uninitialised: Shape(steps * batch, 4 * units), on: device)
        try gates.multiply(
            x, inputWeights.block(), into: MatrixRange(rows: 0..<gates.rows, columns: 0..<gates.columns))
        var hidden = try Matrix(uninitialised: Shape((steps + 1) * batch, units), on: device)
        var cells = try Matrix(uninitialised: hidden.shape, on: device)
        try hidden.replace(with: state.hidden)
        try cells.replace(with: state.cells)
        for step in 0..<steps {
            let rows = step * batch..<(step + 1) * batch
            try gates.multiply(
                hidden.block(rows: rows), recurrentWeights.block(), beta: 1,
                into: MatrixRange(rows: rows, columns: 0..<4 * units))
            try device.launch(
                .lstmCell,
                [
                    .int(batch * units), .int(units), .int(batch), .int(rows.lowerBound), biases.argument,
                    gates.argument, cells.argument, hidden.argument,
                ],
                over: .elements(batch * units, bytes: 64, operations: 120))
        }
        return LSTMTrace(batch: batch, steps: steps, gates: gates, hidden: hidden, cells: cells)
    }

    /// The way back through a window.
    ///
    /// - Parameters:
    ///   - x: the input that the window had.
    ///   - dh: the gradient of each output h, steps · batch × units; what comes back along the steps is added to it.
    ///   - trace: what ``forward(_:from:)`` gave; its gates are used up.
    /// - Returns: the gradient of the parameters, as a layer, and that of the gates' sums, steps · batch × 4 units, from which
    ///   ``inputGradient(_:)`` makes that of the input. Nothing comes back from behind the window (truncated back-propagation).
    /// - Source: Williams, Peng, "An efficient gradient-based algorithm for on-line training of recurrent network trajectories", Neural
    ///   Computation 2, 1990 (truncation).
    public func backward(
        _ x: MatrixBlock, outputGradient dh: inout Matrix, _ trace: inout LSTMTrace
    ) throws(CLMatError) -> (parameters: LSTMLayer, gates: Matrix) {
        let (batch, steps, device) = (trace.batch, trace.steps, biases.device)
        guard dh.shape == Shape(steps * batch, units), trace.gates.rows == dh.rows else {
            throw .shapeMismatch(
                operation: "LSTMLayer.backward", left: dh.shape, right: Shape(steps * batch, units),
                rule: "There must be a gradient for each output of the window.")
        }
        let (hidden, cells) = (trace.hidden, trace.cells)
        var gates = try trace.takeGates()
        try gates.makeUnique()
        try dh.makeUnique()
        // Once, and not within the product of each step.
        let back = try recurrentWeights.transposed()
        let dc = try Matrix(zeros: Shape(batch, units), on: device)
        for step in stride(from: steps - 1, through: 0, by: -1) {
            let rows = step * batch..<(step + 1) * batch
            if step + 1 < steps {
                try dh.multiply(
                    gates.block(rows: rows.upperBound..<rows.upperBound + batch), back.block(), beta: 1,
                    into: MatrixRange(rows: rows, columns: 0..<units))
            }
            try device.launch(
                .lstmCellBackward,
                [
                    .int(batch * units), .int(units), .int(batch), .int(rows.lowerBound), cells.argument, dh.argument,
                    gates.argument, dc.argument,
                ],
                over: .elements(batch * units, bytes: 60, operations: 60))
        }
        let all = MatrixRange(rows: 0..<units, columns: 0..<4 * units)
        var inputs = try Matrix(uninitialised: inputWeights.shape, on: device)
        try inputs.multiply(
            x, gates.block(), transposing: .left,
            into: MatrixRange(rows: 0..<self.inputs, columns: all.columns))
        var recurrent = try Matrix(uninitialised: recurrentWeights.shape, on: device)
        try recurrent.multiply(hidden.block(rows: 0..<steps * batch), gates.block(), transposing: .left, into: all)
        let parameters = try LSTMLayer(
            inputWeights: inputs, recurrentWeights: recurrent, biases: gates.columnSums())
        return (parameters, gates)
    }

    /// The gradient of a window's input from that of the gates' sums.
    public func inputGradient(_ gates: Matrix) throws(CLMatError) -> Matrix {
        try gates.matmul(inputWeights, transposing: .right)
    }
}
