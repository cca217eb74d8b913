extension Kernel {
    static let sampleGamma = Kernel("sample_gamma", in: .samplers)
    static let samplePoisson = Kernel("sample_poisson", in: .samplers)
    static let sampleBinomial = Kernel("sample_binomial", in: .samplers)
}
