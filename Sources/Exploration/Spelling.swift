import Foundation

/// Names as they are written on screen and as they are typed: "0…1" is 0..1 on most keyboards, and "constant η" is constant.
enum Spelling {
    /// The option that a typed text means; nil if it is none, or could be several.
    static func option(_ typed: String, among options: [String]) -> Int? {
        let word = plain(typed)
        let written = options.map(plain)
        if let index = written.firstIndex(of: word) { return index }
        let close = options.indices.filter { spellings(options[$0]).contains(word) }
        return close.count == 1 ? close[0] : nil
    }

    /// How an option is typed in ASCII; nil if that is how it is written.
    static func ascii(_ option: String) -> String? {
        guard !option.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
        let text = replaced(option, greek: { _ in "" }).replacing("...", with: "..")
        let words = text.split(separator: " ").joined(separator: " ")
        return words.isEmpty || !words.utf8.allSatisfy { $0 < 0x80 } ? nil : words
    }

    /// A number as typed or copied: a minus sign of typography is a hyphen's.
    static func number(_ typed: String) -> Double? {
        Double(typed.filter { !$0.isWhitespace }.replacing("\u{2212}", with: "-"))
    }

    /// Without cases, spaces, hyphens and accents; dots in whatever number mean "to".
    private static func plain(_ text: String) -> String { squeezed(replaced(text, greek: { String($0) })) }

    /// All that an option may be typed as: Greek letters left out, or by their names.
    private static func spellings(_ option: String) -> Set<String> {
        [
            squeezed(replaced(option, greek: { _ in "" })),
            squeezed(replaced(option, greek: { letters[$0] ?? String($0) })),
        ]
    }

    private static func replaced(_ text: String, greek: (Character) -> String) -> String {
        // Greek letters keep their accents out of sight, so they are looked at before folding.
        let folded = text.folding(options: [.diacriticInsensitive, .caseInsensitive], locale: nil)
        return folded.map { character in
            switch character {
            case "…": "..."
            case "×": "x"
            case "−", "–", "—": "-"
            case _ where letters[character] != nil: greek(character)
            default: String(character)
            }
        }.joined()
    }

    private static func squeezed(_ text: String) -> String {
        var result = ""
        for character in text where !character.isWhitespace && character != "-" && character != "_" {
            // "..", "..." and "…" are the same.
            if character == ".", result.hasSuffix("..") { continue }
            result.append(character)
        }
        return result
    }

    private static let letters: [Character: String] = [
        "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta", "η": "eta", "θ": "theta",
        "ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu", "µ": "mu", "ν": "nu", "ξ": "xi", "ο": "omicron", "π": "pi",
        "ρ": "rho", "σ": "sigma", "ς": "sigma", "τ": "tau", "υ": "upsilon", "φ": "phi", "χ": "chi", "ψ": "psi",
        "ω": "omega",
    ]
}
