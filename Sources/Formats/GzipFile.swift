import CLMat
import CZlib
import Foundation

/// A file read once from start to end, and unpacked on the way if it is packed with gzip.
///
/// Its first two bytes (1f 8b) say whether it is packed, not its name. A packed file may have several members one
/// after the other; they read as one.
/// - Source: P. Deutsch, "GZIP file format specification version 4.3", RFC 1952, 1996.
public final class GzipFile {
    /// The most that a reader takes from one file: 2 GiB, or half of the machine's memory if that is less. A small
    /// packed file can unpack to a thousand times its size, and a damaged header can ask for anything.
    public static let standardLimit = Int(min(2 << 30, ProcessInfo.processInfo.physicalMemory / 2))

    /// The file as it was named.
    public let path: String
    /// The size on disk, in bytes.
    public let storedBytes: Int
    /// Whether it is packed with gzip; by its first bytes, not by its name.
    public let isPacked: Bool
    /// Unpacked bytes read so far.
    public private(set) var offset = 0
    private let handle: gzFile

    /// - Throws: ``/CLMat/CLMatError/fileMissing(path:hint:)`` if there is no such file, or it cannot be opened.
    public convenience init(_ path: String, hint: String = "Check the path.") throws(CLMatError) {
        try self.init(BytePath(path), hint: hint)
    }

    /// - Parameter path: its bytes need not be text; errors show it as ``BytePath/shown`` does.
    package init(_ path: BytePath, hint: String = "Check the path.") throws(CLMatError) {
        var status = stat()
        guard stat(path.cString, &status) == 0 else {
            throw .fileMissing(path: path.shown, hint: BytePath.hint(path.shown, else: hint))
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw .fileMissing(path: path.shown, hint: "It is there, but it is not a plain file.")
        }
        guard let handle = gzopen(path.cString, "rbe") else {
            throw .fileMissing(
                path: path.shown, hint: "It is there, but it cannot be opened: \(Descriptors.words(errno)).")
        }
        gzbuffer(handle, 1 << 18)
        self.path = path.shown
        self.handle = handle
        storedBytes = Int(status.st_size)
        isPacked = gzdirect(handle) == 0
    }

    deinit { gzclose(handle) }

    /// The next `count` unpacked bytes; fewer only at the end of the file.
    ///
    /// Reading past the last byte also checks the checksum that a packed file ends with.
    /// - Throws: ``/CLMat/CLMatError/fileDamaged(path:place:problem:)`` where packed data is corrupt or breaks off; the place
    ///   is the byte in the packed file.
    public func read(_ count: Int) throws(CLMatError) -> [UInt8] {
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = fill(UnsafeMutableRawBufferPointer(buffer))
        }
        offset += bytes.count
        if bytes.count < count { try checkEnd() }
        return bytes
    }

    /// As ``read(_:)``, into memory that is there: fills `target`, and returns how many bytes that took. Fewer than it holds
    /// are read only at the end of the file.
    ///
    /// - Throws: ``/CLMat/CLMatError/fileDamaged(path:place:problem:)``.
    public func read(into target: UnsafeMutableRawBufferPointer) throws(CLMatError) -> Int {
        let filled = fill(target)
        offset += filled
        if filled < target.count { try checkEnd() }
        return filled
    }

    private func fill(_ target: UnsafeMutableRawBufferPointer) -> Int {
        guard let start = target.baseAddress else { return 0 }
        var filled = 0
        while filled < target.count {
            let got = gzread(handle, start + filled, UInt32(min(target.count - filled, 1 << 24)))
            if got <= 0 { break }
            filled += Int(got)
        }
        return filled
    }

    /// The whole content of a file, unpacked.
    ///
    /// - Parameter limit: the most bytes to take, after unpacking.
    /// - Throws: ``/CLMat/CLMatError/fileMissing(path:hint:)``; ``/CLMat/CLMatError/fileDamaged(path:place:problem:)`` if packed data
    ///   is corrupt or breaks off, or if there is more than `limit`.
    public static func read(
        _ path: String, limit: Int = standardLimit, hint: String = "Check the path."
    ) throws(CLMatError) -> [UInt8] {
        try read(BytePath(path), limit: limit, hint: hint)
    }

    package static func read(
        _ path: BytePath, limit: Int = standardLimit, hint: String = "Check the path."
    ) throws(CLMatError) -> [UInt8] {
        let file = try GzipFile(path, hint: hint)
        var bytes: [UInt8] = []
        if !file.isPacked { bytes.reserveCapacity(min(file.storedBytes, limit)) }
        while true {
            let part = try file.read(1 << 20)
            guard bytes.count + part.count <= limit else {
                throw .fileDamaged(
                    path: file.path, place: file.place(limit),
                    problem: "it goes on after \(limit) bytes, which is the most that is read from one file")
            }
            bytes += part
            if part.count < 1 << 20 { return bytes }
        }
    }

    /// How an error names a byte of the unpacked content.
    package func place(_ byte: Int) -> String { isPacked ? "byte \(byte) (unpacked)" : "byte \(byte)" }

    /// Tells the end of the file from damage.
    private func checkEnd() throws(CLMatError) {
        var status = Z_OK
        let words = gzerror(handle, &status).map { String(cString: $0) } ?? ""
        let problem: String
        switch status {
        case Z_OK, Z_STREAM_END: return
        case Z_BUF_ERROR: problem = "the gzip data breaks off"
        case Z_ERRNO: problem = "the file cannot be read on: \(Descriptors.words(errno))"
        default:
            // zlib puts the path before its words.
            let reason = words.hasPrefix(path + ": ") ? String(words.dropFirst(path.count + 2)) : words
            problem = "the gzip data is corrupt (\(reason))"
        }
        throw .fileDamaged(path: path, place: "byte \(max(0, gzoffset(handle)))", problem: problem)
    }
}
