import TestSupport
import Testing

@testable import CLMat

/// No kernel writes behind its outputs, leaves anything in them unwritten or changes what it only reads. One without a case fails:
/// those of CLMat stand here, those of single models in `ModelCanary`.
@Suite struct CanaryTests {
    @Test(arguments: Kernel.registered, Device.all)
    func whatAKernelWritesIsItsOutputs(_ kernel: Kernel, on device: Device) throws {
        let problems = try CanaryCase.problems(of: kernel, in: cases + ModelCanary().cases, on: device)
        #expect(problems.isEmpty)
    }

    // 4099 elements: not a multiple of a work-group, a vector or four. 67 rows of 61: neither of a tile nor of a group.
    private let n = 4099, rows = 67, columns = 61

    private var cases: [CanaryCase] {
        elementwise + reductions + reductionsInParts + layout + softmax + softmaxInParts + random + convolutions
            + pooling
            + activations + channels + responses + updates + samplers + slices + segments + parts + blocksOfRows
            + sparse
    }

    private var elementwise: [CanaryCase] {
        let size = rows * columns
        let maps = [
            "negate", "absolute", "square", "square_root", "reciprocal", "exp", "log", "tanh", "logistic", "relu",
            "sign",
        ]
        let combinations = [
            "add", "subtract", "multiply", "divide", "maximum", "minimum", "equal", "greater", "relu_backward",
            "tanh_backward", "logistic_backward",
        ]
        return maps.map {
            CanaryCase("map_\($0)", .elements(n, bytes: 8), [.int(n), .memory(n), .memory(n)])
        }
            + [
                "map_affine", "map_clamp", "map_divide", "map_divide_into", "map_equal", "map_greater",
                "map_soft_threshold", "map_zero_small",
            ].map {
                CanaryCase(
                    $0, .elements(n, bytes: 8), [.int(n), .float(-0.5), .float(0.5), .memory(n), .memory(n)])
            }
            + combinations.map {
                CanaryCase(
                    "combine_\($0)", .elements(size, bytes: 12),
                    [
                        .int(size), .int(columns), .int(columns), .int(1), .int(0), .int(1), .memory(size),
                        .memory(columns), .memory(size),
                    ])
            }
            + [
                CanaryCase("fill_value", .elements(n, bytes: 4), [.int(n), .float(3), .memory(n)]),
                CanaryCase("axpy", .elements(n, bytes: 12), [.int(n), .float(3), .memory(n), .positives(n)]),
                CanaryCase(
                    "scale_range", .elements(n, bytes: 8), [.int(n), .int(19), .float(3), .positives(19 + n)]),
            ]
    }

    private var reductions: [CanaryCase] {
        let size = rows * columns
        return ["sum", "sum_of_squares", "maximum", "minimum", "sum_of_sizes", "largest_size", "argmax", "argmin"]
            .flatMap {
                [
                    CanaryCase(
                        "reduce_\($0)", .groups(rows, bytes: 4 * columns),
                        [.int(size), .int(columns), .memory(size), .memory(rows)]),
                    CanaryCase(
                        "reduce_columns_\($0)", .elements(columns, bytes: 4 * rows),
                        [.int(rows), .int(columns), .memory(size), .memory(columns)]),
                ]
            }
            + [
                CanaryCase(
                    "channel_sums", .groups(13, bytes: 4 * 5 * 7),
                    [.int(5), .int(13), .int(7), .memory(5 * 13 * 7), .memory(13)]),
                CanaryCase(
                    "row_dots", .groups(rows, bytes: 8 * columns),
                    [.int(columns), .memory(size), .memory(size), .memory(rows)]),
            ]
    }

    /// 67 rows in blocks of 9 and columns in strips of 8; rows in 3 parts of 21.
    private var reductionsInParts: [CanaryCase] {
        let size = rows * columns
        let blocks = WorkSize.groups(8 * 8, of: 256, bytes: 4 * 72)
        let sizes: [CanaryValue] = [.int(rows), .int(columns), .int(9), .int(8)]
        let parts: [CanaryValue] = [.int(columns), .int(3), .int(21)]
        return ["sum", "sum_of_squares", "maximum", "minimum", "sum_of_sizes", "largest_size", "argmax", "argmin"].map {
            CanaryCase("reduce_columns_\($0)_blocks", blocks, sizes + [.memory(size), .memory(8 * columns)])
        }
            + ["sum", "sum_of_squares", "maximum", "minimum", "sum_of_sizes", "largest_size"].map {
                CanaryCase(
                    "reduce_\($0)_parts", .groups(rows * 3, bytes: 4 * 21), parts + [.memory(size), .memory(rows * 3)])
            }
            + ["argmax", "argmin"].map {
                CanaryCase(
                    "reduce_columns_\($0)_of_blocks", .groups(8, of: 256, bytes: 4 * 64),
                    [
                        .int(8), .int(columns), .int(8), .int(8), .memory(size),
                        .integers(8 * columns, below: rows), .memory(columns),
                    ])
            }
            + [
                CanaryCase(
                    "row_dots_parts", .groups(rows * 3, bytes: 8 * 21),
                    parts + [.memory(size), .memory(size), .memory(rows * 3)]),
                CanaryCase(
                    "channel_sums_parts", .groups(13 * 4, bytes: 4 * 9),
                    [.int(5), .int(13), .int(7), .int(9), .memory(5 * 13 * 7), .memory(4 * 13)]),
            ]
    }

    private var parts: [CanaryCase] {
        let starts = [0, 64] + Array(repeating: Int(Int32.max), count: 6)
        let counts = [61, 86] + Array(repeating: 0, count: 6)
        let inputs: [CanaryValue] = [.memory(61), .memory(86)] + Array(repeating: .memory(61), count: 6)
        let forms = [0, 8 * 67 + 1, 8 * 68 + 2, 8 * 69 + 3, 8 * 70 + 4, 8 * 71 + 5, 8 * 72 + 6, 0]
        let lengths = [67, 67, 66, 1, 3, 65, 64, 0]
        return [
            CanaryCase(
                "pack_parts", .elements(150, bytes: 8),
                [.int(150), .int(0)] + (starts + counts).map { .int($0) } + inputs + [.memory(150)]),
            CanaryCase(
                "reduce_parts", .groups(7, bytes: 400),
                (forms + lengths).map { .int($0) } + Array(repeating: .memory(67), count: 8) + [.memory(73)]),
            CanaryCase(
                "scaled_ratio", .elements(n, bytes: 16),
                [.int(n), .float(0), .float(1), .memory(n), .memory(n), .positives(n), .memory(n)]),
        ]
    }

    private var slices: [CanaryCase] {
        [
            CanaryCase(
                "sum_slices", .groups((rows * columns + 15) / 16, bytes: 4 * 41 * 16),
                [
                    .int(40), .int(rows), .int(columns), .int(columns - 1), .int(0), .int(columns - 1), .float(0),
                    .int(16), .memory(40 * rows * columns), .positives(rows * (columns - 1)), .memory(rows),
                ]),
            CanaryCase(
                "sum_slices_of_layer", .groups((rows * columns + 15) / 16, bytes: 4 * 41 * 16),
                [
                    .int(40), .int(rows * columns), .int(columns), .int(16), .int(1), .memory(40 * rows * columns),
                    .memory(columns), .memory(rows * columns), .memory(rows * columns),
                ]),
        ]
    }

    /// 67 rows of 300 in 7 segments of 10; then blocks, two of each of two segments.
    private var segments: [CanaryCase] {
        [
            CanaryCase(
                "segment_sums", .groups(7 * 2, bytes: 4 * 300),
                [
                    .int(2), .int(300), .int(70), .int(256), .int(0), .int(1), .memory(rows * 300),
                    .integers(70, below: rows), .ints((0...7).map { 10 * $0 }), .memory(7 * 300), .positives(7 * 300),
                ]),
            CanaryCase(
                "segment_blocks", .groups(4 * 2, bytes: 4 * 300),
                [
                    .int(2), .int(300), .int(70), .int(1), .memory(rows * 300), .integers(70, below: rows),
                    .ints([0, 0, 30, 0, 30, 33, 1, 33, 65, 1, 65, 70]), .memory(2 * 300), .memory(4 * 300),
                ]),
            CanaryCase(
                "segment_joined", .groups(2 * 38, bytes: 4 * 16),
                [.int(38), .int(300), .int(0), .memory(4 * 300), .ints([0, 0, 2, 1, 2, 4]), .positives(2 * 300)]),
        ]
    }

    /// 67 ranks and 61 columns, of which one block has 50 × 30 and another 20 × 25; the rows of 9 ranks.
    private var blocksOfRows: [CanaryCase] {
        let table = CanaryValue.ints([0, 50, 0, 30, 0, 3, 23, 34, 59, 1500])
        let (elements, picked) = (2000, CanaryValue.ints([0, 2, 5, 22, 23, 49, 50, 60, 66]))
        let sizes: [CanaryValue] = [.int(9), .int(columns), .int(2), table]
        return [
            CanaryCase(
                "rows_gather", .elements(9 * columns, bytes: 8),
                sizes + [.memory(elements), picked, .memory(9 * columns)]),
            CanaryCase("rows_mask", .elements(9 * columns, bytes: 8), sizes + [picked, .positives(9 * columns)]),
            CanaryCase(
                "rows_add", .elements(9 * columns, bytes: 12),
                sizes + [.float(0.5), .memory(1), picked, .memory(9 * columns), .positives(elements)]),
            CanaryCase(
                "rows_magnitudes", .groups(rows, bytes: 4 * columns),
                [.int(2), table, .float(0.5), .memory(elements), .memory(rows), .memory(rows)]),
            CanaryCase(
                "bags_sum", .groups(5, bytes: 4 * columns),
                [.int(columns), .int(2), table, .int(1), .int(1), .ints([0, 2, 2, 3, 8, 9]), picked, .memory(9)]
                    + [.memory(elements), .memory(5 * columns), .positives(5 * columns)]),
            CanaryCase(
                "bags_adagrad", .groups(9, bytes: 4 * columns),
                [
                    .int(columns), .int(2), table, .int(1), .int(1), .int(1), .float(0.1), .float(0.01), .float(1),
                    .float(2), .float(0.001),
                    .float(0.001), picked, .ints((0...9).map { 2 * $0 }), .integers(18, below: 5), .memory(18),
                    .memory(9), .memory(5 * columns), .memory(5), .positives(elements), .positives(elements),
                ]),
            CanaryCase(
                "scale_block", .elements(5 * 7, bytes: 8),
                [.int(5), .int(7), .int(columns + 3), .int(columns), .float(0.5), .positives(6 * columns)]),
        ]
    }

    /// 11 rows of 3 elements, of 61 columns; a product with 67 columns, and one with 5 rows.
    private var sparse: [CanaryCase] {
        let elements: [CanaryValue] = [
            .ints((0...11).map { 3 * $0 }), .ints((0..<33).map { 20 * ($0 % 3) + $0 / 3 }), .memory(33),
        ]
        return [
            CanaryCase(
                "sparse_product", .groups(11 * 2, bytes: 4 * 64),
                [.int(2), .int(rows), .int(1)] + elements + [.memory(columns * rows), .memory(11 * rows)]),
            CanaryCase(
                "product_with_sparse", .elements(5 * 11, bytes: 12),
                [.int(5), .int(11), .int(columns), .int(1)] + elements + [.memory(5 * columns), .memory(5 * 11)]),
            CanaryCase(
                "sparse_to_dense", .groups(11, bytes: 4 * columns),
                [.int(columns), .int(1)] + elements + [.memory(11 * columns)]),
        ]
    }

    /// Rows in 3 parts of 21.
    private var softmaxInParts: [CanaryCase] {
        let size = rows * columns
        let parts: [CanaryValue] = [.int(columns), .int(3), .int(21)]
        let (work, both) = (
            WorkSize.groups(rows * 3, of: 256, bytes: 4 * 21), WorkSize.groups(rows * 3, of: 256, bytes: 8 * 21)
        )
        return [CanaryCase("row_statistics", work, parts + [.memory(size), .memory(rows * 6)])]
            + ["softmax_parts", "log_softmax_parts"].map {
                CanaryCase($0, both, parts + [.memory(size), .positives(rows * 6), .memory(size)])
            }
            + [
                CanaryCase(
                    "cross_entropy_parts", both,
                    parts + [
                        .float(1), .memory(size), .integers(rows, below: columns), .positives(rows * 6), .memory(rows),
                        .memory(size),
                    ])
            ]
    }

    private var layout: [CanaryCase] {
        let size = rows * columns
        let picks = CanaryValue.integers(rows, below: 9)
        return [
            CanaryCase(
                "transpose", .groups(5 * 4, of: 256, bytes: 2048),
                [.int(rows), .int(columns), .memory(size), .memory(size)]),
            CanaryCase(
                "copy_block", .elements(size, bytes: 8),
                [
                    .int(rows), .int(columns), .int(0), .int(columns), .int(0), .int(columns), .memory(size),
                    .positives(size),
                ]),
            CanaryCase(
                "gather_rows", .elements(size, bytes: 8),
                [.int(rows), .int(columns), .memory(9 * columns), picks, .memory(size)]),
            CanaryCase(
                "gather_bytes", .elements(size, bytes: 5),
                [.int(rows), .int(columns), .float(1), .memory(9 * columns), picks, .memory(size)]),
            CanaryCase(
                "scatter_add_rows", .elements(columns, bytes: 12 * rows),
                [.int(rows), .int(columns), .memory(size), picks, .positives(9 * columns)]),
            CanaryCase(
                "gather_integers", .elements(n, bytes: 12),
                [.int(n), .integers(9, below: 5), .integers(n, below: 9), .memory(n)]),
            CanaryCase(
                "one_hot", .elements(size, bytes: 4),
                [.int(rows), .int(columns), .integers(rows, below: columns), .memory(size)]),
        ]
    }

    private var softmax: [CanaryCase] {
        let size = rows * columns
        let work = WorkSize.groups(rows, bytes: 8 * columns)
        return ["softmax_rows", "log_softmax_rows"].map {
            CanaryCase($0, work, [.int(columns), .memory(size), .memory(size)])
        }
            + [
                CanaryCase(
                    "cross_entropy", work,
                    [
                        .int(columns), .float(1), .memory(size), .integers(rows, below: columns), .memory(rows),
                        .memory(size),
                    ]),
                CanaryCase(
                    "softmax_loss", work,
                    [
                        .int(columns), .float(1), .memory(columns), .integers(rows, below: columns), .memory(rows),
                        .positives(size),
                    ]),
                CanaryCase(
                    "softmax_losses", work,
                    [
                        .int(columns), .memory(columns), .integers(rows, below: columns), .memory(size),
                        .memory(rows),
                    ]),
            ]
    }

    private let key: [CanaryValue] = [.word(1), .word(0), .word(0), .word(0), .word(0)]

    private var random: [CanaryCase] {
        ["random_uniform", "random_normal"].map {
            CanaryCase($0, .elements((n + 3) / 4, bytes: 16), [.int(n), .float(1), .float(0)] + key + [.memory(n)])
        }
            + [
                CanaryCase(
                    "dropout", .elements((n + 3) / 4, bytes: 32),
                    [.int(n), .int(5), .float(0.5)] + key + [.memory(n + 5), .memory(n)])
            ]
    }

    /// 5 images of 3 channels of 7 × 6 pixels, kernels of 3 × 2 with padding 1: 7 × 7 pixels and 18 rows of patches.
    private var convolutions: [CanaryCase] {
        let window = [3, 2, 1, 1, 1, 1, 1, 1, 7, 7]
        let sizes: [CanaryValue] = ([5, 3, 7, 6] + window).map { .int($0) }
        let (image, area, patches, filters) = (5 * 3 * 42, 49, 18, 4)
        let layout: [CanaryValue] = [.int(5), .int(filters), .int(area)]
        let planes = 5 * filters * area
        /// A work-item per element, or a work-group per plane.
        func both(_ name: String, _ items: Int, _ values: [CanaryValue]) -> [CanaryCase] {
            [
                CanaryCase(name, WorkSize(items: items, workItems: area, bytesPerItem: 8 * area), values),
                CanaryCase("\(name)_by_plane", .groups(items, bytes: 8 * area), values),
            ]
        }
        // From the first image on, without a row of ones, side by side: as one matrix of 18 × 245.
        let whole: [CanaryValue] = [.int(0), .int(0), .int(5 * area), .int(area)]
        return both("im2col", patches * 5, sizes + whole + [.memory(image), .positives(patches * 5 * area)])
            + both("add_biases", 5 * filters, layout + [.memory(filters), .positives(planes)])
            + both("channels_to_front", 5 * filters, layout + [.int(0), .memory(planes), .memory(planes)])
            + [
                CanaryCase(
                    "col2im", WorkSize(items: 5 * 3, workItems: 42, bytesPerItem: 400),
                    sizes + [.int(0), .memory(patches * 5 * area), .memory(image)])
            ] + directConvolutions(window.map { .int($0) })
    }

    /// The same with 3 groups of one channel and 2 filters.
    private func directConvolutions(_ window: [CanaryValue]) -> [CanaryCase] {
        let sizes = [5, 3, 1, 2, 7, 6].map { CanaryValue.int($0) } + window
        let (images, outputs, weights) = (5 * 3 * 42, 5 * 6 * 49, 6 * 6)
        return [
            CanaryCase(
                "direct_forward", WorkSize(items: 5 * 6, workItems: 49, bytesPerItem: 400),
                sizes + [.int(1), .memory(images), .memory(weights), .memory(6), .memory(outputs)]),
            CanaryCase(
                "direct_backward_input", WorkSize(items: 5 * 3, workItems: 42, bytesPerItem: 400),
                sizes + [.memory(outputs), .memory(weights), .memory(images)]),
            CanaryCase(
                "direct_backward_weights", .groups(weights, bytes: 4 * 5 * 49),
                sizes + [.memory(images), .memory(outputs), .memory(weights)]),
        ]
    }

    /// 5 planes of 11 × 7, windows of 3, stride 2: 5 × 3; and with padding of 1, which does not count: 6 × 4.
    private var pooling: [CanaryCase] {
        [([0, 0], [5, 3], [1, 9]), ([1, 1], [6, 4], [0, 0])].flatMap { padding, output, divisor in
            let sizes = ([5, 11, 7, 3, 3, 2, 2] + padding + [1, 1] + output).map { CanaryValue.int($0) }
            let means = sizes + (padding + divisor).map { .int($0) }
            let area = output[0] * output[1]
            let forward = WorkSize(items: 5, workItems: area, bytesPerItem: 400)
            let backward = WorkSize(items: 5, workItems: 77, bytesPerItem: 400)
            return [
                CanaryCase(
                    "max_pool_forward", forward,
                    sizes + [.memory(5 * 77), .memory(5 * area), .memory(5 * area)]),
                CanaryCase(
                    "max_pool_backward", backward,
                    sizes + [.memory(5 * area), .integers(5 * area, below: 77), .memory(5 * 77)]),
                CanaryCase("average_pool_forward", forward, means + [.memory(5 * 77), .memory(5 * area)]),
                CanaryCase("average_pool_backward", backward, means + [.memory(5 * area), .memory(5 * 77)]),
            ]
        }
    }

    private var activations: [CanaryCase] {
        let first: [CanaryValue] = [.int(n), .float(0.5)]
        return ["leaky_relu", "elu", "gelu", "gelu_tanh", "silu", "hard_sigmoid", "hard_swish", "softplus"].flatMap {
            [
                CanaryCase("activation_\($0)", .elements(n, bytes: 8), first + [.memory(n), .memory(n)]),
                CanaryCase(
                    "activation_\($0)_backward", .elements(n, bytes: 12),
                    first + [.memory(n), .memory(n), .memory(n)]),
            ]
        }
    }

    /// 5 images of 3 channels of 7 × 11 pixels, and 67 of 61 channels of one; in parts of 256 and 64 numbers.
    private var channels: [CanaryCase] {
        [(5, 3, 77, 256), (rows, columns, 1, 64)].flatMap { images, channels, area, length -> [CanaryCase] in
            let (planes, numbers) = (images * channels, images * area)
            let (size, parts) = (planes * area, (numbers + length - 1) / length)
            let byPlane = WorkSize(items: planes, workItems: area, bytesPerItem: 12 * area)
            let sizes: [CanaryValue] = [.int(planes), .int(channels), .int(area)]
            let cut: [CanaryValue] = [.int(images), .int(channels), .int(area), .int(length)]
            let byPart = WorkSize.groups(parts * channels, bytes: 4 * length)
            let byChannel = WorkSize.groups(channels, bytes: 64)
            let (all, row): (CanaryValue, CanaryValue) = (.memory(size), .memory(channels))
            let saved = CanaryValue.memory(3 * channels)
            return [
                CanaryCase("channel_affine", byPlane, sizes + [all, row, row, all]),
                CanaryCase("prelu_forward", byPlane, sizes + [all, row, all]),
                CanaryCase("prelu_backward", byPart, cut + [all, all, row, all, .memory(parts * channels)]),
                CanaryCase("channel_moments_parts", byPart, cut + [all, .memory(3 * parts * channels)]),
                CanaryCase(
                    "batch_norm_statistics", byChannel,
                    [
                        .int(channels), .int(parts), .int(length), .int(numbers), .float(1e-5),
                        .positives(3 * parts * channels), saved, .memory(2 * channels),
                    ]),
                CanaryCase("batch_norm_forward", byPlane, sizes + [all, saved, row, row, all]),
                CanaryCase(
                    "batch_norm_sums_parts", byPart, cut + [all, all, saved, .memory(2 * parts * channels)]),
                CanaryCase(
                    "batch_norm_gradients", byChannel,
                    [
                        .int(channels), .int(parts), .int(numbers), .memory(2 * parts * channels), saved, row, row, row,
                        saved,
                    ]),
                CanaryCase("batch_norm_backward", byPlane, sizes + [all, all, saved, saved, all]),
                CanaryCase(
                    "batch_norm_folded", .elements(channels, bytes: 36),
                    [
                        .int(channels), .float(1e-5), .positives(2 * channels), row, row, row, row, saved,
                    ]),
            ]
        }
    }

    /// 5 images of 7 channels of 11 pixels, windows of 4 channels.
    private var responses: [CanaryCase] {
        let sizes: [CanaryValue] = [.int(35), .int(7), .int(11), .int(4)]
        let work = WorkSize(items: 35, workItems: 11, bytesPerItem: 200)
        let all = CanaryValue.memory(385)
        return [
            CanaryCase("response_forward", work, sizes + [.float(1), .float(0.5), .float(0.75), all, all, all]),
            CanaryCase(
                "response_backward", work, sizes + [.float(0.5), .float(0.75), all, all, all, .positives(385), all]),
        ]
    }

    private var updates: [CanaryCase] {
        [
            CanaryCase(
                "adam", .elements(n, bytes: 28),
                [
                    .int(n), .float(0.1), .float(0.9), .float(0.99), .float(0.01), .float(2), .float(0.1), .float(0.9),
                    .memory(n), .positives(n), .positives(n), .positives(n),
                ]),
            CanaryCase(
                "sgd_momentum", .elements(n, bytes: 20),
                [.int(n), .float(0.1), .float(0.9), .memory(n), .positives(n), .positives(n)]),
            CanaryCase(
                "adagrad", .elements(n, bytes: 20),
                [
                    .int(n), .float(0.1), .float(0.01), .float(0.001), .memory(n), .positives(n), .positives(n),
                ]),
            CanaryCase(
                "rmsprop_momentum", .elements(n, bytes: 28),
                [
                    .int(n), .float(0.1), .float(0.9), .float(0.9), .float(1), .int(0), .memory(n), .positives(n),
                    .positives(n), .positives(n),
                ]),
            CanaryCase(
                "sgd_scaled", .elements(n, bytes: 12), [.int(n), .float(0.1), .memory(1), .memory(n), .positives(n)]),
            CanaryCase(
                "add_penalty", .elements(n, bytes: 12), [.int(n), .float(0.1), .float(0.2), .memory(n), .positives(n)]),
            CanaryCase("running_mean", .elements(n, bytes: 12), [.int(n), .float(0.5), .memory(n), .positives(n)]),
            // 17 blocks of 256 elements, the last one shorter.
            CanaryCase(
                "square_blocks", .groups(17, bytes: 1024),
                [.int(n), .int(256), .int(0), .memory(n), .positives(17)]),
            CanaryCase(
                "clip_factor", .groups(1, bytes: 400), [.int(77), .float(1), .positives(77), .memory(1), .memory(1)]),
        ]
    }

    private var samplers: [CanaryCase] {
        [
            CanaryCase("sample_gamma", .elements(n, bytes: 8), [.int(n)] + key + [.positives(n), .memory(n)]),
            CanaryCase("sample_poisson", .elements(n, bytes: 8)) { [n, key] device in
                try [.int(n)] + key
                    + [.positives(n, upTo: 300), .ints(PoissonTables(on: device).words.values), .memory(n)]
            },
            CanaryCase(
                "sample_binomial", .elements(n, bytes: 12),
                [.int(n)] + key + [.integers(n, below: 100), .positives(n), .memory(n)]),
        ]
    }

    // MARK: - What the canary is for

    /// One kernel with three faults, by which.
    private static func faulty(_ fault: Int) -> Kernel {
        let text = """
            __kernel void faulty(const int n, __global float *xs, __global float *ys)
            {
                const int i = get_global_id(0);
                if (i >= n) return;
                ys[i] = 1.0f;
                if (\(fault) == 1 && i == 0) ys[n + 3] = 2.0f;
                if (\(fault) == 2 && i == 7) xs[i] = 2.0f;
                if (\(fault) == 3 && i == 5) ys[i] = as_float(0x4B1DC0DE);
            }
            """
        return Kernel("faulty", in: KernelFamily("faulty", source: text)) { a, items in
            let (x, y) = (a.mutableFloats(1), a.mutableFloats(2))
            for i in items {
                if fault != 3 || i != 5 { y[i] = 1 }
                if fault == 1, i == 0 { y[Int(a.int(0)) + 3] = 2 }
                if fault == 2, i == 7 { x[i] = 2 }
            }
        }
    }

    @Test(arguments: Device.all)
    func eachKindOfFaultIsFound(on device: Device) throws {
        let test = CanaryCase("faulty", .elements(100, bytes: 8), [.int(100), .memory(100), .memory(100)])
        func problems(_ fault: Int) throws -> [String] {
            try test.problems(of: Self.faulty(fault), [.int, .floats, .writtenFloats], on: device)
        }
        #expect(try problems(0).isEmpty)
        #expect(try problems(1) == ["Argument 2 (floats to write): it was written behind its end, 3 elements on"])
        #expect(try problems(2) == ["Argument 1 (floats): it is read only, and was changed"])
        #expect(try problems(3) == ["Argument 2 (floats to write): element 5 of 100 was not written"])
        let unknown = try CanaryCase.problems(of: .square, in: [test], on: device)
        #expect(unknown == ["elementwise has no canary's case for map_square."])
    }
}
