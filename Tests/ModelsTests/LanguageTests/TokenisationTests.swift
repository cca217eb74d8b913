import Testing

@testable import Models

@Suite struct TokenisationTests {
    @Test(arguments: [
        ("Don’t go, she said.", "don't go , she said ."),
        ("“Well—no!” ‘Tis", "\" well -- no ! \" ' tis"),
        ("sugar-hogshead -- and --- so ― on", "sugar - hogshead -- and -- so -- on"),
        ("It cost $1,000.50 in 1885.", "it cost $ 1,000.50 in 1885 ."),
        ("Wait... what… now.. ....", "wait ... what ... now . . ..."),
        ("o'clock 'em dogs' 's", "o'clock ' em dogs ' ' s"),
        ("the 19th, No.4 a.b 3.x", "the 19th , no . 4 a . b 3 . x"),
        ("Ein ÄRGER mit Straße", "ein ärger mit straße"),
        ("ΛΟΓΟΣ Москва עברית हिन्दी", "λογος москва עברית हिन्दी"),
        ("日本語とPython3", "日 本 語 と python3"),
        ("cafe\u{301} soft\u{AD}hyphen zero\u{200B}width", "caf\u{E9} softhyphen zero width"),
        ("a_b * <c> €5 😀", "a _ b * < c > € 5 😀"),
        ("\u{0}\t \u{A0}\u{3000}x\u{7F}", "x"),
        ("", ""), (" \r\t ", ""),
        ("to <unk> and <eos>. <unknown>", "to <unk> and <eos> . < unknown >"),
    ])
    func wordsAndPunctuation(_ text: String, _ words: String) {
        let found = Tokenisation.words.words(of: text)
        #expect(found.joined(separator: " ") == words, "\(found)")
        // Forms of a letter are one `String`: so by bytes.
        #expect(Array(found.joined(separator: " ").utf8) == Array(words.utf8))
    }

    @Test func wordsStayWhatTheyAre() {
        // What was found is found again: a text that a model writes is a prompt.
        let words = Tokenisation.words.words(of: "“I don’t—” cost 1,000.5 日本 -- ... <unk> 'tis")
        #expect(Tokenisation.words.words(of: words.joined(separator: " ")) == words)
    }

    @Test func blanksSetPreparedWordsApart() {
        #expect(
            Tokenisation.blanks.words(of: " the N\t<unk> Don’t  @-@\n=x= <eos>") == [
                "the", "N", "<unk>", "Don’t", "@-@", "=x=", "<eos>",
            ])
        // A blank without a break is part of a word, as elsewhere in prepared text.
        #expect(Tokenisation.blanks.words(of: "a\u{A0}b") == ["a\u{A0}b"])
    }

    @Test func anyBytesAreTaken() {
        let finder = WordFinder(.words)
        var words: [[UInt8]] = []
        for bytes: [UInt8] in [[0xFF, 0xC3], [0x61, 0xE2, 0x80], [0xF4, 0x90, 0x80, 0x80], [0x27], [0x61, 0x27]] {
            bytes.withUnsafeBytes { finder.forEachWord($0) { words.append($0) } }
        }
        #expect(words.contains(Array("a".utf8)) && words.contains(Array("'".utf8)))
    }

    @Test func scriptsWithoutBlanksAreNoticed() {
        let finder = WordFinder(.words)
        let thai = Array("ภาษาไทยเป็นภาษาที่มีระดับเสียงของคำแน่นอน".utf8)
        thai.withUnsafeBytes { finder.forEachWord($0) { _ in } }
        #expect(finder.unspacedNote?.contains("PyThaiNLP") == true)
        let other = WordFinder(.words)
        Array("日本語の文章は長い文字列です".utf8).withUnsafeBytes { other.forEachWord($0) { _ in } }
        #expect(other.unspacedNote == nil)
    }
}
