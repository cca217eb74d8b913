import CLMat
import Foundation
import TestSupport
import Testing

@testable import Models

@Suite struct HeldOutSplitTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Documents of 0 to 40 tokens of 12 words.
    private func corpus(documents: Int = 200) throws -> Corpus {
        var random = Mutations(seed: 3)
        var (starts, indices, counts): ([Int32], [Int32], [Int32]) = ([0], [], [])
        for document in 0..<documents {
            for word in 0..<Int32(12) where document % 10 > 0 && Bool.random(using: &random) {
                indices.append(word)
                counts.append(.random(in: 1...(document % 10 == 1 ? 1 : 6), using: &random))
            }
            starts.append(Int32(indices.count))
        }
        return try Corpus(
            name: "made", vocabulary: (0..<12).map { "w\($0)" },
            rows: SparseRows(columns: 12, starts: starts, indices: indices, counts: counts))
    }

    private func check(_ split: HeldOutSplit, of corpus: Corpus) throws {
        #expect(split.observed.rows == split.documents.count)
        #expect(split.scored.rows == split.documents.count)
        for (row, document) in split.documents.enumerated() {
            var sums = [Int32](repeating: 0, count: corpus.vocabulary.count)
            var totals: [Int32] = []
            for half in [split.observed, split.scored] {
                var total: Int32 = 0
                for place in Int(half.starts[row])..<Int(half.starts[row + 1]) {
                    sums[Int(half.indices[place])] += half.counts[place]
                    total += half.counts[place]
                }
                totals.append(total)
            }
            #expect(totals[0] - totals[1] == Int32(corpus.length(document) % 2))
            let whole = try corpus.rows([document])
            for (word, count) in zip(whole.indices, whole.counts) { sums[Int(word)] -= count }
            #expect(sums.allSatisfy { $0 == 0 })
        }
    }

    @Test(arguments: [0.001, 0.1, 0.5, 0.99])
    func halvesAddUp(share: Double) throws {
        let corpus = try corpus()
        let split = try HeldOutSplit(of: corpus, share: share, seed: 7)
        let eligible = (0..<200).filter { corpus.length($0) >= 4 }
        #expect(split.documents.count == min(max(1, Int((share * Double(eligible.count)).rounded())), eligible.count))
        #expect(Set(split.documents).isSubset(of: eligible))
        #expect(split.documents == split.documents.sorted())
        try check(split, of: corpus)
    }

    @Test func aSeedDrawsTheSameAgain() throws {
        let corpus = try corpus()
        let (a, b) = (try HeldOutSplit(of: corpus, seed: 1), try HeldOutSplit(of: corpus, seed: 1))
        #expect(a.documents == b.documents && a.observed == b.observed && a.scored == b.scored)
        #expect(try HeldOutSplit(of: corpus, seed: 2).documents != a.documents)
    }

    /// Each token is observed with probability 1/2: of 24 tokens of one of two words, 12 are, whichever word they are of.
    @Test func tokensAreDrawnAtRandom() throws {
        let rows = try SparseRows(
            columns: 2, starts: (0...1000).map { Int32(2 * $0) }, indices: (0..<2000).map { Int32($0 % 2) },
            counts: [Int32](repeating: 12, count: 2000))
        let corpus = try Corpus(name: "", vocabulary: ["a", "b"], rows: rows)
        let split = try HeldOutSplit(of: corpus, share: 0.9, seed: 5)
        var sum = 0
        for row in 0..<split.documents.count {
            let place = Int(split.observed.starts[row])
            #expect(split.observed.indices[place] == 0)
            sum += Int(split.observed.counts[place])
        }
        // Hypergeometric: mean 6, variance 24/4 · 12/23 · ... = 12·(1/2)(1/2)·(24−12)/(24−1) = 1.565; 5 deviations of 900.
        let mean = Double(sum) / Double(split.documents.count)
        #expect(abs(mean - 6) < 5 * (1.565 / 900).squareRoot())
    }

    @Test func longDocumentsAreHalved() throws {
        let rows = try SparseRows(
            columns: 3, starts: [0, 3, 4], indices: [0, 1, 2, 0], counts: [2_000_000_001, 2_000_000_001, 5, 1])
        let corpus = try Corpus(name: "", vocabulary: ["a", "b", "c"], rows: rows)
        let split = try HeldOutSplit(of: corpus, seed: 5)
        #expect(split.documents == [0])
        #expect(split.observed.total - split.scored.total == 1)
    }

    @Test func whatCannotBeSplitIsRefused() throws {
        let corpus = try corpus()
        for share in [0, 1, -0.1, .nan, .infinity] {
            #expect(thrownCase { _ = try HeldOutSplit(of: corpus, share: share, seed: 1) } == "invalidValue")
        }
        let rows = try SparseRows(columns: 1, starts: [0, 1, 2], indices: [0, 0], counts: [3, 3])
        let short = try Corpus(name: "", vocabulary: ["a"], rows: rows)
        #expect(said { _ = try HeldOutSplit(of: short, seed: 1) }.contains("at least 4 tokens"))
    }

    /// Of 200 documents only 40 can be held out: a tenth of these is, not of all.
    @Test func theShareIsOfThoseThatCanBeHeldOut() throws {
        let counts = (0..<200).map { Int32($0 % 5 == 0 ? 8 : 1) }
        let rows = try SparseRows(
            columns: 1, starts: (0...200).map { Int32($0) }, indices: [Int32](repeating: 0, count: 200), counts: counts)
        let corpus = try Corpus(name: "", vocabulary: ["a"], rows: rows)
        #expect(HeldOutSplit.candidates(in: corpus) == Array(stride(from: 0, to: 200, by: 5)))
        #expect(try HeldOutSplit(of: corpus, share: 0.1, seed: 1).documents.count == 4)
        // One document with words is always left.
        let few = try SparseRows(columns: 1, starts: [0, 1, 2, 2], indices: [0, 0], counts: [9, 9])
        #expect(
            try HeldOutSplit(of: Corpus(name: "", vocabulary: ["a"], rows: few), share: 0.99, seed: 1).documents.count
                == 1)
    }

    @Test func readsWhatItWrites() throws {
        let corpus = try corpus()
        let split = try HeldOutSplit(of: corpus, share: 0.3, seed: 1)
        try split.write(to: "\(folder.path)/split.txt", for: corpus)
        let found = try HeldOutSplit.read("\(folder.path)/split.txt", for: corpus)
        #expect(found.documents == split.documents && found.observed == split.observed && found.scored == split.scored)
        let bytes = [UInt8](try Files.read("\(folder.path)/split.txt"))
        let packed = try folder.write(folder.packed(bytes), "split.txt.gz")
        #expect(try HeldOutSplit.read(packed, for: corpus).observed == split.observed)
    }

    @Test func splitsThatDoNotFitAreRefused() throws {
        let rows = try SparseRows(columns: 3, starts: [0, 2, 3], indices: [0, 2, 1], counts: [3, 1, 5])
        let corpus = try Corpus(name: "two", vocabulary: ["a", "b", "c"], rows: rows)
        func read(_ text: String) throws -> HeldOutSplit {
            try HeldOutSplit.read(folder.write(text, "split.txt"), for: corpus)
        }
        let split = try read("2 3 9\n1 1:0:5\n0 0:1:2 2:1:0\n")
        #expect(split.documents == [1, 0])
        #expect(split.observed.counts == [1, 1] && split.observed.starts == [0, 0, 2])
        #expect(split.scored.counts == [5, 2])
        #expect(
            said { _ = try read("2 3 10\n") }.contains("2 documents, 3 words and 10 tokens, but two has 2, 3 and 9"))
        let damaged = [
            ("", "line 1"), ("2 3\n", "line 1"), ("2 3 x\n", "line 1"), ("2 3 9\n", "line 2"),
            ("2 3 9\n2 1:0:5\n", "line 2"),
            ("2 3 9\n-1 1:0:5\n", "line 2"), ("2 3 9\n1 1:0:4\n", "line 2"), ("2 3 9\n1 2:0:5\n", "line 2"),
            ("2 3 9\n1 1:0:5 1:0:5\n", "line 2"), ("2 3 9\n1\n", "line 2"), ("2 3 9\n1 1:0\n", "line 2"),
            ("2 3 9\n1 1:-1:6\n", "line 2"), ("2 3 9\n1 1:0:5\n1 1:0:5\n", "line 3"),
            ("2 3 9\n1 1:0:99999999999999999999\n", "line 2"),
        ]
        for (text, place) in damaged { #expect(damage { _ = try read(text) }?.place == place, "\(text)") }
    }
}
