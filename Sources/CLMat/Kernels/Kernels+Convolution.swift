extension Kernel {
    static let im2col = Kernel("im2col", in: .convolution)
    static let col2im = Kernel("col2im", in: .convolution)
    static let imagesFromChannels = Kernel("images_from_channels", in: .convolution)
    static let channelsToFront = Kernel("channels_to_front", in: .convolution)

    // The same for planes that fill a work-group: they differ on OpenCL devices only.
    static let im2colByPlane = Kernel("im2col_by_plane", in: .convolution)
    static let imagesFromChannelsByPlane = Kernel("images_from_channels_by_plane", in: .convolution)
    static let channelsToFrontByPlane = Kernel("channels_to_front_by_plane", in: .convolution)
}
