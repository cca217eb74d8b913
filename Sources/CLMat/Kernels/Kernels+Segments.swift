extension Kernel {
    /// Sums of rows by segment, of segments that are not too long.
    static let segmentSums = Kernel("segment_sums", in: .segments)
    /// Sums of blocks of rows of the long ones.
    static let segmentBlocks = Kernel("segment_blocks", in: .segments)
    /// Sums of those.
    static let segmentJoined = Kernel("segment_joined", in: .segments)
}
