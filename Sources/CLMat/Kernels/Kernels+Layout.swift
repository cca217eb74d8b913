import CLMatKernels

extension Kernel {
    static let transpose = Kernel("transpose", in: .layout) { a, items in
        CLMatKernels.transpose(
            items.lowerBound, items.upperBound, a.int(0), a.int(1), a.floats(2), a.mutableFloats(3))
    }
    /// A block of one matrix to a place in another.
    static let copyBlock = Kernel("copy_block", in: .layout) { a, items in
        copy_block(
            items.lowerBound, items.upperBound, a.int(0), a.int(1), a.int(2), a.int(3), a.int(4), a.int(5), a.floats(6),
            a.mutableFloats(7))
    }
    static let gatherRows = Kernel("gather_rows", in: .layout) { a, items in
        gather_rows(
            items.lowerBound, items.upperBound, a.int(0), a.int(1), a.floats(2), a.ints(3), a.mutableFloats(4))
    }
    static let gatherBytes = Kernel("gather_bytes", in: .layout) { a, items in
        gather_bytes(
            items.lowerBound, items.upperBound, a.int(0), a.int(1), a.float(2), a.bytes(3), a.ints(4),
            a.mutableFloats(5))
    }
    static let scatterAddRows = Kernel("scatter_add_rows", in: .layout) { a, items in
        scatter_add_rows(
            items.lowerBound, items.upperBound, a.int(0), a.int(1), a.floats(2), a.ints(3), a.mutableFloats(4))
    }
    static let gatherIntegers = Kernel("gather_integers", in: .layout) { a, items in
        gather_integers(items.lowerBound, items.upperBound, a.ints(1), a.ints(2), a.mutableInts(3))
    }
    static let oneHot = Kernel("one_hot", in: .layout) { a, items in
        one_hot(items.lowerBound, items.upperBound, a.int(0), a.int(1), a.ints(2), a.mutableFloats(3))
    }
}
