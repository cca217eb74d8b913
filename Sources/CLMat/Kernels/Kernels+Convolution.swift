import CLMatKernels

extension Kernel {
    static let im2col = Kernel("im2col", in: .convolution) { a, planes in
        CLMatKernels.im2col(
            planes.lowerBound, planes.upperBound, a.int(0), a.int(1), a.int(2), a.int(3), a.int(4), a.int(5), a.int(6),
            a.int(7), a.int(8), a.int(9), a.int(10), a.int(11), a.int(12), a.int(13), a.floats(14), a.mutableFloats(15))
    }
    static let col2im = Kernel("col2im", in: .convolution) { a, planes in
        CLMatKernels.col2im(
            planes.lowerBound, planes.upperBound, a.int(0), a.int(1), a.int(2), a.int(3), a.int(4), a.int(5), a.int(6),
            a.int(7), a.int(8), a.int(9), a.int(10), a.floats(11), a.mutableFloats(12))
    }
    static let addBiases = Kernel("add_biases", in: .convolution) { a, planes in
        add_biases(
            planes.lowerBound, planes.upperBound, a.int(0), a.int(1), a.int(2), a.floats(3), a.mutableFloats(4))
    }
    static let channelsToFront = Kernel("channels_to_front", in: .convolution) { a, planes in
        channels_to_front(
            planes.lowerBound, planes.upperBound, a.int(0), a.int(1), a.int(2), a.int(3), a.floats(4),
            a.mutableFloats(5))
    }

    // The same for planes that fill a work-group: they differ on OpenCL devices only.
    static let im2colByPlane = Kernel("im2col_by_plane", in: .convolution, cpu: im2col.cpu)
    static let addBiasesByPlane = Kernel("add_biases_by_plane", in: .convolution, cpu: addBiases.cpu)
    static let channelsToFrontByPlane = Kernel("channels_to_front_by_plane", in: .convolution, cpu: channelsToFront.cpu)
}
