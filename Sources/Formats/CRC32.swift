import CZlib

/// zlib's checksum.
package enum CRC32 {
    package static func of(_ parts: [UInt8]...) -> UInt { parts.reduce(0) { of($1, after: $0) } }

    /// Of what came before and has the checksum `sum`, with `bytes` after it.
    package static func of(_ bytes: [UInt8], after sum: UInt) -> UInt {
        bytes.withUnsafeBytes { of($0, after: sum) }
    }

    /// The same of bytes wherever they lie.
    package static func of(_ bytes: UnsafeRawBufferPointer, after sum: UInt) -> UInt {
        // For zlib no address means the start of a checksum.
        guard !bytes.isEmpty else { return sum }
        return UInt(crc32_z(uLong(sum), bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count))
    }
}
