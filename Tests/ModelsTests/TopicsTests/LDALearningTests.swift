import CLMat
import Foundation
import TestSupport
import Testing

@testable import Models

private let hasKos = !dataFolder.isEmpty && FileManager.default.fileExists(atPath: "\(dataFolder)/uci-bow")

/// Topics that were planted are found.
@Suite struct LDALearningTests {
    @Test(arguments: [TopicSampling.Form.multinomial, .poisson], Device.all)
    func plantedTopicsAreFound(form: TopicSampling.Form, on device: Device) throws {
        let planted = try Planted()
        let corpus = try planted.corpus()
        let split = try HeldOutSplit(of: corpus, seed: 1)
        var lda = try LDA(topics: 5, vocabulary: corpus.vocabulary, on: device)
        lda.form = form
        let before = try lda.perplexity(split)
        var passes: [Int] = []
        try lda.fit(corpus, passes: 25, holdingOut: split.documents) { passes.append($0) }
        #expect(passes == Array(1...25))
        #expect(planted.leastCosine(try lda.phi.values) > 0.9)
        let (unigram, after) = (try Planted.unigramPerplexity(corpus, split), try lda.perplexity(split))
        #expect(after < 0.7 * unigram && after < before, "\(after), unigram \(unigram), at the start \(before)")
        // Each topic's first words are those of one planted topic.
        let top = try lda.topWords(6)
        for words in top {
            let owners = Set(words.compactMap { Int($0.dropFirst()) }.filter { $0 < 60 }.map { $0 / Planted.own })
            #expect(owners.count == 1, "\(words)")
        }
    }

    @Test(arguments: [
        LDA.Statistics.incremental, .movingAverage(delay: 1, decay: 0.5), .movingAverage(delay: 10, decay: 0.8),
        .constantRate(0.1),
    ])
    func everyRuleFindsThem(rule: LDA.Statistics) throws {
        let planted = try Planted()
        let corpus = try planted.corpus()
        var lda = try LDA(topics: 5, vocabulary: corpus.vocabulary, on: .cpu)
        lda.statisticsRule = rule
        try lda.fit(corpus, passes: 25)
        #expect(planted.leastCosine(try lda.phi.values) > 0.9)
        // n has the scale of the whole corpus, whatever the rule is.
        let total = Double(try lda.statistics.sum())
        #expect(abs(total / Double(corpus.tokens) - 1) < 0.1, "\(total) of \(corpus.tokens)")
    }

    /// Documents that come once, by the moving average.
    @Test(arguments: [nil, 4000])
    func aStreamIsLearned(documents: Int?) throws {
        let planted = try Planted(documents: 4000)
        let corpus = try planted.corpus()
        var lda = try LDA(topics: 5, vocabulary: corpus.vocabulary, on: .cpu)
        var tokens = 0
        for first in stride(from: 0, to: 4000, by: 100) {
            tokens += try lda.partialFit(corpus.rows(first..<first + 100), of: documents).tokens
        }
        #expect(tokens == corpus.tokens && lda.steps == 40)
        #expect(planted.leastCosine(try lda.phi.values) > 0.9)
        // n stands for all documents that were seen.
        let total = Double(try lda.statistics.sum())
        #expect(total > 0.7 * Double(tokens) && total < 1.1 * Double(tokens), "\(total) of \(tokens)")
        #expect(lda.statisticsRule == .movingAverage(delay: 1, decay: 0.5))
        // Documents of blanks teach nothing.
        let phi = try lda.phi.values
        let blank = try SparseRows(columns: planted.words, starts: [0, 0, 0], indices: [], counts: [])
        #expect(try lda.partialFit(blank).tokens == 0 && lda.steps == 40)
        #expect(try lda.phi.values == phi)
    }

    /// Topics from a file, or from another corpus, are a start: their old samples do not count twice.
    @Test func learningGoesOnWithAnotherCorpus() throws {
        let planted = try Planted()
        let corpus = try planted.corpus()
        let other = try Planted(documents: 300, seed: 9).corpus()
        try inTemporaryFolder { folder in
            var lda = try LDA(topics: 5, vocabulary: corpus.vocabulary, on: .cpu)
            try lda.fit(corpus, passes: 10)
            try lda.save(to: folder + "/t.safetensors")
            for next in [corpus, other] {
                var loaded = try LDA.load(folder + "/t.safetensors", on: .cpu)
                try loaded.fit(next, passes: 1)
                // Words that the first minibatches lack keep their topics meanwhile.
                #expect(planted.leastCosine(try loaded.phi.values) > 0.9)
                try loaded.fit(next, passes: 2)
                let total = Double(try loaded.statistics.sum())
                #expect(abs(total / Double(next.tokens) - 1) < 0.001, "\(total) of \(next.tokens)")
                #expect(difference(try loaded.statistics.values, try loaded.keptSamples(), within: 0.05) == nil)
                #expect(planted.leastCosine(try loaded.phi.values) > 0.9)
            }
        }
    }

    @Test(arguments: [true, false])
    func priorsFollowTheData(keepsTheta: Bool) throws {
        // Two topics of which one is in nearly all documents.
        let planted = try Planted(topics: 2, documents: 300)
        let corpus = try planted.corpus()
        var lda = try LDA(
            topics: 2, vocabulary: corpus.vocabulary, alpha: 5, beta: 0.5, memory: keepsTheta ? 1 << 30 : 0, on: .cpu)
        (lda.optimisesAlpha, lda.optimisesBeta) = (true, true)
        try lda.fit(corpus, passes: 30)
        #expect(lda.minibatches?.keepsTheta == keepsTheta)
        // θ of documents that are not kept cannot say what α should be.
        #expect(keepsTheta ? lda.alpha.allSatisfy { $0 < 1 } : lda.alpha == [5, 5], "\(lda.alpha)")
        #expect(lda.beta < 0.5 && lda.beta > 0 && lda.beta.isFinite)
        #expect(try lda.phi.values.allSatisfy { $0.isFinite })
    }

    /// The planted documents are from Dirichlet(0.1). Means of many samples would say a larger α, the more so the colder they
    /// are, as each topic that is just possible has some part of each document. Hot topics roam, so theirs is not asked.
    @Test(arguments: [10.0, 20, 100]) func alphaIsFoundByCoolTopics(samples: Double) throws {
        let corpus = try Planted(documents: 1000).corpus()
        var lda = try LDA(topics: 5, vocabulary: corpus.vocabulary, alpha: 0.5, on: .cpu)
        lda.samples = samples
        try lda.fit(corpus, passes: 20)
        lda.optimisesAlpha = true
        try lda.fit(corpus, passes: 30)
        // 1,000 documents leave some 5 % of chance; the prior that topics were learned with, some more.
        #expect(lda.alpha.allSatisfy { abs($0 / 0.1 - 1) < 0.35 }, "\(lda.alpha)")
    }

    /// On blog entries, the held-out perplexity is that of the plain sampler.
    @Test(.enabled(if: hasKos, "needs CLMAT_DATA, a folder that holds uci-bow/"))
    func blogEntriesAreLearnedAsWellAsByTheReference() throws {
        let corpus = try Corpus.load("kos")
        let split = try HeldOutSplit(of: corpus, seed: 1)
        let left = Set(split.documents)
        let rows = try corpus.rows((0..<corpus.count).filter { !left.contains($0) })
        var gibbs = try CollapsedGibbs(rows, topics: 16, alpha: 0.1, beta: 0.01, seed: 1)
        for _ in 0..<100 { gibbs.sweep() }
        var reference = try LDA(topics: 16, vocabulary: corpus.vocabulary, on: .cpu)
        reference.phi = try Matrix(gibbs.phi, corpus.vocabulary.count, 16, on: .cpu)
        let wanted = try reference.perplexity(split)

        func found(_ samples: Double, passes: Int) throws -> Double {
            var lda = try LDA(topics: 16, vocabulary: corpus.vocabulary, on: .cpu)
            lda.samples = samples
            try lda.fit(corpus, passes: passes, holdingOut: split.documents)
            return try lda.perplexity(split)
        }
        let (hot, cool) = (try found(1, passes: 100), try found(20, passes: 30))
        let unigram = try Planted.unigramPerplexity(corpus, split)
        print(
            """
            kos, 16 topics: held-out perplexity \(hot) for m = 1, \(cool) for m = 20; collapsed Gibbs sampling \(wanted), \
            unigram \(unigram)
            """)
        // Both draw one topic per token at m = 1, so that they differ by chance and by how often φ follows; cooler samples are
        // nearer to a mode, which is better.
        #expect(abs(hot / wanted - 1) < 0.1)
        #expect(cool < wanted && cool > 0.8 * wanted && wanted < 0.8 * unigram)
    }
}
