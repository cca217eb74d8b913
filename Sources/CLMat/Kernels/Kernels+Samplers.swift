import CLMatKernels

extension Kernel {
    static let sampleGamma = Kernel("sample_gamma", in: .samplers) { a, items in
        sample_gamma(
            items.lowerBound, items.upperBound, a.word(1), a.word(2), a.word(3), a.word(4), a.word(5), a.floats(6),
            a.mutableFloats(7))
    }
    static let samplePoisson = Kernel("sample_poisson", in: .samplers) { a, items in
        sample_poisson(
            items.lowerBound, items.upperBound, a.word(1), a.word(2), a.word(3), a.word(4), a.word(5), a.floats(6),
            a.words(7), a.mutableInts(8))
    }
    static let sampleBinomial = Kernel("sample_binomial", in: .samplers) { a, items in
        sample_binomial(
            items.lowerBound, items.upperBound, a.word(1), a.word(2), a.word(3), a.word(4), a.word(5), a.ints(6),
            a.floats(7), a.mutableInts(8))
    }
}
