/// Whether bytes are UTF-8.
package enum UTF8Check {
    /// The place of the first byte that does not belong there, nil if all do.
    ///
    /// - Source: The Unicode Standard, table 3-7, "Well-formed UTF-8 byte sequences".
    package static func firstInvalid(_ bytes: UnsafeRawBufferPointer) -> Int? {
        var place = 0
        let count = bytes.count
        while place < count {
            // Eight bytes at a time, as long as all are ASCII.
            while place + 8 <= count,
                bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
            { place += 8 }
            guard place < count else { return nil }
            let first = bytes[place]
            let length: Int
            var second: ClosedRange<UInt8> = 0x80...0xBF
            switch first {
            case 0...0x7F: length = 1
            case 0xC2...0xDF: length = 2
            case 0xE0: (length, second) = (3, 0xA0...0xBF)
            case 0xED: (length, second) = (3, 0x80...0x9F)
            case 0xE1...0xEF: length = 3
            case 0xF0: (length, second) = (4, 0x90...0xBF)
            case 0xF1...0xF3: length = 4
            case 0xF4: (length, second) = (4, 0x80...0x8F)
            default: return place
            }
            guard place + length <= count else { return place }
            if length > 1 {
                guard second.contains(bytes[place + 1]) else { return place }
                for next in 2..<max(2, length) where bytes[place + next] & 0xC0 != 0x80 { return place }
            }
            place += length
        }
        return nil
    }
}
