import Foundation
import Synchronization

/// Descriptors as the program finds them at its start, and writing to them.
///
/// A program calls ``prepare()`` first of all. Writing never ends the process: what cannot be written is the number of an error.
public enum Descriptors {
    private struct Start: Sendable {
        /// Those of 0 to 2 that were closed; /dev/null is open in their place.
        var closed: Set<Int32> = []
        /// All that were open; nil if nobody looked.
        var open: Set<Int32>?
    }
    private static let start = Mutex(Start())
    /// O_PATH of Linux's <fcntl.h>, which shows it to GNU's C only: a place in the file system that is not opened.
    private static let pathOnly: Int32 = 0o10000000

    /// To be called before anything opens a file.
    ///
    /// A standard stream that was closed is opened on /dev/null: else the next file of the run would take its number, and
    /// messages would go into it. A pipe without a reader and a limit on the size of files become errors of the write,
    /// instead of signals that end the process.
    public static func prepare() {
        let closed = Set((0...2).filter { fcntl(Int32($0), F_GETFD) < 0 }.map(Int32.init))
        // In ascending order each gets the number that is free.
        for _ in closed where Foundation.open("/dev/null", O_RDWR | O_NOCTTY) < 0 {
            // Where there is no /dev/null: a place holder that can be neither read nor written.
            _ = Foundation.open("/", pathOnly)
        }
        let names = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
        let open = names.map { Set($0.compactMap(Int32.init).filter { fcntl($0, F_GETFD) >= 0 }).subtracting(closed) }
        start.withLock { $0 = Start(closed: closed, open: open) }
        for number in [SIGPIPE, SIGXFSZ] { signal(number, SIG_IGN) }
    }

    /// Why a descriptor cannot be written to, as the number of an error, or 0. One that was closed at the start, or opened since, is
    /// nobody's output.
    public static func obstacle(toWriting descriptor: Int32) -> Int32 {
        let start = start.withLock { $0 }
        if start.closed.contains(descriptor) || start.open?.contains(descriptor) == false { return EBADF }
        let flags = fcntl(descriptor, F_GETFL)
        guard flags >= 0 else { return errno }
        return flags & O_ACCMODE == O_RDONLY || flags & pathOnly != 0 ? EBADF : 0
    }

    /// Writes all bytes: interrupted and partial writes go on, and a descriptor that must not wait is waited for.
    ///
    /// - Parameter patience: milliseconds to wait until the descriptor takes more; -1 is as long as it takes.
    /// - Returns: 0, or the number of the error.
    public static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, patience: Int32 = -1) -> Int32 {
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = UnsafeRawBufferPointer(rebasing: rest)
            let written = Foundation.write(descriptor, part.baseAddress, part.count)
            if written > 0 {
                rest = rest.dropFirst(written)
                continue
            }
            switch written == 0 ? EIO : errno {
            case EINTR: continue
            case EAGAIN, EWOULDBLOCK:
                var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                let ready = poll(&waiting, 1, patience)
                if ready == 0 { return EAGAIN }
                if ready < 0, errno != EINTR { return errno }
            case let error: return error
            }
        }
        return 0
    }

    /// Writes all bytes, and returns 0 or the number of the error.
    ///
    /// - Parameter patience: how many milliseconds it waits for a reader; −1 for ever.
    public static func write(_ data: Data, to descriptor: Int32, patience: Int32 = -1) -> Int32 {
        data.withUnsafeBytes { write($0, to: descriptor, patience: patience) }
    }

    /// An error's number in words, in small letters: "bad file descriptor".
    public static func words(_ error: Int32) -> String { String(cString: strerror(error)).lowercased() }
}

/// What a program says to a person.
public enum StandardError {
    /// Writes a message as it is. One that cannot be written is dropped: nobody would read what is wrong with it, and the run
    /// is worth more than the message.
    public static func write(_ text: String) {
        var text = text
        text.withUTF8 { _ = Descriptors.write(UnsafeRawBufferPointer($0), to: STDERR_FILENO, patience: 100) }
    }

    /// Writes a line.
    public static func say(_ line: String) { write(line + "\n") }
}

/// Where a program's results go.
public enum StandardOutput {
    /// - Throws: ``CLMatError/fileNotWritable(path:reason:)``, also if it was closed when the program started.
    public static func write(_ text: String) throws(CLMatError) {
        var problem = Descriptors.obstacle(toWriting: STDOUT_FILENO)
        var text = text
        if problem == 0 {
            problem = text.withUTF8 { Descriptors.write(UnsafeRawBufferPointer($0), to: STDOUT_FILENO) }
        }
        guard problem == 0 else {
            throw .fileNotWritable(path: "standard output", reason: Descriptors.words(problem))
        }
    }

    /// Writes a line.
    ///
    /// - Throws: ``CLMatError/fileNotWritable(path:reason:)``.
    public static func say(_ line: String = "") throws(CLMatError) { try write(line + "\n") }
}
