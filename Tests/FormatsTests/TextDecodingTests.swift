import CLMat
import Foundation
import TestSupport
import Testing

@testable import Formats

@Suite struct TextDecodingTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private static let text = "Größe 語 😀\nsecond"

    private static func units(_ text: String, _ encoding: String.Encoding, mark: [UInt8]) throws -> [UInt8] {
        mark + [UInt8](try #require(text.data(using: encoding)))
    }

    /// The same text in each encoding that a mark can name.
    private static func marked() throws -> [[UInt8]] {
        [
            try units(text, .utf8, mark: [0xEF, 0xBB, 0xBF]), try units(text, .utf16LittleEndian, mark: [0xFF, 0xFE]),
            try units(text, .utf16BigEndian, mark: [0xFE, 0xFF]),
            try units(text, .utf32LittleEndian, mark: [0xFF, 0xFE, 0, 0]),
            try units(text, .utf32BigEndian, mark: [0, 0, 0xFE, 0xFF]),
        ]
    }

    @Test func aMarkSaysTheEncoding() throws {
        for bytes in try Self.marked() {
            let decoded = TextDecoding(bytes)
            #expect(decoded.text == [UInt8](Self.text.utf8), "\(decoded.encoding)")
            #expect(decoded.damagedUnits == 0)
        }
    }

    @Test func withoutAMarkItIsUTF8OrWindows1252() {
        #expect(TextDecoding([UInt8]("é".utf8)).encoding == .utf8)
        let decoded = TextDecoding([0x9C, 0x75, 0x76, 0x72, 0x65, 0x92, 0xE9, 0x80])
        #expect(decoded.encoding == .windows1252)
        #expect(String(decoding: decoded.text, as: UTF8.self) == "œuvre’é€")
        // The mark of UTF-8, and then something else.
        #expect(TextDecoding([0xEF, 0xBB, 0xBF, 0x61, 0xE9]).text == [UInt8]("aé".utf8))
        let all = String(decoding: TextDecoding.fromWindows1252(Array(0x80...0x9F)), as: UTF8.self)
        #expect(all == "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8D}Ž\u{8F}\u{90}‘’“”•–—˜™š›œ\u{9D}žŸ")
    }

    @Test func brokenUnitsAreCounted() {
        // A first half without its second, a second half alone, and half a unit at the end.
        let decoded = TextDecoding([0xFF, 0xFE, 0x3D, 0xD8, 0x61, 0, 0x00, 0xDC, 0x62])
        #expect(String(decoding: decoded.text, as: UTF8.self) == "\u{FFFD}a\u{FFFD}\u{FFFD}")
        #expect(decoded.damagedUnits == 3)
        #expect(TextDecoding([0xFF, 0xFE, 0, 0, 0, 0, 0x11, 0]).damagedUnits == 1)
    }

    /// Pieces of any size give what the whole file gives.
    @Test func filesAreReadInPieces() throws {
        let text = String(repeating: "Größe 語 😀 of many units\n", count: 1500)
        let kinds: [([UInt8], String.Encoding)] = [
            ([0xFF, 0xFE], .utf16LittleEndian), ([], .utf8), ([0xEF, 0xBB, 0xBF], .utf8),
        ]
        for (mark, encoding) in kinds {
            let bytes = try Self.units(text, encoding, mark: mark)
            for (name, content) in [("plain", bytes), ("packed.gz", try folder.packed(bytes))] {
                let path = try folder.write(content, name)
                for size in [1, 7, 4096, 1 << 20] where size > 1 || content.count < 40_000 {
                    let (file, other) = (try TextFile(path), try TextFile(path))
                    var (found, filled): ([UInt8], [UInt8]) = ([], [])
                    while true {
                        let piece = try file.read(size)
                        found += piece
                        if piece.count < size { break }
                    }
                    while true {
                        var piece = [UInt8](repeating: 0, count: size)
                        let count = try piece.withUnsafeMutableBytes { try other.read(into: $0) }
                        filled += piece.prefix(count)
                        if count < size { break }
                    }
                    #expect(found == [UInt8](text.utf8) && filled == found, "\(name), \(size)")
                }
            }
        }
    }

    /// Of lines that end in "\n", "\r\n" or "\r".
    @Test func linesEndInEitherWay() throws {
        func lines(_ bytes: [UInt8], block: Int = 1 << 20) throws -> [String] {
            let reader = try LineReader(folder.write(bytes, "lines.txt"), block: block)
            var found: [String] = []
            while let line = try reader.next() { found.append(String(decoding: line, as: UTF8.self)) }
            return found
        }
        #expect(try lines([UInt8]("a\rb\r\rc".utf8)) == ["a", "b", "", "c"])
        #expect(try lines([UInt8]("a\rb\nc\r\n".utf8)) == ["a\rb", "c"])
        #expect(try lines([UInt8]("abcdefg\r\nb\r\n".utf8), block: 8) == ["abcdefg", "b"])
        for bytes in try Self.marked() { #expect(try lines(bytes) == ["Größe 語 😀", "second"]) }
    }
}
