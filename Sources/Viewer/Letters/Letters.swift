import CImGui
import Foundation

/// The letters that the fonts of one gui have: a few to begin with, so that a window opens soon, and those that text was
/// seen to have.
@MainActor final class Letters {
    /// Gives an installed font that has a letter.
    typealias Finder = @MainActor (_ letter: UInt16, _ isBold: Bool, _ language: String?) -> FontFile?

    /// Western, Greek, and what the window itself writes.
    static let first: [ClosedRange<UInt16>] = [
        0x0020...0x017f, 0x0370...0x03ff, 0x2010...0x2027, 0x2030...0x203a, 0x2070...0x209c, 0x2190...0x2199,
        0x2200...0x226f, 0x25a0...0x25cf, 0x2713...0x2717,
    ]

    /// What a person should know of letters that are not drawn, or not rightly: a sentence each.
    private(set) var notes: [String] = []

    private let find: Finder
    /// By face, the files in the order in which they were needed, and what is taken from each beside ``first``.
    private var added: [Face: [(file: FontFile, letters: Set<UInt16>)]] = [:]
    /// Those that no font has.
    private var absent: Set<UInt16> = []
    /// What ``notes`` speaks of.
    private var named: Set<String> = []
    private var language: String?

    /// - Parameter folder: where fonts-dejavu-core has its files.
    init(folder: String = "/usr/share/fonts/truetype/dejavu", find: @escaping Finder = InstalledFonts.file) {
        (self.folder, self.find) = (folder, find)
    }

    // MARK: Files

    private let folder: String

    /// The face's own file, nil if it is not installed.
    private func own(_ face: Face) -> FontFile? { FontFile.open("\(folder)/\(face.file)") }

    /// Says once for the process that the window's own fonts are missing.
    private func tellOfMissingFonts() {
        guard !Self.hasTold, Face.allCases.contains(where: { own($0) == nil }) else { return }
        Self.hasTold = true
        warn("Fonts are missing in \(folder), so the window's letters are coarse. Install fonts-dejavu-core.")
    }

    private static var hasTold = false

    // MARK: Taking letters in

    /// Takes over what the gui lacked in its frames since the last time. Returns whether its fonts can now have more.
    func learn(from gui: OpaquePointer) -> Bool {
        var lacking: [(face: Face, letter: UInt32)] = []
        var letters = [UInt32](repeating: 0, count: 256)
        for face in Face.allCases {
            var count = letters.count
            while count == letters.count {
                count = Int(gui_take_missing(gui, face.rawValue, &letters, Int32(letters.count)))
                lacking += letters.prefix(count).map { (face, $0) }
            }
        }
        // Where there is kana, the other letters are Japanese too.
        if lacking.contains(where: { UInt16(exactly: $0.letter).map { Script.part(of: $0).script?.isKana } == true }) {
            language = "ja"
        }
        return lacking.reduce(false) { hasMore, one in take(one.letter, one.face) || hasMore }
    }

    /// Returns whether a font has it.
    private func take(_ code: UInt32, _ face: Face) -> Bool {
        guard let letter = UInt16(exactly: code) else {
            note("beyond", "Emoji and other letters beyond U+FFFF cannot be drawn; they show as □.")
            return false
        }
        guard !absent.contains(letter), let scalar = Unicode.Scalar(letter) else { return false }
        if added[face]?.contains(where: { $0.letters.contains(letter) }) == true { return true }
        let (script, part) = Script.part(of: letter)
        guard isDrawable(scalar), let file = file(with: letter, script, face) else {
            absent.insert(letter)
            tellOfAbsent(letter, isDrawable(scalar) ? script : nil)
            return false
        }
        if let script, script.isJoined {
            note(
                script.name,
                "\(script.name) is drawn letter by letter: its joined or stacked forms are not supported.")
        }
        let onlyThis = script?.isLarge == true || part.count > 512
        // Words are read in these faces, now in one and then in another.
        for other in onlyThis ? Set([Face.text, .small, .bold, face]) : Set(Face.allCases) {
            guard let file = other == face ? file : self.file(with: letter, script, other) else { continue }
            add(onlyThis ? [letter] : part.filter(file.has), of: file, to: other)
        }
        return true
    }

    private func isDrawable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }

    /// The first of the face's own, DejaVu Sans, those in use already, and those that are installed.
    private func file(with letter: UInt16, _ script: Script?, _ face: Face) -> FontFile? {
        for file in [own(face), own(.text)] + (added[face] ?? []).map(\.file) {
            if let file, file.has(letter) { return file }
        }
        return find(letter, face == .bold, script?.dependsOnLanguage == true ? language ?? Self.systemLanguage : nil)
    }

    /// The language whose shapes of Han letters are wanted. Where the system has such a language, fontconfig knows it.
    private static let systemLanguage: String? = {
        let environment = ProcessInfo.processInfo.environment
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
        return ["zh", "ja", "ko"].contains { locale.hasPrefix($0) } ? nil : "zh-cn"
    }()

    private func add(_ letters: [UInt16], of file: FontFile, to face: Face) {
        var files = added[face] ?? []
        if let index = files.firstIndex(where: { $0.file === file }) {
            files[index].letters.formUnion(letters)
        } else {
            files.append((file, Set(letters)))
        }
        added[face] = files
    }

    // MARK: Words

    private func note(_ subject: String, _ sentence: String) {
        if named.insert(subject).inserted { notes.append(sentence) }
    }

    private func tellOfAbsent(_ letter: UInt16, _ script: Script?) {
        let code = "U+" + String(letter, radix: 16, uppercase: true).leftPadded(to: 4)
        guard let script else { return note("none", "\(code) is no letter of any font; it shows as □.") }
        // Where the window's own fonts are installed, they lack only rare letters of the scripts that they have.
        let isRare = script.package == Script.ownPackage && own(.text) != nil
        let what =
            script.name == "symbols"
            ? "Some symbols (\(code))"
            : isRare ? "Some letters of \(script.name) (\(code))" : "Letters of \(script.name)"
        note(
            "absent \(script.name)",
            "\(what) show as □: no installed font has them. The package "
                + "\(isRare ? Script.otherPackage : script.package) brings one.")
    }

    // MARK: Building

    /// Builds the fonts of `gui`, between two frames.
    ///
    /// - Returns: false, with the old fonts in their places, if there is no room for their texture.
    func build(_ gui: OpaquePointer) -> Bool {
        tellOfMissingFonts()
        gui_fonts_begin(gui)
        for face in Face.allCases {
            let own = own(face)
            let files = added[face] ?? []
            if let own {
                let more = files.first { $0.file === own }?.letters ?? []
                load(own, Self.pairs(Self.first, more), face, gui)
            } else {
                gui_fonts_add_builtin(gui, face.rawValue)
            }
            for (file, letters) in files where file !== own && !letters.isEmpty {
                load(file, Self.pairs([], letters), face, gui)
            }
        }
        guard !gui_fonts_end(gui) else { return true }
        note("room", "There is no room for the letters of more fonts; some show as □.")
        return false
    }

    private func load(_ file: FontFile, _ pairs: [UInt16], _ face: Face, _ gui: OpaquePointer) {
        // 13 and 11 pixels from ascent to descent less DejaVu's own leading make 15 and 13 here. In another font an em is
        // as large as in the face's own.
        let own = (own(face) ?? own(.text))?.height ?? file.height
        let isForeign = !file.path.hasPrefix(folder)
        gui_fonts_add(
            gui, face.rawValue, file.handle, face.lineHeight * file.height / own, pairs, Int32(pairs.count), isForeign)
    }

    /// First and last letters by turns.
    static func pairs(_ ranges: [ClosedRange<UInt16>], _ letters: Set<UInt16>) -> [UInt16] {
        var pairs = ranges.flatMap { [$0.lowerBound, $0.upperBound] }
        var last: UInt16?
        for letter in letters.sorted() where !ranges.contains(where: { $0.contains(letter) }) {
            if let last, letter == last &+ 1 {
                pairs[pairs.count - 1] = letter
            } else {
                pairs += [letter, letter]
            }
            last = letter
        }
        return pairs
    }
}

extension String {
    fileprivate func leftPadded(to length: Int) -> String {
        String(repeating: "0", count: max(0, length - count)) + self
    }
}
