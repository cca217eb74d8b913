import CLMatKernels

extension Kernel {
    static let maxPoolForward = Kernel("max_pool_forward", in: .pooling) { a, planes in
        max_pool_forward(
            planes.lowerBound, planes.upperBound, a.int(1), a.int(2), a.int(3), a.int(4), a.int(5), a.int(6),
            a.floats(7), a.mutableFloats(8), a.mutableInts(9))
    }
    static let maxPoolBackward = Kernel("max_pool_backward", in: .pooling) { a, planes in
        max_pool_backward(
            planes.lowerBound, planes.upperBound, a.int(1), a.int(2), a.int(5), a.int(6), a.floats(7), a.ints(8),
            a.mutableFloats(9))
    }
    static let averagePoolForward = Kernel("average_pool_forward", in: .pooling) { a, planes in
        average_pool_forward(
            planes.lowerBound, planes.upperBound, a.int(1), a.int(2), a.int(3), a.int(4), a.int(5), a.int(6),
            a.floats(7), a.mutableFloats(8))
    }
    static let averagePoolBackward = Kernel("average_pool_backward", in: .pooling) { a, planes in
        average_pool_backward(
            planes.lowerBound, planes.upperBound, a.int(1), a.int(2), a.int(3), a.int(4), a.int(5), a.int(6),
            a.floats(7), a.mutableFloats(8))
    }
}
