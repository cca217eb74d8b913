import CLMat
import ModelOperations
import TestSupport
import Testing

/// Something that must not be done with a 3 × 4 matrix, and the case of the error that says so.
struct Refusal: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let error: String
    let attempt: @Sendable (inout Matrix, Device) throws -> Void

    init(_ name: String, _ error: String, _ attempt: @escaping @Sendable (inout Matrix, Device) throws -> Void) {
        (testDescription, self.error, self.attempt) = (name, error, attempt)
    }
}

/// What does not fit throws, and changes nothing.
@Suite struct RefusalTests {
    private static func zeros(_ rows: Int, _ columns: Int, _ device: Device) throws -> Matrix {
        try Matrix(zeros: Shape(rows, columns), on: device)
    }
    private static func indices(_ values: [Int32], _ device: Device) throws -> IntVector {
        try IntVector(values, on: device)
    }
    private static let image = ImageShape(height: 2, width: 2)

    static let shapes = [
        Refusal("too few values", "shapeMismatch") { _, d in _ = try Matrix([1, 2, 3], 2, 2, on: d) },
        Refusal("sizes whose product overflows", "shapeMismatch") { _, d in _ = try Matrix([], 1 << 32, 1 << 32, on: d)
        },
        Refusal("negative sizes", "shapeMismatch") { _, d in _ = try Matrix([1, 2], -1, -2, on: d) },
        Refusal("write", "shapeMismatch") { m, _ in try m.write([1, 2]) },
        Refusal("reshaped", "shapeMismatch") { m, _ in _ = try m.reshaped(5, 2) },
        Refusal("reshaped to negative sizes", "shapeMismatch") { m, _ in _ = try m.reshaped(-3, -4) },
        Refusal("reshaped to sizes that overflow", "shapeMismatch") { m, _ in _ = try m.reshaped(1 << 62, 4) },
        Refusal("+ of rows", "shapeMismatch") { m, d in _ = try m + zeros(2, 4, d) },
        Refusal("- of columns", "shapeMismatch") { m, d in _ = try m - zeros(3, 3, d) },
        Refusal("* of a transpose", "shapeMismatch") { m, d in _ = try m * zeros(4, 3, d) },
        Refusal("/ of nothing", "shapeMismatch") { m, d in _ = try m / zeros(0, 4, d) },
        Refusal("maximum", "shapeMismatch") { m, d in _ = try m.maximum(zeros(2, 2, d)) },
        Refusal("minimum", "shapeMismatch") { m, d in _ = try m.minimum(zeros(2, 2, d)) },
        Refusal("equal", "shapeMismatch") { m, d in _ = try m.equal(to: zeros(2, 4, d)) },
        Refusal("greater", "shapeMismatch") { m, d in _ = try m.greater(than: zeros(3, 2, d)) },
        Refusal("reluBackward of a row", "shapeMismatch") { m, d in _ = try m.reluBackward(output: zeros(1, 4, d)) },
        Refusal("tanhBackward of a row", "shapeMismatch") { m, d in _ = try m.tanhBackward(output: zeros(1, 4, d)) },
        Refusal("logisticBackward of a row", "shapeMismatch") { m, d in
            _ = try m.logisticBackward(output: zeros(1, 4, d))
        },
        Refusal("add of a row", "shapeMismatch") { m, d in try m.add(zeros(1, 4, d)) },
        Refusal("lerp a row", "shapeMismatch") { m, d in try m.lerp(to: zeros(1, 4, d), weight: 1) },
        Refusal("matmul", "shapeMismatch") { m, d in _ = try m.matmul(zeros(3, 4, d)) },
        Refusal("matmul, left", "shapeMismatch") { m, d in _ = try m.matmul(zeros(4, 2, d), transposing: .left) },
        Refusal("matmul, right", "shapeMismatch") { m, d in _ = try m.matmul(zeros(4, 2, d), transposing: .right) },
        Refusal("matmul, both", "shapeMismatch") { m, d in _ = try m.matmul(zeros(4, 2, d), transposing: .both) },
        Refusal("multiply into another shape", "shapeMismatch") { m, d in try m.multiply(zeros(3, 2, d), zeros(2, 3, d))
        },
        Refusal("multiply blocks", "shapeMismatch") { m, d in
            try m.multiply(
                zeros(3, 4, d).block(columns: 0..<2), zeros(3, 4, d).block(),
                into: MatrixRange(rows: 0..<3, columns: 0..<4))
        },
        Refusal("rowDots", "shapeMismatch") { m, d in _ = try m.rowDots(zeros(3, 1, d)) },
        Refusal("channelSums", "shapeMismatch") { m, _ in
            _ = try m.channelSums(ImageShape(channels: 3, height: 1, width: 1))
        },
        Refusal("scatterAddRows, columns", "shapeMismatch") { m, d in
            try m.scatterAddRows(zeros(2, 3, d), at: indices([0, 1], d))
        },
        Refusal("scatterAddRows, rows", "shapeMismatch") { m, d in
            try m.scatterAddRows(zeros(2, 4, d), at: indices([0, 1, 2], d))
        },
        Refusal("crossEntropy", "shapeMismatch") { m, d in _ = try m.crossEntropy(indices([0, 1], d)) },
        Refusal("bytes", "shapeMismatch") { _, d in _ = try ByteMatrix([1, 2, 3], 2, 2, on: d) },
        Refusal("bytes of sizes that overflow", "shapeMismatch") { _, d in
            _ = try ByteMatrix([], 1 << 40, 1 << 40, on: d)
        },
        Refusal("sgdStep, gradient", "shapeMismatch") { m, d in
            var v = try zeros(3, 4, d)
            try m.sgdStep(zeros(4, 3, d), velocity: &v, rate: 1, momentum: 0)
        },
        Refusal("sgdStep, velocity", "shapeMismatch") { m, d in
            var v = try zeros(3, 3, d)
            try m.sgdStep(zeros(3, 4, d), velocity: &v, rate: 1, momentum: 0)
        },
        Refusal("rmsPropStep, gradient", "shapeMismatch") { m, d in try rmsprop(&m, (1, 4), (3, 4), (3, 4), d) },
        Refusal("rmsPropStep, mean square", "shapeMismatch") { m, d in try rmsprop(&m, (3, 4), (1, 4), (3, 4), d)
        },
        Refusal("rmsPropStep, velocity", "shapeMismatch") { m, d in try rmsprop(&m, (3, 4), (3, 4), (1, 4), d) },
        Refusal("convolved, images", "shapeMismatch") { m, d in
            let g = try Convolution(input: ImageShape(height: 3, width: 3), filters: 2, kernelHeight: 2, kernelWidth: 2)
            _ = try m.convolved(zeros(2, 4, d), biases: zeros(1, 2, d), g)
        },
        Refusal("convolved, weights", "shapeMismatch") { m, d in
            let g = try Convolution(input: image, filters: 2, kernelHeight: 2, kernelWidth: 2)
            _ = try m.convolved(zeros(4, 2, d), biases: zeros(1, 2, d), g)
        },
        Refusal("convolved, biases", "shapeMismatch") { m, d in
            let g = try Convolution(input: image, filters: 2, kernelHeight: 2, kernelWidth: 2)
            _ = try m.convolved(zeros(2, 4, d), biases: zeros(2, 1, d), g)
        },
        Refusal("convolved, weights of groups", "shapeMismatch") { m, d in
            let g = try Convolution(
                input: ImageShape(channels: 2, height: 1, width: 2), filters: 2, window: .square(1), groups: 2)
            _ = try m.convolved(zeros(2, 2, d), g)
        },
        Refusal("convolutionWeightGradientWithoutBiases, images", "shapeMismatch") { m, d in
            let g = try Convolution(input: image, filters: 4, window: .square(2))
            _ = try m.convolutionWeightGradientWithoutBiases(zeros(2, 4, d), g)
        },
        Refusal("convolutionInputGradient", "shapeMismatch") { m, d in
            let g = try Convolution(input: image, filters: 3, kernelHeight: 2, kernelWidth: 2)
            _ = try m.convolutionInputGradient(zeros(3, 4, d), g)
        },
        Refusal("convolutionInputGradient, weights", "shapeMismatch") { m, d in
            let g = try Convolution(input: image, filters: 4, kernelHeight: 2, kernelWidth: 2)
            _ = try m.convolutionInputGradient(zeros(4, 3, d), g)
        },
        Refusal("convolutionWeightGradient, images", "shapeMismatch") { m, d in
            let g = try Convolution(input: image, filters: 4, kernelHeight: 2, kernelWidth: 2)
            _ = try m.convolutionWeightGradient(zeros(2, 4, d), g)
        },
        Refusal("maxPooled", "shapeMismatch") { m, _ in
            _ = try m.maxPooled(Pooling(input: ImageShape(height: 3, width: 2), size: 2))
        },
        Refusal("averagePooled", "shapeMismatch") { m, _ in
            _ = try m.averagePooled(Pooling(input: ImageShape(height: 3, width: 2), size: 2))
        },
        Refusal("averagePoolGradient", "shapeMismatch") { m, _ in
            _ = try m.averagePoolGradient(Pooling(input: image, size: 2))
        },
        Refusal("maxPoolGradient, indices", "shapeMismatch") { m, d in
            _ = try m.maxPoolGradient(indices([0, 1], d), Pooling(input: image, size: 1))
        },
        Refusal("activationGradient of a row", "shapeMismatch") { m, d in
            _ = try m.activationGradient(.gelu, input: zeros(1, 4, d))
        },
        Refusal("channelsScaled, images", "shapeMismatch") { m, d in
            _ = try m.channelsScaled(by: zeros(1, 1, d), plus: zeros(1, 1, d), ImageShape(height: 3, width: 1))
        },
        Refusal("channelsScaled, scale", "shapeMismatch") { m, d in
            _ = try m.channelsScaled(by: zeros(1, 2, d), plus: zeros(1, 1, d), image)
        },
        Refusal("channelsScaled, shift", "shapeMismatch") { m, d in
            _ = try m.channelsScaled(by: zeros(1, 1, d), plus: zeros(2, 1, d), image)
        },
        Refusal("prelu, slopes", "shapeMismatch") { m, d in _ = try m.prelu(slopes: zeros(1, 4, d), image) },
        Refusal("preluGradient, input", "shapeMismatch") { m, d in
            _ = try m.preluGradient(input: zeros(2, 4, d), slopes: zeros(1, 1, d), image)
        },
        Refusal("batchNormalised, images", "shapeMismatch") { m, d in
            let n = try BatchNormalisation(image: .vector(3))
            _ = try m.batchNormalised(n, scale: zeros(1, 3, d), shift: zeros(1, 3, d))
        },
        Refusal("batchNormalised, shift", "shapeMismatch") { m, d in
            _ = try m.batchNormalised(BatchNormalisation(image: image), scale: zeros(1, 1, d), shift: zeros(1, 4, d))
        },
        Refusal("batchNormalised, statistics", "shapeMismatch") { m, d in
            _ = try m.batchNormalised(
                BatchNormalisation(image: image), scale: zeros(1, 1, d), shift: zeros(1, 1, d),
                statistics: zeros(1, 1, d))
        },
        Refusal("batchNormalisationGradient, input", "shapeMismatch") { m, d in
            _ = try m.batchNormalisationGradient(
                BatchNormalisation(image: image), input: zeros(2, 4, d), scale: zeros(1, 1, d),
                statistics: zeros(2, 1, d))
        },
        Refusal("batchNormalisationGradient, statistics of other channels", "shapeMismatch") { m, d in
            let (n, row) = try (BatchNormalisation(image: .vector(4)), zeros(1, 4, d))
            let batch = try m.batchNormalised(n, scale: row, shift: row).batch
            _ = try m.batchNormalisationGradient(
                BatchNormalisation(image: image), input: m, scale: zeros(1, 1, d), batch: batch)
        },
        Refusal("responseNormalised", "shapeMismatch") { m, _ in
            _ = try m.responseNormalised(ResponseNormalisation(image: .vector(3), size: 2))
        },
        Refusal("responseNormalisationGradient, denominators", "shapeMismatch") { m, d in
            _ = try m.responseNormalisationGradient(
                ResponseNormalisation(image: .vector(4), size: 2), input: m, output: m, denominators: zeros(3, 1, d))
        },
        Refusal("concatenated", "shapeMismatch") { m, d in
            _ = try Matrix.concatenated(columnsOf: [m, zeros(2, 4, d)])
        },
        Refusal("adamStep, gradient", "shapeMismatch") { m, d in try adam(&m, (1, 4), (3, 4), (3, 4), 1, d) },
        Refusal("adamStep, mean", "shapeMismatch") { m, d in try adam(&m, (3, 4), (1, 4), (3, 4), 1, d) },
        Refusal("adamStep, mean square", "shapeMismatch") { m, d in try adam(&m, (3, 4), (3, 4), (1, 4), 1, d) },
        Refusal("crossEntropy, weights", "shapeMismatch") { m, d in
            _ = try m.crossEntropy(indices([0, 1, 2], d), weights: zeros(1, 3, d))
        },
        Refusal("Langevin, gradient", "shapeMismatch") { m, d in
            try langevin(m) { _, p in p.gradient = try zeros(3, 3, d) }
        },
        Refusal("Langevin, regulariser gradient", "shapeMismatch") { m, d in
            try langevin(m) { _, p in p.regulariserGradient = try zeros(1, 4, d) }
        },
        Refusal("Langevin, noise", "shapeMismatch") { m, d in try langevin(m) { _, p in p.noise = try zeros(4, 3, d) }
        },
        Refusal("Langevin, velocities", "shapeMismatch") { m, d in
            try langevin(m) { c, _ in c.velocities = try zeros(1, 4, d) }
        },
        Refusal("Langevin, mean squares", "shapeMismatch") { m, d in
            try langevin(m) { c, _ in c.meanSquares = try zeros(1, 4, d) }
        },
        Refusal("Langevin, averages", "shapeMismatch") { m, d in
            try langevin(m) { c, _ in c.averages = try zeros(1, 4, d) }
        },
        Refusal("Langevin, ages", "shapeMismatch") { m, d in try langevin(m) { c, _ in c.ages = try indices([0], d) } },
        Refusal("Langevin, factors of the noise", "shapeMismatch") { m, d in
            try langevin(m) { c, _ in c.noiseFactors = try zeros(2, 1, d) }
        },
        Refusal("Langevin, fixed mean squares", "shapeMismatch") { m, d in
            try langevin(m) { c, _ in c.fixedMeanSquares = try zeros(3, 4, d) }
        },
        Refusal("Langevin, a part of a sample", "shapeMismatch") { m, d in
            try langevin(m) { c, _ in try c.restart(0, at: zeros(1, 3, d)) }
        },
    ]

    private static func adam(
        _ m: inout Matrix, _ gradient: (Int, Int), _ mean: (Int, Int), _ meanSquare: (Int, Int), _ step: Int,
        beta1: Float = 0.9, _ device: Device
    ) throws {
        var a = try zeros(mean.0, mean.1, device)
        var s = try zeros(meanSquare.0, meanSquare.1, device)
        try m.adamStep(
            zeros(gradient.0, gradient.1, device), mean: &a, meanSquare: &s, step: step, beta1: beta1)
    }

    private static func rmsprop(
        _ m: inout Matrix, _ gradient: (Int, Int), _ meanSquare: (Int, Int), _ velocity: (Int, Int), _ device: Device
    ) throws {
        var s = try zeros(meanSquare.0, meanSquare.1, device)
        var v = try zeros(velocity.0, velocity.1, device)
        try m.rmsPropStep(
            zeros(gradient.0, gradient.1, device), meanSquare: &s, velocity: &v, rate: 1, momentum: 0, alpha: 0.9,
            epsilon: 1, form: .pyTorch)
    }

    private struct Forces {
        var gradient: Matrix, regulariserGradient: Matrix, noise: Matrix
        var parameters = LangevinChains.Parameters()
    }
    /// One step of chains that start at `m`, after `spoil`; nothing of them may change.
    private static func langevin(_ m: Matrix, _ spoil: (inout LangevinChains, inout Forces) throws -> Void) throws {
        var chains = try LangevinChains(startingAt: m)
        let none = try Matrix(zeros: m.shape, on: m.device)
        var forces = Forces(gradient: none, regulariserGradient: none, noise: none)
        try spoil(&chains, &forces)
        let before = try (chains.samples.values, chains.ages.values)
        defer { #expect((try? chains.samples.values) == before.0 && (try? chains.ages.values) == before.1) }
        try chains.step(
            gradient: forces.gradient, regulariserGradient: forces.regulariserGradient, noise: forces.noise,
            forces.parameters)
    }

    static let arguments = [
        Refusal("a negative size", "invalidArgument") { _, d in _ = try zeros(-1, 2, d) },
        Refusal("too many elements", "invalidArgument") { _, d in _ = try zeros(1 << 20, 1 << 20, d) },
        Refusal("elements up to the end of 32 bits", "invalidArgument") { _, d in _ = try zeros(1, Int(Int32.max), d) },
        Refusal("more elements than 64 bits can count", "invalidArgument") { _, d in _ = try zeros(.max, .max, d) },
        Refusal("a product with too many elements", "invalidArgument") { _, d in
            _ = try zeros(1 << 16, 0, d).matmul(zeros(0, 1 << 16, d))
        },
        Refusal("a sum with too many elements", "invalidArgument") { _, d in
            _ = try zeros(1 << 16, 1, d) + zeros(1, 1 << 16, d)
        },
        Refusal("integers of more than 32 bits", "invalidArgument") { _, d in _ = try IntVector([0, 1 << 31], on: d) },
        Refusal("slice, rows", "invalidArgument") { m, _ in _ = try m.slice(rows: 2..<4) },
        Refusal("slice, columns", "invalidArgument") { m, _ in _ = try m.slice(columns: -1..<2) },
        Refusal("replace, row", "invalidArgument") { m, d in try m.replace(row: 2, with: zeros(2, 4, d)) },
        Refusal("replace, column", "invalidArgument") { m, d in try m.replace(column: 1, with: zeros(1, 4, d)) },
        Refusal("replace, negative", "invalidArgument") { m, d in try m.replace(row: -1, with: zeros(1, 4, d)) },
        Refusal("replace, far away", "invalidArgument") { m, d in
            try m.replace(row: .max, column: .max, with: zeros(1, 4, d))
        },
        Refusal("a block outside", "invalidArgument") { m, d in
            let a = try zeros(3, 4, d)
            try m.multiply(a.block(rows: 1..<4), zeros(4, 4, d).block(), into: MatrixRange(rows: 0..<3, columns: 0..<4))
        },
        Refusal("a target outside", "invalidArgument") { m, d in
            try m.multiply(
                zeros(3, 4, d).block(), zeros(4, 4, d).block(), into: MatrixRange(rows: 1..<4, columns: 0..<4))
        },
        Refusal("gatherRows above", "invalidArgument") { m, d in _ = try m.gatherRows(indices([0, 3], d)) },
        Refusal("gatherRows below", "invalidArgument") { m, d in _ = try m.gatherRows(indices([-1, 2], d)) },
        Refusal("scatterAddRows above", "invalidArgument") { m, d in
            try m.scatterAddRows(zeros(2, 4, d), at: indices([0, 3], d))
        },
        Refusal("scatterAddRows below", "invalidArgument") { m, d in
            try m.scatterAddRows(zeros(2, 4, d), at: indices([0, -3], d))
        },
        Refusal("rows of bytes", "invalidArgument") { _, d in
            _ = try ByteMatrix([1, 2, 3, 4], 2, 2, on: d).rows(indices([2], d))
        },
        Refusal("gather of integers", "invalidArgument") { _, d in _ = try indices([1, 2], d).gather(indices([2], d)) },
        Refusal("oneHot above", "invalidArgument") { _, d in _ = try Matrix.oneHot(indices([0, 3], d), columns: 3) },
        Refusal("oneHot below", "invalidArgument") { _, d in _ = try Matrix.oneHot(indices([0, -1], d), columns: 3) },
        Refusal("a label above", "invalidArgument") { m, d in _ = try m.crossEntropy(indices([0, 4, 1], d)) },
        Refusal("a label below", "invalidArgument") { m, d in _ = try m.crossEntropy(indices([0, -1, 1], d)) },
        // Indices of which the host knows nothing are read.
        Refusal("a gathered label", "invalidArgument") { m, d in
            _ = try m.crossEntropy(indices([0, 1, 9], d).gather(indices([2, 2, 2], d)))
        },
        Refusal("an index that a kernel has changed", "invalidArgument") { m, d in
            var chains = try LangevinChains(startingAt: m)
            let none = try zeros(3, 4, d)
            for _ in 0..<3 { try chains.step(gradient: none, regulariserGradient: none, noise: none, .init()) }
            _ = try m.gatherRows(chains.ages)  // 3, of three rows
        },
        Refusal("softmax of rows without elements", "invalidArgument") { _, d in _ = try zeros(3, 0, d).softmaxRows() },
        Refusal("log softmax of rows without elements", "invalidArgument") { _, d in
            _ = try zeros(3, 0, d).logSoftmaxRows()
        },
        Refusal("an index outside the image", "invalidArgument") { m, d in
            _ = try m.maxPoolGradient(indices([Int32](repeating: 4, count: 12), d), Pooling(input: image, size: 1))
        },
        Refusal("a window larger than the image", "invalidArgument") { _, _ in _ = try Pooling(input: image, size: 3) },
        Refusal("a window of nothing", "invalidArgument") { _, _ in _ = try Pooling(input: image, size: 0) },
        Refusal("a stride of 0", "invalidArgument") { _, _ in _ = try Pooling(input: image, size: 1, stride: 0) },
        Refusal("a stride of 2³²", "invalidArgument") { _, _ in _ = try Pooling(input: image, size: 1, stride: 1 << 32)
        },
        Refusal("an image that overflows", "invalidArgument") { _, _ in
            _ = try Pooling(input: ImageShape(channels: 1 << 62, height: 2, width: 2), size: 1)
        },
        Refusal("a kernel larger than the image", "invalidArgument") { _, _ in
            _ = try Convolution(input: image, filters: 1, kernelHeight: 3, kernelWidth: 1)
        },
        Refusal("no filters", "invalidArgument") { _, _ in
            _ = try Convolution(input: image, filters: 0, kernelHeight: 1, kernelWidth: 1)
        },
        Refusal("negative padding", "invalidArgument") { _, _ in
            _ = try Convolution(input: image, filters: 1, kernelHeight: 1, kernelWidth: 1, padding: -1)
        },
        Refusal("endless padding", "invalidArgument") { _, _ in
            _ = try Convolution(input: image, filters: 1, kernelHeight: 1, kernelWidth: 1, padding: .max)
        },
        Refusal("endless filters", "invalidArgument") { _, _ in
            _ = try Convolution(input: image, filters: .max, kernelHeight: 1, kernelWidth: 1)
        },
        Refusal("groups that do not divide the channels", "invalidArgument") { _, _ in
            _ = try Convolution(
                input: ImageShape(channels: 3, height: 2, width: 2), filters: 4, window: .square(1), groups: 2)
        },
        Refusal("groups that do not divide the filters", "invalidArgument") { _, _ in
            _ = try Convolution(
                input: ImageShape(channels: 4, height: 2, width: 2), filters: 3, window: .square(1), groups: 2)
        },
        Refusal("no groups", "invalidArgument") { _, _ in
            _ = try Convolution(input: image, filters: 1, window: .square(1), groups: 0)
        },
        Refusal("a dilated window larger than the image", "invalidArgument") { _, _ in
            _ = try Convolution(input: image, filters: 1, window: .square(2, dilation: 2))
        },
        Refusal("a window of many pixels", "invalidArgument") { _, _ in
            _ = try SlidingWindow.square(1 << 20, dilation: 1 << 20)
        },
        Refusal("a dilation of 0", "invalidArgument") { _, _ in _ = try SlidingWindow.square(2, dilation: 0) },
        Refusal("a stride down of -1", "invalidArgument") { _, _ in
            _ = try SlidingWindow(height: 1, width: 1, strideDown: -1)
        },
        Refusal("padding of less than nothing on the right", "invalidArgument") { _, _ in
            _ = try SlidingWindow(height: 1, width: 1, paddingRight: -1)
        },
        Refusal("a padded image that overflows", "invalidArgument") { _, _ in
            _ = try Convolution(
                input: ImageShape(height: 1, width: (1 << 31) - 4096), filters: 1, window: .square(1, padding: 1 << 12))
        },
        Refusal("windows in the padding alone", "invalidArgument") { _, _ in
            _ = try Pooling(input: image, window: .square(2, padding: 2))
        },
        Refusal("windows that pass over the image", "invalidArgument") { _, _ in
            _ = try Pooling(input: ImageShape(height: 1, width: 1), window: .square(2, padding: 2, dilation: 3))
        },
        Refusal("a pooled image larger than a row", "invalidArgument") { _, _ in
            _ = try Pooling(input: image, window: .square(1 << 20, padding: (1 << 20) - 1))
        },
        Refusal("an output larger than a row", "invalidArgument") { _, _ in
            _ = try Convolution(
                input: ImageShape(height: 1 << 14, width: 1 << 14), filters: 1 << 10, kernelHeight: 1, kernelWidth: 1)
        },
        Refusal("channels of images without pixels", "invalidArgument") { m, d in
            _ = try m.channelsScaled(by: zeros(1, 1, d), plus: zeros(1, 1, d), ImageShape(height: 0, width: 4))
        },
        Refusal("channels of images that overflow", "invalidArgument") { m, d in
            _ = try m.prelu(slopes: zeros(1, 1, d), ImageShape(channels: 1 << 62, height: 2, width: 2))
        },
        Refusal("batch normalisation of one number per channel", "invalidArgument") { m, d in
            let row = try zeros(1, 4, d)
            _ = try row.batchNormalised(BatchNormalisation(image: .vector(4)), scale: row, shift: row)
        },
        Refusal("batch normalisation of no images", "invalidArgument") { m, d in
            let row = try zeros(1, 1, d)
            _ = try zeros(0, 4, d).batchNormalised(BatchNormalisation(image: image), scale: row, shift: row)
        },
        Refusal("batch normalisation, ε of 0", "invalidArgument") { _, _ in
            _ = try BatchNormalisation(image: image, epsilon: 0)
        },
        Refusal("batch normalisation of images that overflow", "invalidArgument") { _, _ in
            _ = try BatchNormalisation(image: ImageShape(channels: 1 << 62, height: 2, width: 2))
        },
        Refusal("response normalisation, a window of nothing", "invalidArgument") { _, _ in
            _ = try ResponseNormalisation(image: image, size: 0)
        },
        Refusal("response normalisation, an endless window", "invalidArgument") { _, _ in
            _ = try ResponseNormalisation(image: image, size: .max)
        },
        Refusal("response normalisation, k of 0", "invalidArgument") { _, _ in
            _ = try ResponseNormalisation(image: image, size: 5, k: 0)
        },
        Refusal("response normalisation, a negative α", "invalidArgument") { _, _ in
            _ = try ResponseNormalisation(image: image, size: 5, alpha: -1)
        },
        Refusal("no matrices side by side", "invalidArgument") { _, _ in _ = try Matrix.concatenated(columnsOf: []) },
        Refusal("parts of too few columns", "invalidArgument") { m, _ in _ = try m.split(columns: [1, 2]) },
        Refusal("parts of negative columns", "invalidArgument") { m, _ in _ = try m.split(columns: [5, -1]) },
        Refusal("parts of columns that overflow", "invalidArgument") { m, _ in
            _ = try m.split(columns: [.max, .max, 4])
        },
        Refusal("adamStep, step 0", "invalidArgument") { m, d in try adam(&m, (3, 4), (3, 4), (3, 4), 0, d) },
        Refusal("adamStep, β₁ of 1", "invalidArgument") { m, d in
            try adam(&m, (3, 4), (3, 4), (3, 4), 1, beta1: 1, d)
        },
        Refusal("crossEntropy with weights, a label outside", "invalidArgument") { m, d in
            _ = try m.crossEntropy(indices([0, 1, 4], d), weights: zeros(1, 4, d))
        },
        Refusal("Langevin, a window of nothing", "invalidArgument") { m, _ in
            try langevin(m) { _, p in p.parameters.window = 0 }
        },
        Refusal("Langevin, a negative burn-in", "invalidArgument") { m, _ in
            try langevin(m) { _, p in p.parameters.burnIn = -1 }
        },
        Refusal("Langevin, a chain that there is not", "invalidArgument") { m, d in
            try langevin(m) { c, _ in try c.restart(3, at: zeros(1, 4, d)) }
        },
        Refusal("Langevin, an exchange with a chain that there is not", "invalidArgument") { m, _ in
            try langevin(m) { c, _ in try c.exchange([(0, 3)]) }
        },
        Refusal("Langevin, an exchange with itself", "invalidArgument") { m, _ in
            try langevin(m) { c, _ in try c.exchange([(1, 1)]) }
        },
        Refusal("Langevin, a chain in two pairs", "invalidArgument") { m, _ in
            try langevin(m) { c, _ in try c.exchange([(0, 1), (1, 2)]) }
        },
        Refusal("Langevin, an exchange without noise", "invalidArgument") { m, d in
            try langevin(m) { c, _ in
                c.noiseFactors = try zeros(3, 1, d)
                try c.exchange([(0, 1)])
            }
        },
        Refusal("Langevin, a negative chain", "invalidArgument") { m, d in
            try langevin(m) { c, _ in try c.restart(-1, at: zeros(1, 4, d)) }
        },
    ]

    @Test(arguments: shapes + arguments, Device.all)
    func whatDoesNotFitThrowsAndChangesNothing(_ refusal: Refusal, on device: Device) throws {
        let values = LayoutKernelTests.numbers(12)
        var m = try Matrix(values, 3, 4, on: device)
        #expect(thrownCase { try refusal.attempt(&m, device) } == refusal.error)
        #expect(m.shape == Shape(3, 4))
        try expectNone(bitDifference(m.values, values))
    }

    @Test(arguments: Device.all)
    func errorsSayWhatWhyAndWhatToDo(on device: Device) throws {
        let (a, b) = try (Self.zeros(2, 3, device), Self.zeros(2, 3, device))
        let rule = "Left columns must equal right rows; did you mean to transpose one (transposing:)?"
        let error = CLMatError.shapeMismatch(operation: "matmul", left: Shape(2, 3), right: Shape(2, 3), rule: rule)
        #expect(throws: error) { try a.matmul(b) }
        #expect("\(error)" == "matmul: 2 × 3 and 2 × 3 do not fit. \(rule)")
        #expect(throws: CLMatError.invalidArgument(operation: "gatherRows", problem: "Index 7 is outside 0..<2.")) {
            try a.gatherRows(IntVector([0, 7], on: device))
        }
    }

    // MARK: Two devices

    static let operationsOnTwoOperands: [Refusal] = [
        Refusal("+", "") { m, d in _ = try m + zeros(3, 4, d) },
        Refusal("maximum", "") { m, d in _ = try m.maximum(zeros(3, 4, d)) },
        Refusal("equal", "") { m, d in _ = try m.equal(to: zeros(3, 4, d)) },
        Refusal("reluBackward", "") { m, d in _ = try m.reluBackward(output: zeros(3, 4, d)) },
        Refusal("matmul", "") { m, d in _ = try m.matmul(zeros(4, 4, d)) },
        Refusal("multiply", "") { m, d in try m.multiply(zeros(3, 3, d), zeros(3, 4, d)) },
        Refusal("rowDots", "") { m, d in _ = try m.rowDots(zeros(3, 4, d)) },
        Refusal("add", "") { m, d in try m.add(zeros(3, 4, d)) },
        Refusal("lerp", "") { m, d in try m.lerp(to: zeros(3, 4, d), weight: 1) },
        Refusal("replace", "") { m, d in try m.replace(with: zeros(3, 4, d)) },
        Refusal("gatherRows", "") { m, d in _ = try m.gatherRows(indices([0], d)) },
        Refusal("scatterAddRows, source", "") { m, d in try m.scatterAddRows(zeros(1, 4, d), at: indices([0], m.device))
        },
        Refusal("scatterAddRows, indices", "") { m, d in
            try m.scatterAddRows(zeros(1, 4, m.device), at: indices([0], d))
        },
        Refusal("crossEntropy", "") { m, d in _ = try m.crossEntropy(indices([0, 1, 2], d)) },
        Refusal("gather", "") { m, d in _ = try indices([1], m.device).gather(indices([0], d)) },
        Refusal("rows of bytes", "") { m, d in _ = try ByteMatrix([1], 1, 1, on: m.device).rows(indices([0], d)) },
        Refusal("sgdStep", "") { m, d in
            var v = try zeros(3, 4, m.device)
            try m.sgdStep(zeros(3, 4, d), velocity: &v, rate: 1, momentum: 0)
        },
        Refusal("sgdStep, velocity", "") { m, d in
            var v = try zeros(3, 4, d)
            try m.sgdStep(zeros(3, 4, m.device), velocity: &v, rate: 1, momentum: 0)
        },
        Refusal("rmsPropStep", "") { m, d in try rmsprop(&m, (3, 4), (3, 4), (3, 4), d) },
        Refusal("convolved, weights", "") { m, d in
            let g = try Convolution(input: image, filters: 1, kernelHeight: 2, kernelWidth: 2)
            _ = try m.convolved(zeros(1, 4, d), biases: zeros(1, 1, m.device), g)
        },
        Refusal("convolved, biases", "") { m, d in
            let g = try Convolution(input: image, filters: 1, kernelHeight: 2, kernelWidth: 2)
            _ = try m.convolved(zeros(1, 4, m.device), biases: zeros(1, 1, d), g)
        },
        Refusal("convolutionInputGradient", "") { m, d in
            let g = try Convolution(input: image, filters: 1, kernelHeight: 1, kernelWidth: 1)
            _ = try m.convolutionInputGradient(zeros(1, 1, d), g)
        },
        Refusal("convolutionWeightGradient", "") { m, d in
            let g = try Convolution(input: image, filters: 1, kernelHeight: 1, kernelWidth: 1)
            _ = try m.convolutionWeightGradient(zeros(3, 4, d), g)
        },
        Refusal("maxPoolGradient", "") { m, d in
            _ = try m.maxPoolGradient(indices([Int32](repeating: 0, count: 12), d), Pooling(input: image, size: 1))
        },
        Refusal("activationGradient", "") { m, d in _ = try m.activationGradient(.silu, input: zeros(3, 4, d)) },
        Refusal("channelsScaled", "") { m, d in
            _ = try m.channelsScaled(by: zeros(1, 1, m.device), plus: zeros(1, 1, d), image)
        },
        Refusal("prelu", "") { m, d in _ = try m.prelu(slopes: zeros(1, 1, d), image) },
        Refusal("batchNormalised, scale", "") { m, d in
            _ = try m.batchNormalised(BatchNormalisation(image: image), scale: zeros(1, 1, d), shift: zeros(1, 1, d))
        },
        Refusal("batchNormalised, statistics", "") { m, d in
            _ = try m.batchNormalised(
                BatchNormalisation(image: image), scale: zeros(1, 1, d), shift: zeros(1, 1, d),
                statistics: zeros(2, 1, d))
        },
        Refusal("responseNormalisationGradient", "") { m, d in
            _ = try m.responseNormalisationGradient(
                ResponseNormalisation(image: image, size: 2), input: m, output: zeros(3, 4, d), denominators: m)
        },
        Refusal("concatenated", "") { m, d in _ = try Matrix.concatenated(columnsOf: [m, zeros(3, 4, d)]) },
        Refusal("adamStep", "") { m, d in try adam(&m, (3, 4), (3, 4), (3, 4), 1, d) },
        Refusal("crossEntropy, weights", "") { m, d in
            _ = try m.crossEntropy(indices([0, 1, 2], m.device), weights: zeros(1, 4, d))
        },
        Refusal("Langevin, gradient", "") { m, d in try langevin(m) { _, p in p.gradient = try zeros(3, 4, d) } },
        Refusal("Langevin, velocities", "") { m, d in try langevin(m) { c, _ in c.velocities = try zeros(3, 4, d) } },
        Refusal("Langevin, factors of the noise", "") { m, d in
            try langevin(m) { c, _ in c.noiseFactors = try zeros(3, 1, d) }
        },
        Refusal("Langevin, fixed mean squares", "") { m, d in
            try langevin(m) { c, _ in c.fixedMeanSquares = try zeros(3, 1, d) }
        },
        Refusal("Langevin, ages", "") { m, d in try langevin(m) { c, _ in c.ages = try indices([0, 0, 0], d) } },
        Refusal("Langevin, restart", "") { m, d in try langevin(m) { c, _ in try c.restart(0, at: zeros(1, 4, d)) } },
    ]

    @Test(arguments: operationsOnTwoOperands, Device.openCL)
    func operandsOnTwoDevicesThrowAndChangeNothing(_ refusal: Refusal, with device: Device) throws {
        let values = LayoutKernelTests.numbers(12)
        for (own, other) in [(Device.cpu, device), (device, Device.cpu)] {
            var m = try Matrix(values, 3, 4, on: own)
            #expect(thrownCase { try refusal.attempt(&m, other) } == "deviceMismatch")
            try expectNone(bitDifference(m.values, values))
        }
    }
}
