extension Kernel {
    /// Arrays that one launch takes.
    static let parts = 8
    /// Several arrays one behind the other: (total, base, starts, counts, xs, y).
    static let packParts = Kernel("pack_parts", in: .parts)
    /// Several arrays, each to a number or as it is: (8 · where it goes + form, counts, xs, y).
    static let reduceParts = Kernel("reduce_parts", in: .parts)
}
