import Foundation

/// Reading and writing whole files, with errors that say what to do.
public enum Files {
    /// Writes aside and renames, so that nobody ever sees half a file and a failure leaves the old one.
    ///
    /// - Throws: ``CLMatError/fileNotWritable(path:reason:)``.
    public static func write(_ data: Data, to path: String) throws(CLMatError) {
        let aside = path + ".part-\(getpid())"
        let descriptor = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .fileNotWritable(path: path, reason: lastError()) }
        var offset = 0
        while offset < data.count {
            let written = data.withUnsafeBytes { bytes in
                Foundation.write(descriptor, bytes.baseAddress! + offset, data.count - offset)
            }
            if written <= 0 {
                let reason = lastError()
                close(descriptor)
                unlink(aside)
                throw .fileNotWritable(path: path, reason: reason)
            }
            offset += written
        }
        guard close(descriptor) == 0, rename(aside, path) == 0 else {
            let reason = lastError()
            unlink(aside)
            throw .fileNotWritable(path: path, reason: reason)
        }
    }

    public static func write(_ text: String, to path: String) throws(CLMatError) {
        try write(Data(text.utf8), to: path)
    }

    /// - Throws: ``CLMatError/fileMissing(path:hint:)`` if it cannot be read.
    public static func read(_ path: String, hint: String = "Check the path.") throws(CLMatError) -> Data {
        do {
            return try Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            throw .fileMissing(path: path, hint: hint)
        }
    }

    private static func lastError() -> String { String(cString: strerror(errno)).lowercased() }
}
