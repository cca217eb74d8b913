import Foundation

/// Where an output goes: what its name leads to, with all links followed, also those to nothing.
public enum OutputPlace: Equatable, Sendable {
    /// A descriptor of this process, as /dev/stdout and /dev/fd/5 name it. It is written to as it is, and never opened by its
    /// name: that would need leave to open what is open already, and would write from the start of a file that others write to.
    case descriptor(Int32)
    /// A device or a pipe: it is opened and written to.
    case special(String)
    /// A plain file, there or not. The path has no links.
    case file(String)

    /// - Throws: ``CLMatError/fileNotWritable(path:reason:)`` for what no file can be: a folder, a socket, a disk, a name in a
    ///   folder that is not there, or a new one among those that only the system makes (/dev, /proc, /sys).
    public init(_ path: String) throws(CLMatError) {
        func refuse(_ reason: String) -> CLMatError { .fileNotWritable(path: path, reason: reason) }
        guard !path.isEmpty, !path.utf8.contains(0) else { throw refuse("it is no name of a file") }
        var name = path
        // As many links as Linux follows (path_resolution(7)).
        for _ in 0..<40 {
            if let descriptor = Self.descriptor(name) {
                self = .descriptor(descriptor)
                return
            }
            let (folder, last) = Self.split(name)
            guard let place = Self.real(folder) else {
                throw refuse(errno == ENOENT || errno == ENOTDIR ? "there is no folder \(folder)" : Self.lastError)
            }
            guard !["", ".", ".."].contains(last) else { throw refuse("it is a folder") }
            let full = place == "/" ? "/\(last)" : "\(place)/\(last)"
            if let descriptor = Self.descriptor(full) {
                self = .descriptor(descriptor)
                return
            }
            var status = stat()
            guard lstat(full, &status) == 0 else {
                guard errno == ENOENT else { throw refuse(Self.lastError) }
                guard !Self.isOfTheSystem(full) else { throw refuse("only the system makes files there") }
                self = .file(full)
                return
            }
            switch status.st_mode & S_IFMT {
            case S_IFLNK where full.hasPrefix("/proc/"):
                // What another process has open; the text of such a link is no path.
                self = .special(full)
                return
            case S_IFLNK:
                guard let target = Self.target(of: full) else {
                    throw refuse("the link \(full) leads to a name that is not UTF-8")
                }
                name = target.hasPrefix("/") ? target : "\(place)/\(target)"
            case S_IFDIR: throw refuse("it is a folder")
            case S_IFSOCK: throw refuse("it is a socket")
            case S_IFBLK: throw refuse("it is a disk")
            case S_IFREG where !Self.isOfTheSystem(full):
                self = .file(full)
                return
            default:
                self = .special(full)
                return
            }
        }
        throw refuse("it is a link that leads to itself, or one of too many links")
    }

    /// The path without links; nil for a descriptor.
    public var path: String? {
        switch self {
        case .descriptor: nil
        case .special(let path), .file(let path): path
        }
    }

    /// Whether only the system makes files there. /dev/shm is for everyone's.
    static func isOfTheSystem(_ path: String) -> Bool {
        guard !path.hasPrefix("/dev/shm/") else { return false }
        return ["/dev/", "/proc/", "/sys/"].contains { path.hasPrefix($0) }
    }

    // MARK: - Names

    /// The descriptor of this process that a name means (proc(5), "/proc/pid/fd").
    private static func descriptor(_ path: String) -> Int32? {
        switch path {
        case "/dev/stdin": return STDIN_FILENO
        case "/dev/stdout": return STDOUT_FILENO
        case "/dev/stderr": return STDERR_FILENO
        default: break
        }
        let parts = path.split(separator: "/", omittingEmptySubsequences: true)
        guard let number = parts.last.flatMap({ Int32($0) }), number >= 0 else { return nil }
        if parts.count == 3, parts[0] == "dev", parts[1] == "fd" { return number }
        guard parts.count >= 4, parts[0] == "proc", parts[parts.count - 2] == "fd" else { return nil }
        let own = ["self", "thread-self", "\(getpid())"] + [target(of: "/proc/self")].compactMap { $0 }
        let isThread = parts.count == 6 && parts[2] == "task"
        return own.contains(String(parts[1])) && (parts.count == 4 || isThread) ? number : nil
    }

    /// A path's folder and last name. The last name of a path that ends in a slash is empty.
    static func split(_ path: String) -> (folder: String, last: String) {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return (".", path) }
        let folder = path[..<slash]
        return (folder.isEmpty ? "/" : String(folder), String(path[path.utf8.index(after: slash)...]))
    }

    /// A folder's path without links, or nil with `errno`.
    private static func real(_ folder: String) -> String? {
        guard let pointer = realpath(folder, nil) else { return nil }
        defer { free(pointer) }
        var status = stat()
        guard stat(pointer, &status) == 0 else { return nil }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            errno = ENOTDIR
            return nil
        }
        // A name above it that is not UTF-8 is left to the system.
        return String(validatingCString: pointer) ?? folder
    }

    /// What a link says; nil if it is none, or not UTF-8.
    static func target(of link: String) -> String? {
        var bytes = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        guard readlink(link, &bytes, bytes.count - 1) > 0 else { return nil }
        return bytes.withUnsafeBufferPointer { $0.baseAddress.flatMap { String(validatingCString: $0) } }
    }

    private static var lastError: String { Descriptors.words(errno) }
}
