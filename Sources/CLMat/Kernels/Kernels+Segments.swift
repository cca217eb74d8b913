import CLMatKernels

extension Kernel {
    /// Sums of rows by segment, of segments that are not too long.
    static let segmentSums = Kernel("segment_sums", in: .segments) { a, items in
        segment_sums(
            items.lowerBound, items.upperBound, a.int(0), a.int(1), a.int(2), a.int(3), a.int(4), a.int(5), a.floats(6),
            a.ints(7), a.ints(8), a.floats(9), a.mutableFloats(10))
    }
    /// Sums of blocks of rows of the long ones.
    static let segmentBlocks = Kernel("segment_blocks", in: .segments) { a, items in
        segment_blocks(
            items.lowerBound, items.upperBound, a.int(0), a.int(1), a.int(2), a.int(3), a.floats(4), a.ints(5),
            a.ints(6), a.floats(7), a.mutableFloats(8))
    }
    /// Sums of those.
    static let segmentJoined = Kernel("segment_joined", in: .segments) { a, items in
        segment_joined(
            items.lowerBound, items.upperBound, a.int(0), a.int(1), a.int(2), a.floats(3), a.ints(4),
            a.mutableFloats(5))
    }
}
