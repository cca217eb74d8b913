import CLMat

/// The text of a table block by block, plain or packed with gzip: what a byte order mark says is UTF-16 or UTF-32 comes
/// as UTF-8, the rest as it is.
package final class TableText {
    let path: String
    /// CRC-32 of the text so far.
    private(set) var checksum: UInt = 0
    /// Whether the last block was given out.
    private(set) var isAtEnd = false
    /// Units of UTF-16 or UTF-32 so far that are no character; each became U+FFFD.
    package var damagedUnits: Int { file.damagedUnits }
    private let file: TextFile

    private static let blockSize = 1 << 20

    /// - Throws: ``/CLMat/CLMatError/fileMissing(path:hint:)``; ``/CLMat/CLMatError/fileDamaged(path:place:problem:)`` for damaged
    ///   gzip data.
    init(_ path: String) throws(CLMatError) {
        self.path = path
        file = try TextFile(path)
    }

    /// The next block; empty after the last one.
    ///
    /// - Throws: ``/CLMat/CLMatError/fileDamaged(path:place:problem:)`` for damaged gzip data.
    func next() throws(CLMatError) -> [UInt8] {
        guard !isAtEnd else { return [] }
        let block = try file.read(Self.blockSize)
        if block.count < Self.blockSize { isAtEnd = true }
        checksum = CRC32.of(block, after: checksum)
        return block
    }
}
