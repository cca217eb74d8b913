import CLMat
import Foundation
import Synchronization

/// How well the top words of topics go together: whether they occur in the same documents.
///
/// The normalised pointwise mutual information of two words, with shares of documents as probabilities, is
///
///     NPMI(v, w) = ln[p(v, w) / (p(v) p(w))] / −ln p(v, w)
///
/// 1 for words that occur only together, 0 for independent ones, and −1 for those that never do. A topic has the mean of its
/// pairs of words.
/// - Source: G. Bouma, "Normalized (pointwise) mutual information in collocation extraction", 2009; J. Lau, D. Newman,
///   T. Baldwin, "Machine reading tea leaves: automatically evaluating topic coherence and topic model quality", EACL 2014.
public struct Coherence: Sendable {
    /// How many documents are counted.
    public let documents: Int

    /// The documents that hold each word: those of word w are holders[starts[w]..<starts[w + 1]].
    private let starts: [Int32]
    private let holders: [Int32]
    private let cache = Cache()

    /// - Parameter documents: so many are taken, evenly spread over the corpus; all if it has no more.
    /// - Cost: one pass over the counts of these documents; 4 bytes per count are kept.
    public init(_ corpus: Corpus, documents: Int = 50_000) throws(CLMatError) {
        let count = min(corpus.count, max(1, documents))
        let rows = try corpus.rows((0..<count).map { $0 * corpus.count / count })
        self.documents = count
        var starts = [Int32](repeating: 0, count: rows.columns + 1)
        for word in rows.indices { starts[Int(word) + 1] += 1 }
        for word in 0..<rows.columns { starts[word + 1] += starts[word] }
        var ends = starts
        holders = [Int32](unsafeUninitializedCapacity: rows.indices.count) { holders, filled in
            filled = rows.indices.count
            for d in 0..<rows.rows {
                for place in Int(rows.starts[d])..<Int(rows.starts[d + 1]) {
                    let word = Int(rows.indices[place])
                    holders[Int(ends[word])] = Int32(d)
                    ends[word] += 1
                }
            }
        }
        self.starts = starts
    }

    /// The coherence of each topic, −1 to 1.
    ///
    /// - Parameter topWords: the words of each topic, usually 10. One that no document has goes with no other. A topic of
    ///   fewer than two words has 0.
    /// - Cost: D/64 operations per pair of words; a word's documents are looked up when it is first seen.
    public func npmi(of topWords: [[Int]]) -> [Double] {
        let (sets, places) = sets(of: topWords)
        return topWords.map { words in
            guard words.count > 1 else { return 0 }
            var sum = 0.0
            for (i, first) in words.enumerated() {
                for second in words[..<i] {
                    guard let a = places[first], let b = places[second] else { continue }
                    sum += npmi(sets[a], sets[b])
                }
            }
            return sum / Double(words.count * (words.count - 1) / 2)
        }
    }

    /// The mean coherence of the topics that have two words or more; 0 if none has.
    public func meanNPMI(of topWords: [[Int]]) -> Double {
        let values = npmi(of: topWords.filter { $0.count > 1 })
        return values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
    }

    private func npmi(_ a: BitSet, _ b: BitSet) -> Double {
        let together = a.countShared(with: b)
        guard together > 0 else { return -1 }
        // What is everywhere occurs only together: the limit is 1.
        guard together < documents else { return 1 }
        let (both, n) = (Double(together), Double(documents))
        return log(both * n / (Double(a.count) * Double(b.count))) / -log(both / n)
    }

    /// The sets of all these words, and where each word's is.
    private func sets(of topWords: [[Int]]) -> (sets: [BitSet], places: [Int: Int]) {
        var sets: [BitSet] = []
        var places: [Int: Int] = [:]
        cache.sets.withLock { known in
            for word in topWords.joined() where places[word] == nil {
                let set = known[word] ?? makeSet(word)
                // 32 MB at most, with 50,000 documents.
                if known.count >= 5000 { known = [:] }
                known[word] = set
                places[word] = sets.count
                sets.append(set)
            }
        }
        return (sets, places)
    }

    private func makeSet(_ word: Int) -> BitSet {
        guard word >= 0, word < starts.count - 1 else { return BitSet([], size: documents) }
        return BitSet(holders[Int(starts[word])..<Int(starts[word + 1])], size: documents)
    }

    private final class Cache: Sendable {
        let sets = Mutex<[Int: BitSet]>([:])
    }
}

/// Some of the numbers 0..<size, a bit each.
private struct BitSet: Sendable {
    let count: Int
    private var bits: [UInt64]

    init(_ members: ArraySlice<Int32>, size: Int) {
        count = members.count
        bits = [UInt64](repeating: 0, count: (size + 63) / 64)
        for member in members { bits[Int(member) / 64] |= 1 << UInt64(member % 64) }
    }

    func countShared(with other: BitSet) -> Int {
        bits.withUnsafeBufferPointer { a in
            other.bits.withUnsafeBufferPointer { b in
                var count = 0
                for index in 0..<min(a.count, b.count) { count &+= (a[index] & b[index]).nonzeroBitCount }
                return count
            }
        }
    }
}
