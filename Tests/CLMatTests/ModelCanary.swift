import CLMat
import TestSupport

/// Cases of the kernels of single models (`CanaryTests`).
struct ModelCanary {
    var cases: [CanaryCase] { langevin + kmeans + topics + lstm + neurons + images }

    // 67 rows of 61: neither of a tile nor of a group.
    private let rows = 67, columns = 61

    private var langevin: [CanaryCase] {
        let size = rows * columns
        let numbers: [CanaryValue] = [
            .int(columns), .float(1), .float(0.1), .float(1), .float(0), .float(0.9), .int(1), .float(0.9), .float(-1),
            .float(1), .int(0), .int(9),
        ]
        let inputs: [CanaryValue] = [.memory(size), .memory(size), .memory(size), .memory(rows), .memory(rows)]
        let state: [CanaryValue] = [
            .positives(size), .positives(size), .positives(size), .positives(size), .positives(rows),
            .integers(rows, below: 9),
        ]
        return [
            // Images in three parts of 21 pixels.
            CanaryCase(
                "langevin_parts", .groups(rows * 3, bytes: 44 * 21),
                [
                    .int(columns), .int(3), .int(21), .int(0), .float(1), .float(0.1), .float(1), .float(0),
                    .float(0.9),
                    .int(1), .float(0.9), .float(-1), .float(1), .int(0), .int(9), .memory(size), .memory(size),
                    .memory(size), .memory(rows), .memory(rows), .positives(rows * 3), .positives(rows),
                    .integers(rows, below: 9), .positives(size), .positives(size), .positives(size), .positives(size),
                    .memory(rows), .memory(rows), .memory(rows * 3), .memory(rows * 3),
                ]),
            CanaryCase(
                "langevin_step", .groups(rows, bytes: 44 * columns),
                numbers + inputs + state + [.memory(rows), .memory(rows)]),
        ]
    }

    /// Neurons of units, of stretches, and of other layers.
    private var neurons: [CanaryCase] {
        let first = CanaryValue.ints((0..<rows).map { Int32($0 % 7) })
        let counts = CanaryValue.ints((0..<rows).map { Int32([0, 1, columns - 7][$0 % 3]) })
        return [
            CanaryCase(
                "neuron_seeds", WorkSize(items: rows, workItems: columns, bytesPerItem: 4 * columns),
                [.int(rows), .int(columns), first, counts, .memory(rows), .memory(rows * columns)]),
            CanaryCase(
                "neuron_activations", .groups(rows, bytes: 4 * columns),
                [.int(columns), first, counts, .memory(rows), .memory(rows * columns), .memory(rows)]),
        ]
    }

    /// 5 images of 3 × 7 × 9: as it is, moved, beyond the edge, mirrored, between pixels.
    private var images: [CanaryCase] {
        let views: [Float] = [0, 0, 1, 0, 2, -3, 1, 0, -9, 20, 1, 1, 0, 0, 1, 1, 1.25, -2.5, 0.6, 1]
        return [
            CanaryCase(
                "image_views", WorkSize(items: 5, workItems: 189, bytesPerItem: 8 * 189),
                [
                    .int(5), .int(3), .int(7), .int(9), .floats(views), .memory(5 * 189), .memory(5 * 189),
                ])
        ]
    }

    /// The second step of two, 5 sequences of 13 units.
    private var lstm: [CanaryCase] {
        let (batch, units) = (5, 13)
        let sizes: [CanaryValue] = [.int(batch * units), .int(units), .int(batch), .int(batch)]
        let (cells, gates) = (CanaryValue.positives(3 * batch * units), CanaryValue.positives(8 * batch * units))
        let work = WorkSize.elements(batch * units, bytes: 60)
        return [
            CanaryCase("lstm_cell", work, sizes + [.memory(4 * units), gates, cells, cells]),
            CanaryCase(
                "lstm_cell_backward", work,
                sizes + [
                    .memory(3 * batch * units), .memory(2 * batch * units), gates, .positives(batch * units),
                ]),
        ]
    }

    private var kmeans: [CanaryCase] {
        let size = rows * columns
        let tens = CanaryValue.ints((0...7).map { 10 * $0 })
        return [
            CanaryCase(
                "kmeans_distances", .groups(rows, bytes: 4 * columns),
                [.int(columns), .memory(size), .memory(columns), .memory(columns), .memory(rows)]),
            CanaryCase(
                "kmeans_pack", .groups(96, bytes: 8 * columns),
                [
                    .int(rows), .int(columns), .memory(columns), .memory(size), .memory(rows), .memory(96 * columns),
                    .memory(96),
                ]),
            CanaryCase(
                "kmeans_assign", .groups(rows, bytes: 4 * columns),
                [
                    .int(33), .int(columns), .memory(size), .memory(columns), .memory(33 * columns),
                    .memory(64 * columns), .memory(64), .memory(33), .memory(rows), .memory(rows),
                ]),
            CanaryCase(
                "kmeans_nearest", .groups(rows, bytes: 4 * columns),
                [
                    .int(0), .int(33), .int(columns), .memory(rows * 33), .memory(size), .memory(columns),
                    .memory(33 * columns), .memory(64), .memory(33), .memory(rows), .memory(rows),
                ]),
            CanaryCase(
                "kmeans_move", .elements(7 * columns, bytes: 12),
                [
                    .int(7), .int(columns), tens, .memory(7), .memory(7 * columns), .memory(7 * columns),
                    .positives(7 * columns),
                ]),
            CanaryCase(
                "kmeans_pairs", .groups(rows, bytes: 4 * rows),
                [
                    .int(rows), .int(columns), .memory(size), .memory(columns), .memory(rows),
                    .positives(rows * rows),
                ]),
        ]
    }

    /// 11 documents of 3 words of 5, of 61 topics; each document in a slice of its own.
    private var topics: [CanaryCase] {
        let size = rows * columns
        let documents: [CanaryValue] = [
            .ints((0...11).map { 3 * $0 }), .integers(33, below: 5), .integers(33, below: 9),
        ]
        let (alpha, phi, theta) = (
            CanaryValue.positives(columns), CanaryValue.positives(5 * columns), CanaryValue.positives(11 * columns)
        )
        let work = WorkSize.groups(11, bytes: 4 * columns)
        let forms: [(Int, Float)] = [(0, 20), (1, 2), (1, 20)]
        return forms.map { form, rate in
            CanaryCase("topics_sample", work) { [columns] device in
                // On OpenCL devices all documents add to the same sums; on the CPU there are copies, and marks for those in use.
                let isShared = device.kind != .cpu
                let numbers: [CanaryValue] = [
                    .int(columns), .int(form), .float(rate), .int(0), .int(1), .int(11),
                    .int(isShared ? 0 : 5 * columns), .word(1), .word(0), .word(0), .word(0), .word(0),
                ]
                let tables = CanaryValue.ints(try PoissonTables(on: device).words.values)
                let rates = CanaryValue.floats([Float](repeating: rate, count: columns))
                let sums = CanaryValue.zeros(isShared ? 5 * columns : 11 * 5 * columns + 11)
                return numbers + [.ints((0...11).map { $0 })] + documents
                    + [rates, alpha, tables, phi, theta, sums, .memory(22)]
            }
        }
            + [
                CanaryCase(
                    "topics_merge", .elements(size, bytes: 24),
                    [
                        .int(size), .int(columns), .int(2), .int(size), .float(1), .float(1),
                        .integers(2 * size, below: 9), .positives(columns), .positives(columns),
                        .integers(size, below: 9), .positives(size),
                    ]),
                CanaryCase(
                    "topics_normalise", .elements(size, bytes: 8),
                    [.int(size), .int(columns), .float(1), .positives(size), .positives(columns), .memory(size)]),
                CanaryCase(
                    "topics_cut", .elements(11, bytes: 12 * columns),
                    [.int(11), .int(columns), .positives(11 * columns), .positives(11 * columns), theta]),
                CanaryCase(
                    "topics_infer", work, [.int(columns), .int(2)] + documents + [alpha, phi, .positives(33), theta]),
                CanaryCase("topics_score", work, [.int(columns)] + documents + [phi, theta, .memory(11)]),
            ]
    }
}
