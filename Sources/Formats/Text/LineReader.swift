import CLMat
import Foundation

/// The lines of a file, plain or packed with gzip, one after the other: memory holds a block of the file, not all of it.
///
/// A line ends in "\n" or "\r\n", which are not part of it, or in "\r" where the first block has no "\n" at all; the last one may
/// end with the file. A byte order mark at the start is passed over, and what it says is UTF-16 comes as UTF-8.
package final class LineReader {
    package let path: String
    /// The number of the line that was read last, from 1.
    package private(set) var line = 0
    private let file: TextFile
    private let longest: Int
    private var block: UnsafeMutableRawBufferPointer
    private var unread = 0..<0
    private var isAtEnd = false
    /// Nil until the first block is read.
    private var newline: UInt8?

    /// What the mark at the start says.
    package var markedEncoding: TextDecoding.Encoding? { file.markedEncoding }
    /// Units of UTF-16 or UTF-32 that are no character, so far.
    package var damagedUnits: Int { file.damagedUnits }

    /// - Parameters:
    ///   - longest: a line of more bytes is refused, unless it fits into a block.
    ///   - block: bytes that are read at a time.
    /// - Throws: ``/CLMat/CLMatError/fileMissing(path:hint:)``.
    package convenience init(_ path: String, longest: Int = 1 << 28, block: Int = 1 << 20) throws(CLMatError) {
        try self.init(BytePath(path), longest: longest, block: block)
    }

    /// The same for a path whose bytes need not be text.
    package init(_ path: BytePath, longest: Int = 1 << 28, block: Int = 1 << 20) throws(CLMatError) {
        file = try TextFile(GzipFile(path))
        (self.path, self.longest) = (path.shown, longest)
        self.block = .allocate(byteCount: block, alignment: 16)
    }

    deinit { block.deallocate() }

    /// The next line, nil after the last. Its bytes stay where they are until the next one is asked for.
    ///
    /// - Throws: ``/CLMat/CLMatError/fileDamaged(path:place:problem:)`` for damaged gzip data, or a line that is too long.
    package func next() throws(CLMatError) -> UnsafeRawBufferPointer? {
        var searched = 0
        while true {
            if unread.count > searched, let base = block.baseAddress {
                let from = base + unread.lowerBound + searched
                if let end = memchr(from, Int32(newline ?? 0x0A), unread.count - searched) {
                    let start = unread.lowerBound
                    let stop = end - UnsafeMutableRawPointer(base)
                    unread = stop + 1..<unread.upperBound
                    return take(start..<stop)
                }
                searched = unread.count
            }
            if isAtEnd {
                guard !unread.isEmpty else { return nil }
                let rest = unread
                unread = unread.upperBound..<unread.upperBound
                return take(rest)
            }
            guard unread.count <= longest else { throw damaged("it is longer than \(longest) bytes", ahead: 1) }
            try fill()
        }
    }

    /// An error at the line read last, or so many lines after it.
    package func damaged(_ problem: String, ahead: Int = 0) -> CLMatError {
        .fileDamaged(path: path, place: "line \(line + ahead)", problem: problem)
    }

    /// A line as text.
    ///
    /// - Throws: ``/CLMat/CLMatError/fileDamaged(path:place:problem:)`` if it is not UTF-8.
    package func checkText(_ bytes: UnsafeRawBufferPointer) throws(CLMatError) {
        if let byte = UTF8Check.firstInvalid(bytes) { throw damaged("its byte \(byte + 1) is not UTF-8") }
    }

    private func take(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        line += 1
        var range = range
        if let last = range.last, block[last] == 0x0D { range = range.lowerBound..<last }
        return UnsafeRawBufferPointer(rebasing: block[range])
    }

    /// What ends the lines of a file that starts so: "\r" only where there is no "\n", as old programs of the Macintosh wrote.
    private static func newline(of start: UnsafeRawBufferPointer) -> UInt8 {
        let (feed, carriage) = (UInt8(ascii: "\n"), UInt8(ascii: "\r"))
        // A "\r" at the end of the block may have its "\n" in the next one.
        return !start.contains(feed) && start.dropLast().contains(carriage) ? carriage : feed
    }

    /// Moves the rest to the front, and reads on behind it.
    private func fill() throws(CLMatError) {
        if unread.count > block.count / 2 {
            let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 * block.count, alignment: 16)
            larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: block[unread]))
            block.deallocate()
            block = larger
        } else if unread.lowerBound > 0, let base = block.baseAddress {
            memmove(base, base + unread.lowerBound, unread.count)
        }
        unread = 0..<unread.count
        let room = UnsafeMutableRawBufferPointer(rebasing: block[unread.count...])
        let got = try file.read(into: room)
        unread = 0..<unread.count + got
        if got < room.count { isAtEnd = true }
        if newline == nil { newline = Self.newline(of: UnsafeRawBufferPointer(rebasing: block[unread])) }
    }
}
