import Exploration

/// What is measured of topics, whatever learns them.
enum TopicMetrics {
    static let logLikelihood = Metric(
        "log-likelihood", title: "Log-likelihood", unit: "nats per token, on the minibatch",
        help: "how probable the words are to the topics as they are", better: .higher)
    static let perplexity = Metric(
        "perplexity-heldout", title: "Held-out perplexity", unit: "of the unseen half of unseen documents",
        help: "how many words a topic model hesitates between, on documents that it never saw", better: .lower,
        isOnUnseenData: true)
    static let heldOutLogLikelihood = Metric(
        "log-likelihood-heldout", title: "Held-out log-likelihood", unit: "nats per token",
        help: "the logarithm of the held-out perplexity, negated", better: .higher, isOnUnseenData: true)
    static let density = Metric(
        "density", title: "Density", unit: "share of weights ≥ 1/V",
        help: "how many words make up a topic", range: 0...1)
    static let densityAbove = Metric(
        "density-hundredth", title: "Density above 0.01", unit: "share of weights ≥ 0.01",
        help: "how many words have a hundredth of a topic or more", range: 0...1)
    static let cosineSimilarity = Metric(
        "cosine-similarity", title: "CosineSim", unit: "φ·φ′ / V, mean over pairs of topics",
        help:
            "how much topics overlap, in weights of 1/V: near 1e-8 for thousands of words; Cosine of topics has it from 0 to 1",
        better: .lower, isShownAtStart: true)
    static let meanCosine = Metric(
        "mean-cosine", title: "Cosine of topics", unit: "mean over pairs",
        help: "CosineSim free of its scale: 0 if no two topics share a word, 1 if all topics are the same",
        better: .lower,
        range: 0...1, isShownAtStart: true)
    static let entropy = Metric(
        "topic-entropy", title: "Entropy of topics", unit: "nats, mean over topics",
        help: "how evenly a topic spreads over words")
    static let coherence = Metric(
        "npmi", title: "Coherence", unit: "NPMI of the top 10 words, mean over topics",
        help: "whether the heaviest words of a topic occur in the same documents", better: .higher)
    static let effectiveTopics = Metric(
        "effective-topics", title: "Topics in use", unit: "exp of the entropy of sizes",
        help: "how many topics of equal size would be as uneven")
    static let movedShare = Metric(
        "moved-share", title: "Moved tokens", unit: "share that changed topic since the last pass",
        help: "how much is still moving, and how hot it is")
    static let sharedTopWords = Metric(
        "shared-top-words", title: "Shared words", unit: "share of top 20 words that two topics have",
        help: "how much the lists of words overlap", better: .lower)
}
