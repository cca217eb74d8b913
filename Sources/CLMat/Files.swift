import Foundation

/// Reading and writing whole files, with errors that say what to do.
public enum Files {
    /// Writes aside and renames, so that nobody ever sees half a file and a failure leaves the old one. A link keeps
    /// pointing where it does, and what is there is renamed over; a device or a pipe, which cannot be replaced, is
    /// written to.
    ///
    /// - Throws: ``CLMatError/fileNotWritable(path:reason:)``.
    public static func write(_ data: Data, to path: String) throws(CLMatError) {
        var status = stat()
        let isThere = stat(path, &status) == 0
        if isThere, status.st_mode & S_IFMT == S_IFDIR {
            throw .fileNotWritable(path: path, reason: "it is a folder")
        }
        // /dev/stdout may lead to a regular file that others write to as well: that is added to.
        let isSpecial =
            isThere && (status.st_mode & S_IFMT != S_IFREG || path.hasPrefix("/dev/") || path.hasPrefix("/proc/"))
        let target =
            isThere
            ? realpath(path, nil).map { pointer in
                defer { free(pointer) }
                return String(cString: pointer)
            } ?? path : path
        let aside = isSpecial ? target : target + ".part-\(getpid())"
        let descriptor =
            isSpecial
            ? open(aside, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY)
            : open(aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .fileNotWritable(path: path, reason: lastError()) }
        func giveUp() -> CLMatError {
            let reason = lastError()
            if !isSpecial { unlink(aside) }
            return .fileNotWritable(path: path, reason: reason)
        }
        var offset = 0
        while offset < data.count {
            let written = data.withUnsafeBytes { bytes in
                Foundation.write(descriptor, bytes.baseAddress! + offset, data.count - offset)
            }
            if written <= 0 {
                let error = giveUp()
                close(descriptor)
                throw error
            }
            offset += written
        }
        guard close(descriptor) == 0, isSpecial || rename(aside, target) == 0 else { throw giveUp() }
    }

    public static func write(_ text: String, to path: String) throws(CLMatError) {
        try write(Data(text.utf8), to: path)
    }

    /// Makes a folder, and those that it lies in, where they are missing.
    ///
    /// - Throws: ``CLMatError/fileNotWritable(path:reason:)``.
    public static func makeFolder(_ path: String) throws(CLMatError) {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw .fileNotWritable(path: path, reason: "there is no such folder, and it cannot be made")
        }
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
