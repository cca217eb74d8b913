import CLMatKernels

extension Kernel {
    static let topicsSample = Kernel("topics_sample", in: .topics) { a, slices in
        topics_sample(
            slices.lowerBound, slices.upperBound, a.int(0), a.int(1), a.float(2), a.int(3), a.int(4), a.int(5),
            a.int(6), a.word(7), a.word(8), a.word(9), a.word(10), a.word(11), a.ints(12), a.ints(13), a.ints(14),
            a.ints(15), a.floats(16), a.floats(17), a.words(18), a.floats(19), a.mutableFloats(20),
            a.mutableInts(21), a.mutableFloats(22))
    }
    static let topicsMerge = Kernel("topics_merge", in: .topics) { a, items in
        topics_merge(
            items.lowerBound, items.upperBound, a.int(1), a.int(2), a.int(3), a.float(4), a.float(5), a.ints(6),
            a.floats(7), a.floats(8), a.mutableInts(9), a.mutableFloats(10))
    }
    static let topicsNormalise = Kernel("topics_normalise", in: .topics) { a, items in
        topics_normalise(
            items.lowerBound, items.upperBound, a.int(1), a.float(2), a.floats(3), a.floats(4), a.mutableFloats(5))
    }
    static let topicsCut = Kernel("topics_cut", in: .topics) { a, words in
        topics_cut(
            words.lowerBound, words.upperBound, a.int(1), a.floats(2), a.floats(3), a.mutableFloats(4))
    }
    /// Its argument 7, one float a nonzero, is for work-items that share a document; the CPU has no use for it.
    static let topicsInfer = Kernel("topics_infer", in: .topics) { a, documents in
        topics_infer(
            documents.lowerBound, documents.upperBound, a.int(0), a.int(1), a.ints(2), a.ints(3), a.ints(4),
            a.floats(5), a.floats(6), a.mutableFloats(8))
    }
    static let topicsScore = Kernel("topics_score", in: .topics) { a, documents in
        topics_score(
            documents.lowerBound, documents.upperBound, a.int(0), a.ints(1), a.ints(2), a.ints(3), a.floats(4),
            a.floats(5), a.mutableFloats(6))
    }
}
