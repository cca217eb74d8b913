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

    var testDescription: String {
        "\(images) of \(geometry.input), windows of \(geometry.size), stride \(geometry.stride)"
    }

    /// The pixels of each window, as places in the whole batch, row by row; in the order of the outputs.
    var windows: [[Int]] {
        let (input, output) = (geometry.input, geometry.output)
        return (0..<images * output.count).map { index in
            let plane = index / output.area
            let p = index % output.area
            let (top, left) = (p / output.width * geometry.stride, p % output.width * geometry.stride)
            return (0..<geometry.size).flatMap { dy in
                (0..<geometry.size).map { dx in plane * input.area + (top + dy) * input.width + left + dx }
            }
        }
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

    @Test(arguments: cases, Device.all)
    func maximaAgreeWithTheDefinition(_ test: PoolingCase, on device: Device) throws {
        let (g, images) = (test.geometry, test.images)
        var random = SplitMix64(seed: 1)
        // Few different numbers: many windows have ties, and the first pixel wins.
        for x in [
            random.floats(images * g.input.count), random.integers(images * g.input.count, below: 4).map { Float($0) },
        ] {
            let (values, indices) = try Matrix(x, images, g.input.count, on: device).maxPooled(g)
            let best = test.windows.map { window in window.dropFirst().reduce(window[0]) { x[$1] > x[$0] ? $1 : $0 } }
            #expect(values.shape == Shape(images, g.output.count))
            #expect(try values.values == best.map { x[$0] })
            #expect(try indices.values == best.map { Int32($0 % g.input.area) })

            let dy = random.floats(images * g.output.count)
            var slopes = Reference.Sums(zeros: x.count)
            for (output, place) in best.enumerated() { slopes.add(Double(dy[output]), to: place) }
            let found = try Matrix(dy, images, g.output.count, on: device).maxPoolGradient(indices, g)
            #expect(found.shape == Shape(images, g.input.count))
            // At most size² windows meet in one pixel.
            let terms = Double(g.size * g.size)
            try expectNone(
                difference(found.values, slopes.values, within: { terms * epsilon / 2 * slopes.magnitudes[$0] }))
        }
    }

    @Test(arguments: cases, Device.all)
    func meansAgreeWithTheDefinition(_ test: PoolingCase, on device: Device) throws {
        let (g, images) = (test.geometry, test.images)
        var random = SplitMix64(seed: 2)
        let x = random.floats(images * g.input.count)
        let dy = random.floats(images * g.output.count)
        let area = Double(g.size * g.size)
        var means = Reference.Sums(zeros: dy.count)
        var slopes = Reference.Sums(zeros: x.count)
        for (output, window) in test.windows.enumerated() {
            for place in window {
                means.add(Double(x[place]) / area, to: output)
                slopes.add(Double(dy[output]) / area, to: place)
            }
        }
        // size² additions, and a division (2.5 ulp in OpenCL).
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
    @Test(arguments: cases.prefix(7), Device.all)
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
                let y = window.reduce(-1) { max($0, x[$1]) }
                return sum + y * y / 2
            }
        }
        // Sums of at most 9 numbers below 1; the loss is quadratic, so only rounding is left in the differences.
        try expectNone(difference(values.maxPoolGradient(indices, g).values, maximal, within: 9 * 9 * epsilon))
        let mean = centralDifferences(exact, 1e-5) { x in
            windows.reduce(0) { sum, window in
                let y = window.reduce(0) { $0 + x[$1] } / Double(window.count)
                return sum + y * y / 2
            }
        }
        try expectNone(difference(input.averagePooled(g).averagePoolGradient(g).values, mean, within: 9 * 9 * epsilon))
    }

    @Test(arguments: Device.all)
    func noImagesGiveNothing(on device: Device) throws {
        let g = Self.cases[1].geometry
        let none = try Matrix([], 0, g.input.count, on: device)
        let (values, indices) = try none.maxPooled(g)
        #expect(values.shape == Shape(0, g.output.count) && indices.count == 0)
        #expect(try values.maxPoolGradient(indices, g).shape == Shape(0, g.input.count))
        #expect(try none.averagePooled(g).averagePoolGradient(g).shape == Shape(0, g.input.count))
    }
}
