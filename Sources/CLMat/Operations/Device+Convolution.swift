extension KernelFamily {
    static let convolution = KernelFamily("convolution")
}

extension Kernel {
    static let im2col = Kernel("im2col", in: .convolution)
    static let col2im = Kernel("col2im", in: .convolution)
    static let addBiases = Kernel("add_biases", in: .convolution)
    static let channelsToFront = Kernel("channels_to_front", in: .convolution)

    // The same for planes that fill a work-group: they differ on OpenCL devices only.
    static let im2colByPlane = Kernel("im2col_by_plane", in: .convolution)
    static let addBiasesByPlane = Kernel("add_biases_by_plane", in: .convolution)
    static let channelsToFrontByPlane = Kernel("channels_to_front_by_plane", in: .convolution)

    // Tiny groups, without patches.
    static let directForward = Kernel("direct_forward", in: .convolution)
    static let directBackwardInput = Kernel("direct_backward_input", in: .convolution)
    static let directBackwardWeights = Kernel("direct_backward_weights", in: .convolution)
}

extension Backend {
    public func convolve(_ task: ConvolutionTask) throws(CLMatError) -> Bool { false }
}

extension Device {
    /// A whole convolution by launches and products, for backends that have no way of their own: over the pixels where groups are tiny,
    /// else as matrix products over the patches of many images at a time. One group of one image is one product of a batch, which reads
    /// and writes images where they lie.
    func convolveByLaunches(_ task: ConvolutionTask) throws(CLMatError) {
        if task.geometry.hasTinyGroups {
            try convolveDirectly(task)
        } else {
            try Im2colConvolution(task, on: self).run()
        }
    }

    private func convolveDirectly(_ task: ConvolutionTask) throws(CLMatError) {
        let (g, images) = (task.geometry, task.images)
        let (pixels, area) = (g.input.area, g.output.area)
        let sizes: [Argument] =
            [images, g.groups, g.channelsPerGroup, g.filtersPerGroup, g.input.height, g.input.width].map { .int($0) }
            + g.window.arguments + [.int(g.output.height), .int(g.output.width)]
        switch task.direction {
        case .forward(let x, let weights, let biases, let y):
            try launch(
                .directForward,
                sizes + [
                    .int(biases == nil ? 0 : 1), .buffer(x), .buffer(weights), .buffer(biases ?? weights), .buffer(y),
                ],
                over: WorkSize(
                    items: images * g.filters, workItems: area, bytesPerItem: 4 * (g.channelsPerGroup * pixels + area),
                    operationsPerItem: 2 * g.patchSize * area, loop: 2 * g.patchSize))
        case .backwardToInput(let gradient, let weights, let x):
            let products = g.filtersPerGroup * g.window.area
            try launch(
                .directBackwardInput, sizes + [.buffer(gradient), .buffer(weights), .buffer(x)],
                over: WorkSize(
                    items: images * g.input.channels, workItems: pixels,
                    bytesPerItem: 4 * (g.filtersPerGroup * area + pixels), operationsPerItem: 2 * products * area,
                    loop: 2 * products))
        case .backwardToWeights(let x, let gradient, let weights, _):
            try launch(
                .directBackwardWeights, sizes + [.buffer(x), .buffer(gradient), .buffer(weights)],
                over: .groups(
                    g.filters * g.patchSize, bytes: 4 * images * (pixels + area), operations: 2 * images * area,
                    loop: 2 * images * area / 64 + 1))
        }
    }
}

/// One convolution by patches: as many images at a time as their patches take memory for.
private struct Im2colConvolution {
    let task: ConvolutionTask
    let device: Device
    let g: Convolution
    /// P, the pixels of an output channel.
    let area: Int
    /// Rows of the patches of one image: C·kh·kw, and for the gradient of biases one of ones.
    let rows: Int
    /// Images whose patches are there at a time.
    let share: Int

    /// The patches of one share of images take at most this much memory.
    static let limit = 64 << 20
    /// Products of single images are added up at the end if all of them take at most this much.
    static let partialsLimit = 32 << 20
    /// A work-group per plane, or for smaller planes a work-item per element.
    static let groupSize = 64

    init(_ task: ConvolutionTask, on device: Device) throws(CLMatError) {
        (self.task, self.device, g, area) = (task, device, task.geometry, task.geometry.output.area)
        var rows = g.groups * g.patchSize
        if case .backwardToWeights(_, _, _, .some) = task.direction { rows += 1 }
        self.rows = rows
        // Neither factor has more than 31 bits.
        guard rows * area <= Shape.largestCount else {
            throw .invalidArgument(
                operation: "Convolution",
                problem: "The patches of one image, \(rows) × \(area), have more numbers than 32 bits count.")
        }
        share = max(1, min(task.images, Self.limit / (4 * rows * area)))
    }

    /// An operand of the products of all groups and images: elements from one group to the next, and from one image to the next.
    private struct Strides {
        var group: Int
        var image: Int
    }

    /// The product of each group and image, from that of the first: as batches over images, or over groups if there are more of them.
    private func multiply(_ first: Gemm, _ images: Int, a: Strides, b: Strides, c: Strides) throws(CLMatError) {
        let byImage = g.groups <= images
        for index in 0..<(byImage ? g.groups : images) {
            var own = first
            own.a.offset += index * (byImage ? a.group : a.image)
            own.b.offset += index * (byImage ? b.group : b.image)
            own.c.offset += index * (byImage ? c.group : c.image)
            try device.gemm(
                GemmBatch(
                    own, count: byImage ? images : g.groups, aStride: byImage ? a.image : a.group,
                    bStride: byImage ? b.image : b.group, cStride: byImage ? c.image : c.group))
        }
    }

    private var weightStrides: Strides { Strides(group: g.filtersPerGroup * g.patchSize, image: 0) }
    private var patchStrides: Strides { Strides(group: g.patchSize * area, image: rows * area) }
    private var outputStrides: Strides { Strides(group: g.filtersPerGroup * area, image: g.output.count) }

    func run() throws(CLMatError) {
        switch task.direction {
        case .forward(let x, let weights, let biases, let y):
            let patches = try memoryForPatches()
            // Y_n = W X'_n
            try inShares { first, count throws(CLMatError) in
                let columns = try makePatches(first, count, of: x, into: patches)
                try multiply(
                    Gemm(
                        m: g.filtersPerGroup, n: area, k: g.patchSize,
                        a: .init(weights, leadingDimension: g.patchSize), b: columns,
                        c: .init(y, offset: first * g.output.count, leadingDimension: area)),
                    count, a: weightStrides, b: patchStrides, c: outputStrides)
            }
            if let biases { try addBiases(biases, to: y) }
        case .backwardToInput(let gradient, let weights, let x):
            let patches = try memoryForPatches()
            // dX'_n = Wᵀ dY_n
            try inShares { first, count throws(CLMatError) in
                try multiply(
                    Gemm(
                        m: g.patchSize, n: area, k: g.filtersPerGroup,
                        a: .init(weights, leadingDimension: g.patchSize, isTransposed: true),
                        b: .init(gradient, offset: first * g.output.count, leadingDimension: area),
                        c: patches.map { .init($0, leadingDimension: area) } ?? pixels(first, of: x)),
                    count, a: weightStrides, b: outputStrides, c: patchStrides)
                guard let patches else { return }
                try device.launch(
                    .col2im, sizes(count) + [.int(first), .buffer(patches), .buffer(x)],
                    over: WorkSize(
                        items: count * g.input.channels, workItems: g.input.area,
                        bytesPerItem: 4 * (g.window.area * area + g.input.area)))
            }
        case .backwardToWeights(let x, let gradient, let weights, let biases):
            let few = GemmSlices.groups(g.filters, rows) * task.images < GemmSlices.enoughGroups
            let partials = 4 * task.images * g.filters * rows
            if g.groups > 1 {
                try weightGradientOfGroups(x, gradient, weights)
            } else if few || area < 32 || partials > Self.partialsLimit {
                try weightGradientAcrossImages(x, gradient, weights, biases)
            } else {
                try weightGradientByImage(x, gradient, weights, biases)
            }
        }
    }

    /// dW = Σ_n dY_n X'_nᵀ: a product for each image, then their sum.
    private func weightGradientByImage(
        _ x: Buffer, _ gradient: Buffer, _ weights: Buffer, _ biases: Buffer?
    ) throws(CLMatError) {
        let patches = try memoryForPatches()
        let partials = try device.allocate(bytes: 4 * task.images * g.filters * rows)
        try inShares { first, count throws(CLMatError) in
            var columns = try makePatches(first, count, of: x, into: patches)
            columns.isTransposed = true
            try device.gemm(
                GemmBatch(
                    Gemm(
                        m: g.filters, n: rows, k: area,
                        a: .init(gradient, offset: first * g.output.count, leadingDimension: area), b: columns,
                        c: .init(partials, offset: first * g.filters * rows, leadingDimension: rows)),
                    count: count, aStride: g.output.count, bStride: rows * area, cStride: g.filters * rows))
        }
        try sum(task.images, of: partials, weights, biases)
    }

    /// dW = dY' X'ᵀ with the pixels of all images side by side, split over them: where one image has few tiles, or weights
    /// are many.
    private func weightGradientAcrossImages(
        _ x: Buffer, _ gradient: Buffer, _ weights: Buffer, _ biases: Buffer?
    ) throws(CLMatError) {
        let slices = GemmSlices(m: g.filters, n: rows, k: share * area)?.count ?? 1
        let partials = try device.allocate(bytes: 4 * slices * g.filters * rows)
        try acrossImages(x, gradient) { first, across, front, patches throws(CLMatError) in
            var product = Gemm(
                m: g.filters, n: rows, k: across, a: front, b: patches, c: .init(partials, leadingDimension: rows))
            product.beta = first == 0 ? 0 : 1
            try device.gemm(product, in: GemmSlices(of: across, count: slices))
        }
        try sum(slices, of: partials, weights, biases)
    }

    /// The same with a product for each group.
    private func weightGradientOfGroups(
        _ x: Buffer, _ gradient: Buffer, _ weights: Buffer
    ) throws(CLMatError) {
        try acrossImages(x, gradient) { first, across, front, patches throws(CLMatError) in
            var product = Gemm(
                m: g.filtersPerGroup, n: g.patchSize, k: across, a: front, b: patches,
                c: .init(weights, leadingDimension: g.patchSize))
            product.beta = first == 0 ? 0 : 1
            try device.gemm(
                GemmBatch(
                    product, count: g.groups, aStride: g.filtersPerGroup * across, bStride: g.patchSize * across,
                    cStride: weightStrides.group))
        }
    }

    // MARK: Parts

    private func inShares(_ work: (_ first: Int, _ count: Int) throws(CLMatError) -> Void) throws(CLMatError) {
        for first in stride(from: 0, to: task.images, by: share) { try work(first, min(share, task.images - first)) }
    }

    /// Gradients of outputs and patches, transposed, of shares of images, each row across all of them.
    private func acrossImages(
        _ x: Buffer, _ gradient: Buffer,
        _ work: (_ first: Int, _ across: Int, _ front: Gemm.Operand, _ patches: Gemm.Operand) throws(CLMatError) -> Void
    ) throws(CLMatError) {
        let patches = try device.allocate(bytes: 4 * share * rows * area)
        let front = try device.allocate(bytes: 4 * share * g.filters * area)
        try inShares { first, count throws(CLMatError) in
            let across = count * area
            try launchPatches(first, count, of: x, into: patches, rowPitch: across, imagePitch: area)
            try device.launch(
                area >= Self.groupSize ? .channelsToFrontByPlane : .channelsToFront,
                [.int(count), .int(g.filters), .int(area), .int(first), .buffer(gradient), .buffer(front)],
                over: planes(count * g.filters))
            try work(
                first, across, .init(front, leadingDimension: across),
                .init(patches, leadingDimension: across, isTransposed: true))
        }
    }

    private func sizes(_ images: Int) -> [Argument] {
        [.int(images), .int(g.input.channels), .int(g.input.height), .int(g.input.width)] + g.window.arguments
            + [.int(g.output.height), .int(g.output.width)]
    }

    private func planes(_ count: Int) -> WorkSize {
        area >= Self.groupSize
            ? .groups(count, of: Self.groupSize, bytes: 8 * area, operations: 0)
            : WorkSize(items: count, workItems: area, bytesPerItem: 8 * area)
    }

    /// Nil where pixels are patches as they lie.
    private func memoryForPatches() throws(CLMatError) -> Buffer? {
        g.window.isOnePixel ? nil : try device.allocate(bytes: 4 * share * rows * area)
    }

    /// The pixels of images from the first on, as the patches of windows of one pixel.
    private func pixels(_ first: Int, of x: Buffer) -> Gemm.Operand {
        .init(x, offset: first * g.input.count, leadingDimension: area)
    }

    /// The patches of some images, an image after the other.
    private func makePatches(
        _ first: Int, _ count: Int, of x: Buffer, into patches: Buffer?
    ) throws(CLMatError) -> Gemm.Operand {
        guard let patches else { return pixels(first, of: x) }
        try launchPatches(first, count, of: x, into: patches, rowPitch: area, imagePitch: rows * area)
        return .init(patches, leadingDimension: area)
    }

    private func launchPatches(
        _ first: Int, _ count: Int, of x: Buffer, into patches: Buffer, rowPitch: Int, imagePitch: Int
    ) throws(CLMatError) {
        try device.launch(
            area >= Self.groupSize ? .im2colByPlane : .im2col,
            sizes(count) + [
                .int(first), .int(rows - g.groups * g.patchSize), .int(rowPitch), .int(imagePitch), .buffer(x),
                .buffer(patches),
            ],
            over: planes(count * rows))
    }

    /// What is done to the outputs after the products: the bias of each filter.
    private func addBiases(_ biases: Buffer, to y: Buffer) throws(CLMatError) {
        try device.launch(
            area >= Self.groupSize ? .addBiasesByPlane : .addBiases,
            [.int(task.images), .int(g.filters), .int(area), .buffer(biases), .buffer(y)],
            over: planes(task.images * g.filters))
    }

    /// Weights' and biases' gradients from the sums of partial ones, F × (C·kh·kw + 1) each, or F × C·kh·kw without biases.
    private func sum(
        _ slices: Int, of partials: Buffer, _ weights: Buffer, _ biases: Buffer?
    ) throws(CLMatError) {
        try device.sumSlices(
            slices, rows: g.filters, columns: rows, of: partials, into: weights, pitch: g.patchSize, split: g.patchSize,
            rest: biases)
    }
}
