/// A script, as far as the window has to know it: which blocks of Unicode it has, and how well it is drawn.
struct Script: Equatable {
    let name: String
    /// The Debian package whose fonts have it.
    let package: String
    /// Whether its letters change or move with those beside them, which the window does not do.
    let isJoined: Bool

    /// That of the window's own fonts, and that of many others.
    static let ownPackage = "fonts-dejavu-core"
    static let otherPackage = "fonts-noto-core"

    init(_ name: String, package: String = otherPackage, isJoined: Bool = false) {
        (self.name, self.package, self.isJoined) = (name, package, isJoined)
    }

    private static let latin = Script("Latin", package: ownPackage)
    private static let greek = Script("Greek", package: ownPackage)
    private static let cyrillic = Script("Cyrillic", package: ownPackage)
    private static let hebrew = Script("Hebrew", package: ownPackage)
    private static let arabic = Script("Arabic", package: ownPackage)
    private static let georgian = Script("Georgian", package: ownPackage)
    private static let ethiopic = Script("Ethiopic")
    private static let han = Script("Chinese (Han)", package: "fonts-noto-cjk")
    private static let kana = Script("Japanese (kana)", package: "fonts-noto-cjk")
    private static let hangul = Script("Korean (Hangul)", package: "fonts-noto-cjk")
    private static let symbols = Script("symbols")

    private static func joined(_ name: String) -> Script { Script(name, isJoined: true) }

    /// Where each part begins, in order: a part ends where the next one begins. Names and bounds of the blocks are those of
    /// Unicode's Blocks.txt; nil where a block has no letters of its own.
    private static let parts: [(start: UInt16, script: Script?)] = [
        (0x0000, latin), (0x0180, latin), (0x0300, symbols), (0x0370, greek),
        (0x0400, cyrillic), (0x0530, Script("Armenian", package: ownPackage)), (0x0590, hebrew),
        (0x0600, arabic),
        (0x0700, joined("Syriac")), (0x0750, arabic), (0x0780, joined("Thaana")), (0x07c0, joined("N’Ko")),
        (0x0800, joined("Samaritan")), (0x0840, joined("Mandaic")), (0x0860, joined("Syriac")), (0x0870, arabic),
        (0x0900, joined("Devanagari")), (0x0980, joined("Bengali")), (0x0a00, joined("Gurmukhi")),
        (0x0a80, joined("Gujarati")), (0x0b00, joined("Odia")), (0x0b80, joined("Tamil")), (0x0c00, joined("Telugu")),
        (0x0c80, joined("Kannada")), (0x0d00, joined("Malayalam")), (0x0d80, joined("Sinhala")),
        (0x0e00, joined("Thai")), (0x0e80, joined("Lao")), (0x0f00, joined("Tibetan")), (0x1000, joined("Myanmar")),
        (0x10a0, georgian), (0x1100, hangul), (0x1200, ethiopic), (0x13a0, Script("Cherokee")),
        (0x1400, Script("Canadian syllabics")), (0x1680, Script("Ogham")), (0x16a0, Script("Runic")),
        (0x1700, joined("Philippine scripts")), (0x1780, joined("Khmer")), (0x1800, joined("Mongolian")),
        (0x18b0, Script("Canadian syllabics")), (0x1900, joined("Limbu")), (0x1950, Script("Tai Le")),
        (0x1980, joined("New Tai Lue")), (0x19e0, joined("Khmer")), (0x1a00, joined("Buginese")),
        (0x1a20, joined("Tai Tham")), (0x1ab0, symbols), (0x1b00, joined("Balinese")), (0x1b80, joined("Sundanese")),
        (0x1bc0, joined("Batak")), (0x1c00, joined("Lepcha")), (0x1c50, Script("Ol Chiki")), (0x1c80, cyrillic),
        (0x1c90, georgian), (0x1cc0, joined("Sundanese")), (0x1cd0, joined("Vedic")), (0x1d00, latin),
        (0x1dc0, symbols), (0x1e00, latin), (0x1f00, greek), (0x2000, symbols), (0x2c00, Script("Glagolitic")),
        (0x2c60, latin), (0x2c80, Script("Coptic")), (0x2d00, georgian), (0x2d30, Script("Tifinagh")),
        (0x2d80, ethiopic), (0x2de0, cyrillic), (0x2e00, symbols), (0x2e80, han), (0x3040, kana),
        (0x3100, Script("Chinese (bopomofo)", package: "fonts-noto-cjk")), (0x3130, hangul), (0x3190, han),
        (0x31f0, kana), (0x3200, han), (0xa000, Script("Yi")), (0xa4d0, Script("Lisu")), (0xa500, Script("Vai")),
        (0xa640, cyrillic), (0xa6a0, Script("Bamum")), (0xa700, latin), (0xa800, joined("Syloti Nagri")),
        (0xa830, symbols), (0xa840, joined("Phags-pa")), (0xa880, joined("Saurashtra")), (0xa8e0, joined("Devanagari")),
        (0xa900, joined("Kayah Li")), (0xa930, joined("Rejang")), (0xa960, hangul), (0xa980, joined("Javanese")),
        (0xa9e0, joined("Myanmar")), (0xaa00, joined("Cham")), (0xaa60, joined("Myanmar")),
        (0xaa80, joined("Tai Viet")),
        (0xaae0, joined("Meetei Mayek")), (0xab00, ethiopic), (0xab30, latin), (0xab70, Script("Cherokee")),
        (0xabc0, joined("Meetei Mayek")), (0xac00, hangul), (0xd800, nil), (0xf900, han), (0xfb00, latin),
        (0xfb13, Script("Armenian", package: ownPackage)), (0xfb1d, hebrew), (0xfb50, arabic),
        (0xfc00, arabic), (0xfe00, nil),
        (0xfe10, han), (0xfe20, symbols), (0xfe30, han), (0xfe70, arabic), (0xff00, han), (0xfff0, symbols),
    ]

    /// Whether so many letters belong to it that only those that were seen are worth their room.
    var isLarge: Bool { self == Self.han }
    /// Whether its letters are shared by Chinese, Japanese and Korean, which write some of them differently.
    var dependsOnLanguage: Bool { package == Self.han.package }
    var isKana: Bool { self == Self.kana }

    /// The part that a letter belongs to: its script, and the letters that are likely to follow it.
    static func part(of letter: UInt16) -> (script: Script?, letters: ClosedRange<UInt16>) {
        var (low, high) = (0, parts.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if parts[middle].start <= letter { low = middle } else { high = middle }
        }
        let end = low + 1 < parts.count ? parts[low + 1].start - 1 : UInt16.max
        return (parts[low].script, parts[low].start...end)
    }
}
