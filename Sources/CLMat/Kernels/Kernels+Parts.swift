import CLMatKernels

extension Kernel {
    /// Arrays that one launch takes.
    static let parts = Int(CLMAT_PARTS)

    /// Several arrays one behind the other: (total, base, starts, counts, xs, y).
    static let packParts = Kernel("pack_parts", in: .parts) { a, items in
        pack_parts(
            items.lowerBound, items.upperBound, a.int(1), a.ints(of: 2), a.ints(of: 2 + parts),
            a.arrays(of: 2 + 2 * parts), a.mutableInts(2 + 3 * parts))
    }
    /// Several arrays, each to a number or as it is: (forms, outs, counts, xs, y).
    static let reduceParts = Kernel("reduce_parts", in: .parts) { a, items in
        reduce_parts(
            items.lowerBound, items.upperBound, a.ints(of: 0), a.ints(of: parts), a.ints(of: 2 * parts),
            a.arrays(of: 3 * parts), a.mutableInts(4 * parts))
    }
}

extension KernelArguments {
    /// The numbers of all parts, from the argument at `first` on.
    func ints(of first: Int) -> [Int32] { (first..<first + Kernel.parts).map(int) }
    /// The arrays of all parts, from the argument at `first` on.
    func arrays(of first: Int) -> [UnsafePointer<Int32>?] { (first..<first + Kernel.parts).map(ints) }
}
