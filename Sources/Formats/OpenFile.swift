import CLMat
import Foundation

/// A plain file that is open for reading, until nobody holds it any more.
final class OpenFile: Sendable {
    let path: String
    let descriptor: Int32
    /// Bytes when it was opened.
    let size: Int

    /// - Throws: ``/CLMat/CLMatError/fileMissing(path:hint:)`` also for what is no plain file.
    init(_ path: String) throws(CLMatError) {
        // A pipe would block until somebody writes.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        var status = stat()
        guard descriptor >= 0, fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            let isOpen = descriptor >= 0
            if isOpen { close(descriptor) }
            throw .fileMissing(path: path, hint: isOpen ? "It is not a plain file." : "Check the path.")
        }
        (self.path, self.descriptor, size) = (path, descriptor, Int(status.st_size))
    }

    deinit { close(descriptor) }

    /// What it has now: others may write it.
    var currentSize: Int {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
    }

    /// The bytes of a range within ``size``, in memory of their own.
    ///
    /// - Parameter place: what an error names.
    /// - Throws: ``/CLMat/CLMatError/fileDamaged(path:place:problem:)`` if the file is not so long any more, or cannot be read.
    func read(_ range: Range<Int>, of place: String) throws(CLMatError) -> Data {
        var data = Data(count: range.count)
        var problem: String?
        data.withUnsafeMutableBytes { target in
            guard let start = target.baseAddress else { return }
            var filled = 0
            while filled < target.count, problem == nil {
                let byte = range.lowerBound + filled
                let got = pread(descriptor, start + filled, target.count - filled, off_t(byte))
                if got > 0 {
                    filled += got
                } else if got == 0 {
                    problem = "the file became shorter while it was read: it ends before byte \(byte)"
                } else if errno != EINTR {
                    problem = "it cannot be read: \(Descriptors.words(errno))"
                }
            }
        }
        if let problem { throw .fileDamaged(path: path, place: place, problem: problem) }
        return data
    }
}
