/// Damages files as disks, networks, other programs and people do, the same way each time for one seed.
public struct Mutator: Sendable {
    /// For what else a test draws.
    public var random: SplitMix64

    public init(seed: UInt64) { random = SplitMix64(seed: seed) }

    /// The largest growth by one change, so that ten thousand inputs stay small.
    private static let growth = 1 << 12
    /// The growth by one change in sixty-four, so that something is nested or long beyond all measure.
    private static let largeGrowth = 1 << 17

    /// `bytes` with one change, or with up to four: what is damaged little is read far. Not every change is visible: a zero may
    /// become a zero.
    public mutating func mutate(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0...(below(2) == 0 ? 0 : below(4)) { change(&bytes) }
        return bytes
    }

    private mutating func change(_ bytes: inout [UInt8]) {
        guard !bytes.isEmpty else {
            bytes = (0..<below(64)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            return
        }
        let place = below(bytes.count)
        switch below(16) {
        case 0: bytes[place] ^= 1 << UInt8(below(8))
        case 1: bytes[place] = UInt8(truncatingIfNeeded: random.next())
        // As it may be at this place.
        case 2: bytes[place] = bytes[below(bytes.count)]
        case 3: bytes[place] = Self.marks[below(Self.marks.count)]
        case 4: bytes.removeLast(bytes.count - place)
        case 5: bytes.removeFirst(min(place, bytes.count - 1))
        case 6: bytes.remove(at: place)
        case 7: bytes.removeSubrange(piece(of: bytes))
        case 8:
            bytes.insert(contentsOf: (0...below(16)).map { _ in UInt8(truncatingIfNeeded: random.next()) }, at: place)
        case 9: bytes.replaceSubrange(piece(of: bytes), with: repeatElement(bytes[place], count: 1 + below(64)))
        case 10: repeatPiece(&bytes)
        case 11: swapPieces(&bytes)
        case 12, 13: putBinaryNumber(&bytes)
        default: putDecimalNumber(&bytes)
        }
    }

    /// What structures texts.
    private static let marks = Array("0123456789-+.,;:eE\"'()[]{}<> \t\n\r\0".utf8)

    /// A piece that is there comes again: once or twice, or until it is large.
    private mutating func repeatPiece(_ bytes: inout [UInt8]) {
        let piece = piece(of: bytes)
        let limit = below(64) == 0 ? Self.largeGrowth : Self.growth
        let times = 1 + min(below(4) == 0 ? limit : below(4), max(1, limit / piece.count))
        let copies = (0..<times).flatMap { _ in bytes[piece] }
        bytes.insert(contentsOf: copies, at: piece.upperBound)
    }

    /// Two pieces that do not overlap change places.
    private mutating func swapPieces(_ bytes: inout [UInt8]) {
        let cuts = (0..<4).map { _ in below(bytes.count + 1) }.sorted()
        let (first, between, second) = (bytes[cuts[0]..<cuts[1]], bytes[cuts[1]..<cuts[2]], bytes[cuts[2]..<cuts[3]])
        bytes = Array(bytes[..<cuts[0]]) + second + between + first + bytes[cuts[3]...]
    }

    /// One, two, four or eight bytes become the least, the largest or nearly such a number, in either order of bytes.
    private mutating func putBinaryNumber(_ bytes: inout [UInt8]) {
        let size = 1 << below(4)
        var number: [UInt8]
        switch below(6) {
        case 0: number = [UInt8](repeating: 0, count: size)
        case 1: number = [UInt8](repeating: 0xFF, count: size)
        case 2: number = [0x7F] + [UInt8](repeating: 0xFF, count: size - 1)
        case 3: number = [0x80] + [UInt8](repeating: 0, count: size - 1)
        case 4: number = [UInt8](repeating: 0, count: size - 1) + [1]
        default: number = [0x7F] + [UInt8](repeating: 0, count: size - 1)
        }
        if below(2) == 0 { number.reverse() }
        // Formats have their sizes at the start, and most of them at places that the size divides.
        let start = below(below(2) == 0 ? bytes.count : min(bytes.count, 64)) / size * size
        for (offset, byte) in number.enumerated() where start + offset < bytes.count { bytes[start + offset] = byte }
    }

    private static let numbers = [
        "0", "1", "-1", "-0", "1e999", "-1e999", "1e-999", "nan", "NaN", "inf", "Infinity", "0x10", "1e5", "0.1", ".",
        "",
        "255", "256", "65536", "2147483647", "2147483648", "4294967295", "4294967296", "9223372036854775807",
        "9223372036854775808", "-9223372036854775808", "18446744073709551615", "18446744073709551616", "1e19",
        "99999999999999999999999999999999999999999", "1000000000", "999999999", "3.4e38", "3.5e38", "1e308", "null",
        "true",
    ]

    /// A run of digits becomes an extreme number; without digits one is put somewhere.
    private mutating func putDecimalNumber(_ bytes: inout [UInt8]) {
        let number = Array(Self.numbers[below(Self.numbers.count)].utf8)
        let isDigit = { (byte: UInt8) in byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
        let from = below(bytes.count)
        guard let start = bytes[from...].firstIndex(where: isDigit) ?? bytes.firstIndex(where: isDigit) else {
            bytes.insert(contentsOf: number, at: from)
            return
        }
        let end = bytes[start...].firstIndex { !isDigit($0) } ?? bytes.count
        bytes.replaceSubrange(start..<end, with: number)
    }

    /// A piece of one byte or more; most are short.
    private mutating func piece(of bytes: [UInt8]) -> Range<Int> {
        let start = below(bytes.count)
        let longest = below(2) == 0 ? min(8, bytes.count - start) : bytes.count - start
        return start..<start + 1 + below(longest)
    }

    private mutating func below(_ limit: Int) -> Int { Int(random.next() % UInt64(limit)) }
}
