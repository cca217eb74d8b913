extension Kernel {
    static let randomUniform = Kernel("random_uniform", in: .random)
    static let randomNormal = Kernel("random_normal", in: .random)
}
