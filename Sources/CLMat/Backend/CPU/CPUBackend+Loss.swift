import CLMatKernels

extension CPUBackend {
    /// In tiles of words × rows that stay in the caches (Kernels/cpu/loss.c), slice after slice of rows: between the two sweeps of a slice
    /// the exponentials of its logits are kept.
    func softmaxLoss(_ task: SoftmaxLossTask) throws(CLMatError) -> Bool {
        // A thread takes whole strips of rows: where there are fewer of them than threads, products that are split by words are faster.
        guard clmat_has_tiles() != 0, task.rows > LossPlan.strip * (pool.threadCount - 1) else { return false }
        let tiling = LossTiling(task.shape, keeps: task.gradient != nil)
        let plan = LossPlan(task, tiling, threads: pool.threadCount)
        let padded = plan.length
        let width = (task.units + LossPlan.strip - 1) / LossPlan.strip * LossPlan.strip
        let transposed = try allocate(bytes: 4 * padded * task.units)
        let strips = try allocate(bytes: 4 * padded * width)
        let rows = try allocate(bytes: 8 * padded)
        let kept = try allocate(bytes: 4 * padded * tiling.keptWords)
        let keptMaxima = try allocate(bytes: 4 * padded * tiling.keptTiles)
        var loss = clmat_loss()
        (loss.units, loss.tile_count, loss.block_rows) = (
            Int32(task.units), Int32(tiling.tiles.count), Int32(plan.block)
        )
        loss.top_pitch = task.top.leadingDimension
        (loss.embedding, loss.biases) = (
            UnsafePointer(cpu(task.embedding).floats), UnsafePointer(cpu(task.biases).floats)
        )
        (loss.transposed, loss.strips) = (cpu(transposed).floats, cpu(strips).floats)
        (loss.maxima, loss.shares) = (cpu(rows).floats, cpu(rows).floats + padded)
        (loss.kept, loss.kept_maxima) = (cpu(kept).floats, cpu(keptMaxima).floats)
        if let gradient = task.gradient {
            loss.scale = gradient.scale
            loss.embedding_gradient = cpu(gradient.embedding).floats
            loss.bias_gradient = cpu(gradient.biases).floats
        }
        let labels = UnsafePointer(cpu(task.labels).memory.assumingMemoryBound(to: Int32.self))
        try tiling.tiles.withUnsafeBufferPointer { tiles throws(CLMatError) in
            try tiling.pieces.withUnsafeBufferPointer { pieces throws(CLMatError) in
                (loss.tiles, loss.pieces) = (tiles.baseAddress, pieces.baseAddress)
                let floats = clmat_loss_scratch(&loss)
                let scratch = try allocate(bytes: 4 * floats * pool.threadCount)
                for start in stride(from: 0, to: task.rows, by: plan.length) {
                    loss.rows = Int32(min(plan.length, task.rows - start))
                    loss.accumulates = start == 0 ? 0 : 1
                    loss.top = UnsafePointer(
                        cpu(task.top.buffer).floats + task.top.offset + start * task.top.leadingDimension)
                    loss.labels = labels + start
                    loss.losses = cpu(task.losses).floats + start
                    loss.top_gradient = task.gradient.map { cpu($0.top).floats + start * task.units }
                    sweep(&loss, scratch: cpu(scratch).floats, of: floats)
                }
                withExtendedLifetime((transposed, strips, rows, kept, keptMaxima, scratch)) {}
            }
        }
        return true
    }

    /// Both sweeps of a slice.
    private func sweep(_ loss: inout clmat_loss, scratch: UnsafeMutablePointer<Float>, of floats: Int) {
        (loss.next_block, loss.next_tile) = (0, 0)
        withUnsafeMutablePointer(to: &loss) { loss in
            pool.run(pool.threadCount, grain: 1, piecesPerThread: 1) { workers in
                for worker in workers { clmat_loss_rows(loss, scratch + worker * floats) }
            }
            guard loss.pointee.top_gradient != nil else { return }
            pool.run(pool.threadCount, grain: 1, piecesPerThread: 1) { workers in
                for worker in workers { clmat_loss_words(loss, scratch + worker * floats) }
            }
        }
    }
}

/// Words in tiles: those of a tile have the same columns.
private struct LossTiling {
    /// Words of a tile at most.
    static let words = Int(CLMAT_LOSS_WORDS)
    /// Of words with so few columns the product is made again between the sweeps: keeping their exponentials would be as slow, and take memory.
    static let fewColumns = 32

    private(set) var tiles: [clmat_loss_tile] = []
    private(set) var pieces: [clmat_loss_piece] = []
    private(set) var keptWords = 0
    private(set) var keptTiles = 0

    init(_ shape: PowerLawShape, keeps: Bool) {
        var starts: [Int] = []
        var next = 0
        for block in shape.blocks {
            starts.append(next)
            next += block.count
        }
        let bounds = Set(shape.blocks.flatMap { [$0.ranks.lowerBound, $0.ranks.upperBound] } + [0, shape.rows]).sorted()
        for (low, high) in zip(bounds, bounds.dropFirst()) {
            let own = shape.blocks.indices.filter { shape.blocks[$0].ranks.contains(low) }
            for first in stride(from: low, to: high, by: Self.words) {
                let count = min(Self.words, high - first)
                var tile = clmat_loss_tile(
                    first: Int32(first), words: Int32(count), piece: Int32(pieces.count), pieces: Int32(own.count),
                    kept: -1, place: 0)
                for index in own {
                    let (block, pitch) = (shape.blocks[index], shape.blocks[index].columns.count)
                    pieces.append(
                        clmat_loss_piece(
                            start: starts[index] + (first - block.ranks.lowerBound) * pitch,
                            column: Int32(block.columns.lowerBound), columns: Int32(pitch), pitch: Int32(pitch)))
                }
                if keeps, own.reduce(0, { $0 + shape.blocks[$1].columns.count }) > Self.fewColumns {
                    (tile.kept, tile.place) = (Int32(keptTiles), keptWords)
                    keptWords += count
                    keptTiles += 1
                }
                tiles.append(tile)
            }
        }
    }
}

/// How the rows of a loss are cut: into slices, whose exponentials are in memory, and these into blocks, each of which one thread takes through all
/// words. It depends on the sizes and the number of threads alone.
private struct LossPlan {
    /// What products count columns in.
    static let strip = 32
    /// Rows of a slice, and of a block: multiples of ``strip``.
    let length: Int
    let block: Int

    init(_ task: SoftmaxLossTask, _ tiling: LossTiling, threads: Int) {
        func strips(_ rows: Int) -> Int { (rows + Self.strip - 1) / Self.strip }
        // What is kept takes as much memory as the logits of a slice would, or less where that is much: copies of rows and tiles come to it.
        let room = LogitSlices.room(words: task.shape.rows)
        let terms = room < 1 << 26 ? room : room / 8 * 7
        let most = max(256, terms / max(1, tiling.keptWords)) / Self.strip
        let all = strips(task.rows)
        // Threads have equal shares of a slice.
        let busy = min(threads, most)
        let largestSlice = most / busy * busy
        let slices = all <= most ? 1 : (all + largestSlice - 1) / largestSlice
        let perThread = ((all + slices - 1) / slices + busy - 1) / busy
        length = min(perThread * busy, all) * Self.strip
        // What a block has of the rows, and of their gradient, stays in the second-level cache.
        let largest = max(2, min(10, (5 << 16) / (Self.strip * max(1, task.units))))
        let rounds = (perThread + largest - 1) / largest
        block = (perThread + rounds - 1) / rounds * Self.strip
    }
}
