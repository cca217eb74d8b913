extension Kernel {
    static let transpose = Kernel("transpose", in: .layout)
    /// A block of one matrix to a place in another.
    static let copyBlock = Kernel("copy_block", in: .layout)
    static let gatherRows = Kernel("gather_rows", in: .layout)
    static let gatherBytes = Kernel("gather_bytes", in: .layout)
    static let scatterAddRows = Kernel("scatter_add_rows", in: .layout)
    static let gatherIntegers = Kernel("gather_integers", in: .layout)
    static let oneHot = Kernel("one_hot", in: .layout)
}
