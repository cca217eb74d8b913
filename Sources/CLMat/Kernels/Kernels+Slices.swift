extension Kernel {
    /// The sum of products over slices of k.
    static let sumSlices = Kernel("sum_slices", in: .slices)
    /// The same with a bias for each column, and a rectifier.
    static let sumSlicesOfLayer = Kernel("sum_slices_of_layer", in: .slices)
}
