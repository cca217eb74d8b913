extension Kernel {
    static let im2col = Kernel("im2col", in: .convolution)
    static let col2im = Kernel("col2im", in: .convolution)
    static let addBiases = Kernel("add_biases", in: .convolution)
    static let channelsToFront = Kernel("channels_to_front", in: .convolution)

    // The same for planes that fill a work-group: they differ on OpenCL devices only.
    static let im2colByPlane = Kernel("im2col_by_plane", in: .convolution)
    static let addBiasesByPlane = Kernel("add_biases_by_plane", in: .convolution)
    static let channelsToFrontByPlane = Kernel("channels_to_front_by_plane", in: .convolution)
}
