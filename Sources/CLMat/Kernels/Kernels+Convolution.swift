import CLMatKernels

extension Kernel {
    static let im2col = Kernel("im2col", in: .convolution) { a, items in
        CLMatKernels.im2col(
            items.lowerBound, items.upperBound, a.int(0), a.int(1), a.int(2), a.int(3), a.int(4), a.int(5), a.int(6),
            a.int(7), a.int(8), a.int(9), a.floats(10), a.mutableFloats(11))
    }
    static let col2im = Kernel("col2im", in: .convolution) { a, planes in
        CLMatKernels.col2im(
            planes.lowerBound, planes.upperBound, a.int(0), a.int(1), a.int(2), a.int(3), a.int(4), a.int(5), a.int(6),
            a.int(7), a.int(8), a.int(9), a.floats(10), a.mutableFloats(11))
    }
    static let imagesFromChannels = Kernel("images_from_channels", in: .convolution) { a, planes in
        images_from_channels(
            planes.lowerBound, planes.upperBound, a.int(0), a.int(1), a.int(2), a.floats(3), a.floats(4),
            a.mutableFloats(5))
    }
    static let channelsToFront = Kernel("channels_to_front", in: .convolution) { a, planes in
        channels_to_front(
            planes.lowerBound, planes.upperBound, a.int(0), a.int(1), a.int(2), a.floats(3), a.mutableFloats(4))
    }

    // The same for planes that fill a work-group: they differ on OpenCL devices only.
    static let im2colByPlane = Kernel("im2col_by_plane", in: .convolution, cpu: im2col.cpu)
    static let imagesFromChannelsByPlane = Kernel(
        "images_from_channels_by_plane", in: .convolution, cpu: imagesFromChannels.cpu)
    static let channelsToFrontByPlane = Kernel("channels_to_front_by_plane", in: .convolution, cpu: channelsToFront.cpu)
}
