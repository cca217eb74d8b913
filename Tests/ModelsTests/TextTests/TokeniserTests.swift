import CLMat
import Foundation
import TestSupport
import Testing

@testable import Models

@Suite struct TokeniserTests {
    private func words(_ text: [UInt8], _ change: (inout TextOptions) -> Void = { _ in }) -> [String] {
        var options = TextOptions()
        options.minimumLength = 1
        change(&options)
        var tokeniser = Tokeniser(options)
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
        // A letter with a mark of its own.
        #expect(words("cafe\u{301}s") == ["cafe\u{301}s"])
        #expect(words("a\u{2014}b\u{A0}c😀d") == ["a", "b", "c", "d"])
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
