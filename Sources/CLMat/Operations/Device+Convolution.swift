extension Backend {
    public func convolve(_ task: ConvolutionTask) throws(CLMatError) -> Bool { false }
}

extension Device {
    /// A whole convolution as one matrix product over the patches of many images at a time, for backends that have no
    /// way of their own.
    func convolveByIm2col(_ task: ConvolutionTask) throws(CLMatError) {
        let g = task.geometry
        // The patches of one group of images take at most this much memory.
        let limit = 64 << 20
        let group = max(1, min(task.images, limit / max(1, 4 * g.patchSize * g.output.area)))
        guard group == task.images else { return try convolveByIm2col(task, inGroupsOf: group) }
        let (images, area) = (task.images, g.output.area)
        let across = images * area
        let patches = try allocate(bytes: 4 * g.patchSize * across)
        let front = try allocate(bytes: 4 * g.filters * across)
        let sizes: [Argument] = [
            .int(images), .int(g.input.channels), .int(g.input.height), .int(g.input.width), .int(g.kernelHeight),
            .int(g.kernelWidth), .int(g.stride), .int(g.padding), .int(g.output.height), .int(g.output.width),
        ]
        // A work-group per plane, or for smaller planes a work-item per element.
        let groupSize = 64
        let fillsAGroup = area >= groupSize
        let im2col = fillsAGroup ? Kernel.im2colByPlane : .im2col
        let imagesFromChannels = fillsAGroup ? Kernel.imagesFromChannelsByPlane : .imagesFromChannels
        let channelsToFront = fillsAGroup ? Kernel.channelsToFrontByPlane : .channelsToFront
        func planes(_ count: Int) -> WorkSize {
            fillsAGroup
                ? .groups(count, of: groupSize, bytes: 8 * area, operations: 0)
                : WorkSize(items: count, workItems: area, bytesPerItem: 8 * area)
        }
        let (rowsOfPatches, outputPlanes) = (planes(g.patchSize * images), planes(images * g.filters))
        let layout: [Argument] = [.int(images), .int(g.filters), .int(area)]

        switch task.direction {
        case .forward(let x, let weights, let biases, let y):
            // Y' = W X'
            try launch(im2col, sizes + [.buffer(x), .buffer(patches)], over: rowsOfPatches)
            try gemm(
                Gemm(
                    m: g.filters, n: across, k: g.patchSize, a: .init(weights, leadingDimension: g.patchSize),
                    b: .init(patches, leadingDimension: across), c: .init(front, leadingDimension: across)))
            try launch(imagesFromChannels, layout + [.buffer(front), .buffer(biases), .buffer(y)], over: outputPlanes)
        case .backwardToInput(let gradient, let weights, let x):
            // dX' = Wᵀ dY'
            try launch(channelsToFront, layout + [.buffer(gradient), .buffer(front)], over: outputPlanes)
            try gemm(
                Gemm(
                    m: g.patchSize, n: across, k: g.filters,
                    a: .init(weights, leadingDimension: g.patchSize, isTransposed: true),
                    b: .init(front, leadingDimension: across), c: .init(patches, leadingDimension: across)))
            try launch(
                .col2im, sizes + [.buffer(patches), .buffer(x)],
                over: WorkSize(
                    items: images * g.input.channels, workItems: g.input.area,
                    bytesPerItem: 4 * (g.kernelHeight * g.kernelWidth * area + g.input.area)))
        case .backwardToWeights(let x, let gradient, let weights):
            // dW = dY' X'ᵀ
            try launch(im2col, sizes + [.buffer(x), .buffer(patches)], over: rowsOfPatches)
            try launch(channelsToFront, layout + [.buffer(gradient), .buffer(front)], over: outputPlanes)
            try gemm(
                Gemm(
                    m: g.filters, n: g.patchSize, k: across, a: .init(front, leadingDimension: across),
                    b: .init(patches, leadingDimension: across, isTransposed: true),
                    c: .init(weights, leadingDimension: g.patchSize)))
        }
    }

    /// For batches whose patches would take too much memory: groups of images, copied out and back.
    private func convolveByIm2col(_ task: ConvolutionTask, inGroupsOf size: Int) throws(CLMatError) {
        let g = task.geometry
        func copy(
            _ source: Buffer, _ sourceOffset: Int, _ target: Buffer, _ targetOffset: Int, _ count: Int
        ) throws(CLMatError) {
            try launch(
                .copyBlock,
                [
                    .int(1), .int(count), .int(sourceOffset), .int(count), .int(targetOffset), .int(count),
                    .buffer(source), .buffer(target),
                ],
                over: .elements(count, bytes: 8, operations: 0))
        }
        var start = 0
        while start < task.images {
            let count = min(size, task.images - start)
            let (inputs, outputs) = (count * g.input.count, count * g.output.count)
            let (fromInput, fromOutput) = (start * g.input.count, start * g.output.count)
            let x = try allocate(bytes: 4 * inputs)
            let y = try allocate(bytes: 4 * outputs)
            func part(_ direction: ConvolutionTask.Direction) -> ConvolutionTask {
                ConvolutionTask(geometry: g, images: count, direction: direction)
            }
            switch task.direction {
            case .forward(let images, let weights, let biases, let output):
                try copy(images, fromInput, x, 0, inputs)
                try convolveByIm2col(part(.forward(images: x, weights: weights, biases: biases, output: y)))
                try copy(y, 0, output, fromOutput, outputs)
            case .backwardToInput(let gradient, let weights, let images):
                try copy(gradient, fromOutput, y, 0, outputs)
                try convolveByIm2col(part(.backwardToInput(gradient: y, weights: weights, images: x)))
                try copy(x, 0, images, fromInput, inputs)
            case .backwardToWeights(let images, let gradient, let weights):
                let weightCount = g.filters * g.patchSize
                let sum = start == 0 ? weights : try allocate(bytes: 4 * weightCount)
                try copy(images, fromInput, x, 0, inputs)
                try copy(gradient, fromOutput, y, 0, outputs)
                try convolveByIm2col(part(.backwardToWeights(images: x, gradient: y, weights: sum)))
                if start > 0 {
                    try launch(
                        .axpy, [.int(weightCount), .float(1), .buffer(sum), .buffer(weights)],
                        over: .elements(weightCount, bytes: 12))
                }
            }
            start += count
        }
    }
}
