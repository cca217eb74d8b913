extension Kernel {
    static let maxPoolForward = Kernel("max_pool_forward", in: .pooling)
    static let maxPoolBackward = Kernel("max_pool_backward", in: .pooling)
    static let averagePoolForward = Kernel("average_pool_forward", in: .pooling)
    static let averagePoolBackward = Kernel("average_pool_backward", in: .pooling)
}
