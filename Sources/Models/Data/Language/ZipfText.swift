import CLMat
import Foundation

/// Texts drawn by Zipf's law: each token is word r (from 1) of V with a probability in proportion to 1/rˢ, whatever comes before it. For
/// timing models at a size of vocabulary for which there is no text; there is nothing in it to learn but the frequencies.
///
/// - Source: G. K. Zipf, *Human Behavior and the Principle of Least Effort*, 1949.
public struct ZipfText: Sendable, Equatable {
    /// V, the words of the vocabulary; those that are not drawn are in it too.
    public var words: Int
    /// s, the exponent; 1 is that of most languages.
    public var exponent: Double
    /// The tokens of the training text.
    public var tokens: Int
    /// The tokens of the validation text.
    public var validationTokens: Int
    /// What the draws begin from.
    public var seed: UInt64

    /// So many words and tokens; the validation text has a tenth of the tokens, 2 at least, if nothing is said.
    public init(words: Int, tokens: Int, exponent: Double = 1, validationTokens: Int? = nil, seed: UInt64 = 1) {
        (self.words, self.tokens, self.exponent, self.seed) = (words, tokens, exponent, seed)
        self.validationTokens = validationTokens ?? max(2, tokens / 10)
    }

    /// Draws the texts. Ids are ranks by what was drawn for training, so that counts do not rise.
    ///
    /// - Cost: log₂ V comparisons per token, and 12 bytes per word.
    /// - Throws: ``/CLMat/CLMatError/invalidValue(setting:value:accepted:)``.
    public func draw() throws(CLMatError) -> LanguageData {
        func refuse(_ setting: String, _ value: String, _ accepted: String) -> CLMatError {
            .invalidValue(setting: setting, value: value, accepted: accepted)
        }
        guard (1..<1 << 29).contains(words) else { throw refuse("words", "\(words)", "1 or more") }
        guard exponent.isFinite, exponent >= 0 else { throw refuse("exponent", "\(exponent)", "0 or more") }
        for count in [tokens, validationTokens] where !(2...1 << 40).contains(count) {
            throw refuse("tokens", "\(count)", "2 or more")
        }
        var (sums, sum) = ([Double](), 0.0)
        sums.reserveCapacity(words)
        for rank in 1...words {
            sum += pow(Double(rank), -exponent)
            sums.append(sum)
        }
        var random = Xoshiro(seed: seed)
        func ids(_ count: Int) throws(CLMatError) -> TokenStore {
            var (spool, part) = (TokenSpool(memoryLimit: LanguageOptions.usualMemoryLimit), [Int32]())
            for _ in 0..<count {
                let wanted = random.uniform() * sum
                // The first word whose sum is above.
                var (low, high) = (0, words - 1)
                while low < high {
                    let middle = (low + high) / 2
                    if sums[middle] > wanted { high = middle } else { low = middle + 1 }
                }
                part.append(Int32(low))
                if part.count == 1 << 16 {
                    try spool.append(part)
                    part.removeAll(keepingCapacity: true)
                }
            }
            try spool.append(part)
            return try spool.finish()
        }
        let stores: [LanguagePart: TokenStore] = [.train: try ids(tokens), .validation: try ids(validationTokens)]
        var counts = [Int](repeating: 0, count: words)
        stores[.train]?.count(into: &counts)
        let vocabulary = try LanguageVocabulary(numberedByCounts: counts)
        var new = [Int32](repeating: 0, count: words)
        for number in 0..<words { new[number] = vocabulary.id(of: "\(number)") ?? 0 }
        for store in stores.values { store.renumber(new) }
        return try LanguageData(name: "Zipf \(words)", stores: stores, vocabulary: vocabulary, notes: [])
    }
}
