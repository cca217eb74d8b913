extension Kernel {
    /// The sum of products over slices of k.
    static let sumSlices = Kernel("sum_slices", in: .slices)
}
