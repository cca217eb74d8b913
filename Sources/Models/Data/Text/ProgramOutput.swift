import CLMat
import Formats
import Foundation

/// What another program writes.
///
/// It goes to files without a name, not through pipes: nobody waits for a reader, whatever the program writes where.
enum ProgramOutput {
    /// Runs a program to its end, and returns its standard output.
    ///
    /// - Parameters:
    ///   - environment: `PATH` is where it is looked for; it gets this environment.
    ///   - limit: the most bytes.
    ///   - hint: how to get the program.
    /// - Throws: ``/CLMat/CLMatError/fileMissing(path:hint:)`` if there is no such program; ``/CLMat/CLMatError/dataMismatch(_:)`` with its
    ///   words if it fails or writes too much; ``/CLMat/CLMatError/fileNotWritable(path:reason:)`` if the disk is full.
    static func read(
        _ program: String, _ arguments: [String], environment: [String: String], limit: Int = GzipFile.standardLimit,
        hint: String
    ) throws(CLMatError) -> [UInt8] {
        let folders = (environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
        let paths: [String] = folders.map { "\($0)/\(program)" }
        guard let path = paths.first(where: { access($0, X_OK) == 0 && !Files.isFolder($0) }) else {
            throw .fileMissing(path: program, hint: hint)
        }
        let (output, errors) = (try SpoolFile(), try SpoolFile())
        let process = try start(path, arguments, environment, output, errors)
        var status: Int32 = 0
        while true {
            let ended = waitpid(process, &status, WNOHANG)
            if ended == process || ended < 0 && errno != EINTR { break }
            guard output.size <= limit, errors.size <= 1 << 26 else {
                // With what it started itself.
                kill(-process, SIGKILL)
                waitpid(process, &status, 0)
                break
            }
            usleep(1000)
        }
        guard output.size <= limit else {
            throw .dataMismatch("\(program) writes more than \(limit) bytes, which is the most that is read.")
        }
        guard status == 0 else {
            let words = String(decoding: errors.bytes(first: 1000), as: UTF8.self)
                .trimmingCharacters(in: .whitespacesAndNewlines)
            let said = words.isEmpty ? "It said nothing." : "It said: \(words)"
            throw .dataMismatch("'\(([program] + arguments).joined(separator: " "))' failed. \(said)")
        }
        return output.bytes(first: output.size)
    }

    private static func start(
        _ path: String, _ arguments: [String], _ environment: [String: String], _ output: SpoolFile, _ errors: SpoolFile
    ) throws(CLMatError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output.descriptor, 1)
        posix_spawn_file_actions_adddup2(&actions, errors.descriptor, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // What this program ignores ends others, as they are used to.
        var defaults = sigset_t()
        sigemptyset(&defaults)
        for number in [SIGPIPE, SIGXFSZ, SIGINT, SIGTERM, SIGHUP] { sigaddset(&defaults, number) }
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF))

        let words = ([path] + arguments).map { strdup($0) }
        let settings = environment.map { strdup("\($0.key)=\($0.value)") }
        defer { for text in words + settings { free(text) } }
        var process: pid_t = 0
        var problem: Int32 = 0
        // A file that was just written is busy for as long as a process that another thread starts still holds it.
        for _ in 0..<100 {
            problem = posix_spawn(&process, path, &actions, &attributes, words + [nil], settings + [nil])
            guard problem == ETXTBSY else { break }
            usleep(5000)
        }
        guard problem == 0 else {
            throw .fileMissing(
                path: path,
                hint: "It is there, but it cannot be started: \(String(cString: strerror(problem)).lowercased()).")
        }
        return process
    }
}
