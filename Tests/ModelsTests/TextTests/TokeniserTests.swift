import CLMat
import Formats
import Foundation
import TestSupport
import Testing

@testable import Models

@Suite struct TokeniserTests {
    private func words(_ text: [UInt8], _ change: (inout TextOptions) -> Void = { _ in }) -> [String] {
        var options = TextOptions()
        options.minimumLength = 1
        change(&options)
        let tokeniser = Tokeniser(options)
        var found: [String] = []
        text.withUnsafeBytes { bytes in
            tokeniser.forEachWord(bytes) { found.append(String(decoding: $0, as: UTF8.self)) }
        }
        return found
    }

    private func words(_ text: String, _ change: (inout TextOptions) -> Void = { _ in }) -> [String] {
        words([UInt8](text.utf8), change)
    }

    @Test func findsRunsOfLetters() {
        #expect(words("") == [])
        #expect(words("One, two;THREE4five  six-seven\n") == ["one", "two", "three", "five", "six", "seven"])
        #expect(words("Ångström ÉCOLE straße ΣΟΦΙΑ привет") == ["ångström", "école", "straße", "σοφια", "привет"])
        #expect(words("日本語 ok") == ["日本語", "ok"])
        #expect(words("Ångström A") { $0.keepsCase = true } == ["Ångström", "A"])
        #expect(words("a\u{2014}b\u{A0}c😀d") == ["a", "b", "c", "d"])
    }

    private func scalars(_ text: String) -> [UInt32] { text.unicodeScalars.map(\.value) }

    /// A word has one form, whichever way it was typed.
    @Test func wordsHaveOneForm() throws {
        // Letters with their marks as one character, or as two; an Angstrom, which is an Å; a letter that has no such form.
        for (typed, form) in [
            ("cafe\u{301}s", "caf\u{E9}s"), ("CAFE\u{301}S", "caf\u{E9}s"),
            ("\u{212B}ngstro\u{308}m", "\u{E5}ngstr\u{F6}m"),
            ("\u{1112}\u{1161}\u{11AB}", "\u{D55C}"), ("g\u{306}\u{323}", "\u{11F}\u{323}"),
            ("\u{958}", "\u{915}\u{93C}"),
        ] {
            let word = try #require(words(typed).first)
            // Strings that look the same are equal: their characters are compared.
            #expect(scalars(word) == scalars(form), "\(typed)")
            #expect(scalars(try #require(words(word).first)) == scalars(word), "a form stays as it is")
        }
        #expect(scalars(words("E\u{301}t\u{E9}") { $0.keepsCase = true }.joined()) == [0xC9, 0x74, 0xE9])
        // The length is that of the form.
        #expect(words("a\u{300}b\u{300}a\u{300}") { $0.maximumLength = 4 } == ["àb\u{300}à"])
        #expect(words("a\u{300}b\u{300}a\u{300}") { $0.maximumLength = 3 } == [])
    }

    @Test func turkishAndGreekAgree() {
        // İ becomes i, as in Turkish, however it was typed and whatever wrote it small.
        #expect(words("İSTANBUL istanbul I\u{307}stanbul i\u{307}stanbul") == [String](repeating: "istanbul", count: 4))
        #expect(words("DİYARBAKIR ılık") == ["diyarbakir", "ılık"])
        #expect(words("İz") { $0.keepsCase = true } == ["İz"])
        #expect(words("ΟΔΥΣΣΕΥΣ οδυσσευς οδυσσευσ Σ") == ["οδυσσευς", "οδυσσευς", "οδυσσευς", "σ"])
    }

    @Test func whatNobodySeesIsNoPartOfAWord() {
        for invisible in ["\u{AD}", "\u{200C}", "\u{200D}", "\u{2060}", "\u{FEFF}", "\u{200E}", "\u{FE0F}"] {
            #expect(words("\(invisible)Donau\(invisible)dampf\(invisible) x") == ["donaudampf", "x"])
            #expect(words("l'\(invisible)été") == ["l'été"])
        }
        // Persian: what a joiner keeps apart on the page is one word.
        #expect(words("می\u{200C}روم") == ["میروم"])
        // A blank without width is one.
        #expect(words("กิน\u{200B}ข้าว") == ["กิน", "ข้าว"])
        #expect(words("\u{1F468}\u{200D}\u{1F469} a\u{2764}\u{FE0F}b") == ["a", "b"])
    }

    /// Vowels and tones that are marks are parts of words.
    @Test func marksOfOtherScriptsAreInWords() {
        for word in ["น้ำ", "เครื่อง", "ภาษาไทย", "विद्यालय", "हिन्दी", "தமிழ்", "ភាសា", "שָׁלוֹם", "مُحَمَّد"] {
            #expect(words("\(word) \(word)").count == 2, "\(word)")
        }
    }

    @Test func twoIdeographsAreNoShortWord() {
        #expect(words("机器 学 한국 は カメラ ab abc") { $0.minimumLength = 3 } == ["机器", "한국", "カメラ", "abc"])
    }

    @Test func scriptsWithoutBlanksAreNoticed() throws {
        func note(_ text: String) -> String? {
            let tokeniser = Tokeniser(TextOptions())
            [UInt8](text.utf8).withUnsafeBytes { tokeniser.forEachWord($0) { _ in } }
            return tokeniser.unspacedNote
        }
        #expect(note("机器 学习 深度 ภาษาไทย กิน words of English") == nil)
        let found = try #require(note("机器学习深度神经网络模型，机器学习深度神经网络模型网络模型机器学习深度神经网络模型。"))
        #expect(found.contains("runs of 20 letters on average are taken for words; 1 of 2 have more than 20"))
    }

    /// More words than are remembered have their forms all the same.
    @Test func formsAreForgottenAndFoundAgain() {
        let forms = WordForms(keepsCase: false, longest: 20)
        for round in 0..<2 {
            for number in 0..<40_000 {
                var word = [UInt8]("w\(number)e\u{301}".utf8)
                _ = forms.bring(&word)
                if word != [UInt8]("w\(number)\u{E9}".utf8) { Issue.record("\(word) in round \(round)") }
            }
        }
    }

    @Test func apostrophesAreInsideWords() {
        #expect(words("don't DON\u{2019}T o'clock") == ["don't", "don't", "o'clock"])
        #expect(words("'quoted' dogs' rock'n'roll ''") == ["quoted", "dogs", "rock'n'roll"])
        #expect(words("the dog's Anna\u{2019}S it's") == ["the", "dog", "anna", "it"])
        #expect(words("l'été d'") == ["l'été", "d"])
        #expect(words("don't") { $0.letters = .ascii } == ["don", "t"])
    }

    @Test func lengthsAreInLetters() {
        func limit(_ options: inout TextOptions) { (options.minimumLength, options.maximumLength) = (2, 4) }
        #expect(words("a ab abcd abcde äöüß äöüßä", limit) == ["ab", "abcd", "äöüß"])
        #expect(words("a's ab's", limit) == ["ab"])
    }

    @Test func asciiIsAsTheRegularExpression() {
        // (?<![a-z])[a-z]{3,20}(?![a-z])
        let text = "naïve abc " + String(repeating: "x", count: 21) + " " + String(repeating: "y", count: 20)
        let found = words(text) { ($0.letters, $0.minimumLength) = (.ascii, 3) }
        #expect(found == ["abc", String(repeating: "y", count: 20)])
        #expect(words("naïve") { $0.letters = .ascii } == ["na", "ve"])
    }

    /// Bytes that are not UTF-8 are between words; nothing traps, and what is found is UTF-8.
    @Test func anyBytesAreTaken() {
        #expect(words([0x61, 0xFF, 0x62, 0xC3]) == ["a", "b"])
        #expect(words([0x61, 0x27]) == ["a"])
        #expect(words([0x61, 0x27, 0xE2, 0x80]) == ["a"])
        var random = Mutations(seed: 11)
        let some = [UInt8]("aB'’éΣ́語😀".utf8)
        for _ in 0..<2000 {
            let text = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                Bool.random(using: &random)
                    ? some.randomElement(using: &random) ?? 0 : .random(in: 0...255, using: &random)
            }
            for word in words(text) { #expect(!word.isEmpty && !word.contains("\u{FFFD}")) }
        }
    }

    @Test func utf8IsChecked() {
        func first(_ bytes: [UInt8]) -> Int? { bytes.withUnsafeBytes { UTF8Check.firstInvalid($0) } }
        var random = Mutations(seed: 12)
        for _ in 0..<20000 {
            let bytes = (0..<Int.random(in: 0...12, using: &random)).map { _ -> UInt8 in
                switch Int.random(in: 0..<4, using: &random) {
                case 0: .random(in: 0...127, using: &random)
                case 1: .random(in: 0x80...0xBF, using: &random)
                case 2: [0xE0, 0xED, 0xF0, 0xF4, 0xC2, 0xE1, 0xF1, 0xEF].randomElement(using: &random) ?? 0
                default: .random(in: 0...255, using: &random)
                }
            }
            #expect((first(bytes) == nil) == (String(validating: bytes, as: UTF8.self) != nil), "\(bytes)")
        }
        #expect(first(Array("0123456789".utf8) + [0xC3]) == 10)
    }

    @Test func wordsHaveNumbers() {
        var table = WordTable()
        for round in 0..<2 {
            for number in 0..<20000 {
                let found = table.number(of: Array("w\(number)".utf8))
                if found != Int32(number) { Issue.record("w\(number) is \(found as Any) in round \(round)") }
            }
        }
        #expect(table.count == 20000)
        #expect(table[777] == "w777")
    }
}
