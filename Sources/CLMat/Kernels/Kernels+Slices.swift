import CLMatKernels

extension Kernel {
    /// The sum of products over slices of k.
    static let sumSlices = Kernel("sum_slices", in: .slices) { a, groups in
        sum_slices(
            groups.lowerBound, groups.upperBound, a.int(0), a.int(1), a.int(2), a.int(3), a.int(4), a.int(5),
            a.float(6), a.int(7), a.floats(8), a.mutableFloats(9), a.mutableFloats(10))
    }
    /// The same with a bias for each column, and a rectifier.
    static let sumSlicesOfLayer = Kernel("sum_slices_of_layer", in: .slices) { a, groups in
        sum_slices_of_layer(
            groups.lowerBound, groups.upperBound, a.int(0), a.int(1), a.int(2), a.int(3), a.int(4), a.floats(5),
            a.floats(6), a.mutableFloats(7), a.mutableFloats(8))
    }
}
