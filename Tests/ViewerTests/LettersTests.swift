import CImGui
import Exploration
import Foundation
import Testing

@testable import Viewer

/// Which way text runs, and how its letters join: what needs no window.
@MainActor @Suite struct VisualTextTests {
    @Test(arguments: ["", "plain", "naïve · 12 µm → λ₁…", "кошка", "ἄνθρωπος", "người", "中文", "გამარჯობა", "ՀԱՅ"])
    func textFromLeftToRightStaysAsItIs(_ text: String) {
        #expect(Array(VisualText.of(text).unicodeScalars) == Array(text.unicodeScalars))
    }

    @Test func hebrewIsTurnedRound() {
        #expect(VisualText.of("שלום") == "םולש")
        // Numbers and other words keep their direction, brackets open towards what they hold.
        #expect(VisualText.of("שלום 123") == "123 םולש")
        #expect(VisualText.of("topic שלום עולם: words") == "topic םלוע םולש: words")
        #expect(VisualText.of("שלום (abc)") == "(abc) םולש")
        #expect(VisualText.of("שלום (עולם)") == "(םלוע) םולש")
        // The ellipsis of a shortened word stands where the word goes on.
        #expect(VisualText.of("שלו…") == "…ולש")
    }

    /// Forms by Unicode's chart FE70: initial, medial, final and isolated, from left to right in the order of drawing.
    @Test func arabicIsJoined() {
        func codes(_ text: String) -> [UInt32] { VisualText.of(text).unicodeScalars.map(\.value) }
        #expect(codes("بيت") == [0xfe96, 0xfef4, 0xfe91])  // teh final, yeh medial, beh initial
        #expect(codes("دار") == [0xfead, 0xfe8d, 0xfea9])  // letters that do not join to what follows
        #expect(codes("لا") == [0xfefb])  // lam and alef are one, without a gap for the second
        #expect(codes("پنجره").allSatisfy { $0 >= 0xfb50 })  // Persian letters too
        // U+200C keeps two letters from joining, and takes no room.
        #expect(codes("می\u{200c}روم") == codes("روم") + codes("می"))
    }

    @Test func marksStandBeforeTheirLetters() {
        #expect(Array(VisualText.of("בָּא").unicodeScalars.map(\.value)) == [0x5d0, 0x5bc, 0x5b8, 0x5d1])
        // They do not part letters that join.
        #expect(VisualText.of("كَتَ").unicodeScalars.map(\.value) == [0x64e, 0xfe96, 0x64e, 0xfedb])
    }

    @Test func marksAreComposedAndInvisibleOnesLeftOut() {
        #expect(Array(VisualText.of("cafe\u{301}").unicodeScalars) == Array("caf\u{e9}".unicodeScalars))
        #expect(
            Array(VisualText.of("co\u{ad}op\u{200b}er\u{fe0f}ate\u{feff}").unicodeScalars)
                == Array("cooperate".unicodeScalars))
        #expect(VisualText.of("\u{1112}\u{1161}\u{11ab}").unicodeScalars.map(\.value) == [0xd55c])  // 한
        #expect(VisualText.of("a😀b") == "a😀b")
    }

    @Test func longAndStrangeTextDoesNoHarm() {
        let long = String(repeating: "שלום abc ", count: 2000)
        #expect(VisualText.of(long).unicodeScalars.count == long.unicodeScalars.count)
        for text in [
            "\u{202e}", "\u{2067}א", "א\u{0}ב", "\u{0591}", "\n א \n", String(repeating: "\u{202b}א", count: 300),
        ] {
            _ = VisualText.of(text)
        }
        for number in 0..<5000 { #expect(VisualText.of("א\(number)") == "\(number)א") }
    }

    @Test func directionsAreThoseOfLetters() {
        #expect(TextDirection(of: "12 שלום abc") == .rightToLeft && TextDirection(of: "«abc שלום") == .leftToRight)
        #expect(
            TextDirection(of: "12 …") == nil && TextDirection(of: "") == nil && TextDirection(of: "ܐ") == .rightToLeft)
    }

    @Test func wordsOfALineAreOrdered() {
        let (l, r) = (TextDirection?.some(.leftToRight), TextDirection?.some(.rightToLeft))
        #expect(TextDirection.order(of: [r, r, r], in: .rightToLeft) == [2, 1, 0])
        #expect(TextDirection.order(of: [r, l, l, r], in: .rightToLeft) == [3, 1, 2, 0])
        #expect(TextDirection.order(of: [l, r, r, l], in: .leftToRight) == [0, 2, 1, 3])
        #expect(TextDirection.order(of: [l, r, nil, r, nil], in: .leftToRight) == [0, 3, 2, 1, 4])
        #expect(TextDirection.order(of: [nil, l, nil], in: .rightToLeft) == [2, 1, 0])
        #expect(TextDirection.order(of: [], in: .leftToRight) == [])
    }

    @Test(
        arguments: [
            (0x41, "Latin", false), (0x180, "Latin", false), (0x44f, "Cyrillic", false), (0x5d0, "Hebrew", false),
            (0x915, "Devanagari", true), (0xe01, "Thai", true), (0x3042, "Japanese (kana)", false),
            (0x4e2d, "Chinese (Han)", false), (0xd55c, "Korean (Hangul)", false), (0xfefb, "Arabic", false),
            (0x1f80, "Greek", false), (0xffff, "symbols", false),
        ] as [(UInt16, String, Bool)])
    func scriptsAreFound(_ letter: UInt16, _ name: String, _ isJoined: Bool) {
        let (script, part) = Script.part(of: letter)
        #expect(script?.name == name && script?.isJoined == isJoined && part.contains(letter))
    }

    @Test func everyLetterHasItsPart() {
        var next: UInt32 = 0
        while next <= 0xffff {
            let part = Script.part(of: UInt16(next)).letters
            #expect(UInt32(part.lowerBound) == next)
            next = UInt32(part.upperBound) + 1
        }
        #expect(Script.part(of: 0xe000).script == nil)
    }

    @Test func rangesOfLettersAreFew() {
        #expect(Letters.pairs([], [5, 3, 4, 9]) == [3, 5, 9, 9])
        #expect(Letters.pairs([0x20...0x7f], [0x30, 0x7f, 0x80, 0x82]) == [0x20, 0x7f, 0x80, 0x80, 0x82, 0x82])
        #expect(Letters.pairs([], []) == [] && Letters.pairs([], [0xffff]) == [0xffff, 0xffff])
    }
}

extension WindowTests {
    /// Letters that the first fonts lack.
    @MainActor @Suite(.serialized) struct LettersInTheWindow {
        /// A surface of 400 × 40 on which words are written in white, and nothing that fontconfig knows.
        @MainActor private final class Page {
            let surface: Surface

            init(letters: Letters = Letters { _, _, _ in nil }) throws {
                surface = try Surface(width: 400, height: 40, theme: .dark, scale: 1, letters: letters)
            }

            /// A number for the pixels of each column, after one frame.
            @discardableResult func write(_ words: String, _ face: Face = .text) throws -> [Int] {
                gui_begin_frame(surface.gui, 400, 40, 0.01)
                gui_begin_overlay()
                UI.text(words, Point(4, 10), Colour(0xffffff), face)
                gui_end_overlay()
                surface.clear(Colour(0))
                gui_end_frame(surface.gui)
                let picture = try surface.read()
                return (0..<400).map { x in
                    (0..<40).reduce(0) { $0 &* 31 &+ Int(picture[x, $1].green) }
                }
            }

            var glyphs: Int { Face.allCases.reduce(0) { $0 + Int(gui_face_glyphs(surface.gui, $1.rawValue)) } }
        }

        @Test(arguments: [
            "Журнал", "שלום", "مدرسة", "پنجره", "Հայերեն", "ქართული", "người Việt", "ᾠδή ἄνθρωπος", "Ɓƙ",
        ])
        func scriptsAreDrawnFromTheNextFrameOn(_ words: String) throws {
            let page = try Page()
            let before = try page.write(words)
            #expect(page.surface.lacksLetters)
            #expect(page.surface.addLetters())
            #expect(!page.surface.lacksLetters)
            let after = try page.write(words)
            #expect(after != before)
            for face in Face.allCases {
                for letter in VisualText.of(words).unicodeScalars {
                    #expect(gui_face_has(page.surface.gui, face.rawValue, letter.value), "\(letter) in \(face)")
                }
            }
            // Nothing more is lacking, in any face.
            for face in Face.allCases { try page.write(words, face) }
            #expect(!page.surface.addLetters() && page.surface.letters.notes == [])
            #expect(try page.write(words) == after)
        }

        @Test func theStartHasNoMoreLettersThanItNeeds() throws {
            let page = try Page()
            let first = Letters.first.reduce(0) { $0 + $1.count }
            for face in Face.allCases {
                // ImGui adds a tabulator.
                #expect(Int(gui_face_glyphs(page.surface.gui, face.rawValue)) <= first + 1)
            }
            let start = page.glyphs
            try page.write("Loss λ₁ · 3 × 10² → naïve…")
            #expect(!page.surface.lacksLetters && !page.surface.addLetters() && page.glyphs == start)
            // A whole alphabet comes with its first letter, so that fonts are seldom built.
            try page.write("Ж")
            #expect(page.surface.addLetters() && page.glyphs > start + 5 * 200)
            try page.write("борщ")
            #expect(!page.surface.lacksLetters)
        }

        @Test func hebrewBeginsAtTheRight() throws {
            let page = try Page()
            try page.write("שלום")
            _ = page.surface.addLetters()
            let (word, turned) = (try page.write("שלום"), try page.write("\u{202d}שלום"))
            #expect(word != turned)
            #expect(try page.write("\u{202d}םולש") == word)
        }

        @Test func widthsAreThoseOfWhatIsDrawn() throws {
            let page = try Page()
            try page.write("сообщение مدرسة")
            _ = page.surface.addLetters()
            gui_begin_frame(page.surface.gui, 400, 40, 0.01)
            defer { gui_end_frame(page.surface.gui) }
            // Joined letters are narrower than four that stand alone.
            #expect(UI.width("مدرسة") < "مدرسة".reduce(0) { $0 + UI.width(String($1)) } - 2)
            #expect(UI.width("cafe\u{301}") == UI.width("café"))
            for word in ["сообщение", "مدرسة", "שלום עולם"] {
                for share: Float in [0.4, 0.7, 1] {
                    let shown = UI.shortened(word, to: UI.width(word) * share)
                    #expect(UI.width(shown) <= UI.width(word) * share)
                    #expect(word.hasPrefix(shown.filter { $0 != "…" }) && (share == 1) == (shown == word))
                }
            }
        }

        @Test func whatNoFontHasIsNamedOnce() throws {
            let page = try Page()
            for word in ["สวัสดี", "แมว", "中文", "漢字", "😀", "𝒜", "\u{e000}", "\u{e001}"] {
                try page.write(word)
                #expect(page.surface.lacksLetters || word == "𝒜")
                #expect(!page.surface.addLetters())
            }
            let notes = page.surface.letters.notes
            #expect(notes.count == 4, "\(notes)")
            #expect(notes.contains { $0.contains("Thai") && $0.contains("fonts-noto-core") })
            #expect(notes.contains { $0.contains("Chinese") && $0.contains("fonts-noto-cjk") })
            #expect(notes.contains { $0.contains("beyond U+FFFF") })
            #expect(notes.contains { $0.contains("U+E000") })
            // Of a script that DejaVu has, but for this letter, another package brings the rest.
            try page.write("\u{8a0}")
            #expect(!page.surface.addLetters())
            let last = page.surface.letters.notes.last ?? ""
            #expect(last.hasPrefix("Some letters of Arabic (U+08A0)") && last.contains("fonts-noto-core"))
            // A square stands for each of them.
            #expect(try page.write("中") == page.write("□"))
        }

        @Test func otherFontsGiveWhatTheOwnLack() throws {
            // An arrow that DejaVu Sans has not.
            let serif = try #require(FontFile.open("/usr/share/fonts/truetype/dejavu/DejaVuSerif.ttf"))
            let asked = Asked()
            let page = try Page(
                letters: Letters { letter, isBold, language in
                    asked.letters.append((letter, isBold, language))
                    return serif.has(letter) ? serif : nil
                })
            let missing = try page.write("⤅")
            #expect(page.surface.addLetters() && page.surface.letters.notes == [])
            #expect(Set(asked.letters.map(\.0)) == [0x2905])
            #expect(asked.letters.contains { $0.1 } && asked.letters.allSatisfy { $0.2 == nil })
            #expect(try page.write("⤅") != missing)
            for face: Face in [.text, .small, .bold] {
                #expect(gui_face_has(page.surface.gui, face.rawValue, 0x2905))
            }
            #expect(!gui_face_has(page.surface.gui, Face.mono.rawValue, 0x2905))  // seen in no mono
            // The own letters stay the own font's.
            #expect(try page.write("Журнал") != [] && page.surface.addLetters())
            #expect(!asked.letters.contains { $0.0 >= 0x400 && $0.0 < 0x500 })
        }

        @Test func withoutTheOwnFontsOthersAreFound() throws {
            let serif = try #require(FontFile.open("/usr/share/fonts/truetype/dejavu/DejaVuSerif.ttf"))
            let page = try Page(
                letters: Letters(folder: "/nowhere") { letter, _, _ in serif.has(letter) ? serif : nil })
            let missing = try page.write("Журнал")
            #expect(page.surface.addLetters())
            #expect(try page.write("Журнал") != missing)
            for face in Face.allCases { #expect(gui_face_has(page.surface.gui, face.rawValue, 0x436)) }
        }

        @Test func linesOfHebrewBeginAtTheRight() throws {
            let words = ["שלום", "עולם", "GPU", "driver", "ספר"].map { ColouredText.Word($0) }
            let text = ColouredText(
                groups: [],
                paragraphs: [
                    .init(title: "", fact: "", words: words),
                    .init(title: "", fact: "", words: [.init("first"), words[0]]),
                ])
            let page = try Page()
            gui_begin_frame(page.surface.gui, 400, 40, 0.01)
            defer { gui_end_frame(page.surface.gui) }
            let flow = TextFlow(text, width: 390, version: 0)
            let places = flow.lines[0].words
            #expect(places.map(\.text) == words.map(\.text))
            #expect(abs(places[0].x + places[0].width - 390) < 0.01)
            // From the left: book, GPU, driver, world, peace. English words keep their order between the others.
            for (left, right) in [(4, 2), (2, 3), (3, 1), (1, 0)] {
                #expect(places[left].x + places[left].width < places[right].x)
            }
            #expect(flow.lines[1].words.map(\.x).first == 0)
        }

        /// DejaVu Sans has Lao, whose vowels stand above and below others.
        @Test func scriptsThatNeedShapingAreNamed() throws {
            let page = try Page()
            for word in ["ພາສາ", "ລາວ"] {
                try page.write(word)
                _ = page.surface.addLetters()
            }
            #expect(page.surface.letters.notes.count == 1)
            #expect(page.surface.letters.notes.first?.hasPrefix("Lao is drawn letter by letter") == true)
        }

        @MainActor final class Asked { var letters: [(UInt16, Bool, String?)] = [] }

        @Test func kanaTellsWhichHanAreMeant() throws {
            let asked = Asked()
            let page = try Page(
                letters: Letters { letter, isBold, language in
                    asked.letters.append((letter, isBold, language))
                    return nil
                })
            try page.write("学校です")
            _ = page.surface.addLetters()
            #expect(!asked.letters.isEmpty && asked.letters.allSatisfy { $0.2 == "ja" })
        }

        @Test func installedFontsHaveWhatTheyAreFoundFor() {
            for letter: UInt16 in [0x41, 0x2905, 0xe01, 0x4e2d, 0xfffe] {
                for (isBold, language) in [(false, nil), (true, "ja")] as [(Bool, String?)] {
                    let file = InstalledFonts.file(with: letter, bold: isBold, language: language)
                    #expect(file?.has(letter) ?? true && (letter != 0xfffe || file == nil))
                }
            }
        }

        @Test func noFileMakesTheFontsFail() throws {
            let folder = try Folder()
            let whole = try Data(
                contentsOf: URL(fileURLWithPath: "/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf"))
            var damaged = whole
            damaged.replaceSubrange(12 + 8..<12 + 12, with: [0xff, 0xff, 0xff, 0xff])  // where the first table lies
            for (name, bytes) in [
                ("empty", Data()), ("short", whole.prefix(9)), ("cut", whole.prefix(5000)), ("damaged", damaged),
                ("text", Data("no font at all, but some words".utf8)),
                ("collection", Data("ttcf".utf8) + Data(count: 60)),
            ] {
                let path = folder.path + "/\(name).ttf"
                try bytes.write(to: URL(fileURLWithPath: path))
                #expect(FontFile.open(path) == nil, "\(name)")
            }
            #expect(FontFile.open(folder.path) == nil && FontFile.open("/nowhere.ttf") == nil)
            #expect(FontFile.open("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", index: 1) == nil)
        }

        @Test func theWindowSaysWhatItCannotDrawAndKeepsIt() throws {
            let hands = try Hands(ViewerOptions(title: "Журнал 😀"))
            defer { hands.finish() }
            let window = hands.window
            #expect(gui_face_has(window.surface.gui, Face.bold.rawValue, 0x416))
            #expect(
                hands.view.statusLine.notes.count == 1
                    && hands.view.statusLine.notice?.text == hands.view.statusLine.notes.first)
            hands.view.statusLine.notice = nil
            window.settle()
            #expect(hands.view.statusLine.notice == nil && hands.view.statusLine.notes.count == 1)  // once
            try hands.move(to: "status/words")
            #expect(hands.view.hints.tooltip?.text.contains("beyond U+FFFF") == true)
        }
    }
}
