import Foundation

/// How a text becomes words for a language model.
public enum Tokenisation: String, Sendable, Codable, CaseIterable {
    /// What stands between blanks is a word, as it is: for text that is prepared, such as the Penn Treebank's.
    case blanks
    /// Words in lower case, numbers and punctuation marks.
    ///
    /// A word is a run of letters and digits of any script; an apostrophe inside belongs to it ("don't", "o'clock"), typed either way,
    /// and so do a point and a comma between digits ("1,000.5"). An ideograph and a kana are a word each. Hyphens set words apart. Each
    /// other visible character is a word; double quotes of all shapes become `"` and single ones `'`; a dash, long or of several
    /// hyphens, becomes `--`, and three points or more `...`. Words come in Unicode's normalization form C.
    case words

    /// The words of a text. `<unk>` and `<eos>` in it stay whole.
    public func words(of text: String) -> [String] {
        let finder = WordFinder(self)
        var words: [String] = []
        func add(_ part: some Collection<UInt8>) {
            [UInt8](part).withUnsafeBytes { bytes in
                finder.forEachWord(bytes) { words.append(String(decoding: $0, as: UTF8.self)) }
            }
        }
        let marks = [LanguageVocabulary.unknownWord, LanguageVocabulary.endWord].map { Array($0.utf8) }
        var rest = Array(text.utf8)[...]
        var place = rest.startIndex
        while place < rest.endIndex {
            guard let mark = marks.first(where: { rest[place...].starts(with: $0) }) else {
                place += 1
                continue
            }
            add(rest[..<place])
            words.append(String(decoding: mark, as: UTF8.self))
            rest = rest[(place + mark.count)...]
            place = rest.startIndex
        }
        add(rest)
        return words
    }
}

/// Finds the words of a text in UTF-8, in one of the two ways of ``Tokenisation``.
final class WordFinder {
    private let tokenisation: Tokenisation
    private let forms = WordForms(keepsCase: false, longest: 1000)
    private var word: [UInt8] = []
    /// Whether the form of the word is that of its bytes.
    private var isPlain = true
    /// Whether the word is one character, to which only marks can be added.
    private var isSingle = false
    /// Runs of letters of scripts that set no words apart, and those letters.
    private var (runs, letters) = (0, 0)

    init(_ tokenisation: Tokenisation) { self.tokenisation = tokenisation }

    /// Calls `body` for each word. A line break ends one.
    func forEachWord(_ text: UnsafeRawBufferPointer, _ body: ([UInt8]) -> Void) {
        switch tokenisation {
        case .blanks: forEachRun(text, body)
        case .words: findWords(text, body)
        }
    }

    /// What a person should know where words that a script does not set apart were taken for one; nil if there is no sign of it.
    var unspacedNote: String? {
        // A word of Thai has four or five letters.
        guard runs > 0, letters > 10 * runs else { return nil }
        return """
            Words of Thai, Lao, Khmer or Burmese are not set apart here: runs of \(letters / runs) letters on average are taken for \
            words. Put blanks between the words first, with a program such as PyThaiNLP.
            """
    }

    // MARK: - Blanks

    private func forEachRun(_ text: UnsafeRawBufferPointer, _ body: ([UInt8]) -> Void) {
        var start = 0
        while start < text.count {
            guard !Self.isBlank(text[start]) else {
                start += 1
                continue
            }
            var end = start + 1
            while end < text.count, !Self.isBlank(text[end]) { end += 1 }
            word.removeAll(keepingCapacity: true)
            word.append(contentsOf: text[start..<end])
            body(word)
            start = end
        }
        word.removeAll(keepingCapacity: true)
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    // MARK: - Words and punctuation

    private func findWords(_ text: UnsafeRawBufferPointer, _ body: ([UInt8]) -> Void) {
        var place = 0
        while place < text.count {
            let (scalar, size) = Tokeniser.scalar(text, place)
            if Self.isWordCharacter(scalar) {
                let standsAlone = Self.standsAlone(scalar)
                if standsAlone || isSingle { end(body) }
                append(scalar, text[place..<place + size])
                isSingle = standsAlone
                place += size
            } else if scalar.value >= 0x80, Tokeniser.isInvisible(scalar) {
                place += size
            } else if scalar.value >= 0x80, !word.isEmpty, Tokeniser.isMark(scalar) {
                append(scalar, text[place..<place + size])
                place += size
            } else if let joined = joining(scalar, text, place + size) {
                word.append(joined)
                place += size
            } else {
                end(body)
                place += symbol(scalar, text, place, size, body)
            }
        }
        end(body)
    }

    private func append(_ scalar: Unicode.Scalar, _ bytes: Slice<UnsafeRawBufferPointer>) {
        if scalar.value < 0x80 {
            let byte = UInt8(scalar.value)
            word.append((0x41...0x5A).contains(byte) ? byte | 0x20 : byte)
            return
        }
        if !scalar.properties.changesWhenLowercased {
            word.append(contentsOf: bytes)
        } else if scalar == "\u{130}" {
            // Turkish: the small letter of İ is i; its dot would be a mark of its own.
            word.append(UInt8(ascii: "i"))
        } else {
            word.append(contentsOf: scalar.properties.lowercaseMapping.utf8)
        }
        if scalar.value >= WordForms.firstThatMayChange { isPlain = false }
    }

    private func end(_ body: ([UInt8]) -> Void) {
        guard !word.isEmpty else { return }
        if !isPlain {
            let size = forms.bring(&word)
            if size.isUnspaced, !isSingle {
                runs += 1
                letters += size.letters
            }
        }
        body(word)
        word.removeAll(keepingCapacity: true)
        (isPlain, isSingle) = (true, false)
    }

    /// What joins the word so far with what follows: an apostrophe before a letter, a point or a comma between digits.
    private func joining(_ scalar: Unicode.Scalar, _ text: UnsafeRawBufferPointer, _ next: Int) -> UInt8? {
        guard !isSingle, let last = word.last else { return nil }
        switch scalar {
        case "'", "\u{2019}":
            var next = next
            while next < text.count {
                let (scalar, size) = Tokeniser.scalar(text, next)
                guard scalar.value >= 0x80, Tokeniser.isInvisible(scalar) else {
                    return Self.isWordCharacter(scalar) && !Self.standsAlone(scalar) ? UInt8(ascii: "'") : nil
                }
                next += size
            }
            return nil
        case ".", ",":
            let isBetweenDigits = Self.isDigit(last) && next < text.count && Self.isDigit(text[next])
            return isBetweenDigits ? UInt8(scalar.value) : nil
        default: return nil
        }
    }

    /// A character that is no part of a word: a word of its own if it can be seen. Returns the bytes that it takes.
    private func symbol(
        _ scalar: Unicode.Scalar, _ text: UnsafeRawBufferPointer, _ place: Int, _ size: Int, _ body: ([UInt8]) -> Void
    ) -> Int {
        func run(_ members: Set<Unicode.Scalar>) -> (length: Int, characters: Int) {
            var (next, characters) = (place, 0)
            while next < text.count {
                let (scalar, size) = Tokeniser.scalar(text, next)
                guard members.contains(scalar) else { break }
                next += size
                characters += 1
            }
            return (next - place, characters)
        }
        switch scalar {
        case "-", "\u{2014}", "\u{2015}":
            let dash = run(["-", "\u{2014}", "\u{2015}"])
            body(Array((scalar == "-" && dash.characters == 1 ? "-" : "--").utf8))
            return dash.length
        case ".":
            let points = run(["."])
            guard points.characters >= 3 else { break }
            body(Array("...".utf8))
            return points.length
        case "\u{2026}": body(Array("...".utf8))
        case "\u{201C}"..."\u{201F}": body([UInt8(ascii: "\"")])
        case "\u{2018}"..."\u{201B}": body([UInt8(ascii: "'")])
        case "\u{2010}", "\u{2011}": body([UInt8(ascii: "-")])
        case _ where scalar.value < 0x80:
            if scalar.value > 0x20, scalar.value != 0x7F { body([UInt8(scalar.value)]) }
            return size
        default: if Self.isVisible(scalar) { body(Array(String(scalar).utf8)) }
        }
        if scalar == "." { body([UInt8(ascii: ".")]) }
        return size
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func isWordCharacter(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.value < 0x80 {
            return (0x61...0x7A).contains(scalar.value | 0x20) || (0x30...0x39).contains(scalar.value)
        }
        if Tokeniser.isInvisible(scalar) { return false }
        return Tokeniser.isLetter(scalar) || scalar.properties.generalCategory == .decimalNumber
    }

    /// Ideographs and kana.
    private static func standsAlone(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x3040...0x30FF, 0x31F0...0x31FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x323AF:
            true
        default: false
        }
    }

    private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .unassigned, .spaceSeparator, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }
}
