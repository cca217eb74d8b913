import CLMat
import Exploration
import Models
import Viewer

extension Kernel {
    /// yᵢ = xᵢ + i
    static let addIndex = Kernel(
        "add_index",
        in: KernelFamily(
            "add_index",
            source: """
                __kernel void add_index(const int n, __global const float *xs, __global float *ys)
                {
                    const int i = get_global_id(0);
                    if (i < n) ys[i] = xs[i] + i;
                }
                """)
    ) { a, items in
        let (x, y) = (a.floats(1), a.mutableFloats(2))
        for i in items { y[i] = x[i] + Float(i) }
    }
}

/// What `DependentPackageTests` asks of a package that depends on CLMat.
@main @MainActor struct Program {
    static func main() throws {
        switch CommandLine.arguments.dropFirst() {
        case ["criterion"]: try criterion()
        case ["figure"]: try figure()
        default: try matrices()
        }
    }

    static func matrices() throws {
        for device in Device.all {
            let x = try Matrix([1, 2, 3, 4], 2, 2, on: device)
            let y = try Matrix(zeros: x.shape, on: device)
            try device.launch(
                .addIndex, [.int(x.count), x.argument, y.argument], over: .elements(x.count, bytes: 8))
            print("own kernel:", try y.values, "product:", try x.matmul(x).values)
        }
        do {
            _ = try Matrix(zeros: Shape(2, 3), on: .cpu).matmul(Matrix(zeros: Shape(2, 3), on: .cpu))
        } catch {
            print("error:", error)
        }
        do throws(CLMatError) {
            print("default:", try Device.default.name)
        } catch {
            print("default:", error)
        }
        print("threads:", Device.cpu.computeUnits)
        print("bits:", try bits(on: .cpu))
    }

    /// A sum of bits over operations that promise the same numbers for every number of threads.
    static func bits(on device: Device) throws -> UInt64 {
        let key = RandomKey(seed: 1, stream: 0)
        let g = try Convolution(
            input: ImageShape(channels: 3, height: 12, width: 12), filters: 4, kernelHeight: 3, kernelWidth: 3)
        let images = try Matrix(normal: 0, deviation: 1, key, Shape(50, g.input.count), on: device)
        let weights = try Matrix(normal: 0, deviation: 1, key, Shape(4, g.patchSize), on: device)
        let y = try images.convolved(weights, biases: Matrix(zeros: Shape(1, 4), on: device), g)
        let (dw, db) = try y.convolutionWeightGradient(images, g)
        let long = try Matrix(normal: 0, deviation: 1, key, Shape(1, 1_000_003), on: device)
        let numbers =
            try dw.values + db.values + y.softmaxRows().rowSums().values + images.columnSums().values
            + y.convolutionInputGradient(weights, g).rowSums().values + [long.sum(), long.exp().sum()]
        return numbers.reduce(0) { $0 &* 31 &+ UInt64($1.bitPattern) }
    }

    // MARK: - A criterion and a figure of one's own

    /// Layers that are wide and layers that are tall.
    static func network() throws -> Network {
        try Network(
            input: ImageShape(height: 6, width: 6),
            layers: [
                ("conv", Convolution2D(filters: 3, kernel: 3)), ("tall", Dense(60)), ("wide", Dense(20)),
                ("output", Dense(4)),
            ],
            seed: 1, on: .cpu)
    }

    /// The derivative of f along its gradient and along another direction, as the gradient has it and as f has it.
    static func criterion() throws {
        let criterion = Orthogonality()
        let controls = [criterion.weight] + criterion.controls
        let context = MixinContext(step: Step(1, seed: 1), settings: Settings(initialOf: controls))
        let network = try network()
        let subject = NetworkParameters(of: network, rate: 0.1)
        guard let gradient = try criterion.gradient(of: subject, context) else { return print("there is none") }
        let (places, parts) = (network.weightPlaces, gradient.inGradient.parts)
        print("layers:", places.count == 4 && parts.count == 4 && gradient.decoupled.isEmpty)

        for name in ["along", "across"] {
            let direction = try places.map { place in
                let other = try Matrix(
                    normal: 0, deviation: 1, RandomKey(seed: 1, stream: UInt32(place.stage)), subject[place].shape,
                    on: .cpu)
                return name == "along" ? parts[place] ?? other : other
            }
            let size = try direction.reduce(0) { try $0 + $1.squaredNorm() }.squareRoot()
            let expected = try zip(places, direction).reduce(0.0) { sum, part in
                try sum + Double((parts[part.0] ?? part.1).rowDots(part.1).sum()) / size
            }
            func f(_ distance: Double) throws -> Double {
                var moved = network
                for (place, part) in zip(places, direction) {
                    try moved.parameters[place.stage][place.index].add(part, times: Float(distance / size))
                }
                return try criterion.value(of: NetworkParameters(of: moved, rate: 0.1), context) ?? .nan
            }
            // Exact for polynomials of the fourth degree, which f is along a line.
            let h = 0.1
            let found = try (8 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12 * h)
            print("derivative \(name):", found, expected)
        }
    }

    /// Singular values, and pictures of a window before and after the figure and its renderer are known.
    static func figure() throws {
        print("singular values:", try singularValues(of: Matrix([3, 0, 0, 0, 4, 0], 2, 3, on: .cpu)) ?? [])
        for shape in [Shape(7, 5), Shape(5, 7), Shape(1, 9), Shape(40, 40)] {
            let w = try Matrix(normal: 0, deviation: 1, RandomKey(seed: 1, stream: 1), shape, on: .cpu)
            let values = try singularValues(of: w) ?? []
            // Σ σ² = ‖W‖², and Σ σ⁴ = ‖W Wᵀ‖².
            let squares = values.reduce(0) { $0 + $1 * $1 } / Double(try w.sumOfSquares())
            let fourth = values.reduce(0) { $0 + $1 * $1 * $1 * $1 }
            print("sums \(shape):", squares, fourth / Double(try w.matmul(w, transposing: .right).sumOfSquares()))
        }
        print("not finite:", try singularValues(of: Matrix([.nan], 1, 1, on: .cpu)) == nil)

        let images = try LabelledImages(
            name: "grey", shape: ImageShape(height: 6, width: 6), pixels: Array(repeating: 100, count: 8 * 36),
            labels: [0, 1, 2, 3, 0, 1, 2, 3], classNames: ["a", "b", "c", "d"])
        let trainer = try NetworkTrainer(network(), title: "small", test: images)
        let learner = try Learner(
            trainer, data: ImageBatches(images, name: "grey", batchSize: 4, on: .cpu), options: Learner.Options())
        learner.start(paused: true)
        try learner.add(Figure.spectrum)
        do {
            try learner.add(
                Figure<Learned>("spectrum", title: "", help: "") { _, _ in NothingToShow("of another model") })
        } catch {
            print("refused:", error)
        }
        try Viewer.screenshot(of: learner, to: "nobody-draws-it.png")
        do {
            try Viewer.writePNG(ofFigure: "spectrum", of: learner, to: "alone.png")
        } catch {
            print("unknown:", error)
        }
        Viewer.register(SpectrumRenderer.self)
        try Viewer.screenshot(of: learner, to: "drawn.png")
        try Viewer.writePNG(ofFigure: "spectrum", of: learner, to: "alone.png")
        print("csv:", (try learner.content(of: "spectrum").csv ?? "").split(separator: "\n").prefix(2))
        learner.stop()
        learner.wait()
    }
}

/// A model of one's own, which is not the run's.
struct Learned: Model {
    let title = "nothing"
    let controls: [Control] = []
    let metrics: [Metric] = []
    mutating func update(_ context: StepContext<Int>) throws(CLMatError) -> Measurements { Measurements() }
    mutating func archive(_ archive: Archive) throws(CLMatError) {}
}
