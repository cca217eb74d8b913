import CLMat
import Foundation
import TestSupport
import Testing

@testable import Models

@Suite struct VariationalBayesTests {
    @Test func findsTheBars() throws {
        let bars = try Bars(documents: 500, seed: 1)
        let heldOut = try Bars(documents: 50, seed: 2)
        func likelihood(_ bayes: VariationalBayes, _ rows: SparseRows) throws -> Double {
            logLikelihood(rows, theta: try bayes.theta(of: rows), phi: bayes.phi, topics: 10)
        }
        // Some starts end where two bars share a topic: of four, the one that explains the documents best.
        var best: (model: VariationalBayes, likelihood: Double)?
        for seed in 1...4 as ClosedRange<UInt64> {
            // All documents each time, and κ = 0.
            var bayes = try VariationalBayes(words: 25, topics: 10, alpha: 1, beta: 0.1, kappa: 0, seed: seed)
            let before = try likelihood(bayes, heldOut.rows)
            for _ in 0..<80 { try bayes.partialFit(bars.rows, of: 500) }
            #expect(try likelihood(bayes, heldOut.rows) > before + 0.05)
            let reached = try likelihood(bayes, bars.rows)
            if reached > best?.likelihood ?? -.infinity { best = (bayes, reached) }
        }
        let (topics, least) = Bars.matches(try #require(best).model.phi)
        #expect(Set(topics).count == 10, "\(topics)")
        #expect(least > 0.9)
    }

    @Test func learnsFromMinibatches() throws {
        let heldOut = try Bars(documents: 50, seed: 2)
        var bayes = try VariationalBayes(words: 25, topics: 10, alpha: 1, beta: 0.1, seed: 1)
        var likelihoods: [Double] = []
        for step in 0..<200 {
            if step % 100 == 0 || step == 199 {
                likelihoods.append(
                    logLikelihood(heldOut.rows, theta: try bayes.theta(of: heldOut.rows), phi: bayes.phi, topics: 10))
            }
            try bayes.partialFit(Bars(documents: 50, seed: 100 + UInt64(step)).rows, of: 10_000)
        }
        #expect(bayes.steps == 200)
        #expect(likelihoods[1] > likelihoods[0] + 0.05, "\(likelihoods)")
        #expect(likelihoods[2] > likelihoods[1] - 0.01, "\(likelihoods)")
        #expect(columnSums(bayes.phi, columns: 10).allSatisfy { abs($0 - 1) < 25 * epsilon })
        // λ is an average of β + counts of as many tokens as all documents have.
        let sum = bayes.lambda.reduce(0, +)
        #expect(sum < 10_000 * 100 + 250 && sum > 900_000)
    }

    /// One document, one round: γ and λ by hand.
    @Test func followsTheEquations() throws {
        let rows = try SparseRows(columns: 3, starts: [0, 2], indices: [0, 2], counts: [2, 5])
        var bayes = try VariationalBayes(
            words: 3, topics: 2, alpha: 0.5, beta: 0.2, tau0: 2, kappa: 0.5, rounds: 1, seed: 1)
        let old = bayes.lambda
        func expLog(_ x: [Double]) -> [Double] { x.map { exp(digamma($0) - digamma(x.reduce(0, +))) } }
        let columns = (0..<2).map { k in expLog((0..<3).map { old[$0 * 2 + k] }) }
        func shares(_ theta: [Double], _ w: Int) -> [Double] {
            let terms = (0..<2).map { theta[$0] * columns[$0][w] }
            return terms.map { $0 / terms.reduce(0, +) }
        }
        let first = expLog([1, 1])
        let gamma = (0..<2).map { 0.5 + 2 * shares(first, 0)[$0] + 5 * shares(first, 2)[$0] }
        let theta = try bayes.theta(of: rows)
        #expect(difference(theta, gamma.map { $0 / gamma.reduce(0, +) }, within: epsilon) == nil)

        try bayes.partialFit(rows, of: 3)
        let second = expLog(gamma)
        let rho = pow(2, -0.5)
        for (w, count) in [2.0, 0, 5].enumerated() {
            for k in 0..<2 {
                let expected = (1 - rho) * old[w * 2 + k] + rho * (0.2 + 3 * count * shares(second, w)[k])
                #expect(abs(bayes.lambda[w * 2 + k] - expected) < 1e-12 * expected)
            }
        }
    }

    @Test func oddInput() throws {
        var bayes = try VariationalBayes(words: 1, topics: 1, alpha: 1e-6, beta: 1e-6, tau0: 0, seed: 1)
        try bayes.partialFit(SparseRows(columns: 1, starts: [0, 0, 1], indices: [0], counts: [3]), of: 0)
        #expect(bayes.phi == [1] && bayes.lambda.allSatisfy { $0.isFinite })
        let none = try SparseRows(columns: 1, starts: [0], indices: [], counts: [])
        try bayes.partialFit(none, of: 10)
        #expect(bayes.steps == 1)
        #expect(try bayes.theta(of: none) == [])
        // Priors so small that all of expθ but one are 0.
        var tiny = try VariationalBayes(words: 4, topics: 3, alpha: 1e-8, beta: 1e-8, kappa: 0, seed: 1)
        let rows = try SparseRows(columns: 4, starts: [0, 2, 4], indices: [0, 1, 2, 3], counts: [1, 1, 1, 1])
        for _ in 0..<20 { try tiny.partialFit(rows, of: 2) }
        #expect(tiny.phi.allSatisfy { $0.isFinite })
        #expect(thrownCase { try tiny.partialFit(none, of: 1) } == "shapeMismatch")
        #expect(thrownCase { _ = try tiny.theta(of: none) } == "shapeMismatch")
        #expect(
            thrownCase { _ = try VariationalBayes(words: 1, topics: 1, alpha: 1, beta: 1, kappa: 2, seed: 1) }
                == "invalidArgument")
        #expect(
            thrownCase { _ = try VariationalBayes(words: 0, topics: 1, alpha: 1, beta: 1, seed: 1) }
                == "invalidArgument")
        #expect(
            thrownCase { _ = try VariationalBayes(words: 1, topics: 1, alpha: .nan, beta: 1, seed: 1) }
                == "invalidArgument")
    }
}
