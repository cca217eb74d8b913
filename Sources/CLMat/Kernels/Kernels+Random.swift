import CLMatKernels

extension Kernel {
    static let randomUniform = Kernel("random_uniform", in: .random) { a, quads in
        random_uniform(
            quads.lowerBound, quads.upperBound, a.int(0), a.float(1), a.float(2), a.word(3), a.word(4), a.word(5),
            a.word(6), a.word(7), a.mutableFloats(8))
    }
    static let randomNormal = Kernel("random_normal", in: .random) { a, quads in
        random_normal(
            quads.lowerBound, quads.upperBound, a.int(0), a.float(1), a.float(2), a.word(3), a.word(4), a.word(5),
            a.word(6), a.word(7), a.mutableFloats(8))
    }
}
