import TestSupport
import Testing

@testable import CLMat
@testable import ModelOperations

/// One neuron per row of a layer's outputs, against its definition.
@Suite struct NeuronKernelTests {
    private static func stretches(_ rows: Int, _ columns: Int) -> [NeuronWeights.Stretch] {
        (0..<rows).map { row in
            switch row % 4 {
            case 0: .none
            case 1: .init(columns: row % columns..<row % columns + 1)
            case 2: .init(columns: 0..<columns, weight: 1 / Float(columns))
            default: .init(columns: columns / 2..<columns, weight: -2)
            }
        }
    }

    @Test(arguments: [(0, 3), (1, 1), (7, 5), (33, 129), (5, 1000)], Device.all)
    func seedsAndActivationsAreThoseOfTheStretches(_ size: (Int, Int), on device: Device) throws {
        let (rows, columns) = size
        var random = SplitMix64(seed: 3)
        let y = random.floats(rows * columns)
        let stretches = Self.stretches(rows, columns)
        let neurons = try NeuronWeights(stretches, columns: columns, on: device)
        let seeds = try neurons.seeds().values
        let f = try neurons.activations(of: Matrix(y, rows, columns, on: device)).values
        #expect(seeds.count == rows * columns && f.count == rows)
        for (row, stretch) in stretches.enumerated() {
            var (wanted, size) = (0.0, 0.0)
            for column in 0..<columns {
                let weight = stretch.columns.contains(column) ? stretch.weight : 0
                #expect(seeds[row * columns + column] == weight)
                wanted += Double(weight) * Double(y[row * columns + column])
                size += abs(Double(weight) * Double(y[row * columns + column]))
            }
            // As many roundings as numbers, and one of each product.
            #expect(abs(Double(f[row]) - wanted) <= Double(stretch.columns.count + 1) * epsilon * size)
        }
    }

    @Test func stretchesLieWithinTheColumns() throws {
        #expect(
            throws: CLMatError.invalidArgument(
                operation: "NeuronWeights", problem: "Row 1 reads columns 2..<4, but there are 3.")
        ) { try NeuronWeights([.none, .init(columns: 2..<4)], columns: 3, on: .cpu) }
        let neurons = try NeuronWeights([.none], columns: 3, on: .cpu)
        #expect(throws: CLMatError.self) { try neurons.activations(of: Matrix(zeros: Shape(2, 3), on: .cpu)) }
        #expect(try NeuronWeights([.none, .none], columns: 0, on: .cpu).seeds().shape == Shape(2, 0))
    }
}

/// Views of images, against their definition.
@Suite struct ImageViewTests {
    private static let image = ImageShape(channels: 2, height: 5, width: 7)

    /// The view's pixel, in `Double`: between its four neighbours, of which those beyond the image are 0.
    private static func pixel(_ x: [Float], _ plane: Int, _ row: Int, _ column: Int, _ view: ImageView) -> Double {
        func place(_ pixel: Int, _ size: Int, _ shift: Float) -> Double {
            let centre = Double(size - 1) / 2
            return (Double(pixel) - centre) * Double(view.zoom) + centre + Double(shift)
        }
        let y = place(row, image.height, view.down)
        let across = place(view.isMirrored ? image.width - 1 - column : column, image.width, view.across)
        func at(_ y: Double, _ x0: Double) -> Double {
            guard (0..<Double(image.height)).contains(y), (0..<Double(image.width)).contains(x0) else { return 0 }
            return Double(x[plane * image.area + Int(y) * image.width + Int(x0)])
        }
        let (top, left) = (y.rounded(.down), across.rounded(.down))
        let (down, right) = (y - top, across - left)
        return (at(top, left) * (1 - right) + at(top, left + 1) * right) * (1 - down)
            + (at(top + 1, left) * (1 - right) + at(top + 1, left + 1) * right) * down
    }

    private static let views = [
        ImageView(), ImageView(down: 2, across: -3), ImageView(across: 1, isMirrored: true), ImageView(down: 50),
        ImageView(down: 0.25, across: -0.5, zoom: 0.5, isMirrored: true), ImageView(down: -1.75, zoom: 1.5),
    ]

    @Test(arguments: Device.all) func viewsAreWhatTheySay(on device: Device) throws {
        var random = SplitMix64(seed: 9)
        let (count, size) = (Self.views.count, Self.image.count)
        let x = random.floats(count * size, in: 0...1)
        let found = try Matrix(x, count, size, on: device).imageViews(Self.views, Self.image).values
        for (n, view) in Self.views.enumerated() {
            for i in 0..<size {
                let (plane, p) = (i / Self.image.area, i % Self.image.area)
                let own = Array(x[n * size..<(n + 1) * size])
                let wanted = Self.pixel(own, plane, p / Self.image.width, p % Self.image.width, view)
                // Places round by 10 × ε, times the difference of two pixels; whole shifts move pixels as they are.
                let isMove = view.zoom == 1 && view.down == view.down.rounded() && view.across == view.across.rounded()
                #expect(abs(Double(found[n * size + i]) - wanted) <= (isMove ? 0 : 40 * epsilon), "view \(n), \(i)")
            }
        }
        #expect(try Matrix(zeros: Shape(0, size), on: device).imageViews([], Self.image).shape == Shape(0, size))
    }

    @Test func viewsThatDoNotFitAreRefused() throws {
        let x = try Matrix(zeros: Shape(2, Self.image.count), on: .cpu)
        #expect(throws: CLMatError.self) { try x.imageViews([ImageView()], Self.image) }
        #expect(throws: CLMatError.self) {
            try x.imageViews([ImageView(), ImageView()], ImageShape(height: 5, width: 7))
        }
        for wrong in [ImageView(down: .nan), ImageView(across: .infinity), ImageView(zoom: 1e20)] {
            #expect(throws: CLMatError.self) { try x.imageViews([ImageView(), wrong], Self.image) }
        }
    }
}
