import CLMat
import Foundation

/// A file without a name, which goes when the program does not hold it any more.
final class SpoolFile {
    let descriptor: Int32
    private let folder: String

    /// In the folder `TMPDIR`, else in /var/tmp, which is on a disk where /tmp may be in memory.
    ///
    /// - Throws: ``/CLMat/CLMatError/fileNotWritable(path:reason:)``.
    init() throws(CLMatError) {
        let wanted = ProcessInfo.processInfo.environment["TMPDIR"] ?? ""
        folder = wanted.isEmpty ? "/var/tmp" : wanted
        var name = Array("\(folder)/clmat-corpus-XXXXXX".utf8CString)
        descriptor = mkstemp(&name)
        guard descriptor >= 0 else { throw .fileNotWritable(path: folder, reason: Self.hint(errno)) }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        unlink(name)
    }

    deinit { close(descriptor) }

    func append<Entry: BitwiseCopyable>(_ entries: [Entry]) throws(CLMatError) {
        let (descriptor, size) = (descriptor, entries.count * MemoryLayout<Entry>.stride)
        let problem = entries.withUnsafeBytes { bytes -> Int32 in
            guard let base = bytes.baseAddress else { return 0 }
            var offset = 0
            while offset < size {
                let written = write(descriptor, base + offset, size - offset)
                if written < 0, errno == EINTR { continue }
                if written <= 0 { return errno }
                offset += written
            }
            return 0
        }
        guard problem == 0 else { throw .fileNotWritable(path: folder, reason: Self.hint(problem)) }
    }

    /// The bytes that are in it.
    var size: Int {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
    }

    /// Its start, up to so many bytes.
    func bytes(first count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: max(0, count)) { target, filled in
            guard let start = target.baseAddress else { return }
            while filled < count {
                let got = pread(descriptor, start + filled, count - filled, off_t(filled))
                if got < 0, errno == EINTR { continue }
                if got <= 0 { break }
                filled += got
            }
        }
    }

    /// Makes it so large, all zeros, with room on the disk for it.
    func reserve(_ bytes: Int) throws(CLMatError) {
        let problem = posix_fallocate(descriptor, 0, off_t(bytes))
        guard problem == 0 else { throw .fileNotWritable(path: folder, reason: Self.hint(problem)) }
    }

    func map<Entry: BitwiseCopyable>(
        _ count: Int, as entry: Entry.Type
    ) throws(CLMatError) -> UnsafeMutableBufferPointer<Entry> {
        let bytes = count * MemoryLayout<Entry>.stride
        guard let mapping = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), mapping != MAP_FAILED
        else { throw .fileNotWritable(path: folder, reason: Self.hint(errno)) }
        return UnsafeMutableBufferPointer(start: mapping.bindMemory(to: entry, capacity: count), count: count)
    }

    private static func hint(_ problem: Int32) -> String {
        String(cString: strerror(problem)).lowercased()
            + " (a large corpus is kept there while the program runs; TMPDIR names another folder)"
    }
}
