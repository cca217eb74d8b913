import CLMatKernels
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
            _ name: String, in family: String, cpu: @escaping @Sendable (KernelArguments, Range<Int>) -> Void,
            _ work: WorkSize, _ arguments: @escaping @Sendable (Probe) throws -> [Argument]
        ) {
            testDescription = name
            let kernel = Kernel(
                name, in: KernelFamily(family, source: String(cString: clmat_kernel_source(family)!)), cpu: cpu)
            run = { probe in try probe.device.launch(kernel, arguments(probe), over: work) }
        }
    }

    // 4099 elements: not a multiple of a work-group, a vector or four. 67 rows of 61: neither of a tile nor of a group.
    static let n = 4099, rows = 67, columns = 61
    static let canaryCases: [CanaryCase] = [
        CanaryCase(
            "map_exp", in: "elementwise",
            cpu: { map_exp($1.lowerBound, $1.upperBound, $0.floats(1), $0.mutableFloats(2)) },
            .elements(n, bytes: 8)
        ) { [.int(n), try $0.input(n), try $0.output(n)] },
        CanaryCase(
            "map_affine", in: "elementwise",
            cpu: {
                map_affine($1.lowerBound, $1.upperBound, $0.float(1), $0.float(2), $0.floats(3), $0.mutableFloats(4))
            }, .elements(n, bytes: 8)
        ) { [.int(n), .float(2), .float(1), try $0.input(n), try $0.output(n)] },
        CanaryCase(
            "combine_add", in: "elementwise",
            cpu: { a, r in
                combine_add(
                    r.lowerBound, r.upperBound, a.int(1), a.int(2), a.int(3), a.int(4), a.int(5), a.floats(6),
                    a.floats(7),
                    a.mutableFloats(8))
            }, .elements(rows * columns, bytes: 12)
        ) { p in
            [
                .int(rows * columns), .int(columns), .int(columns), .int(1), .int(0), .int(1),
                try p.input(rows * columns),
                try p.input(columns), try p.output(rows * columns),
            ]
        },
        CanaryCase(
            "fill_value", in: "elementwise",
            cpu: { fill_value($1.lowerBound, $1.upperBound, $0.float(1), $0.mutableFloats(2)) },
            .elements(n, bytes: 4)
        ) { [.int(n), .float(3), try $0.output(n)] },
        CanaryCase(
            "axpy", in: "elementwise",
            cpu: { axpy($1.lowerBound, $1.upperBound, $0.float(1), $0.floats(2), $0.mutableFloats(3)) },
            .elements(n, bytes: 12)
        ) { [.int(n), .float(3), try $0.input(n), try $0.inOut(n)] },
        CanaryCase(
            "reduce_sum", in: "reduction",
            cpu: { reduce_sum($1.lowerBound, $1.upperBound, $0.int(0), $0.int(1), $0.floats(2), $0.mutableFloats(3)) },
            .groups(rows, bytes: 4 * columns)
        ) { [.int(rows * columns), .int(columns), try $0.input(rows * columns), try $0.output(rows)] },
        CanaryCase(
            "reduce_columns_maximum", in: "reduction",
            cpu: {
                reduce_columns_maximum(
                    $1.lowerBound, $1.upperBound, $0.int(0), $0.int(1), $0.floats(2), $0.mutableFloats(3))
            },
            .elements(columns, bytes: 4 * rows)
        ) { [.int(rows), .int(columns), try $0.input(rows * columns), try $0.output(columns)] },
        CanaryCase(
            "reduce_argmax", in: "reduction",
            cpu: { reduce_argmax($1.lowerBound, $1.upperBound, $0.int(0), $0.int(1), $0.floats(2), $0.mutableInts(3)) },
            .groups(rows, bytes: 4 * columns)
        ) { [.int(rows * columns), .int(columns), try $0.input(rows * columns), try $0.output(rows)] },
        CanaryCase(
            "reduce_columns_argmin", in: "reduction",
            cpu: {
                reduce_columns_argmin(
                    $1.lowerBound, $1.upperBound, $0.int(0), $0.int(1), $0.floats(2), $0.mutableInts(3))
            },
            .elements(columns, bytes: 4 * rows)
        ) { [.int(rows), .int(columns), try $0.input(rows * columns), try $0.output(columns)] },
        CanaryCase(
            "channel_sums", in: "reduction",
            cpu: {
                channel_sums(
                    $1.lowerBound, $1.upperBound, $0.int(0), $0.int(1), $0.int(2), $0.floats(3), $0.mutableFloats(4))
            },
            .groups(13, bytes: 4 * 5 * 7)
        ) { [.int(5), .int(13), .int(7), try $0.input(5 * 13 * 7), try $0.output(13)] },
        CanaryCase(
            "row_dots", in: "reduction",
            cpu: { row_dots($1.lowerBound, $1.upperBound, $0.int(0), $0.floats(1), $0.floats(2), $0.mutableFloats(3)) },
            .groups(rows, bytes: 8 * columns)
        ) { [.int(columns), try $0.input(rows * columns), try $0.input(rows * columns), try $0.output(rows)] },
        CanaryCase(
            "transpose", in: "layout",
            cpu: { transpose($1.lowerBound, $1.upperBound, $0.int(0), $0.int(1), $0.floats(2), $0.mutableFloats(3)) },
            .groups(5 * 4, of: 256, bytes: 2048)
        ) { [.int(rows), .int(columns), try $0.input(rows * columns), try $0.output(rows * columns)] },
        CanaryCase(
            "copy_block", in: "layout",
            cpu: { a, r in
                copy_block(
                    r.lowerBound, r.upperBound, a.int(0), a.int(1), a.int(2), a.int(3), a.int(4), a.int(5), a.floats(6),
                    a.mutableFloats(7))
            }, .elements(rows * columns, bytes: 8)
        ) { p in
            [
                .int(rows), .int(columns), .int(0), .int(columns), .int(0), .int(columns), try p.input(rows * columns),
                try p.output(rows * columns),
            ]
        },
        CanaryCase(
            "gather_rows", in: "layout",
            cpu: { a, r in
                gather_rows(r.lowerBound, r.upperBound, a.int(0), a.int(1), a.floats(2), a.ints(3), a.mutableFloats(4))
            }, .elements(rows * columns, bytes: 8)
        ) { p in
            [
                .int(rows), .int(columns), try p.input(9 * columns), try p.integers(rows, below: 9),
                try p.output(rows * columns),
            ]
        },
        CanaryCase(
            "gather_bytes", in: "layout",
            cpu: { a, r in
                gather_bytes(
                    r.lowerBound, r.upperBound, a.int(0), a.int(1), a.float(2), a.bytes(3), a.ints(4),
                    a.mutableFloats(5))
            }, .elements(rows * columns, bytes: 5)
        ) { p in
            [
                .int(rows), .int(columns), .float(1), try p.input(9 * columns), try p.integers(rows, below: 9),
                try p.output(rows * columns),
            ]
        },
        CanaryCase(
            "scatter_add_rows", in: "layout",
            cpu: { a, r in
                scatter_add_rows(
                    r.lowerBound, r.upperBound, a.int(0), a.int(1), a.floats(2), a.ints(3), a.mutableFloats(4))
            }, .elements(columns, bytes: 12 * rows)
        ) { p in
            [
                .int(rows), .int(columns), try p.input(rows * columns), try p.integers(rows, below: 9),
                try p.inOut(9 * columns),
            ]
        },
        CanaryCase(
            "gather_integers", in: "layout",
            cpu: { gather_integers($1.lowerBound, $1.upperBound, $0.ints(1), $0.ints(2), $0.mutableInts(3)) },
            .elements(n, bytes: 12)
        ) { [.int(n), try $0.integers(9, below: 5), try $0.integers(n, below: 9), try $0.output(n)] },
        CanaryCase(
            "one_hot", in: "layout",
            cpu: { one_hot($1.lowerBound, $1.upperBound, $0.int(0), $0.int(1), $0.ints(2), $0.mutableFloats(3)) },
            .elements(rows * columns, bytes: 4)
        ) { [.int(rows), .int(columns), try $0.integers(rows, below: columns), try $0.output(rows * columns)] },
        CanaryCase(
            "softmax_rows", in: "softmax",
            cpu: { softmax_rows($1.lowerBound, $1.upperBound, $0.int(0), $0.floats(1), $0.mutableFloats(2)) },
            .groups(rows, bytes: 8 * columns)
        ) { [.int(columns), try $0.input(rows * columns), try $0.output(rows * columns)] },
        CanaryCase(
            "log_softmax_rows", in: "softmax",
            cpu: { log_softmax_rows($1.lowerBound, $1.upperBound, $0.int(0), $0.floats(1), $0.mutableFloats(2)) },
            .groups(rows, bytes: 8 * columns)
        ) { [.int(columns), try $0.input(rows * columns), try $0.output(rows * columns)] },
        CanaryCase(
            "cross_entropy", in: "softmax",
            cpu: { a, r in
                cross_entropy(
                    r.lowerBound, r.upperBound, a.int(0), a.float(1), a.floats(2), a.ints(3), a.mutableFloats(4),
                    a.mutableFloats(5))
            }, .groups(rows, bytes: 8 * columns)
        ) { p in
            [
                .int(columns), .float(1), try p.input(rows * columns), try p.integers(rows, below: columns),
                try p.output(rows), try p.output(rows * columns),
            ]
        },
        CanaryCase(
            "random_uniform", in: "random",
            cpu: { a, r in
                random_uniform(
                    r.lowerBound, r.upperBound, a.int(0), a.float(1), a.float(2), a.word(3), a.word(4), a.word(5),
                    a.word(6), a.word(7), a.mutableFloats(8))
            }, .elements((n + 3) / 4, bytes: 16)
        ) { p in
            [.int(n), .float(1), .float(0), .word(1), .word(0), .word(0), .word(0), .word(0), try p.output(n)]
        },
        CanaryCase(
            "random_normal", in: "random",
            cpu: { a, r in
                random_normal(
                    r.lowerBound, r.upperBound, a.int(0), a.float(1), a.float(2), a.word(3), a.word(4), a.word(5),
                    a.word(6), a.word(7), a.mutableFloats(8))
            }, .elements((n + 3) / 4, bytes: 16)
        ) { p in
            [.int(n), .float(1), .float(0), .word(1), .word(0), .word(0), .word(0), .word(0), try p.output(n)]
        },
        // 5 planes of 11 × 7, windows of 3, stride 2: 5 × 3.
        CanaryCase(
            "max_pool_forward", in: "pooling",
            cpu: { a, r in
                max_pool_forward(
                    r.lowerBound, r.upperBound, a.int(1), a.int(2), a.int(3), a.int(4), a.int(5), a.int(6), a.floats(7),
                    a.mutableFloats(8), a.mutableInts(9))
            }, WorkSize(items: 5, workItems: 15, bytesPerItem: 400)
        ) { p in
            [
                .int(5), .int(11), .int(7), .int(3), .int(2), .int(5), .int(3), try p.input(5 * 77), try p.output(75),
                try p.output(75),
            ]
        },
        CanaryCase(
            "max_pool_backward", in: "pooling",
            cpu: { a, r in
                max_pool_backward(
                    r.lowerBound, r.upperBound, a.int(1), a.int(2), a.int(5), a.int(6), a.floats(7), a.ints(8),
                    a.mutableFloats(9))
            }, WorkSize(items: 5, workItems: 77, bytesPerItem: 400)
        ) { p in
            [
                .int(5), .int(11), .int(7), .int(3), .int(2), .int(5), .int(3), try p.input(75),
                try p.integers(75, below: 77), try p.output(5 * 77),
            ]
        },
        CanaryCase(
            "average_pool_forward", in: "pooling",
            cpu: { a, r in
                average_pool_forward(
                    r.lowerBound, r.upperBound, a.int(1), a.int(2), a.int(3), a.int(4), a.int(5), a.int(6), a.floats(7),
                    a.mutableFloats(8))
            }, WorkSize(items: 5, workItems: 15, bytesPerItem: 400)
        ) { p in
            [.int(5), .int(11), .int(7), .int(3), .int(2), .int(5), .int(3), try p.input(5 * 77), try p.output(75)]
        },
        CanaryCase(
            "average_pool_backward", in: "pooling",
            cpu: { a, r in
                average_pool_backward(
                    r.lowerBound, r.upperBound, a.int(1), a.int(2), a.int(3), a.int(4), a.int(5), a.int(6), a.floats(7),
                    a.mutableFloats(8))
            }, WorkSize(items: 5, workItems: 77, bytesPerItem: 400)
        ) { p in
            [.int(5), .int(11), .int(7), .int(3), .int(2), .int(5), .int(3), try p.input(75), try p.output(5 * 77)]
        },
        CanaryCase(
            "sgd_momentum", in: "update",
            cpu: { a, r in
                sgd_momentum(
                    r.lowerBound, r.upperBound, a.float(1), a.float(2), a.floats(3), a.mutableFloats(4),
                    a.mutableFloats(5))
            }, .elements(n, bytes: 20)
        ) { [.int(n), .float(0.1), .float(0.9), try $0.input(n), try $0.inOut(n), try $0.inOut(n)] },
        CanaryCase(
            "rmsprop_momentum", in: "update",
            cpu: { a, r in
                rmsprop_momentum(
                    r.lowerBound, r.upperBound, a.float(1), a.float(2), a.float(3), a.float(4), a.int(5), a.floats(6),
                    a.mutableFloats(7), a.mutableFloats(8), a.mutableFloats(9))
            }, .elements(n, bytes: 28)
        ) { p in
            [
                .int(n), .float(0.1), .float(0.9), .float(0.9), .float(1), .int(0), try p.input(n), try p.inOut(n),
                try p.inOut(n), try p.inOut(n),
            ]
        },
        CanaryCase(
            "running_mean", in: "update",
            cpu: { running_mean($1.lowerBound, $1.upperBound, $0.float(1), $0.floats(2), $0.mutableFloats(3)) },
            .elements(n, bytes: 12)
        ) { [.int(n), .float(0.5), try $0.input(n), try $0.inOut(n)] },
        CanaryCase("bias_relu", in: "fused", cpu: Kernel.biasRelu.cpu, .elements(rows * columns, bytes: 12)) { p in
            let x = try p.inOut(rows * columns)
            return [
                .int(rows * columns), .int(columns), .int(1), try p.input(columns), x, x, try p.output(rows * columns),
            ]
        },
        CanaryCase("scaled_ratio", in: "fused", cpu: Kernel.scaledRatio.cpu, .elements(n, bytes: 16)) { p in
            [
                .int(n), .float(0), .float(1), try p.input(n), try p.input(n), try p.positives(n), try p.output(n),
            ]
        },
        CanaryCase("pack_parts", in: "parts", cpu: Kernel.packParts.cpu, .elements(150, bytes: 8)) { p in
            let starts = [0, 64] + Array(repeating: Int(Int32.max), count: 14)
            let (first, second) = (try p.input(61), try p.input(86))
            let counts = [61, 86] + Array(repeating: 0, count: 14)
            return [.int(150), .int(0)] + starts.map(Argument.int) + counts.map(Argument.int) + [first, second]
                 + Array(repeating: first, count: 14) + [try p.output(150)]
        },
        CanaryCase("reduce_parts", in: "parts", cpu: Kernel.reduceParts.cpu, .groups(5, bytes: 400)) { p in
            let none = Array(repeating: 0, count: 11)
            let x = try p.input(67)
            return ([0, 1, 2, 3, 4] + none + [0, 67, 68, 69, 70] + none + [67, 67, 66, 1, 3] + none).map(Argument.int)
                + Array(repeating: x, count: 16) + [try p.output(71)]
        },
        CanaryCase(
            "langevin_step", in: "langevin",
            cpu: { a, r in
                langevin_step(
                    r.lowerBound, r.upperBound, a.int(0), a.float(1), a.float(2), a.float(3), a.float(4), a.float(5),
                    a.int(6), a.float(7),
                    a.float(8), a.float(9), a.int(10), a.int(11), a.floats(12), a.floats(13), a.floats(14),
                    a.floats(15), a.floats(16), a.mutableFloats(17), a.mutableFloats(18), a.mutableFloats(19),
                    a.mutableFloats(20), a.mutableFloats(21), a.mutableInts(22), a.mutableFloats(23),
                    a.mutableFloats(24))
            }, .groups(rows, bytes: 44 * columns)
        ) { p in
            let m = rows * columns
            return [
                .int(columns), .float(1), .float(0.1), .float(1), .float(0), .float(0.9), .int(1), .float(0.9),
                .float(-1), .float(1),
                .int(0), .int(9), try p.input(m), try p.input(m), try p.input(m), try p.input(rows),
                try p.input(rows), try p.inOut(m), try p.inOut(m), try p.inOut(m), try p.inOut(m),
                try p.inOut(rows), try p.inOut(rows), try p.output(rows), try p.output(rows),
            ]
        },
        CanaryCase(
            "kmeans_distances", in: "kmeans",
            cpu: { a, r in
                kmeans_distances(
                    r.lowerBound, r.upperBound, a.int(0), a.floats(1), a.floats(2), a.floats(3), a.mutableFloats(4))
            },
            .groups(rows, bytes: 4 * columns)
        ) {
            [
                .int(columns), try $0.input(rows * columns), try $0.input(columns), try $0.input(columns),
                try $0.output(rows),
            ]
        },
        CanaryCase(
            "kmeans_pack", in: "kmeans",
            cpu: { a, r in
                kmeans_pack(
                    r.lowerBound, r.upperBound, a.int(0), a.int(1), a.floats(2), a.floats(3), a.floats(4),
                    a.mutableFloats(5), a.mutableFloats(6))
            }, .groups(96, bytes: 8 * columns)
        ) { p in
            [
                .int(rows), .int(columns), try p.input(columns), try p.input(rows * columns), try p.input(rows),
                try p.output(96 * columns), try p.output(96),
            ]
        },
        CanaryCase(
            "kmeans_assign", in: "kmeans",
            cpu: { a, r in
                kmeans_assign(
                    r.lowerBound, r.upperBound, a.int(0), a.int(1), a.floats(2), a.floats(3), a.floats(4),
                    a.floats(5), a.floats(6), a.floats(7), a.mutableInts(8), a.mutableFloats(9))
            }, .groups(rows, bytes: 4 * columns)
        ) { p in
            [
                .int(33), .int(columns), try p.input(rows * columns), try p.input(columns), try p.input(33 * columns),
                try p.input(64 * columns), try p.input(64), try p.input(33), try p.output(rows), try p.output(rows),
            ]
        },
        CanaryCase(
            "kmeans_nearest", in: "kmeans",
            cpu: { a, r in
                kmeans_nearest(
                    r.lowerBound, r.upperBound, a.int(0), a.int(1), a.int(2), a.floats(3), a.floats(4), a.floats(5),
                    a.floats(6), a.floats(7), a.floats(8), a.mutableInts(9), a.mutableFloats(10))
            }, .groups(rows, bytes: 4 * columns)
        ) { p in
            [
                .int(0), .int(33), .int(columns), try p.input(rows * 33), try p.input(rows * columns),
                try p.input(columns), try p.input(33 * columns), try p.input(64), try p.input(33),
                try p.output(rows), try p.output(rows),
            ]
        },
        CanaryCase(
            "kmeans_sums", in: "kmeans",
            cpu: { a, r in
                kmeans_sums(
                    r.lowerBound, r.upperBound, a.int(0), a.int(1), a.floats(2), a.ints(3), a.ints(4), a.floats(5),
                    a.mutableFloats(6))
            }, .groups(7 * 2, bytes: 4 * 300)
        ) { p in
            [
                .int(2), .int(300), try p.input(rows * 300), try p.integers(70, below: rows),
                try IntVector((0...7).map { 10 * $0 }, on: p.device).argument, try p.input(7 * 300),
                try p.output(7 * 300),
            ]
        },
        CanaryCase(
            "kmeans_move", in: "kmeans",
            cpu: { a, r in
                kmeans_move(
                    r.lowerBound, r.upperBound, a.int(1), a.ints(2), a.floats(3), a.floats(4), a.floats(5),
                    a.mutableFloats(6))
            }, .elements(7 * columns, bytes: 12)
        ) { p in
            [
                .int(7), .int(columns), try IntVector((0...7).map { 10 * $0 }, on: p.device).argument, try p.input(7),
                try p.input(7 * columns), try p.input(7 * columns), try p.inOut(7 * columns),
            ]
        },
        CanaryCase(
            "kmeans_pairs", in: "kmeans",
            cpu: { a, r in
                kmeans_pairs(
                    r.lowerBound, r.upperBound, a.int(0), a.int(1), a.floats(2), a.floats(3), a.floats(4),
                    a.mutableFloats(5))
            }, .groups(rows, bytes: 4 * rows)
        ) { p in
            [
                .int(rows), .int(columns), try p.input(rows * columns), try p.input(columns), try p.input(rows),
                try p.inOut(rows * rows),
            ]
        },
        CanaryCase(
            "sample_gamma", in: "samplers",
            cpu: { a, r in
                sample_gamma(
                    r.lowerBound, r.upperBound, a.word(1), a.word(2), a.word(3), a.word(4), a.word(5), a.floats(6),
                    a.mutableFloats(7))
            }, .elements(n, bytes: 8)
        ) { p in
            [.int(n), .word(1), .word(0), .word(0), .word(0), .word(0), try p.positives(n), try p.output(n)]
        },
        CanaryCase(
            "sample_poisson", in: "samplers",
            cpu: { a, r in
                sample_poisson(
                    r.lowerBound, r.upperBound, a.word(1), a.word(2), a.word(3), a.word(4), a.word(5), a.floats(6),
                    a.words(7), a.mutableInts(8))
            }, .elements(n, bytes: 8)
        ) { p in
            [
                .int(n), .word(1), .word(0), .word(0), .word(0), .word(0), try p.positives(n, upTo: 300),
                try PoissonTables(on: p.device).words.argument, try p.output(n),
            ]
        },
        CanaryCase(
            "sample_binomial", in: "samplers",
            cpu: { a, r in
                sample_binomial(
                    r.lowerBound, r.upperBound, a.word(1), a.word(2), a.word(3), a.word(4), a.word(5), a.ints(6),
                    a.floats(7), a.mutableInts(8))
            }, .elements(n, bytes: 12)
        ) { p in
            [
                .int(n), .word(1), .word(0), .word(0), .word(0), .word(0), try p.integers(n, below: 100),
                try p.positives(n), try p.output(n),
            ]
        },
        // 11 documents of 3 words of 5, of 61 topics; each document in a slice of its own.
        canaryOfTopics(form: 0, rate: 20), canaryOfTopics(form: 1, rate: 2), canaryOfTopics(form: 1, rate: 20),
        CanaryCase(
            "topics_merge", in: "topics",
            cpu: { a, r in
                topics_merge(
                    r.lowerBound, r.upperBound, a.int(1), a.int(2), a.int(3), a.float(4), a.float(5), a.ints(6),
                    a.floats(7), a.floats(8), a.mutableInts(9), a.mutableFloats(10))
            }, .elements(rows * columns, bytes: 24)
        ) { p in
            let m = rows * columns
            return [
                .int(m), .int(columns), .int(2), .int(m), .float(1), .float(1), try p.integers(2 * m, below: 9),
                try p.positives(columns), try p.positives(columns), try p.inOut(m), try p.inOut(m),
            ]
        },
        CanaryCase(
            "topics_normalise", in: "topics",
            cpu: { a, r in
                topics_normalise(
                    r.lowerBound, r.upperBound, a.int(1), a.float(2), a.floats(3), a.floats(4), a.mutableFloats(5))
            }, .elements(rows * columns, bytes: 8)
        ) { p in
            [
                .int(rows * columns), .int(columns), .float(1), try p.positives(rows * columns),
                try p.positives(columns), try p.output(rows * columns),
            ]
        },
        CanaryCase(
            "topics_cut", in: "topics",
            cpu: { a, r in
                topics_cut(r.lowerBound, r.upperBound, a.int(1), a.floats(2), a.floats(3), a.mutableFloats(4))
            }, .elements(11, bytes: 12 * columns)
        ) { p in
            [
                .int(11), .int(columns), try p.positives(11 * columns), try p.positives(11 * columns),
                try p.inOut(11 * columns),
            ]
        },
        CanaryCase(
            "topics_infer", in: "topics",
            cpu: { a, r in
                topics_infer(
                    r.lowerBound, r.upperBound, a.int(0), a.int(1), a.ints(2), a.ints(3), a.ints(4), a.floats(5),
                    a.floats(6), a.mutableFloats(8))
            }, .groups(11, bytes: 4 * columns)
        ) { p in
            [
                .int(columns), .int(2), try p.starts(11), try p.integers(33, below: 5), try p.integers(33, below: 9),
                try p.positives(columns), try p.positives(5 * columns), try p.inOut(33), try p.inOut(11 * columns),
            ]
        },
        CanaryCase(
            "topics_score", in: "topics",
            cpu: { a, r in
                topics_score(
                    r.lowerBound, r.upperBound, a.int(0), a.ints(1), a.ints(2), a.ints(3), a.floats(4), a.floats(5),
                    a.mutableFloats(6))
            }, .groups(11, bytes: 4 * columns)
        ) { p in
            [
                .int(columns), try p.starts(11), try p.integers(33, below: 5), try p.integers(33, below: 9),
                try p.positives(5 * columns), try p.positives(11 * columns), try p.output(11),
            ]
        },
    ]

    private static func canaryOfTopics(form: Int, rate: Float) -> CanaryCase {
        CanaryCase(
            "topics_sample", in: "topics",
            cpu: { a, r in
                topics_sample(
                    r.lowerBound, r.upperBound, a.int(0), a.int(1), a.float(2), a.int(3), a.int(4), a.int(5), a.int(6),
                    a.word(7), a.word(8), a.word(9), a.word(10), a.word(11), a.ints(12), a.ints(13), a.ints(14),
                    a.ints(15), a.floats(16), a.floats(17), a.words(18), a.floats(19), a.mutableFloats(20),
                    a.mutableInts(21), a.mutableFloats(22))
            }, .groups(11, bytes: 4 * columns)
        ) { p in
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

    static let scaleRange = Kernel(
        "scale_range", in: KernelFamily("elementwise", source: String(cString: clmat_kernel_source("elementwise")!))
    ) { a, r in scale_range(r.lowerBound, r.upperBound, a.int(1), a.float(2), a.mutableFloats(3)) }

    /// The kernel behind a product over no terms, on devices whose library refuses it.
    @Test(arguments: [0, 1, 63, 64, 65, 20_011], Device.all)
    func aRangeIsScaledAndItsSurroundingsStay(_ count: Int, on device: Device) throws {
        for c: Float in [0, 1, -0.5] {
            let offset = 19
            var x = (0..<count + 2 * offset).map { Float($0) }
            if count > 0 { x[offset] = .nan }
            let m = try Matrix(x, 1, x.count, on: device)
            try device.launch(
                Self.scaleRange, [.int(count), .int(offset), .float(c), m.argument], over: .elements(count, bytes: 8))
            // 0 clears even NaN.
            let expected = x.enumerated().map { index, element -> Double in
                (offset..<offset + count).contains(index) ? (c == 0 ? 0 : Double(c * element)) : Double(element)
            }
            try expectNone(difference(m.values, expected, within: 0))
        }
    }
}
