import Foundation

/// The one form in which a word is counted, of those that look the same.
///
/// It is Unicode's normalization form C: "é" is one character, not a letter and an accent. In lower case, beside, a dot over
/// an i is none of its own (İ in Turkish), and a Greek sigma is ς at a word's end and σ elsewhere, so that ΛΟΓΟΣ and λόγος end
/// alike.
/// - Source: M. Davis, K. Whistler, "Unicode Normalization Forms", Unicode Standard Annex 15.
final class WordForms {
    /// Words of characters below this one are in their form already.
    static let firstThatMayChange: UInt32 = 0x300

    /// How long a word is.
    struct Size {
        var letters: Int
        /// As ``letters``, but an ideograph, a kana or a syllable of Korean counts as two: a word of two of them is no short one.
        var width: Int
        /// Whether it has letters of a script that sets no words apart.
        var isUnspaced: Bool
    }

    private struct Form {
        /// Where its bytes are in the text; nil where they are those of the word.
        var place: Range<Int>?
        var size: Size
    }

    private let keepsCase: Bool
    private let mostBytes: Int
    /// The words so far, as they were written, and the form of each.
    private var words = WordTable()
    private var found: [Form] = []
    private var text: [UInt8] = []
    /// So many words are remembered: a text that repeats none does not fill the memory.
    private static let most = 1 << 15

    /// - Parameter longest: words of more letters are not brought into a form.
    init(keepsCase: Bool, longest: Int) {
        self.keepsCase = keepsCase
        // Four characters of up to four bytes can become one letter (ᾆ).
        mostBytes = min(longest, 1 << 16) * 16
    }

    /// Brings a word into its form.
    ///
    /// - Parameter word: in UTF-8, and in lower case unless cases are kept.
    func bring(_ word: inout [UInt8]) -> Size {
        guard word.count <= mostBytes else { return Self.size(String(decoding: word, as: UTF8.self)) }
        if found.count >= Self.most { (words, found, text) = (WordTable(), [], []) }
        guard let number = words.number(of: word).map(Int.init) else {
            return Size(letters: 0, width: 0, isUnspaced: false)
        }
        if number == found.count {
            let form = Self.form(of: String(decoding: word, as: UTF8.self), keepsCase: keepsCase)
            let isOther = !form.utf8.elementsEqual(word)
            let start = text.count
            if isOther { text += form.utf8 }
            found.append(Form(place: isOther ? start..<text.count : nil, size: Self.size(form)))
        }
        if let place = found[number].place {
            word.removeAll(keepingCapacity: true)
            word += text[place]
        }
        return found[number].size
    }

    /// The form of a word.
    ///
    /// - Parameter keepsCase: else the word is in lower case.
    static func form(of word: String, keepsCase: Bool) -> String {
        let composed = word.precomposedStringWithCanonicalMapping
        guard !keepsCase else { return composed }
        var form = String.UnicodeScalarView()
        for scalar in composed.unicodeScalars {
            switch scalar {
            case "\u{307}" where form.last == "i": continue
            case "ς": form.append("σ")
            default: form.append(scalar)
            }
        }
        if form.count > 1, form.last == "σ" {
            form.removeLast()
            form.append("ς")
        }
        return String(form)
    }

    private static func size(_ word: String) -> Size {
        var size = Size(letters: 0, width: 0, isUnspaced: false)
        for scalar in word.unicodeScalars {
            size.letters += 1
            size.width += 1
            switch scalar.value {
            // Kana and ideographs.
            case 0x3040...0x30FF, 0x31F0...0x31FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x323AF:
                size.width += 1
                size.isUnspaced = true
            // Syllables of Korean, which sets words apart.
            case 0xAC00...0xD7A3: size.width += 1
            // Thai, Lao, Burmese, Khmer.
            case 0xE00...0xEFF, 0x1000...0x109F, 0x1780...0x17FF: size.isUnspaced = true
            default: break
            }
        }
        return size
    }
}

extension TextOptions {
    /// The form in which a word of a text is counted: so a vocabulary from elsewhere can be compared with that of a corpus.
    ///
    /// - Parameter keepsCase: else the word is in lower case.
    public static func countedForm(of word: String, keepsCase: Bool) -> String {
        WordForms.form(of: word, keepsCase: keepsCase)
    }
}
