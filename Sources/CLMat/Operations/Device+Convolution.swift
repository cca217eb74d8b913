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
}

extension Backend {
    public func convolve(_ task: ConvolutionTask) throws(CLMatError) -> Bool { false }
}

extension Device {
    /// A whole convolution as matrix products over the patches of many images at a time, for backends that have no way of
    /// their own. One image is one product of a batch, which reads and writes images where they lie.
    func convolveByIm2col(_ task: ConvolutionTask) throws(CLMatError) {
        try Im2colConvolution(task, on: self).run()
    }
}

/// One convolution by patches: groups of images, as many as their patches take memory for.
private struct Im2colConvolution {
    let task: ConvolutionTask
    let device: Device
    let g: Convolution
    /// P, the pixels of an output channel.
    let area: Int
    /// Rows of the patches of one image: C·kh·kw, and for the weights' gradient one of ones, whose product is the biases'.
    let rows: Int
    /// Images whose patches are there at a time.
    let group: Int

    /// The patches of one group of images take at most this much memory.
    static let limit = 64 << 20
    /// Products of single images are added up at the end if all of them take at most this much.
    static let partialsLimit = 32 << 20
    /// A work-group per plane, or for smaller planes a work-item per element.
    static let groupSize = 64

    init(_ task: ConvolutionTask, on device: Device) {
        (self.task, self.device, g, area) = (task, device, task.geometry, task.geometry.output.area)
        if case .backwardToWeights = task.direction { rows = g.patchSize + 1 } else { rows = g.patchSize }
        group = max(1, min(task.images, Self.limit / max(1, 4 * rows * area)))
    }

    func run() throws(CLMatError) {
        switch task.direction {
        case .forward(let x, let weights, let biases, let y):
            let patches = try device.allocate(bytes: 4 * group * rows * area)
            // Y_n = W X'_n
            try inGroups { first, count throws(CLMatError) in
                try makePatches(first, count, of: x, into: patches)
                try device.gemm(
                    GemmBatch(
                        Gemm(
                            m: g.filters, n: area, k: rows, a: .init(weights, leadingDimension: rows),
                            b: .init(patches, leadingDimension: area),
                            c: .init(y, offset: first * g.output.count, leadingDimension: area)),
                        count: count, aStride: 0, bStride: rows * area, cStride: g.output.count))
            }
            try addBiases(biases, to: y)
        case .backwardToInput(let gradient, let weights, let x):
            let patches = try device.allocate(bytes: 4 * group * rows * area)
            // dX'_n = Wᵀ dY_n
            try inGroups { first, count throws(CLMatError) in
                try device.gemm(
                    GemmBatch(
                        Gemm(
                            m: rows, n: area, k: g.filters,
                            a: .init(weights, leadingDimension: rows, isTransposed: true),
                            b: .init(gradient, offset: first * g.output.count, leadingDimension: area),
                            c: .init(patches, leadingDimension: area)),
                        count: count, aStride: 0, bStride: g.output.count, cStride: rows * area))
                try device.launch(
                    .col2im, sizes(count) + [.int(first), .buffer(patches), .buffer(x)],
                    over: WorkSize(
                        items: count * g.input.channels, workItems: g.input.area,
                        bytesPerItem: 4 * (g.kernelHeight * g.kernelWidth * area + g.input.area)))
            }
        case .backwardToWeights(let x, let gradient, let weights, let biases):
            let few = GemmSlices.groups(g.filters, rows) * task.images < GemmSlices.enoughGroups
            let partials = 4 * task.images * g.filters * rows
            if few || area < 32 || partials > Self.partialsLimit {
                try weightGradientAcrossImages(x, gradient, weights, biases)
            } else {
                try weightGradientByImage(x, gradient, weights, biases)
            }
        }
    }

    /// dW = Σ_n dY_n X'_nᵀ: a product for each image, then their sum.
    private func weightGradientByImage(
        _ x: Buffer, _ gradient: Buffer, _ weights: Buffer, _ biases: Buffer
    ) throws(CLMatError) {
        let patches = try device.allocate(bytes: 4 * group * rows * area)
        let partials = try device.allocate(bytes: 4 * task.images * g.filters * rows)
        try inGroups { first, count throws(CLMatError) in
            try makePatches(first, count, of: x, into: patches)
            try device.gemm(
                GemmBatch(
                    Gemm(
                        m: g.filters, n: rows, k: area,
                        a: .init(gradient, offset: first * g.output.count, leadingDimension: area),
                        b: .init(patches, leadingDimension: area, isTransposed: true),
                        c: .init(partials, offset: first * g.filters * rows, leadingDimension: rows)),
                    count: count, aStride: g.output.count, bStride: rows * area, cStride: g.filters * rows))
        }
        try sum(task.images, of: partials, weights, biases)
    }

    /// dW = dY' X'ᵀ with the pixels of all images side by side, split over them: where one image has few tiles, or weights
    /// are many.
    private func weightGradientAcrossImages(
        _ x: Buffer, _ gradient: Buffer, _ weights: Buffer, _ biases: Buffer
    ) throws(CLMatError) {
        let patches = try device.allocate(bytes: 4 * group * rows * area)
        let front = try device.allocate(bytes: 4 * group * g.filters * area)
        let slices = GemmSlices(m: g.filters, n: rows, k: group * area)?.count ?? 1
        let partials = try device.allocate(bytes: 4 * slices * g.filters * rows)
        let fillsAGroup = area >= Self.groupSize
        try inGroups { first, count throws(CLMatError) in
            let across = count * area
            try makePatches(first, count, of: x, into: patches, acrossImages: true)
            try device.launch(
                fillsAGroup ? .channelsToFrontByPlane : .channelsToFront,
                [.int(count), .int(g.filters), .int(area), .int(first), .buffer(gradient), .buffer(front)],
                over: planes(count * g.filters))
            var product = Gemm(
                m: g.filters, n: rows, k: across, a: .init(front, leadingDimension: across),
                b: .init(patches, leadingDimension: across, isTransposed: true),
                c: .init(partials, leadingDimension: rows))
            product.beta = first == 0 ? 0 : 1
            try device.gemm(product, in: GemmSlices(of: across, count: slices))
        }
        try sum(slices, of: partials, weights, biases)
    }

    // MARK: Parts

    private func inGroups(_ work: (_ first: Int, _ count: Int) throws(CLMatError) -> Void) throws(CLMatError) {
        for first in stride(from: 0, to: task.images, by: group) { try work(first, min(group, task.images - first)) }
    }

    private func sizes(_ images: Int) -> [Argument] {
        [
            .int(images), .int(g.input.channels), .int(g.input.height), .int(g.input.width), .int(g.kernelHeight),
            .int(g.kernelWidth), .int(g.stride), .int(g.padding), .int(g.output.height), .int(g.output.width),
        ]
    }

    private func planes(_ count: Int) -> WorkSize {
        area >= Self.groupSize
            ? .groups(count, of: Self.groupSize, bytes: 8 * area, operations: 0)
            : WorkSize(items: count, workItems: area, bytesPerItem: 8 * area)
    }

    /// The patches of some images: an image after the other, or each row across all of them.
    private func makePatches(
        _ first: Int, _ count: Int, of x: Buffer, into patches: Buffer, acrossImages: Bool = false
    ) throws(CLMatError) {
        let ones = rows - g.patchSize
        try device.launch(
            area >= Self.groupSize ? .im2colByPlane : .im2col,
            sizes(count) + [
                .int(first), .int(ones), .int(acrossImages ? count * area : area),
                .int(acrossImages ? area : rows * area), .buffer(x), .buffer(patches),
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

    /// Weights' and biases' gradients from the sums of partial ones, F × (C·kh·kw + 1) each.
    private func sum(
        _ slices: Int, of partials: Buffer, _ weights: Buffer, _ biases: Buffer
    ) throws(CLMatError) {
        try device.sumSlices(
            slices, rows: g.filters, columns: rows, of: partials, into: weights, pitch: g.patchSize, split: g.patchSize,
            rest: biases)
    }
}
