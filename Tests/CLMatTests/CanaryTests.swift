import TestSupport
import Testing

@testable import CLMat

/// No kernel of CLMat writes past its outputs: each is launched, as a dependent would, into buffers that are longer.
@Suite struct CanaryTests {
    /// Outputs with a canary of 64 elements behind them.
    final class Probe {
        let device: Device
        private var outputs: [(matrix: Matrix, count: Int)] = []
        static let canary = Float(bitPattern: 0x4B1D_C0DE)

        init(_ device: Device) { self.device = device }

        func output(_ count: Int) throws -> Argument {
            outputs.append((try Matrix(filledWith: Self.canary, Shape(1, count + 64), on: device), count))
            return outputs[outputs.count - 1].matrix.argument
        }
        /// An input that the kernel changes too: numbers, and the canary.
        func inOut(_ count: Int) throws -> Argument {
            var random = SplitMix64(seed: 1)
            let values = random.floats(count) + [Float](repeating: Self.canary, count: 64)
            outputs.append((try Matrix(values, 1, count + 64, on: device), count))
            return outputs[outputs.count - 1].matrix.argument
        }
        func input(_ count: Int) throws -> Argument {
            var random = SplitMix64(seed: 2)
            return try Matrix(random.floats(count), 1, count, on: device).argument
        }
        func positives(_ count: Int, upTo limit: Float = 1) throws -> Argument {
            var random = SplitMix64(seed: 4)
            return try Matrix(random.floats(count, in: 0.01...limit), 1, count, on: device).argument
        }
        /// Bounds of so many rows of 3 nonzeros each.
        func starts(_ rows: Int) throws -> Argument { try IntVector((0...rows).map { 3 * $0 }, on: device).argument }
        /// Zeros that samples are added to, with the canary behind them.
        func counts(_ count: Int) throws -> Argument {
            let zeros = [Float](repeating: 0, count: count) + [Float](repeating: Self.canary, count: 64)
            outputs.append((try Matrix(zeros, 1, count + 64, on: device), count))
            return outputs[outputs.count - 1].matrix.argument
        }
        func integers(_ count: Int, below limit: Int) throws -> Argument {
            var random = SplitMix64(seed: 3)
            return try IntVector(random.integers(count, below: limit), on: device).argument
        }

        func check() throws {
            #expect(!outputs.isEmpty)
            for (index, (matrix, count)) in outputs.enumerated() {
                let values = try matrix.values
                #expect(values[count...].allSatisfy { $0 == Self.canary }, "behind output \(index)")
                #expect(!values[..<count].contains(Self.canary), "output \(index) is filled")
            }
        }
    }

    struct CanaryCase: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let run: @Sendable (Probe) throws -> Void

        init(
            _ name: String, in family: String, _ work: WorkSize,
            _ arguments: @escaping @Sendable (Probe) throws -> [Argument]
        ) {
            testDescription = name
            let kernel = Kernel(name, in: KernelFamily(builtIn: family))
            run = { probe in try probe.device.launch(kernel, arguments(probe), over: work) }
        }
    }

    // 4099 elements: not a multiple of a work-group, a vector or four. 67 rows of 61: neither of a tile nor of a group.
    static let n = 4099, rows = 67, columns = 61
    static let canaryCases: [CanaryCase] = [
        CanaryCase("map_exp", in: "elementwise", .elements(n, bytes: 8)) {
            [.int(n), try $0.input(n), try $0.output(n)]
        },
        CanaryCase("map_affine", in: "elementwise", .elements(n, bytes: 8)) {
            [.int(n), .float(2), .float(1), try $0.input(n), try $0.output(n)]
        },
        CanaryCase("combine_add", in: "elementwise", .elements(rows * columns, bytes: 12)) { p in
            [
                .int(rows * columns), .int(columns), .int(columns), .int(1), .int(0), .int(1),
                try p.input(rows * columns),
                try p.input(columns), try p.output(rows * columns),
            ]
        },
        CanaryCase("fill_value", in: "elementwise", .elements(n, bytes: 4)) { [.int(n), .float(3), try $0.output(n)] },
        CanaryCase("axpy", in: "elementwise", .elements(n, bytes: 12)) {
            [.int(n), .float(3), try $0.input(n), try $0.inOut(n)]
        },
        CanaryCase("reduce_sum", in: "reduction", .groups(rows, bytes: 4 * columns)) {
            [.int(rows * columns), .int(columns), try $0.input(rows * columns), try $0.output(rows)]
        },
        CanaryCase("reduce_columns_maximum", in: "reduction", .elements(columns, bytes: 4 * rows)) {
            [.int(rows), .int(columns), try $0.input(rows * columns), try $0.output(columns)]
        },
        CanaryCase("reduce_argmax", in: "reduction", .groups(rows, bytes: 4 * columns)) {
            [.int(rows * columns), .int(columns), try $0.input(rows * columns), try $0.output(rows)]
        },
        CanaryCase("reduce_columns_argmin", in: "reduction", .elements(columns, bytes: 4 * rows)) {
            [.int(rows), .int(columns), try $0.input(rows * columns), try $0.output(columns)]
        },
        CanaryCase("channel_sums", in: "reduction", .groups(13, bytes: 4 * 5 * 7)) {
            [.int(5), .int(13), .int(7), try $0.input(5 * 13 * 7), try $0.output(13)]
        },
        CanaryCase("row_dots", in: "reduction", .groups(rows, bytes: 8 * columns)) {
            [.int(columns), try $0.input(rows * columns), try $0.input(rows * columns), try $0.output(rows)]
        },
        CanaryCase("transpose", in: "layout", .groups(5 * 4, of: 256, bytes: 2048)) {
            [.int(rows), .int(columns), try $0.input(rows * columns), try $0.output(rows * columns)]
        },
        CanaryCase("copy_block", in: "layout", .elements(rows * columns, bytes: 8)) { p in
            [
                .int(rows), .int(columns), .int(0), .int(columns), .int(0), .int(columns), try p.input(rows * columns),
                try p.output(rows * columns),
            ]
        },
        CanaryCase("gather_rows", in: "layout", .elements(rows * columns, bytes: 8)) { p in
            [
                .int(rows), .int(columns), try p.input(9 * columns), try p.integers(rows, below: 9),
                try p.output(rows * columns),
            ]
        },
        CanaryCase("gather_bytes", in: "layout", .elements(rows * columns, bytes: 5)) { p in
            [
                .int(rows), .int(columns), .float(1), try p.input(9 * columns), try p.integers(rows, below: 9),
                try p.output(rows * columns),
            ]
        },
        CanaryCase("scatter_add_rows", in: "layout", .elements(columns, bytes: 12 * rows)) { p in
            [
                .int(rows), .int(columns), try p.input(rows * columns), try p.integers(rows, below: 9),
                try p.inOut(9 * columns),
            ]
        },
        CanaryCase("gather_integers", in: "layout", .elements(n, bytes: 12)) {
            [.int(n), try $0.integers(9, below: 5), try $0.integers(n, below: 9), try $0.output(n)]
        },
        CanaryCase("one_hot", in: "layout", .elements(rows * columns, bytes: 4)) {
            [.int(rows), .int(columns), try $0.integers(rows, below: columns), try $0.output(rows * columns)]
        },
        CanaryCase("softmax_rows", in: "softmax", .groups(rows, bytes: 8 * columns)) {
            [.int(columns), try $0.input(rows * columns), try $0.output(rows * columns)]
        },
        CanaryCase("log_softmax_rows", in: "softmax", .groups(rows, bytes: 8 * columns)) {
            [.int(columns), try $0.input(rows * columns), try $0.output(rows * columns)]
        },
        CanaryCase("cross_entropy", in: "softmax", .groups(rows, bytes: 8 * columns)) { p in
            [
                .int(columns), .float(1), try p.input(rows * columns), try p.integers(rows, below: columns),
                try p.output(rows), try p.output(rows * columns),
            ]
        },
        CanaryCase("random_uniform", in: "random", .elements((n + 3) / 4, bytes: 16)) { p in
            [.int(n), .float(1), .float(0), .word(1), .word(0), .word(0), .word(0), .word(0), try p.output(n)]
        },
        CanaryCase("random_normal", in: "random", .elements((n + 3) / 4, bytes: 16)) { p in
            [.int(n), .float(1), .float(0), .word(1), .word(0), .word(0), .word(0), .word(0), try p.output(n)]
        },
        // 5 planes of 11 × 7, windows of 3, stride 2: 5 × 3.
        CanaryCase("max_pool_forward", in: "pooling", WorkSize(items: 5, workItems: 15, bytesPerItem: 400)) { p in
            [
                .int(5), .int(11), .int(7), .int(3), .int(2), .int(5), .int(3), try p.input(5 * 77), try p.output(75),
                try p.output(75),
            ]
        },
        CanaryCase("max_pool_backward", in: "pooling", WorkSize(items: 5, workItems: 77, bytesPerItem: 400)) { p in
            [
                .int(5), .int(11), .int(7), .int(3), .int(2), .int(5), .int(3), try p.input(75),
                try p.integers(75, below: 77), try p.output(5 * 77),
            ]
        },
        CanaryCase("average_pool_forward", in: "pooling", WorkSize(items: 5, workItems: 15, bytesPerItem: 400)) { p in
            [.int(5), .int(11), .int(7), .int(3), .int(2), .int(5), .int(3), try p.input(5 * 77), try p.output(75)]
        },
        CanaryCase("average_pool_backward", in: "pooling", WorkSize(items: 5, workItems: 77, bytesPerItem: 400)) { p in
            [.int(5), .int(11), .int(7), .int(3), .int(2), .int(5), .int(3), try p.input(75), try p.output(5 * 77)]
        },
        CanaryCase("sgd_momentum", in: "update", .elements(n, bytes: 20)) {
            [.int(n), .float(0.1), .float(0.9), try $0.input(n), try $0.inOut(n), try $0.inOut(n)]
        },
        CanaryCase("rmsprop_momentum", in: "update", .elements(n, bytes: 28)) { p in
            [
                .int(n), .float(0.1), .float(0.9), .float(0.9), .float(1), .int(0), try p.input(n), try p.inOut(n),
                try p.inOut(n), try p.inOut(n),
            ]
        },
        CanaryCase("running_mean", in: "update", .elements(n, bytes: 12)) {
            [.int(n), .float(0.5), try $0.input(n), try $0.inOut(n)]
        },
        CanaryCase("langevin_step", in: "langevin", .groups(rows, bytes: 44 * columns)) { p in
            let m = rows * columns
            return [
                .int(columns), .float(1), .float(0.1), .float(1), .float(0), .float(0.9), .int(1), .float(0.9),
                .float(-1), .float(1),
                .int(0), .int(9), try p.input(m), try p.input(m), try p.input(m), try p.input(rows),
                try p.input(rows), try p.inOut(m), try p.inOut(m), try p.inOut(m), try p.inOut(m),
                try p.inOut(rows), try p.inOut(rows), try p.output(rows), try p.output(rows),
            ]
        },
        CanaryCase("kmeans_distances", in: "kmeans", .groups(rows, bytes: 4 * columns)) {
            [
                .int(columns), try $0.input(rows * columns), try $0.input(columns), try $0.input(columns),
                try $0.output(rows),
            ]
        },
        CanaryCase("kmeans_pack", in: "kmeans", .groups(96, bytes: 8 * columns)) { p in
            [
                .int(rows), .int(columns), try p.input(columns), try p.input(rows * columns), try p.input(rows),
                try p.output(96 * columns), try p.output(96),
            ]
        },
        CanaryCase("kmeans_assign", in: "kmeans", .groups(rows, bytes: 4 * columns)) { p in
            [
                .int(33), .int(columns), try p.input(rows * columns), try p.input(columns), try p.input(33 * columns),
                try p.input(64 * columns), try p.input(64), try p.input(33), try p.output(rows), try p.output(rows),
            ]
        },
        CanaryCase("kmeans_nearest", in: "kmeans", .groups(rows, bytes: 4 * columns)) { p in
            [
                .int(0), .int(33), .int(columns), try p.input(rows * 33), try p.input(rows * columns),
                try p.input(columns), try p.input(33 * columns), try p.input(64), try p.input(33),
                try p.output(rows), try p.output(rows),
            ]
        },
        CanaryCase("kmeans_sums", in: "kmeans", .groups(7 * 2, bytes: 4 * 300)) { p in
            [
                .int(2), .int(300), try p.input(rows * 300), try p.integers(70, below: rows),
                try IntVector((0...7).map { 10 * $0 }, on: p.device).argument, try p.input(7 * 300),
                try p.output(7 * 300),
            ]
        },
        CanaryCase("kmeans_move", in: "kmeans", .elements(7 * columns, bytes: 12)) { p in
            [
                .int(7), .int(columns), try IntVector((0...7).map { 10 * $0 }, on: p.device).argument, try p.input(7),
                try p.input(7 * columns), try p.input(7 * columns), try p.inOut(7 * columns),
            ]
        },
        CanaryCase("kmeans_pairs", in: "kmeans", .groups(rows, bytes: 4 * rows)) { p in
            [
                .int(rows), .int(columns), try p.input(rows * columns), try p.input(columns), try p.input(rows),
                try p.inOut(rows * rows),
            ]
        },
        CanaryCase("sample_gamma", in: "samplers", .elements(n, bytes: 8)) { p in
            [.int(n), .word(1), .word(0), .word(0), .word(0), .word(0), try p.positives(n), try p.output(n)]
        },
        CanaryCase("sample_poisson", in: "samplers", .elements(n, bytes: 8)) { p in
            [
                .int(n), .word(1), .word(0), .word(0), .word(0), .word(0), try p.positives(n, upTo: 300),
                try PoissonTables(on: p.device).words.argument, try p.output(n),
            ]
        },
        CanaryCase("sample_binomial", in: "samplers", .elements(n, bytes: 12)) { p in
            [
                .int(n), .word(1), .word(0), .word(0), .word(0), .word(0), try p.integers(n, below: 100),
                try p.positives(n), try p.output(n),
            ]
        },
        // 11 documents of 3 words of 5, of 61 topics; each document in a slice of its own.
        canaryOfTopics(form: 0, rate: 20), canaryOfTopics(form: 1, rate: 2), canaryOfTopics(form: 1, rate: 20),
        CanaryCase("topics_merge", in: "topics", .elements(rows * columns, bytes: 24)) { p in
            let m = rows * columns
            return [
                .int(m), .int(columns), .int(2), .int(m), .float(1), .float(1), try p.integers(2 * m, below: 9),
                try p.positives(columns), try p.positives(columns), try p.inOut(m), try p.inOut(m),
            ]
        },
        CanaryCase("topics_normalise", in: "topics", .elements(rows * columns, bytes: 8)) { p in
            [
                .int(rows * columns), .int(columns), .float(1), try p.positives(rows * columns),
                try p.positives(columns), try p.output(rows * columns),
            ]
        },
        CanaryCase("topics_cut", in: "topics", .elements(11, bytes: 12 * columns)) { p in
            [
                .int(11), .int(columns), try p.positives(11 * columns), try p.positives(11 * columns),
                try p.inOut(11 * columns),
            ]
        },
        CanaryCase("topics_infer", in: "topics", .groups(11, bytes: 4 * columns)) { p in
            [
                .int(columns), .int(2), try p.starts(11), try p.integers(33, below: 5), try p.integers(33, below: 9),
                try p.positives(columns), try p.positives(5 * columns), try p.inOut(33), try p.inOut(11 * columns),
            ]
        },
        CanaryCase("topics_score", in: "topics", .groups(11, bytes: 4 * columns)) { p in
            [
                .int(columns), try p.starts(11), try p.integers(33, below: 5), try p.integers(33, below: 9),
                try p.positives(5 * columns), try p.positives(11 * columns), try p.output(11),
            ]
        },
    ]

    private static func canaryOfTopics(form: Int, rate: Float) -> CanaryCase {
        CanaryCase("topics_sample", in: "topics", .groups(11, bytes: 4 * columns)) { p in
            // On OpenCL devices all documents add to the same sums; on the CPU there are copies, and marks for those in use.
            let isShared = p.device.kind != .cpu
            return [
                .int(columns), .int(form), .float(rate), .int(0), .int(1), .int(11),
                .int(isShared ? 0 : 5 * columns), .word(1), .word(0), .word(0), .word(0), .word(0),
                try IntVector((0...11).map { $0 }, on: p.device).argument,
                try p.starts(11), try p.integers(33, below: 5), try p.integers(33, below: 9),
                try Matrix(filledWith: rate, Shape(1, columns), on: p.device).argument, try p.positives(columns),
                try PoissonTables(on: p.device).words.argument, try p.positives(5 * columns), try p.inOut(11 * columns),
                try p.counts(isShared ? 5 * columns : 11 * 5 * columns + 11), try p.output(22),
            ]
        }
    }

    @Test(arguments: canaryCases, Device.all)
    func nothingIsWrittenPastTheOutputs(_ test: CanaryCase, on device: Device) throws {
        let probe = Probe(device)
        try test.run(probe)
        try probe.check()
    }

    /// The kernel behind a product over no terms, on devices whose library refuses it.
    @Test(arguments: [0, 1, 63, 64, 65, 20_011], Device.all)
    func aRangeIsScaledAndItsSurroundingsStay(_ count: Int, on device: Device) throws {
        for c: Float in [0, 1, -0.5] {
            let offset = 19
            var x = (0..<count + 2 * offset).map { Float($0) }
            if count > 0 { x[offset] = .nan }
            let m = try Matrix(x, 1, x.count, on: device)
            try device.launch(
                .scaleRange, [.int(count), .int(offset), .float(c), m.argument], over: .elements(count, bytes: 8))
            // 0 clears even NaN.
            let expected = x.enumerated().map { index, element -> Double in
                (offset..<offset + count).contains(index) ? (c == 0 ? 0 : Double(c * element)) : Double(element)
            }
            try expectNone(difference(m.values, expected, within: 0))
        }
    }
}
