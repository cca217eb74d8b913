import CLMat
import Formats

/// A text as ids of the words of its vocabulary, on the host.
///
/// One of more than 64 million tokens is in a file without a name, which is mapped: memory holds what is in use.
public struct TokenText: Sendable {
    /// What a person calls it: "ptb, training".
    public let name: String
    /// The words that the ids are.
    public let vocabulary: LanguageVocabulary
    private let store: TokenStore

    /// - Throws: ``/CLMat/CLMatError/dataMismatch(_:)`` for fewer than two tokens, with which there is nothing to predict, or an id that
    ///   is no word's, with its position.
    public init(name: String, ids: [Int32], vocabulary: LanguageVocabulary) throws(CLMatError) {
        try self.init(name: name, store: TokenStore(ids), vocabulary: vocabulary)
        if let place = ids.firstIndex(where: { $0 < 0 || Int($0) >= vocabulary.count }) {
            throw .dataMismatch(
                "\(name): the id at position \(place) is \(ids[place]), but the vocabulary has \(vocabulary.count) words, from 0."
            )
        }
    }

    /// The same with ids that are on a device; it waits for them.
    public init(name: String, ids: IntVector, vocabulary: LanguageVocabulary) throws(CLMatError) {
        try self.init(name: name, ids: try ids.values, vocabulary: vocabulary)
    }

    /// - Parameter store: its ids are words of the vocabulary.
    init(name: String, store: TokenStore, vocabulary: LanguageVocabulary) throws(CLMatError) {
        guard store.entries.count >= 2 else {
            throw .dataMismatch(
                """
                \(name) has \(store.entries.count == 1 ? "1 token" : "no tokens"): a model that predicts each word from those before it needs \
                2 at least.
                """)
        }
        (self.name, self.store, self.vocabulary) = (name, store, vocabulary)
    }

    /// The number of tokens.
    public var count: Int { store.entries.count }
    /// How many tokens can be predicted: all but the first.
    public var targets: Int { count - 1 }

    /// The id at a position.
    ///
    /// - Precondition: `position` is in `0..<count`.
    public subscript(position: Int) -> Int32 { store.entries[position] }

    /// The ids at some positions; those beyond the text are left out.
    public func ids(_ positions: Range<Int>) -> [Int32] { store[positions.clamped(to: 0..<count)] }

    /// Counts and CRC-32 of the ids, and of the words in their order.
    ///
    /// - Cost: it reads all of the text.
    public var checksum: String {
        let words = CRC32.of([UInt8](vocabulary.words.joined(separator: "\n").utf8))
        return "\(count)x\(vocabulary.count)-" + String(store.checksum() ^ words, radix: 16)
    }

    /// How often each word of the vocabulary occurs here, by id: for the share of each range of ranks in a validation text.
    public var counts: [Int] {
        var counts = [Int](repeating: 0, count: vocabulary.count)
        store.count(into: &counts)
        return counts
    }

    /// Copies inputs and targets of columns, time-major: row t holds the tokens at `starts[b] + t`.
    func window(_ starts: [Int], steps: Int) -> (inputs: [Int32], targets: [Int32]) {
        func gather(_ offset: Int) -> [Int32] {
            [Int32](unsafeUninitializedCapacity: steps * starts.count) { target, filled in
                for t in 0..<steps {
                    for start in starts {
                        target[filled] = store.entries[start + t + offset]
                        filled += 1
                    }
                }
            }
        }
        return (gather(0), gather(1))
    }
}
