import CLMat
import Formats
import Foundation
import Synchronization

/// A run on disk, as JSON lines: a header, then in the order of events each step with its metrics and each command,
/// with the number of the branch that it was on.
///
/// ```
/// {"clmat-session":3,"model":"ldam","title":…,"device":…,"threads":2,"seed":1,"data-checksum":…,"arguments":[…],"settings":{…}}
/// {"step":1,"on":0,"metrics":{"train-loss":2.31}}
/// {"after":1,"on":0,"set":"noise","to":0.1,"gesture":3}
/// {"end":1,"on":0,"metrics":{"test-accuracy":0.1}}
/// ```
///
/// A `gesture` is a drag of a slider or the press of a key: settings of one control with the same number are one change,
/// which an undo takes back as a whole. Settings from elsewhere, and those of older sessions, have none.
public struct SessionFile: Sendable {
    /// What has to be the same for the same numbers.
    public struct Header: Sendable, Equatable {
        /// What the program calls the model: a sub-command.
        public var model: String
        /// The model's title.
        public var title: String
        /// The name of the device that ran.
        public var device: String
        /// Threads of the CPU.
        public var threads: Int
        /// Which machine code ran: the CPU's instruction set and OpenBLAS's core.
        public var instructions: String
        /// The seed of the run.
        public var seed: UInt64
        /// The checksum of the data.
        public var dataChecksum: String
        /// The options that make the model again.
        public var arguments: [String]
        /// The controls at the start.
        public var settings: [String: Double]
        /// Ids of the attachments that were on at the start.
        public var attached: [String]
        /// Mixins that are on at the start; nil in sessions of 0.1.0, which had those that models begin with.
        public var mixins: [String]?
        /// Controls that follow another one at the start.
        public var links: [String: String]
        /// What was chosen to look at, at the start.
        public var view: [String: [Int]]
        /// The format: 1 for sessions of 0.1.0.
        public var format: Int
        /// The checkpoint from which the run went on, if it did.
        public var resumes: String?

        /// A header of given parts.
        public init(
            model: String, title: String, device: String, threads: Int, instructions: String, seed: UInt64,
            dataChecksum: String, arguments: [String], settings: [String: Double], attached: [String],
            mixins: [String]? = nil, links: [String: String] = [:], view: [String: [Int]] = [:],
            resumes: String? = nil, format: Int = SessionFile.format
        ) {
            (self.model, self.title, self.device, self.threads) = (model, title, device, threads)
            (self.instructions, self.seed, self.dataChecksum) = (instructions, seed, dataChecksum)
            (self.arguments, self.settings, self.attached) = (arguments, settings, attached)
            (self.mixins, self.links, self.view) = (mixins, links, view)
            (self.resumes, self.format) = (resumes, format)
        }

        /// Of a run that begins, with the conditions that its bits depend on.
        ///
        /// - Parameters:
        ///   - model: what the program calls it: a sub-command.
        ///   - arguments: the options that make the model again.
        public init(
            of experiment: Experiment, model: String, device: String, threads: Int, instructions: String,
            arguments: [String], resumes: String? = nil
        ) {
            self.init(
                model: model, title: experiment.title, device: device, threads: threads, instructions: instructions,
                seed: experiment.seed, dataChecksum: experiment.dataChecksum, arguments: arguments,
                settings: experiment.shownSettings.stored, attached: experiment.dashboard.attached,
                mixins: experiment.dashboard.mixed, links: experiment.settings.links, view: experiment.view.choices,
                resumes: resumes)
        }
    }

    enum Event: Sendable {
        case step(Int, branch: Int, metrics: [String: Double])
        case command(Command, gesture: Int?, after: Int, branch: Int)
        case end(Int, branch: Int, metrics: [String: Double])
    }

    /// The file that it was read from.
    public let path: String
    /// What has to be the same for the same numbers.
    public let header: Header
    let events: [Event]
    /// Whether the run came to its end; a program that was killed leaves a file without.
    public let isWhole: Bool

    /// What is written. 1 and 2 are read, too: in 2 an undo took back changes of the model alone, in 1 a change of what is only shown
    /// counted as one.
    public static let format = 3

    /// Reads a session. A last line that was cut off, as by a kill, is left out.
    ///
    /// - Throws: ``/CLMat/CLMatError/fileMissing(path:hint:)``, ``/CLMat/CLMatError/fileDamaged(path:place:problem:)`` with the line.
    public init(reading path: String) throws(CLMatError) {
        self.path = path
        let data = try Files.read(path)
        var lines = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        // What comes after the last line's end is nothing, or was cut off.
        lines.removeLast()
        guard let first = lines.first else {
            throw .fileDamaged(path: path, place: "line 1", problem: "there is no whole line; this is no session")
        }
        header = try Self.header(Data(first), path)
        var events: [Event] = []
        var isWhole = false
        for (index, line) in lines.enumerated().dropFirst() {
            guard let event = JSONValue.reading(Data(line)).flatMap(Self.event), !isWhole else {
                throw .fileDamaged(
                    path: path, place: "line \(index + 1)",
                    problem: isWhole ? "there is more after the end" : "it is no step, command or end of a session")
            }
            if case .end = event { isWhole = true }
            events.append(event)
        }
        (self.events, self.isWhole) = (events, isWhole)
    }

    private static func header(_ line: Data, _ path: String) throws(CLMatError) -> Header {
        func damaged(_ problem: String) -> CLMatError { .fileDamaged(path: path, place: "line 1", problem: problem) }
        guard let value = JSONValue.reading(line), let version = value["clmat-session"]?.int else {
            throw damaged("it is not the header of a session")
        }
        guard version >= 1 else { throw damaged("format \(version) is none of a session") }
        guard version <= format else {
            throw damaged(
                "the session is of format \(version), which a later version of CLMat wrote; this one reads up to format \(format)"
            )
        }
        guard let model = value["model"]?.text, let title = value["title"]?.text, let device = value["device"]?.text,
            let threads = value["threads"]?.int, let instructions = value["instructions"]?.text,
            let seed = value["seed"]?.text.flatMap({ UInt64($0) }), let checksum = value["data-checksum"]?.text,
            let arguments = value["arguments"]?.list, let settings = value["settings"].flatMap(\.numbers),
            let attached = value["attached"]?.list
        else { throw damaged("something is missing in the header") }
        return Header(
            model: model, title: title, device: device, threads: threads, instructions: instructions, seed: seed,
            dataChecksum: checksum, arguments: arguments.compactMap(\.text), settings: settings,
            attached: attached.compactMap(\.text), mixins: value["mixins"]?.list?.compactMap(\.text),
            links: texts(value["links"]), view: choices(value["view"]), resumes: value["resumes"]?.text, format: version
        )
    }

    private static func texts(_ value: JSONValue?) -> [String: String] {
        guard let value else { return [:] }
        return Dictionary(value.keys.compactMap { key in value[key]?.text.map { (key, $0) } }) { _, last in last }
    }

    private static func choices(_ value: JSONValue?) -> [String: [Int]] {
        guard let value else { return [:] }
        return Dictionary(value.keys.compactMap { key in value[key]?.list.map { (key, $0.compactMap(\.int)) } }) {
            _, last in last
        }
    }

    private static func event(_ value: JSONValue) -> Event? {
        guard let branch = value["on"]?.int else { return nil }
        if let step = value["step"]?.int {
            return value["metrics"].flatMap(\.numbers).map { .step(step, branch: branch, metrics: $0) }
        }
        if let step = value["end"]?.int {
            return value["metrics"].flatMap(\.numbers).map { .end(step, branch: branch, metrics: $0) }
        }
        guard let step = value["after"]?.int,
            let verb = value.keys.first(where: { CommandWords.verbs.contains($0) }),
            let parsed = CommandWords.parse(verb, in: value)
        else { return nil }
        // What stands there as a gesture is a number.
        guard value["gesture"] == nil || value["gesture"]?.int != nil else { return nil }
        return command(parsed).map {
            .command($0, gesture: value["gesture"]?.int, after: step, branch: branch)
        }
    }

    /// A session names branches by their numbers.
    private static func command(_ parsed: CommandWords.Parsed) -> Command? {
        switch parsed {
        case .command(let command): command
        case .go(.number(let number)): .go(to: number)
        case .rename(.number(let number), let name): .rename(branch: number, to: name)
        case .delete(.number(let number)): .delete(branch: number)
        case .compare(.number(let number)): .compare(number)
        case .setTyped, .go, .rename, .delete, .compare: nil
        }
    }
}

extension JSONValue {
    /// An object of numbers; nil if it is none.
    var numbers: [String: Double]? {
        guard case .object(let entries) = self else { return nil }
        var numbers: [String: Double] = [:]
        for (key, value) in entries {
            guard let number = value.double else { return nil }
            numbers[key] = number
        }
        return numbers
    }

    static func numbers(_ values: [String: Double]) -> JSONValue {
        .object(values.sorted { $0.key < $1.key }.map { ($0.key, .number($0.value)) })
    }
}

/// Writes a session while it runs. A kill at any moment leaves all lines but the last few.
public final class SessionWriter: Recorder {
    private let path: String
    private let file: Mutex<Output>

    private struct Output: ~Copyable {
        let descriptor: Int32
        var waiting = ""
        var lastWrite = ContinuousClock.now
        init(_ descriptor: Int32) { self.descriptor = descriptor }
        deinit { SessionWriter.release(descriptor) }
    }

    /// Unlocks and closes a file. Closing alone keeps the lock while a child process, just forked, has the descriptor too.
    private static func release(_ descriptor: Int32) {
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    /// Begins a session. An earlier session of this name is kept under the name with a `~`.
    ///
    /// - Throws: ``/CLMat/CLMatError/fileNotWritable(path:reason:)``, also if another run is writing the file, or if what is
    ///   there, or under the name with a `~`, is not a session.
    public init(writing path: String, header: SessionFile.Header) throws(CLMatError) {
        self.path = path
        // What links lead to: they stay.
        let file = try Self.plainFile(path)
        try Self.putAside(file, isResumed: header.resumes != nil)
        let descriptor = open(
            file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK, 0o644)
        guard descriptor >= 0 else { throw Self.failure(path) }
        // The lock ends with the process, whatever becomes of it.
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw .fileNotWritable(path: path, reason: "another run is writing it")
        }
        self.file = Mutex(Output(descriptor))
        var entries: [(String, JSONValue)] = [
            ("clmat-session", .whole(SessionFile.format)), ("model", .text(header.model)),
            ("title", .text(header.title)),
            ("device", .text(header.device)), ("threads", .whole(header.threads)),
            ("instructions", .text(header.instructions)), ("seed", .text("\(header.seed)")),
            ("data-checksum", .text(header.dataChecksum)), ("arguments", .list(header.arguments.map { .text($0) })),
            ("settings", .numbers(header.settings)), ("attached", .list(header.attached.map { .text($0) })),
        ]
        if let mixins = header.mixins { entries.append(("mixins", .list(mixins.map { .text($0) }))) }
        if !header.links.isEmpty {
            entries.append(
                ("links", .object(header.links.sorted { $0.key < $1.key }.map { ($0.key, .text($0.value)) })))
        }
        if !header.view.isEmpty {
            let choices = header.view.sorted { $0.key < $1.key }
            entries.append(("view", .object(choices.map { ($0.key, .list($0.value.map { .whole($0) })) })))
        }
        if let resumes = header.resumes { entries.append(("resumes", .text(resumes))) }
        try write(entries, isUrgent: true)
    }

    /// Whether a session could begin here, without making or moving anything: to know it before a run is prepared.
    ///
    /// - Throws: ``/CLMat/CLMatError/fileNotWritable(path:reason:)``.
    public static func check(_ path: String) throws(CLMatError) {
        let file = try plainFile(path)
        try Files.checkWritable(path)
        try checkCheckpoint(file + ".safetensors")
        guard let old = try openSession(file) else { return }
        release(old)
        try checkRoomAside(file)
    }

    /// The checkpoints of a session replace nothing but checkpoints.
    private static func checkCheckpoint(_ path: String) throws(CLMatError) {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            let file = FileHandle(forReadingAtPath: path)
        else { return }
        defer { try? file.close() }
        // The header, which names the kind of file, comes first.
        guard let start = try? file.read(upToCount: 1 << 20), !start.isEmpty else { return }
        guard start.range(of: Data("clmat-checkpoint".utf8)) != nil else {
            throw .fileNotWritable(
                path: path, reason: "the session's checkpoints would go there, where there is something else")
        }
    }

    private static func plainFile(_ path: String) throws(CLMatError) -> String {
        guard case .file(let file) = try OutputPlace(path) else {
            throw .fileNotWritable(path: path, reason: "it is not a plain file, which a session needs")
        }
        return file
    }

    /// Moves an earlier session out of the way; anything else stays where it is.
    private static func putAside(_ path: String, isResumed: Bool) throws(CLMatError) {
        guard let old = try openSession(path) else { return }
        defer { release(old) }
        try checkRoomAside(path)
        guard rename(path, path + "~") == 0 else { throw failure(path) }
        // Its checkpoints go along. A run that goes on from one leaves it where it is too, until it writes its own; where a run begins anew, one
        // of an earlier run would be taken for its own after a kill.
        for ending in [".safetensors", ".start.safetensors"] {
            let (own, aside) = (path + ending, path + "~" + ending)
            // That of the session that is replaced itself.
            if isPlainFile(aside) { unlink(aside) }
            guard isPlainFile(own) else { continue }
            _ = isResumed ? link(own, aside) : rename(own, aside)
        }
    }

    /// Whether a name is that of a plain file, and not of a link to one.
    private static func isPlainFile(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    /// What is moved aside replaces nothing but a session before it.
    private static func checkRoomAside(_ path: String) throws(CLMatError) {
        let aside = path + "~"
        func taken(_ what: String) -> CLMatError {
            .fileNotWritable(
                path: path, reason: "the session that is there would become \(aside), where there is \(what)")
        }
        var status = stat()
        guard lstat(aside, &status) == 0 else { return }
        switch status.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFLNK: throw taken("a link")
        case S_IFDIR: throw taken("a folder")
        default: throw taken("no plain file")
        }
        do throws(CLMatError) {
            if let older = try openSession(aside) { release(older) }
        } catch {
            throw taken("something else; move or delete one of them")
        }
    }

    /// Opens a session that is there and that nobody writes, and locks it; nil if there is nothing, or nothing in it.
    private static func openSession(_ path: String) throws(CLMatError) -> Int32? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw .fileNotWritable(path: path, reason: "it is not a plain file")
        }
        guard status.st_size > 0 else { return nil }
        let old = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard old >= 0 else { throw failure(path) }
        guard flock(old, LOCK_EX | LOCK_NB) == 0 else {
            close(old)
            throw .fileNotWritable(path: path, reason: "another run is writing it")
        }
        let mark = Array("{\"clmat-session\":".utf8)
        var start = [UInt8](repeating: 0, count: mark.count)
        guard Foundation.read(old, &start, start.count) == start.count, start == mark else {
            release(old)
            throw .fileNotWritable(path: path, reason: "there is a file of this name that is no session")
        }
        return old
    }

    /// Writes a line with the metrics of a step; it may wait in memory for some lines more.
    public func record(_ measurements: Measurements, at position: Position) throws(CLMatError) {
        try write(
            [
                ("step", .whole(position.step)), ("on", .whole(position.branch)),
                ("metrics", .numbers(measurements.values)),
            ], isUrgent: false)
    }

    /// Writes a line with a command, at once.
    public func record(_ command: LoggedCommand) throws(CLMatError) {
        let gesture: [(String, JSONValue)] = command.gesture.map { [("gesture", .whole($0))] } ?? []
        try write(
            [("after", .whole(command.step)), ("on", .whole(command.branch))] + CommandWords.words(command.command)
                + gesture, isUrgent: true)
    }

    public func end(at position: Position, _ concluded: Measurements) throws(CLMatError) {
        try write(
            [
                ("end", .whole(position.step)), ("on", .whole(position.branch)),
                ("metrics", .numbers(concluded.values)),
            ], isUrgent: true)
        // Nothing more comes. Who holds the learner, to look at it, does not keep others from the file.
        file.withLock { _ = flock($0.descriptor, LOCK_UN) }
    }

    public func abandon() throws(CLMatError) { try write([], isUrgent: true) }

    private func write(_ entries: [(String, JSONValue)], isUrgent: Bool) throws(CLMatError) {
        let line = entries.isEmpty ? "" : JSONValue.object(entries).line + "\n"
        let problem = file.withLock { file -> Int32 in
            file.waiting += line
            guard isUrgent || file.waiting.utf8.count > 1 << 16 || (ContinuousClock.now - file.lastWrite).seconds > 1
            else { return 0 }
            let problem = file.waiting.withUTF8 {
                Descriptors.write(UnsafeRawBufferPointer($0), to: file.descriptor)
            }
            guard problem == 0 else { return problem }
            file.waiting = ""
            file.lastWrite = .now
            return 0
        }
        guard problem == 0 else { throw .fileNotWritable(path: path, reason: Descriptors.words(problem)) }
    }

    private static func failure(_ path: String) -> CLMatError {
        .fileNotWritable(path: path, reason: Descriptors.words(errno))
    }
}
