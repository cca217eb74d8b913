import CLMatKernels

extension KernelFamily {
    static let segments = KernelFamily("segments")
}

extension Kernel {
    /// Sums of rows by segment, of segments that are not too long.
    static let segmentSums = Kernel("segment_sums", in: .segments)
    /// Sums of blocks of rows of the long ones.
    static let segmentBlocks = Kernel("segment_blocks", in: .segments)
    /// Sums of those.
    static let segmentJoined = Kernel("segment_joined", in: .segments)
}

/// Rows sorted by a segment that each belongs to: points by cluster, tokens by word. Sums over segments are made from it, for
/// as many matrices of such rows as there are.
public struct RowSegments: Sendable {
    /// Rows of each segment; 0 of one that has none.
    public let counts: [Int]
    /// Rows in all.
    public let rows: Int
    /// Where the rows are sorted.
    public let device: Device
    /// The rows by segment, in their own order within.
    let order: IntVector
    /// Where each segment begins in the order, and its end: one more than there are segments.
    public let starts: IntVector

    /// Segments of more rows than this are summed up in blocks, which threads and work-groups share.
    static let most = 256

    /// Blocks of the long segments: their segment, and where they begin and end in the order.
    private let blocks: IntVector?
    /// Long segments: their number, their first block and the one after their last.
    private let long: IntVector?

    /// - Parameters:
    ///   - indices: the segment of each row.
    ///   - count: the number of segments.
    /// - Cost: a counting sort on the host. Indices that came from there are sorted without waiting for the device; others are read.
    /// - Throws: ``CLMatError/invalidArgument(operation:problem:)`` for an index outside `0..<count`.
    public init(of indices: IntVector, count: Int) throws(CLMatError) {
        let values: [Int32]
        if let known = indices.knownValues { values = known } else { values = try indices.values }
        try self.init(sorting: values, count: count, on: indices.device, "RowSegments", "Index")
    }

    /// The same of indices on the host, for an operation of another name, which its errors say.
    ///
    /// - Parameters:
    ///   - operation: what an error says was asked for.
    ///   - name: what it calls an index there.
    public init(
        sorting indices: [Int32], count: Int, on device: Device, _ operation: String = "RowSegments",
        _ name: String = "Index"
    ) throws(CLMatError) {
        guard count >= 0, count < Int(Int32.max), indices.count <= Int(Int32.max) else {
            throw .invalidArgument(
                operation: operation, problem: "There cannot be \(count) segments of \(indices.count) rows.")
        }
        if let wrong = indices.first(where: { $0 < 0 || Int($0) >= count }) {
            throw .invalidArgument(operation: operation, problem: "\(name) \(wrong) is outside 0..<\(count).")
        }
        // Counting sort.
        var starts = [Int32](repeating: 0, count: count + 1)
        starts.withUnsafeMutableBufferPointer { starts in
            for index in indices { starts[Int(index) + 1] += 1 }
            for segment in 0..<count { starts[segment + 1] += starts[segment] }
        }
        var next = starts
        let order = [Int32](unsafeUninitializedCapacity: indices.count) { order, filled in
            next.withUnsafeMutableBufferPointer { next in
                for (row, index) in indices.enumerated() {
                    order[Int(next[Int(index)])] = Int32(truncatingIfNeeded: row)
                    next[Int(index)] += 1
                }
            }
            filled = indices.count
        }
        let size = Int32(CLMAT_SEGMENT_BLOCK)
        var (blocks, long): ([Int32], [Int32]) = ([], [])
        for segment in 0..<count where starts[segment + 1] - starts[segment] > Int32(Self.most) {
            long += [Int32(segment), Int32(blocks.count / 3)]
            for begin in stride(from: starts[segment], to: starts[segment + 1], by: Int(size)) {
                blocks += [Int32(segment), begin, min(begin + size, starts[segment + 1])]
            }
            long.append(Int32(blocks.count / 3))
        }
        (rows, self.device) = (indices.count, device)
        counts = (0..<count).map { Int(starts[$0 + 1] - starts[$0]) }
        self.order = try IntVector(order, on: device)
        self.starts = try IntVector(starts, on: device)
        self.blocks = long.isEmpty ? nil : try IntVector(blocks, on: device)
        self.long = long.isEmpty ? nil : try IntVector(long, on: device)
    }

    /// target[k] = or += Σ (x − c) over the rows x of segment k, c the row k of `around`, or 0.
    func sum(
        _ source: Matrix, around: Matrix? = nil, into target: Matrix, adding: Bool = false
    ) throws(CLMatError) {
        let columns = source.columns
        guard target.count > 0 else { return }
        let (chunk, strip) = (Int(CLMAT_SEGMENT_CHUNK), Int(CLMAT_SEGMENT_STRIP))
        let chunks = (columns + chunk - 1) / chunk
        let width = min(chunk, columns)
        let share = rows / counts.count + 1
        let longest = min(counts.max() ?? 0, Self.most)
        var work = WorkSize.groups(
            counts.count * chunks, bytes: 4 * share * width, operations: 2 * share * width,
            loop: longest * ((width + 63) / 64))
        work.isUneven = true
        let hasAround = Argument.int(around == nil ? 0 : 1)
        try device.launch(
            .segmentSums,
            [
                .int(chunks), .int(columns), .int(rows), .int(Self.most), .int(adding ? 1 : 0), hasAround,
                source.argument, order.argument, starts.argument, (around ?? source).argument, target.argument,
            ], over: work)
        guard let blocks, let long else { return }
        let (blockCount, longCount) = (blocks.count / 3, long.count / 3)
        let partials = try Matrix(uninitialised: Shape(blockCount, columns), on: device)
        let block = Int(CLMAT_SEGMENT_BLOCK)
        try device.launch(
            .segmentBlocks,
            [
                .int(chunks), .int(columns), .int(rows), hasAround, source.argument, order.argument, blocks.argument,
                (around ?? source).argument, partials.argument,
            ],
            over: .groups(
                blockCount * chunks, bytes: 4 * block * width, operations: 2 * block * width,
                loop: block * ((width + 63) / 64)))
        let strips = (columns + strip - 1) / strip
        let blocksEach = blockCount / longCount
        var joining = WorkSize.groups(
            longCount * strips, bytes: 4 * strip * blocksEach, operations: strip * blocksEach,
            loop: (counts.max() ?? 0) / block * strip / 64)
        joining.isUneven = true
        try device.launch(
            .segmentJoined,
            [
                .int(strips), .int(columns), .int(adding ? 1 : 0), partials.argument, long.argument, target.argument,
            ], over: joining)
    }
}

extension Matrix {
    /// Sums of rows by segment: Σ of the rows that belong to each, in the order of the rows.
    ///
    /// - Shapes: N × D rows, sorted by K segments, give K × D; 0 for a segment without rows.
    /// - Parameter around: c, K × D: what is added up is x − c, c of the row's segment; the rows themselves if it is nil.
    /// - Accuracy: rows are added up in blocks of 64, and the blocks: within (64 + n/64)·ε·Σ|x|, n the rows of a segment. The order
    ///   depends on sizes and device alone, so a run repeats bit for bit.
    /// - Cost: each row is read once. A long segment is shared by threads and work-groups.
    /// - Throws: ``CLMatError/shapeMismatch(operation:left:right:rule:)`` if the segments are of another number of rows, or
    ///   `around` is not of their number.
    public func segmentSums(_ segments: RowSegments, around: Matrix? = nil) throws(CLMatError) -> Matrix {
        try requireSameDevice(device, segments.device, "segmentSums")
        guard segments.rows == rows else {
            throw .shapeMismatch(
                operation: "segmentSums", left: shape, right: Shape(segments.rows, 1),
                rule: "There must be one segment per row.")
        }
        let result = try Matrix(uninitialised: Shape(segments.counts.count, columns), on: device)
        if let around { try requireSameShape(around, result, "segmentSums") }
        try segments.sum(self, around: around, into: result)
        return result
    }

    /// The same for segments that are not sorted yet: row i belongs to segment `indices[i]` of `count`.
    ///
    /// - Throws: ``CLMatError/shapeMismatch(operation:left:right:rule:)``, or
    ///   ``CLMatError/invalidArgument(operation:problem:)`` for an index outside `0..<count`.
    public func segmentSums(by indices: IntVector, count: Int) throws(CLMatError) -> Matrix {
        try segmentSums(RowSegments(of: indices, count: count))
    }
}
