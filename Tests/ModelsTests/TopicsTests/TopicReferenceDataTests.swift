import CLMat
import Foundation
import TestSupport
import Testing

@testable import Models

private let hasKos = !dataFolder.isEmpty && FileManager.default.fileExists(atPath: "\(dataFolder)/uci-bow")

/// Both references on 3,430 blog entries.
@Suite struct TopicReferenceDataTests {
    @Test(.enabled(if: hasKos, "needs CLMAT_DATA, a folder that holds uci-bow/"))
    func learnBlogEntries() throws {
        let corpus = try Corpus.load("kos")
        let rows = try corpus.rows(0..<corpus.count)
        var gibbs = try CollapsedGibbs(rows, topics: 32, alpha: 0.1, beta: 0.01, seed: 1)
        let start = logLikelihood(rows, theta: gibbs.theta, phi: gibbs.phi, topics: 32)
        let sweeps = milliseconds(1) { for _ in 0..<20 { gibbs.sweep() } }
        let end = logLikelihood(rows, theta: gibbs.theta, phi: gibbs.phi, topics: 32)
        #expect(end > start + 0.3)

        var bayes = try VariationalBayes(words: rows.columns, topics: 32, alpha: 0.1, beta: 0.01, seed: 1)
        let pass = try milliseconds(1) {
            for first in stride(from: 0, to: corpus.count, by: 500) {
                try bayes.partialFit(corpus.rows(first..<min(corpus.count, first + 500)), of: corpus.count)
            }
        }
        let bayesEnd = logLikelihood(rows, theta: try bayes.theta(of: rows), phi: bayes.phi, topics: 32)
        #expect(bayesEnd > start + 0.3)

        let coherence = try Coherence(corpus)
        let top = TopicScores.topWords(gibbs.phi, topics: 32, count: 10)
        let npmi = coherence.meanNPMI(of: top)
        // Topics go together better than words that are as frequent but drawn from all of them.
        let mixed = (0..<32).map { k in (0..<10).map { top[(k + 3 * $0) % 32][$0] } }
        #expect(npmi > coherence.meanNPMI(of: mixed) + 0.05)
        print(
            """
            kos: 20 sweeps \(sweeps) ms, ln p \(start) → \(end); a pass of variational Bayes \(pass) ms, ln p \(bayesEnd); \
            NPMI \(npmi), mixed \(coherence.meanNPMI(of: mixed))
            """)
    }
}
