import Foundation

/// Reading and writing whole files, with errors that say what to do.
public enum Files {
    /// Writes aside and renames, so that nobody ever sees half a file and a failure leaves the old one. A link keeps
    /// pointing where it does, and what it leads to is renamed over, or made; its rights stay. A device, a pipe and a descriptor such
    /// as /dev/stdout (``OutputPlace``) cannot be replaced and are written to, and so is a file in a folder that takes no
    /// others.
    ///
    /// - Throws: ``CLMatError/fileNotWritable(path:reason:)``.
    public static func write(_ data: Data, to path: String) throws(CLMatError) { try write([data], to: path) }

    /// The same from pieces, one after the other: a large file is not put together in memory first.
    ///
    /// - Throws: ``CLMatError/fileNotWritable(path:reason:)``.
    public static func write(_ pieces: [Data], to path: String) throws(CLMatError) {
        let problem: Int32
        switch try OutputPlace(path) {
        case .descriptor(let descriptor):
            let obstacle = Descriptors.obstacle(toWriting: descriptor)
            problem = obstacle != 0 ? obstacle : write(pieces, to: descriptor)
        case .special(let special): problem = add(pieces, to: special, O_APPEND)
        case .file(let file):
            let replacement = replace(file, with: pieces)
            let cannotBeReplaced = [EACCES, EPERM, EROFS, EBUSY].contains(replacement) && access(file, W_OK) == 0
            problem = cannotBeReplaced ? add(pieces, to: file, O_TRUNC) : replacement
        }
        guard problem == 0 else { throw .fileNotWritable(path: path, reason: Descriptors.words(problem)) }
    }

    /// Writes a text as UTF-8, as ``write(_:to:)-(Data,_)`` writes bytes.
    public static func write(_ text: String, to path: String) throws(CLMatError) {
        try write(Data(text.utf8), to: path)
    }

    /// Whether ``write(_:to:)-(Data,_)`` would find a place to write to, as far as that can be known before: for a program that is
    /// not to work for an hour in vain. Nothing is opened or made.
    ///
    /// - Throws: ``CLMatError/fileNotWritable(path:reason:)``.
    @discardableResult
    public static func checkWritable(_ path: String) throws(CLMatError) -> OutputPlace {
        func refuse(_ reason: String) -> CLMatError { .fileNotWritable(path: path, reason: reason) }
        let place = try OutputPlace(path)
        switch place {
        case .descriptor(let descriptor):
            let problem = Descriptors.obstacle(toWriting: descriptor)
            guard problem == 0 else { throw refuse(Descriptors.words(problem)) }
        case .special(let special):
            guard access(special, W_OK) == 0 else { throw refuse(Descriptors.words(errno)) }
        case .file(let file):
            let folder = OutputPlace.split(file).folder
            if access(file, F_OK) == 0 {
                guard access(file, W_OK) == 0 else { throw refuse("the file may not be written to") }
            } else {
                guard access(folder, W_OK | X_OK) == 0 else {
                    throw refuse("the folder \(folder) may not be written to")
                }
            }
        }
        return place
    }

    /// Whether ``makeFolder(_:)`` would make a folder that can be written into, or find it, as far as that can be known before.
    ///
    /// - Throws: ``CLMatError/fileNotWritable(path:reason:)``.
    public static func checkFolder(_ path: String) throws(CLMatError) {
        var (place, status) = (path, stat())
        while stat(place, &status) != 0 {
            while place.count > 1, place.hasSuffix("/") { place.removeLast() }
            let parent = OutputPlace.split(place).folder
            guard parent != place else { break }
            place = parent
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw .fileNotWritable(
                path: path, reason: place == path ? "it is not a folder" : "\(place) is not a folder")
        }
        guard place == path || !OutputPlace.isOfTheSystem(place + "/") else {
            throw .fileNotWritable(path: path, reason: "there is no such folder, and it cannot be made")
        }
        guard access(place, W_OK | X_OK) == 0 else {
            throw .fileNotWritable(path: path, reason: "the folder \(place) may not be written to")
        }
    }

    /// Makes a folder, and those that it lies in, where they are missing. A link to a folder that is not there stays, and
    /// the folder is made.
    ///
    /// - Throws: ``CLMatError/fileNotWritable(path:reason:)``.
    public static func makeFolder(_ path: String) throws(CLMatError) {
        func refuse(_ reason: String) -> CLMatError {
            .fileNotWritable(path: path, reason: "there is no such folder, and it cannot be made: \(reason)")
        }
        var status = stat()
        if stat(path, &status) == 0 {
            guard status.st_mode & S_IFMT == S_IFDIR else {
                throw .fileNotWritable(path: path, reason: "it is not a folder")
            }
            return
        }
        var name = path
        while name.count > 1, name.hasSuffix("/") { name.removeLast() }
        let (parent, last) = OutputPlace.split(name)
        guard !last.isEmpty, last != ".", last != "..", parent != name else { throw refuse(Descriptors.words(errno)) }
        try makeFolder(parent)
        let place: OutputPlace
        do throws(CLMatError) {
            place = try OutputPlace(name)
        } catch {
            guard case .fileNotWritable(_, let reason) = error else { throw error }
            throw refuse(reason)
        }
        guard case .file(let file) = place else { throw .fileNotWritable(path: path, reason: "it is not a folder") }
        // Somebody else may make it at the same moment.
        guard mkdir(file, 0o777) == 0 || errno == EEXIST else { throw refuse(Descriptors.words(errno)) }
    }

    /// - Throws: ``CLMatError/fileMissing(path:hint:)`` if it cannot be read.
    public static func read(_ path: String, hint: String = "Check the path.") throws(CLMatError) -> Data {
        do {
            return try Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            throw .fileMissing(path: path, hint: hint)
        }
    }

    // MARK: - Writing

    /// Returns 0, or the number of the error.
    private static func write(_ pieces: [Data], to descriptor: Int32) -> Int32 {
        for piece in pieces {
            let problem = Descriptors.write(piece, to: descriptor)
            if problem != 0 { return problem }
        }
        return 0
    }

    /// Writes to what is there. Nothing is made.
    private static func add(_ pieces: [Data], to path: String, _ flag: Int32) -> Int32 {
        var descriptor = open(path, O_WRONLY | flag | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
        // A pipe that has a name may get its reader a little later, but a program does not wait for one endlessly.
        for _ in 0..<100 where descriptor < 0 && errno == ENXIO {
            usleep(100_000)
            descriptor = open(path, O_WRONLY | flag | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
        }
        guard descriptor >= 0 else { return errno }
        let problem = write(pieces, to: descriptor)
        return close(descriptor) == 0 || problem != 0 ? problem : errno
    }

    /// Writes a new file and gives it the name of the old one.
    private static func replace(_ path: String, with pieces: [Data]) -> Int32 {
        var status = stat()
        let isThere = stat(path, &status) == 0
        if isThere, access(path, W_OK) != 0 { return errno }
        guard let (descriptor, aside) = openAside(path) else { return errno }
        if isThere {
            // The owner before the rights, which may be withdrawn by it. Only root can give files away; others keep what they can.
            if status.st_uid != geteuid() || status.st_gid != getegid() {
                _ = fchown(descriptor, status.st_uid, status.st_gid)
            }
            _ = fchmod(descriptor, status.st_mode & 0o777)
        }
        var problem = write(pieces, to: descriptor)
        if close(descriptor) != 0, problem == 0 { problem = errno }
        if problem == 0, rename(aside, path) != 0 { problem = errno }
        if problem != 0 { unlink(aside) }
        return problem
    }

    /// A new file beside another one, under a name that nobody has; nil with `errno`.
    private static func openAside(_ path: String) -> (descriptor: Int32, path: String)? {
        let (folder, last) = OutputPlace.split(path)
        // A name may have 255 bytes.
        let start = last.utf8.count > 200 ? "\(folder)/clmat" : path
        for attempt in 0..<1000 {
            let aside = start + ".part-\(getpid())" + (attempt == 0 ? "" : "-\(attempt)")
            let descriptor = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
            if descriptor >= 0 { return (descriptor, aside) }
            guard errno == EEXIST else { return nil }
        }
        return nil
    }
}
