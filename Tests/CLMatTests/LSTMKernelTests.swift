import CLMat
import Foundation
import ModelOperations
import TestSupport
import Testing

/// An LSTM layer in plain Swift and Double, one unit after the other.
private struct PlainLSTM {
    let inputs: Int, units: Int
    var inputWeights: [Double], recurrentWeights: [Double], biases: [Double]

    private func logistic(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

    /// Outputs of all steps, by step and sequence.
    func outputs(_ x: [Double], batch: Int, hidden h0: [Double], cells c0: [Double]) -> [Double] {
        var (h, c, result) = (h0, c0, [Double]())
        for step in 0..<x.count / (batch * inputs) {
            var (nextH, nextC) = (h, c)
            for b in 0..<batch {
                func z(_ gate: Int, _ u: Int) -> Double {
                    let column = gate * units + u
                    var sum = biases[column]
                    for i in 0..<inputs {
                        sum += x[(step * batch + b) * inputs + i] * inputWeights[i * 4 * units + column]
                    }
                    for v in 0..<units { sum += h[b * units + v] * recurrentWeights[v * 4 * units + column] }
                    return sum
                }
                for u in 0..<units {
                    let cell = logistic(z(1, u)) * c[b * units + u] + logistic(z(0, u)) * tanh(z(2, u))
                    nextC[b * units + u] = cell
                    nextH[b * units + u] = logistic(z(3, u)) * tanh(cell)
                }
            }
            (h, c) = (nextH, nextC)
            result += h
        }
        return result
    }
}

@Suite struct LSTMKernelTests {
    struct Case: Sendable {
        let inputs: Int, units: Int, batch: Int, steps: Int
    }
    static let cases = [
        Case(inputs: 1, units: 1, batch: 1, steps: 1), Case(inputs: 3, units: 5, batch: 2, steps: 4),
        Case(inputs: 17, units: 33, batch: 3, steps: 2), Case(inputs: 4, units: 16, batch: 7, steps: 3),
    ]

    private struct Setting {
        let plain: PlainLSTM
        let layer: LSTMLayer
        let state: LSTMState
        let x: [Float], h: [Float], c: [Float], weights: [Float]

        init(_ test: Case, on device: Device) throws {
            var random = SplitMix64(seed: 3)
            func floats(_ count: Int) -> [Float] { random.floats(count, in: -0.7...0.7) }
            let (rows, gates) = (test.steps * test.batch, 4 * test.units)
            let (wx, wh, b) = (floats(test.inputs * gates), floats(test.units * gates), floats(gates))
            (x, h, c) = (floats(rows * test.inputs), floats(test.batch * test.units), floats(test.batch * test.units))
            weights = floats(rows * test.units)
            plain = PlainLSTM(
                inputs: test.inputs, units: test.units, inputWeights: wx.map(Double.init),
                recurrentWeights: wh.map(Double.init), biases: b.map(Double.init))
            layer = try LSTMLayer(
                inputWeights: Matrix(wx, test.inputs, gates, on: device),
                recurrentWeights: Matrix(wh, test.units, gates, on: device), biases: Matrix(b, 1, gates, on: device))
            var state = try LSTMState(zeros: test.batch, units: test.units, on: device)
            state.hidden = try Matrix(h, test.batch, test.units, on: device)
            state.cells = try Matrix(c, test.batch, test.units, on: device)
            self.state = state
        }

        /// Σ of outputs times weights of a changed layer or input.
        func loss(_ plain: PlainLSTM, _ x: [Double], batch: Int) -> Double {
            zip(plain.outputs(x, batch: batch, hidden: h.map(Double.init), cells: c.map(Double.init)), weights)
                .reduce(0) { $0 + $1.0 * Double($1.1) }
        }
    }

    @Test(arguments: cases, Device.all)
    func stepsAgreeWithTheDefinition(_ test: Case, on device: Device) throws {
        let own = try Setting(test, on: device)
        let x = try Matrix(own.x, test.steps * test.batch, test.inputs, on: device)
        let trace = try own.layer.forward(x.block(), from: own.state)
        let expected = own.plain.outputs(
            own.x.map(Double.init), batch: test.batch, hidden: own.h.map(Double.init), cells: own.c.map(Double.init))
        // An operand times 1 is what it is.
        var found = try Matrix(zeros: Shape(x.rows, test.units), on: device)
        let identity = (0..<test.units * test.units).map { Float($0 % (test.units + 1) == 0 ? 1 : 0) }
        try found.multiply(
            trace.outputs, Matrix(identity, test.units, test.units, on: device).block(),
            into: MatrixRange(rows: 0..<x.rows, columns: 0..<test.units))
        for (a, b) in zip(try found.values, expected) { #expect(abs(Double(a) - b) < 2e-6) }
        let state = try trace.state()
        #expect(try state.hidden.values == Array(try found.values.suffix(test.batch * test.units)))

        // Two windows are one, with the state carried over.
        if test.steps > 1 {
            let first = try own.layer.forward(x.block(rows: 0..<test.batch), from: own.state)
            let rest = try own.layer.forward(x.block(rows: test.batch..<x.rows), from: first.state())
            // BLAS may sum up a row otherwise where there are fewer rows.
            for (own, whole) in [(try rest.state().hidden, state.hidden), (try rest.state().cells, state.cells)] {
                for (a, b) in zip(try own.values, try whole.values) { #expect(abs(a - b) < 2e-6) }
            }
        }
    }

    /// Against central differences of the plain layer in Double.
    @Test(arguments: cases, Device.all)
    func gradientsAreThoseOfTheLoss(_ test: Case, on device: Device) throws {
        let own = try Setting(test, on: device)
        let x = try Matrix(own.x, test.steps * test.batch, test.inputs, on: device)
        var trace = try own.layer.forward(x.block(), from: own.state)
        var dh = try Matrix(own.weights, x.rows, test.units, on: device)
        let (parameters, gates) = try own.layer.backward(x.block(), outputGradient: &dh, &trace)
        let input = try own.layer.inputGradient(gates)

        let plainX = own.x.map(Double.init)
        func check(_ found: Matrix, _ name: String, _ loss: (Int, Double) -> Double) throws {
            for (index, value) in try found.values.enumerated() {
                let h = 1e-5
                let expected = (loss(index, h) - loss(index, -h)) / (2 * h)
                #expect(abs(Double(value) - expected) < 1e-5 * max(1, abs(expected)), "\(name) \(index)")
            }
        }
        func changed(_ path: WritableKeyPath<PlainLSTM, [Double]>) -> (Int, Double) -> Double {
            { index, h in
                var plain = own.plain
                plain[keyPath: path][index] += h
                return own.loss(plain, plainX, batch: test.batch)
            }
        }
        try check(parameters.inputWeights, "input weights", changed(\.inputWeights))
        try check(parameters.recurrentWeights, "recurrent weights", changed(\.recurrentWeights))
        try check(parameters.biases, "biases", changed(\.biases))
        try check(input, "input") { index, h in
            var x = plainX
            x[index] += h
            return own.loss(own.plain, x, batch: test.batch)
        }
    }

    @Test func whatDoesNotFitIsRefused() throws {
        let layer = try LSTMLayer(inputs: 3, units: 2, range: 0.1, key: RandomKey(seed: 1, stream: 0), on: .cpu)
        #expect(layer.parameterCount == 3 * 8 + 2 * 8 + 8)
        let state = try LSTMState(zeros: 2, units: 2, on: .cpu)
        #expect(throws: CLMatError.self) {
            try layer.forward(Matrix(zeros: Shape(3, 3), on: .cpu).block(), from: state)
        }
        #expect(throws: CLMatError.self) {
            try layer.forward(Matrix(zeros: Shape(4, 2), on: .cpu).block(), from: state)
        }
        let narrow = try LSTMState(zeros: 2, units: 3, on: .cpu)
        #expect(throws: CLMatError.self) {
            try layer.forward(Matrix(zeros: Shape(4, 3), on: .cpu).block(), from: narrow)
        }
        #expect(throws: CLMatError.self) {
            try LSTMLayer(
                inputWeights: layer.inputWeights, recurrentWeights: layer.recurrentWeights,
                biases: Matrix(zeros: Shape(1, 7), on: .cpu))
        }
        var trace = try layer.forward(Matrix(zeros: Shape(4, 3), on: .cpu).block(), from: state)
        var wrong = try Matrix(zeros: Shape(3, 2), on: .cpu)
        #expect(throws: CLMatError.self) {
            try layer.backward(Matrix(zeros: Shape(4, 3), on: .cpu).block(), outputGradient: &wrong, &trace)
        }
    }
}
