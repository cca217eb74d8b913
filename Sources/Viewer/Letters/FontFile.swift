import CFontconfig
import CImGui
import Foundation

/// A font file that is open: of a large one only the letters that are drawn are read.
@MainActor final class FontFile {
    let path: String
    let index: Int32
    let handle: OpaquePointer

    private init?(path: String, index: Int32) {
        guard let handle = gui_font_open(path, index) else { return nil }
        (self.path, self.index, self.handle) = (path, index, handle)
    }

    isolated deinit { gui_font_close(handle) }

    /// Those that were asked for, nil where there is none or it cannot be read.
    private static var files: [String: FontFile?] = [:]

    static func open(_ path: String, index: Int32 = 0) -> FontFile? {
        let name = "\(path)#\(index)"
        if let known = files[name] { return known }
        let file = FontFile(path: path, index: index)
        files[name] = .some(file)
        return file
    }

    func has(_ letter: UInt16) -> Bool { gui_font_has(handle, UInt32(letter)) }

    /// Ascent and descent together, for an em of 1.
    var height: Float { gui_font_height(handle) }
}

/// The fonts that are installed, by fontconfig. It is asked when a letter is missing, never at the start: it may have
/// to look through all of them.
@MainActor enum InstalledFonts {
    private struct Candidate {
        let path: String
        let index: Int32
        /// A pattern's, which is kept for as long as the program runs.
        let letters: OpaquePointer
    }

    private struct Wish: Hashable {
        let isBold: Bool
        let language: String?
    }

    private static var sorted: [Wish: [Candidate]] = [:]

    /// The font that has `letter` and goes best with the window's.
    ///
    /// - Parameter language: which one's shape of a letter is wanted where several share it, as `ja`; the system's if nil.
    static func file(with letter: UInt16, bold isBold: Bool, language: String?) -> FontFile? {
        let wish = Wish(isBold: isBold, language: language)
        let candidates = sorted[wish] ?? sort(wish)
        sorted[wish] = candidates
        for candidate in candidates where FcCharSetHasChar(candidate.letters, FcChar32(letter)) != 0 {
            if let file = FontFile.open(candidate.path, index: candidate.index), file.has(letter) { return file }
        }
        return nil
    }

    /// Those with outlines in one colour, the most fitting first.
    private static func sort(_ wish: Wish) -> [Candidate] {
        guard let pattern = FcPatternCreate() else { return [] }
        defer { FcPatternDestroy(pattern) }
        FcPatternAddString(pattern, FC_FAMILY, "DejaVu Sans")
        FcPatternAddString(pattern, FC_FAMILY, "sans-serif")
        if let language = wish.language { FcPatternAddString(pattern, FC_LANG, language) }
        if wish.isBold { FcPatternAddInteger(pattern, FC_WEIGHT, FC_WEIGHT_BOLD) }
        FcConfigSubstitute(nil, pattern, FcMatchPattern)
        FcDefaultSubstitute(pattern)
        var result = FcResultMatch
        guard let set = FcFontSort(nil, pattern, FcBool(0), nil, &result) else { return [] }
        return (0..<Int(set.pointee.nfont)).compactMap { set.pointee.fonts[$0].flatMap(candidate) }
    }

    private static func candidate(_ pattern: OpaquePointer) -> Candidate? {
        var (path, index): (UnsafeMutablePointer<FcChar8>?, Int32) = (nil, 0)
        var letters: OpaquePointer?
        var (hasOutline, isColoured): (FcBool, FcBool) = (1, 0)
        guard FcPatternGetString(pattern, FC_FILE, 0, &path) == FcResultMatch, let path,
            FcPatternGetCharSet(pattern, FC_CHARSET, 0, &letters) == FcResultMatch, let letters
        else { return nil }
        FcPatternGetInteger(pattern, FC_INDEX, 0, &index)
        FcPatternGetBool(pattern, FC_OUTLINE, 0, &hasOutline)
        FcPatternGetBool(pattern, FC_COLOR, 0, &isColoured)
        guard hasOutline != 0, isColoured == 0 else { return nil }
        // Above the index in the file stands that of a variable font's named instance.
        return Candidate(path: String(cString: path), index: index & 0xffff, letters: letters)
    }
}
