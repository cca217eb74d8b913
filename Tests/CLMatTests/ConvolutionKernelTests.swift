import CLMatKernels
import TestSupport
import Testing

@testable import CLMat

struct ConvolutionCase: Sendable, CustomTestStringConvertible {
    let geometry: Convolution
    let images: Int

    init(
        _ images: Int, channels: Int, _ height: Int, _ width: Int, filters: Int, _ kernelHeight: Int,
        _ kernelWidth: Int,
        stride: Int = 1, padding: Int = 0
    ) {
        self.images = images
        geometry = try! Convolution(
            input: ImageShape(channels: channels, height: height, width: width), filters: filters,
            kernelHeight: kernelHeight, kernelWidth: kernelWidth, stride: stride, padding: padding)
    }

    init(
        _ images: Int, channels: Int, _ height: Int, _ width: Int, filters: Int, groups: Int = 1,
        _ window: @autoclosure () throws -> SlidingWindow
    ) {
        self.images = images
        geometry = try! Convolution(
            input: ImageShape(channels: channels, height: height, width: width), filters: filters, window: window(),
            groups: groups)
    }

    var testDescription: String {
        let g = geometry
        return "\(images) of \(g.input), \(g.filters) filters \(g.window), groups \(g.groups)"
    }

    /// Images, weights, biases and the gradient of the output.
    func data() -> (x: [Float], w: [Float], b: [Float], dy: [Float]) {
        var random = SplitMix64(seed: 1)
        let g = geometry
        return (
            random.floats(images * g.input.count), random.floats(g.filters * g.patchSize), random.floats(g.filters),
            random.floats(images * g.output.count)
        )
    }
}

@Suite struct ConvolutionKernelTests {
    static let small = [
        ConvolutionCase(1, channels: 1, 1, 1, filters: 1, 1, 1),
        ConvolutionCase(2, channels: 3, 5, 4, filters: 2, 1, 1),
        ConvolutionCase(2, channels: 1, 5, 7, filters: 3, 3, 3),
        ConvolutionCase(1, channels: 2, 6, 5, filters: 2, 3, 2, padding: 1),
        ConvolutionCase(2, channels: 2, 7, 6, filters: 3, 2, 3, stride: 2),
        ConvolutionCase(2, channels: 1, 7, 8, filters: 2, 3, 5, stride: 2, padding: 2),
        ConvolutionCase(3, channels: 2, 5, 5, filters: 1, 5, 5),
        ConvolutionCase(1, channels: 1, 3, 9, filters: 2, 1, 9, padding: 3),
        ConvolutionCase(1, channels: 1, 8, 8, filters: 1, 3, 3, stride: 3, padding: 1),
        ConvolutionCase(1, channels: 1, 5, 5, filters: 1, 1, 1, stride: 4),
        ConvolutionCase(1, channels: 1, 2, 2, filters: 1, 2, 2, stride: 1, padding: 4),
        ConvolutionCase(5, channels: 4, 1, 1, filters: 3, 1, 1),
    ]
    /// Groups, dilation, padding and strides that differ from side to side.
    static let general = [
        ConvolutionCase(2, channels: 4, 5, 6, filters: 6, groups: 2, try .square(3, padding: 1)),
        ConvolutionCase(2, channels: 3, 7, 9, filters: 3, groups: 3, try .square(3, padding: 1)),
        ConvolutionCase(1, channels: 2, 8, 11, filters: 6, groups: 2, try .square(3, stride: 2, padding: 1)),
        ConvolutionCase(3, channels: 4, 7, 6, filters: 2, groups: 2, try .square(2, dilation: 2)),
        ConvolutionCase(2, channels: 2, 9, 8, filters: 3, try .square(3, padding: 2, dilation: 2)),
        ConvolutionCase(
            1, channels: 2, 9, 7, filters: 2,
            try SlidingWindow(height: 2, width: 3, strideDown: 3, strideAcross: 1, dilationDown: 4, dilationAcross: 2)),
        ConvolutionCase(
            2, channels: 3, 6, 8, filters: 2,
            try SlidingWindow(height: 3, width: 2, paddingTop: 2, paddingLeft: 0, paddingBottom: 1, paddingRight: 3)),
        ConvolutionCase(
            2, channels: 2, 5, 9, filters: 4, groups: 2,
            try SlidingWindow(
                height: 3, width: 3, strideDown: 1, strideAcross: 2, paddingTop: 0, paddingLeft: 1, paddingBottom: 3,
                paddingRight: 0, dilationDown: 1, dilationAcross: 3)),
        ConvolutionCase(
            3, channels: 3, 4, 5, filters: 6, groups: 3,
            try SlidingWindow(
                height: 2, width: 3, paddingTop: 3, paddingLeft: 0, paddingBottom: 1, paddingRight: 4, dilationDown: 2)),
        // One window, wholly in the padding at times.
        ConvolutionCase(1, channels: 1, 1, 2, filters: 1, try .square(2, padding: 2, dilation: 3)),
        // Products without patches, and 1 × 1 windows that need them.
        ConvolutionCase(3, channels: 10, 4, 8, filters: 6, try .square(1)),
        ConvolutionCase(2, channels: 10, 3, 3, filters: 10, groups: 2, try .square(1)),
        ConvolutionCase(2, channels: 2, 4, 4, filters: 2, try .square(1, padding: 1)),
    ]
    static let generalAndLarger = [
        ConvolutionCase(5, channels: 12, 13, 17, filters: 18, groups: 3, try .square(3, padding: 1)),
        ConvolutionCase(3, channels: 64, 9, 11, filters: 64, groups: 2, try .square(3, stride: 2, padding: 1)),
        ConvolutionCase(3, channels: 20, 8, 8, filters: 40, groups: 4, try .square(1)),
        ConvolutionCase(4, channels: 17, 14, 19, filters: 17, groups: 17, try .square(3, padding: 1)),
        ConvolutionCase(2, channels: 8, 23, 21, filters: 16, groups: 8, try .square(5, stride: 2, padding: 2)),
        // Planes, and windows, of more numbers than the CPU takes in one run.
        ConvolutionCase(1, channels: 2, 61, 70, filters: 2, groups: 2, try .square(3, padding: 1)),
        ConvolutionCase(2, channels: 2, 13, 14, filters: 2, groups: 2, try .square(12, padding: 3)),
        // More groups than images, and more images than groups, of more than one pixel.
        ConvolutionCase(2, channels: 40, 6, 5, filters: 48, groups: 8, try .square(3, padding: 1)),
        ConvolutionCase(7, channels: 6, 15, 16, filters: 12, try .square(3, padding: 2, dilation: 2)),
        ConvolutionCase(3, channels: 33, 7, 7, filters: 35, try .square(1)),
    ]
    /// Patches that the CPU takes with images side by side: 16 or 32 at a time, the last block in part, more than one part of the channels.
    static let sideBySide = [
        ConvolutionCase(TestSize.large(37, small: 17), channels: 82, 4, 4, filters: 70, try .square(5, padding: 2)),
        ConvolutionCase(19, channels: 230, 9, 11, filters: 9, try .square(3, stride: 2, padding: 1)),
        ConvolutionCase(17, channels: 258, 2, 2, filters: 33, try .square(3, padding: 1)),
        ConvolutionCase(16, channels: 84, 7, 6, filters: 68, groups: 2, try .square(5, padding: 4, dilation: 2)),
        ConvolutionCase(
            33, channels: 43, 18, 13, filters: 5,
            try SlidingWindow(
                height: 3, width: 4, strideDown: 1, strideAcross: 2, paddingTop: 2, paddingLeft: 0, paddingBottom: 0,
                paddingRight: 3, dilationDown: 2, dilationAcross: 1)),
        ConvolutionCase(18, channels: 20, 12, 13, filters: 40, try .square(5, padding: 2)),
    ]

    // Rows of whole eights, patches of 32 and 33 numbers, and images of more than one block of the CPU's.
    static let larger = [
        ConvolutionCase(3, channels: 3, 12, 12, filters: 7, 5, 5),
        ConvolutionCase(2, channels: 1, 9, 28, filters: 13, 2, 5),
        ConvolutionCase(2, channels: 2, 6, 11, filters: 3, 4, 4),
        ConvolutionCase(1, channels: 11, 5, 7, filters: 2, 3, 1),
        ConvolutionCase(TestSize.large(37, small: 2), channels: 20, 12, 12, filters: 50, 5, 5),
        ConvolutionCase(TestSize.large(20, small: 2), channels: 1, 28, 28, filters: 6, 5, 5, padding: 2),
        ConvolutionCase(TestSize.large(17, small: 1), channels: 6, 14, 14, filters: 16, 5, 5),
        ConvolutionCase(TestSize.large(33, small: 3), channels: 3, 31, 29, filters: 5, 3, 3, stride: 2, padding: 1),
        // One tile of weights an image and images enough for 256, and planes that are no whole tile.
        ConvolutionCase(TestSize.large(260, small: 2), channels: 1, 12, 11, filters: 3, 5, 5),
    ]
    /// Patches of 49 × 48² numbers, 0.43 MiB an image: 149 of them take more than the 64 MiB of one group, so that
    /// one image is left for a second.
    static let justOverAGroup = ConvolutionCase(149, channels: 1, 48, 48, filters: 2, 7, 7, padding: 3)

    @Test func theLargeCaseIsJustOverAGroup() {
        let g = Self.justOverAGroup.geometry
        let bytes = 4 * g.patchSize * g.output.area
        #expect(bytes * 149 > 64 << 20 && bytes * 148 <= 64 << 20)
    }

    @Test(
        arguments: small + general + generalAndLarger + larger + (TestSize.isSmall ? [] : [justOverAGroup]), Device.all)
    func agreesWithTheDefinition(_ test: ConvolutionCase, on device: Device) throws {
        let (g, images) = (test.geometry, test.images)
        let (x, w, b, dy) = test.data()
        let input = try Matrix(x, images, g.input.count, on: device)
        let weights = try Matrix(w, g.filters, g.patchSize, on: device)
        let gradient = try Matrix(dy, images, g.output.count, on: device)

        let output = try input.convolved(weights, biases: Matrix(b, 1, g.filters, on: device), g)
        let exact = Reference.convolution(g, images: images, x, w, b)
        #expect(output.shape == Shape(images, g.output.count))
        // A sum of C·kh·kw products and a bias, in whatever order (as for matmul); likewise below.
        try expectNone(
            difference(
                output.values, exact.values, within: { Double(g.patchSize + 1) * epsilon * exact.magnitudes[$0] }))

        let withoutBiases = try input.convolved(weights, g)
        let exactWithout = Reference.convolution(g, images: images, x, w, [Float](repeating: 0, count: g.filters))
        try expectNone(
            difference(
                withoutBiases.values, exactWithout.values,
                within: { Double(g.patchSize) * epsilon * exactWithout.magnitudes[$0] }))

        let slopes = Reference.convolutionGradients(g, images: images, x, w, dy)
        let dx = try gradient.convolutionInputGradient(weights, g)
        let inputTerms = Double(g.filters / g.groups * g.window.area)
        #expect(dx.shape == input.shape)
        try expectNone(
            difference(dx.values, slopes.images.values, within: { inputTerms * epsilon * slopes.images.magnitudes[$0] })
        )

        let (dw, db) = try gradient.convolutionWeightGradient(input, g)
        let weightTerms = Double(images * g.output.area)
        #expect(dw.shape == weights.shape && db.shape == Shape(1, g.filters))
        try expectNone(
            difference(
                dw.values, slopes.weights.values, within: { weightTerms * epsilon * slopes.weights.magnitudes[$0] }))
        let alone = try gradient.convolutionWeightGradientWithoutBiases(input, g)
        #expect(alone.shape == weights.shape)
        try expectNone(
            difference(
                alone.values, slopes.weights.values, within: { weightTerms * epsilon * slopes.weights.magnitudes[$0] }))
        var sums = Reference.Sums(zeros: g.filters)
        for index in dy.indices { sums.add(Double(dy[index]), to: index / g.output.area % g.filters) }
        try expectNone(difference(db.values, sums.values, within: { weightTerms * epsilon * sums.magnitudes[$0] }))
    }

    /// The gradients are slopes: of L = ½ Σ y², whose output gradient is y itself, against central differences in
    /// Double.
    @Test(arguments: small + general, Device.all)
    func gradientsAgreeWithCentralDifferences(_ test: ConvolutionCase, on device: Device) throws {
        let (g, images) = (test.geometry, test.images)
        let (x, w, b, _) = test.data()
        let input = try Matrix(x, images, g.input.count, on: device)
        let weights = try Matrix(w, g.filters, g.patchSize, on: device)
        let output = try input.convolved(weights, biases: Matrix(b, 1, g.filters, on: device), g)
        let dx = try output.convolutionInputGradient(weights, g).values
        let (dw, db) = try output.convolutionWeightGradient(input, g)

        func loss(_ x: [Double], _ w: [Double], _ b: [Double]) -> Double {
            var y = (0..<images * g.output.count).map { b[$0 / g.output.area % g.filters] }
            Reference.forEachProduct(g, images: images) { i, k, o in y[o] += x[i] * w[k] }
            return y.reduce(0) { $0 + $1 * $1 } / 2
        }
        let (exactX, exactW, exactB) = (x.map(Double.init), w.map(Double.init), b.map(Double.init))
        // Sums of fewer than 200 products, each of numbers up to some 10, so up to 2000 roundings' worth of ε/2;
        // measured against the largest slope. L is quadratic, so the differences have no error but rounding, some
        // 10⁻⁹.
        func check(_ found: [Float], _ expected: [Double], _ name: String) {
            let largest = expected.reduce(1) { max($0, abs($1)) }
            expectNone(difference(found, expected, within: 100 * epsilon * largest), "\(name)")
        }
        check(dx, centralDifferences(exactX, 1e-4) { loss($0, exactW, exactB) }, "images")
        check(try dw.values, centralDifferences(exactW, 1e-4) { loss(exactX, $0, exactB) }, "weights")
        check(try db.values, centralDifferences(exactB, 1e-4) { loss(exactX, exactW, $0) }, "biases")
    }

    @Test(arguments: small.prefix(3) + general, Device.all)
    func noImagesGiveNothingAndNoGradient(_ test: ConvolutionCase, on device: Device) throws {
        let g = test.geometry
        let weights = try Matrix(filledWith: 1, Shape(g.filters, g.patchSize), on: device)
        let biases = try Matrix(zeros: Shape(1, g.filters), on: device)
        let none = try Matrix([], 0, g.input.count, on: device)
        let noGradient = try Matrix([], 0, g.output.count, on: device)
        #expect(try none.convolved(weights, biases: biases, g).shape == Shape(0, g.output.count))
        #expect(try noGradient.convolutionInputGradient(weights, g).shape == Shape(0, g.input.count))
        let (dw, db) = try noGradient.convolutionWeightGradient(none, g)
        #expect(dw.shape == weights.shape && db.shape == biases.shape)
        #expect(try dw.values.allSatisfy { $0 == 0 } && db.values.allSatisfy { $0 == 0 })
    }

    /// With as many groups as channels, each channel has a convolution of its own.
    @Test(arguments: Device.all)
    func groupsAreConvolutionsOfTheirOwn(on device: Device) throws {
        let window = try SlidingWindow.square(3, padding: 1)
        let whole = try Convolution(
            input: ImageShape(channels: 4, height: 5, width: 6), filters: 6, window: window, groups: 2)
        let half = try Convolution(input: ImageShape(channels: 2, height: 5, width: 6), filters: 3, window: window)
        var random = SplitMix64(seed: 6)
        let x = try Matrix(random.floats(4 * 30), 1, 4 * 30, on: device)
        let w = try Matrix(random.floats(6 * 18), 6, 18, on: device)
        let found = try x.convolved(w, whole).values
        for group in 0..<2 {
            let own = try x.slice(columns: group * 60..<group * 60 + 60).convolved(
                w.slice(rows: group * 3..<group * 3 + 3), half)
            // Sums of at most 18 products of numbers below 1, and another order of them.
            try expectNone(
                difference(own.values, found[group * 90..<group * 90 + 90].map(Double.init), within: 18 * 18 * epsilon))
        }
    }

    // MARK: The kernels one by one, as a dependent would call them: the CPU's whole convolutions do not use them

    @Test(arguments: small + general + larger, Device.all)
    func patchesAgreeWithTheDefinition(_ test: ConvolutionCase, on device: Device) throws {
        for first in 0..<min(2, test.images) { try checkPatches(test, from: first, on: device) }
    }

    /// Those of the images from `first` on.
    private func checkPatches(_ test: ConvolutionCase, from first: Int, on device: Device) throws {
        let (g, images) = (test.geometry, test.images - first)
        let area = g.output.area
        let (x, _, _, _) = test.data()
        let sizes =
            [images, g.input.channels, g.input.height, g.input.width].map { Argument.int($0) } + g.window.arguments
            + [.int(g.output.height), .int(g.output.width), .int(first)]
        // With one filter, each product of the convolution is one element of the patches: k of a patch, pixel p of image n.
        let one = try Convolution(input: g.input, filters: 1, window: g.window)
        let patchSize = one.patchSize
        let count = images * patchSize * area
        var expected = [Float](repeating: 0, count: count)
        var across = [Float](repeating: 0, count: count) + [Float](repeating: 1, count: images * area)
        var back = Reference.Sums(zeros: x.count)
        var random = SplitMix64(seed: 2)
        let columns = random.floats(count)
        Reference.forEachProduct(one, images: test.images) { i, k, o in
            let (n, p) = (o / area - first, o % area)
            guard n >= 0 else { return }
            expected[(n * patchSize + k) * area + p] = x[i]
            across[(k * images + n) * area + p] = x[i]
            back.add(Double(columns[(n * patchSize + k) * area + p]), to: i)
        }

        let input = try Matrix(x, test.images, g.input.count, on: device)
        let byElement = { (rows: Int) in WorkSize(items: rows * images, workItems: area, bytesPerItem: 8 * area) }
        let byPlane = { (rows: Int) in WorkSize.groups(rows * images, bytes: 8 * area) }
        for (kernel, work) in [(Kernel.im2col, byElement), (Kernel.im2colByPlane, byPlane)] {
            // A canary of 64 elements behind each output.
            let patches = try Matrix(filledWith: 9, Shape(1, count + 64), on: device)
            try device.launch(
                kernel,
                sizes + [.int(0), .int(area), .int(patchSize * area), input.argument, patches.argument],
                over: work(patchSize))
            try expectNone(bitDifference(patches.values, expected + [Float](repeating: 9, count: 64)), kernel.name)

            // Each row across all images, and one of ones.
            let rows = try Matrix(filledWith: 9, Shape(1, across.count + 64), on: device)
            try device.launch(
                kernel, sizes + [.int(1), .int(images * area), .int(area), input.argument, rows.argument],
                over: work(patchSize + 1))
            try expectNone(bitDifference(rows.values, across + [Float](repeating: 9, count: 64)), kernel.name)
        }

        // The images before the first stay as they are, and the canary behind the last.
        let sums = try Matrix(filledWith: 9, Shape(1, x.count + 64), on: device)
        try device.launch(
            Kernel.col2im, sizes + [Matrix(columns, 1, count, on: device).argument, sums.argument],
            over: WorkSize(items: images * g.input.channels, workItems: g.input.area, bytesPerItem: 8 * g.input.area))
        let terms = Double(g.window.area)
        let written = first * g.input.count..<x.count
        try expectNone(
            difference(
                sums.values, (0..<x.count + 64).map { written.contains($0) ? back.values[$0] : 9 },
                within: { written.contains($0) ? terms * epsilon * back.magnitudes[$0] : 0 }))
    }

    @Test(arguments: [(1, 1, 1), (3, 5, 7), (65, 2, 64), (2, 63, 65)], Device.all)
    func channelsGoToTheFrontAndGetBiases(_ sizes: (Int, Int, Int), on device: Device) throws {
        let (images, channels, area) = sizes
        let count = images * channels * area
        let x = LayoutKernelTests.numbers(count)
        let work = { (images: Int) in WorkSize(items: images * channels, workItems: area, bytesPerItem: 8 * area) }
        let groups = { (images: Int) in WorkSize.groups(images * channels, bytes: 8 * area) }
        for first in [0, 1] where first < images {
            let own = images - first
            var expected = [Float](repeating: -1, count: count + 64)
            for n in 0..<own {
                for f in 0..<channels {
                    for p in 0..<area {
                        expected[(f * own + n) * area + p] = x[((first + n) * channels + f) * area + p]
                    }
                }
            }
            for (kernel, size) in [(Kernel.channelsToFront, work), (Kernel.channelsToFrontByPlane, groups)] {
                let front = try Matrix(filledWith: -1, Shape(1, count + 64), on: device)
                try device.launch(
                    kernel,
                    [
                        .int(own), .int(channels), .int(area), .int(first), Matrix(x, 1, count, on: device).argument,
                        front.argument,
                    ], over: size(own))
                try expectNone(bitDifference(front.values, expected), kernel.name)
            }
        }

        // Whole numbers and quarters below 2²²: their sums are exact.
        let biases = (0..<channels).map { Float($0) * 1000 }
        let withBiases = x.indices.map { x[$0] + biases[$0 / area % channels] } + [Float](repeating: 9, count: 64)
        for (kernel, size) in [(Kernel.addBiases, work), (Kernel.addBiasesByPlane, groups)] {
            let y = try Matrix(x + [Float](repeating: 9, count: 64), 1, count + 64, on: device)
            try device.launch(
                kernel,
                [
                    .int(images), .int(channels), .int(area), Matrix(biases, 1, channels, on: device).argument,
                    y.argument,
                ], over: size(images))
            try expectNone(bitDifference(y.values, withBiases), kernel.name)
        }
    }
}
