extension Kernel {
    static let topicsSample = Kernel("topics_sample", in: .topics)
    static let topicsMerge = Kernel("topics_merge", in: .topics)
    static let topicsNormalise = Kernel("topics_normalise", in: .topics)
    static let topicsCut = Kernel("topics_cut", in: .topics)
    /// Its argument 7, one float a nonzero, is for work-items that share a document; the CPU has no use for it.
    static let topicsInfer = Kernel("topics_infer", in: .topics)
    static let topicsScore = Kernel("topics_score", in: .topics)
}
