import CLMat
import TestSupport
import Testing

struct PoolingCase: Sendable, CustomTestStringConvertible {
    let geometry: Pooling
    let images: Int

    init(_ images: Int, channels: Int, _ height: Int, _ width: Int, size: Int, stride: Int? = nil) {
        self.images = images
        geometry = try! Pooling(
            input: ImageShape(channels: channels, height: height, width: width), size: size, stride: stride)
    }

    init(
        _ images: Int, channels: Int, _ height: Int, _ width: Int, _ window: @autoclosure () throws -> SlidingWindow,
        roundsUp: Bool = false, countsPadding: Bool = true
    ) {
        self.images = images
        geometry = try! Pooling(
            input: ImageShape(channels: channels, height: height, width: width), window: window(), roundsUp: roundsUp,
            countsPadding: countsPadding)
    }

    init(_ images: Int, global input: ImageShape) {
        (self.images, geometry) = (images, try! Pooling(global: input))
    }

    var testDescription: String {
        let g = geometry
        return
            "\(images) of \(g.input), windows of \(g.window), rounds up: \(g.roundsUp), counts padding: \(g.countsPadding)"
    }

    /// One window of one plane: its pixels, as places in the whole batch, row by row, and what a mean is divided by.
    struct Window {
        var pixels: [Int] = []
        var divisor = 0
    }

    /// In the order of the outputs, with the rules of PyTorch (`pooling_output_shape` and `avg_pool2d`, ATen/native).
    var windows: [Window] {
        let (input, w) = (geometry.input, geometry.window)
        /// The output's places along one side.
        func places(_ size: Int, _ count: Int, _ stride: Int, _ before: Int, _ after: Int, _ dilation: Int) -> Int {
            let free = Double(size + before + after - dilation * (count - 1) - 1) / Double(stride)
            let places = Int(geometry.roundsUp ? free.rounded(.up) : free.rounded(.down)) + 1
            return geometry.roundsUp && (places - 1) * stride >= size + before ? places - 1 : places
        }
        let height = places(input.height, w.height, w.strideDown, w.paddingTop, w.paddingBottom, w.dilationDown)
        let width = places(input.width, w.width, w.strideAcross, w.paddingLeft, w.paddingRight, w.dilationAcross)
        var windows: [Window] = []
        for plane in 0..<images * input.channels {
            for oy in 0..<height {
                for ox in 0..<width {
                    var window = Window()
                    for ky in 0..<w.height {
                        for kx in 0..<w.width {
                            let y = oy * w.strideDown + ky * w.dilationDown - w.paddingTop
                            let x = ox * w.strideAcross + kx * w.dilationAcross - w.paddingLeft
                            let isInside = 0..<input.height ~= y && 0..<input.width ~= x
                            if isInside { window.pixels.append(plane * input.area + y * input.width + x) }
                            let isPadded = y < input.height + w.paddingBottom && x < input.width + w.paddingRight
                            if geometry.countsPadding ? isPadded : isInside { window.divisor += 1 }
                        }
                    }
                    windows.append(window)
                }
            }
        }
        return windows
    }
}

@Suite struct PoolingKernelTests {
    static let cases = [
        PoolingCase(1, channels: 1, 1, 1, size: 1),
        PoolingCase(2, channels: 3, 4, 6, size: 2),
        PoolingCase(2, channels: 1, 5, 7, size: 2),  // a row and a column that no window reaches
        PoolingCase(3, channels: 2, 7, 7, size: 3, stride: 2),  // overlapping
        PoolingCase(1, channels: 2, 6, 5, size: 3, stride: 1),
        PoolingCase(2, channels: 1, 9, 8, size: 2, stride: 3),  // with gaps
        PoolingCase(1, channels: 1, 5, 5, size: 5),
        PoolingCase(65, channels: 3, 8, 8, size: 2),
        PoolingCase(7, channels: 16, 13, 11, size: 3, stride: 2),
    ]
    static let general = [
        PoolingCase(2, channels: 2, 7, 8, try .square(3, stride: 2, padding: 1)),
        PoolingCase(2, channels: 2, 7, 8, try .square(3, stride: 2, padding: 1), countsPadding: false),
        PoolingCase(1, channels: 3, 5, 7, try .square(2, stride: 2), roundsUp: true),
        PoolingCase(2, channels: 1, 6, 5, try .square(3, stride: 2, padding: 1), roundsUp: true),
        PoolingCase(2, channels: 1, 6, 5, try .square(3, stride: 2, padding: 1), roundsUp: true, countsPadding: false),
        // A window more would begin in the padding on the right, and is left out.
        PoolingCase(1, channels: 2, 4, 4, try .square(2, stride: 3, padding: 1), roundsUp: true),
        PoolingCase(1, channels: 1, 4, 7, try .square(1, stride: 5), roundsUp: true),
        PoolingCase(
            2, channels: 2, 6, 9,
            try SlidingWindow(
                height: 2, width: 4, strideDown: 1, strideAcross: 3, paddingTop: 1, paddingLeft: 0, paddingBottom: 0,
                paddingRight: 3), roundsUp: true, countsPadding: false),
        PoolingCase(
            2, channels: 1, 5, 6,
            try SlidingWindow(
                height: 3, width: 2, strideDown: 2, strideAcross: 1, paddingTop: 2, paddingLeft: 1, paddingBottom: 1,
                paddingRight: 0)),
        PoolingCase(2, channels: 1, 8, 9, try .square(3, stride: 2, padding: 2, dilation: 2)),
        PoolingCase(
            2, channels: 2, 9, 7, try .square(2, padding: 1, dilation: 3), roundsUp: true, countsPadding: false),
        PoolingCase(3, global: ImageShape(channels: 4, height: 3, width: 5)),
        PoolingCase(3, global: ImageShape(channels: 4, height: 7, width: 9)),
        PoolingCase(2, channels: 3, 1, 40, try SlidingWindow(height: 1, width: 40)),
    ]

    @Test(arguments: cases + general, Device.all)
    func maximaAgreeWithTheDefinition(_ test: PoolingCase, on device: Device) throws {
        let (g, images) = (test.geometry, test.images)
        var random = SplitMix64(seed: 1)
        // Few different numbers: many windows have ties, and the first pixel wins.
        for x in [
            random.floats(images * g.input.count), random.integers(images * g.input.count, below: 4).map { Float($0) },
        ] {
            let (values, indices) = try Matrix(x, images, g.input.count, on: device).maxPooled(g)
            let best = test.windows.map { window in
                window.pixels.dropFirst().reduce(window.pixels[0]) { x[$1] > x[$0] ? $1 : $0 }
            }
            #expect(values.shape == Shape(images, g.output.count))
            #expect(try values.values == best.map { x[$0] })
            #expect(try indices.values == best.map { Int32($0 % g.input.area) })

            let dy = random.floats(images * g.output.count)
            var slopes = Reference.Sums(zeros: x.count)
            for (output, place) in best.enumerated() { slopes.add(Double(dy[output]), to: place) }
            let found = try Matrix(dy, images, g.output.count, on: device).maxPoolGradient(indices, g)
            #expect(found.shape == Shape(images, g.input.count))
            // At most as many windows meet in one pixel as a window has elements.
            let terms = Double(g.window.area)
            try expectNone(
                difference(found.values, slopes.values, within: { terms * epsilon / 2 * slopes.magnitudes[$0] }))
        }
    }

    @Test(arguments: cases + general, Device.all)
    func meansAgreeWithTheDefinition(_ test: PoolingCase, on device: Device) throws {
        let (g, images) = (test.geometry, test.images)
        var random = SplitMix64(seed: 2)
        let x = random.floats(images * g.input.count)
        let dy = random.floats(images * g.output.count)
        let area = Double(g.window.area)
        var means = Reference.Sums(zeros: dy.count)
        var slopes = Reference.Sums(zeros: x.count)
        for (output, window) in test.windows.enumerated() {
            for place in window.pixels {
                means.add(Double(x[place]) / Double(window.divisor), to: output)
                slopes.add(Double(dy[output]) / Double(window.divisor), to: place)
            }
        }
        // As many additions as a window has elements, and a division (2.5 ulp in OpenCL), of each term on the way back.
        let found = try Matrix(x, images, g.input.count, on: device).averagePooled(g)
        #expect(found.shape == Shape(images, g.output.count))
        try expectNone(
            difference(found.values, means.values, within: { (area / 2 + 2.5) * epsilon * means.magnitudes[$0] }))
        let back = try Matrix(dy, images, g.output.count, on: device).averagePoolGradient(g)
        #expect(back.shape == Shape(images, g.input.count))
        try expectNone(
            difference(back.values, slopes.values, within: { (area / 2 + 2.5) * epsilon * slopes.magnitudes[$0] }))
    }

    /// Of L = ½ Σ y²; the numbers are far enough apart that the differences change no maximum.
    @Test(arguments: cases.prefix(7) + general, Device.all)
    func gradientsAgreeWithCentralDifferences(_ test: PoolingCase, on device: Device) throws {
        let (g, images) = (test.geometry, test.images)
        let count = images * g.input.count
        let x = RandomKey(seed: 3, stream: 0).permutation(of: count).map { Float($0) / Float(count) }
        let input = try Matrix(x, images, g.input.count, on: device)
        let windows = test.windows
        let (values, indices) = try input.maxPooled(g)
        let exact = x.map(Double.init)
        let maximal = centralDifferences(exact, 1e-5) { x in
            windows.reduce(0) { sum, window in
                let y = window.pixels.reduce(-1) { max($0, x[$1]) }
                return sum + y * y / 2
            }
        }
        // Sums of at most 9 numbers below 1; the loss is quadratic, so only rounding is left in the differences.
        try expectNone(difference(values.maxPoolGradient(indices, g).values, maximal, within: 9 * 9 * epsilon))
        let mean = centralDifferences(exact, 1e-5) { x in
            windows.reduce(0) { sum, window in
                let y = window.pixels.reduce(0) { $0 + x[$1] } / Double(window.divisor)
                return sum + y * y / 2
            }
        }
        try expectNone(difference(input.averagePooled(g).averagePoolGradient(g).values, mean, within: 9 * 9 * epsilon))
    }

    /// Worked out by hand from PyTorch's rules.
    @Test(arguments: Device.all)
    func edgesAreThoseOfPyTorch(on device: Device) throws {
        let image = ImageShape(height: 1, width: 5)
        let x = try Matrix([1, 2, 3, 4, 5], 1, 5, on: device)
        /// A division may be off by 2.5 ulp in OpenCL.
        func expectMeans(_ pooling: Pooling, _ expected: [Double]) throws {
            try expectNone(
                difference(x.averagePooled(pooling).values, expected, within: { 2.5 * epsilon * expected[$0] }))
        }
        // [1 2] [3 4] [5, and nothing beyond it]
        let pairs = try SlidingWindow(height: 1, width: 2, strideAcross: 2)
        try expectMeans(Pooling(input: image, window: pairs), [1.5, 3.5])
        try expectMeans(Pooling(input: image, window: pairs, roundsUp: true), [1.5, 3.5, 5])
        #expect(
            try x.maxPooled(Pooling(input: image, window: pairs, roundsUp: true)).argmaxIndices.values == [1, 3, 4])
        // [0 1 2] [2 3 4] [4 5 0]
        let padded = try SlidingWindow(height: 1, width: 3, strideAcross: 2, paddingLeft: 1, paddingRight: 1)
        try expectMeans(Pooling(input: image, window: padded), [1, 3, 3])
        try expectMeans(Pooling(input: image, window: padded, countsPadding: false), [1.5, 3, 4.5])
        // Padding is no candidate, also where all pixels are negative.
        #expect(try x.negated().maxPooled(Pooling(input: image, window: padded)).values.values == [-1, -2, -4])
    }

    @Test(arguments: cases.prefix(2) + general, Device.all)
    func noImagesGiveNothing(_ test: PoolingCase, on device: Device) throws {
        let g = test.geometry
        let none = try Matrix([], 0, g.input.count, on: device)
        let (values, indices) = try none.maxPooled(g)
        #expect(values.shape == Shape(0, g.output.count) && indices.count == 0)
        #expect(try values.maxPoolGradient(indices, g).shape == Shape(0, g.input.count))
        #expect(try none.averagePooled(g).averagePoolGradient(g).shape == Shape(0, g.input.count))
    }
}
