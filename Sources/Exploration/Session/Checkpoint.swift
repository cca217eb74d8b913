import CLMat
import Formats
import Foundation

/// When and where a running model is kept in a file.
public struct CheckpointPlan: Sendable {
    /// The file, which each checkpoint replaces as a whole.
    public let path: String
    /// Between two of them, or more if writing one takes long.
    public let seconds: Double
    /// What the program wants to find again: its options, say.
    public let notes: [String: String]

    /// Writing takes at most one part in so many of the time.
    private static let share = 20.0

    /// A checkpoint every `seconds`, and at the end.
    public init(path: String, seconds: Double = 10, notes: [String: String] = [:]) {
        (self.path, self.seconds, self.notes) = (path, seconds, notes)
    }

    /// Seconds to the next one when the last took `cost`.
    func pause(after cost: Double) -> Double { max(seconds, cost * Self.share) }
}

/// A run at one step as a file: everything that the model and its attachments remember, in safetensors, with what the
/// engine needs to go on. A run that goes on from it gives the same numbers as one that was never interrupted.
public struct Checkpoint: Sendable {
    /// The file that it was read from.
    public let path: String
    /// The model's title.
    public let title: String
    /// The seed of the run.
    public let seed: UInt64
    /// Steps made.
    public let step: Int
    /// Values of the controls by id.
    public let settings: [String: Double]
    /// Ids of the attachments that were on.
    public let attached: [String]
    /// Mixins that were on; nil in files from before they were noted, which had those of the start.
    public let mixins: [String]?
    /// Controls that followed another one.
    public let links: [String: String]
    /// The checksum of the data.
    public let checksum: String
    /// What the program wanted to find again (``CheckpointPlan/notes``).
    public let notes: [String: String]
    let tensors: [String: Archive.Tensor]
    private let device: Device

    private static let key = "clmat-checkpoint"
    private static let checksumKey = "clmat-crc32"
    private static let format = 1
    /// How the marks of models in files begin, as `clmat-lm`.
    private static let modelMark = "clmat-"

    /// What stands in the file's metadata.
    private struct Header: Codable {
        var format: Int
        var title: String
        var seed: UInt64
        var step: Int
        var settings: [String: Double]
        var attached: [String]
        var checksum: String
        var notes: [String: String]
        // Absent in files of 0.1.0.
        var mixins: [String]?
        var links: [String: String]?
        /// What was changed so far, as JSON: ``CommandWords`` with the step, and the value before.
        var changes: [String]?
    }

    private let changes: [String]

    /// - Parameter device: where the matrices are to live.
    /// - Throws: ``/CLMat/CLMatError/fileMissing(path:hint:)``; ``/CLMat/CLMatError/fileDamaged(path:place:problem:)``.
    public init(reading path: String, on device: Device) throws(CLMatError) {
        let (tensors, metadata) = try Safetensors.read(path)
        guard let text = metadata[Self.key] else {
            guard !metadata.keys.contains(where: { $0.hasPrefix(Self.modelMark) }) else {
                throw .dataMismatch(
                    """
                    \(path) is a model, and no run that could be gone on with: it has no steps behind it. A run is kept in a session and the \
                    checkpoint beside it (--save of a command line).
                    """)
            }
            throw .fileDamaged(
                path: path, place: "byte 8", problem: "it is a safetensors file, but no checkpoint of CLMat")
        }
        if let written = metadata[Self.checksumKey], written != Self.checksum(text, tensors) {
            throw .fileDamaged(
                path: path, place: "its checksum",
                problem: "its bytes are not those that were written. An earlier checkpoint may be whole")
        }
        guard let header = try? JSONDecoder().decode(Header.self, from: Data(text.utf8)) else {
            throw .fileDamaged(path: path, place: "byte 8", problem: "the checkpoint's header cannot be read")
        }
        guard header.format == Self.format else {
            throw .fileDamaged(
                path: path, place: "byte 8",
                problem: "it is a checkpoint of format \(header.format); this program reads format \(Self.format)")
        }
        guard (0...1 << 40).contains(header.step), header.settings.values.allSatisfy(\.isFinite) else {
            throw .fileDamaged(path: path, place: "byte 8", problem: "its step or a setting is impossible")
        }
        self.path = path
        self.device = device
        self.tensors = tensors
        (title, seed, step, settings) = (header.title, header.seed, header.step, header.settings)
        (attached, checksum, notes) = (header.attached, header.checksum, header.notes)
        (mixins, links, changes) = (header.mixins, header.links ?? [:], header.changes ?? [])
    }

    /// CRC-32 (ISO 3309) of the header and of all arrays with their names, in hexadecimal digits.
    private static func checksum(_ header: String, _ tensors: [String: Archive.Tensor]) -> String {
        var sum: UInt = 0
        func add(_ data: Data) { sum = data.withUnsafeBytes { CRC32.of($0, after: sum) } }
        add(Data(header.utf8))
        for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
            add(Data("\(name) \(tensor.kind.rawValue) \(tensor.shape)".utf8))
            add(tensor.bytes)
        }
        return String(sum, radix: 16)
    }

    /// What it knows of the run's past.
    func history() throws(CLMatError) -> RunHistory {
        var history = RunHistory()
        try history.archive(.reading(tensors, from: path, on: .cpu))
        for (number, line) in changes.enumerated() {
            guard let value = JSONValue.reading(Data(line.utf8)), let step = value["after"]?.int,
                (0...step).contains(0),
                let verb = value.keys.first(where: { CommandWords.verbs.contains($0) }),
                case .command(let command) = CommandWords.parse(verb, in: value)
            else { throw .fileDamaged(path: path, place: "its header", problem: "change \(number + 1) cannot be read") }
            history.commands.append(
                LoggedCommand(
                    sequence: number, branch: 0, step: step, command: command, before: value["before"]?.double,
                    valuesBefore: value["values-before"]?.numbers ?? [:], change: value["change"]?.int ?? number,
                    gesture: nil))
        }
        return history
    }

    /// Writes aside and renames: a kill at any moment leaves the last whole checkpoint.
    static func write(
        _ run: any Run, _ settings: Settings, _ history: RunHistory, seed: UInt64, step: Int, checksum: String,
        notes: [String: String], to path: String
    ) throws(CLMatError) {
        let archive = Archive.writing()
        var (copy, history) = (run, history)
        try copy.archive(archive)
        try history.archive(archive)
        let dashboard = try run.dashboard()
        let header = Header(
            format: format, title: run.title, seed: seed, step: step, settings: settings.stored,
            attached: dashboard.attached, checksum: checksum, notes: notes, mixins: dashboard.mixed,
            links: settings.links,
            changes: history.commands.map { change in
                var before: [(String, JSONValue)] = change.before.map { [("before", .number($0))] } ?? []
                if !change.valuesBefore.isEmpty { before.append(("values-before", .numbers(change.valuesBefore))) }
                return JSONValue.object(
                    [("after", .whole(change.step)), ("change", .whole(change.change))]
                        + CommandWords.words(change.command) + before
                ).line
            })
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        guard let text = try? encoder.encode(header) else {
            throw .fileNotWritable(path: path, reason: "a setting is not a finite number")
        }
        let words = String(decoding: text, as: UTF8.self)
        try Safetensors.write(
            archive.tensors, metadata: [key: words, checksumKey: Self.checksum(words, archive.tensors)], to: path)
    }

    /// Whether it is one of a run with this title, seed and data.
    func check(title: String, seed: UInt64, checksum: String) throws(CLMatError) {
        guard title == self.title else {
            throw .fileDamaged(
                path: path, place: "its header", problem: "it is of '\(self.title)', but this run is '\(title)'")
        }
        guard self.checksum == checksum else {
            throw .dataMismatch("\(path) was made with other data of the same name; give it the data it learned from.")
        }
        guard self.seed == seed else {
            throw .invalidValue(
                setting: "seed", value: "\(seed)", accepted: "\(self.seed), with which \(path) was made")
        }
    }

    /// Brings a fresh run with the same attachments and mixins to the checkpoint's state.
    func restore(_ run: inout any Run) throws(CLMatError) {
        // Files of 0.1.0 have it elsewhere, where they have it.
        guard mixins == nil || tensors["data.position"] != nil else {
            throw .fileDamaged(path: path, place: "'data.position'", problem: "it is not there")
        }
        try run.archive(.reading(tensors, from: path, on: device))
    }
}

extension Learner {
    /// Writes a checkpoint on a thread of its own, from values that nothing changes any more.
    func writeCheckpoint(_ plan: CheckpointPlan) {
        let (run, settings, step, history) = navigator.withLock {
            ($0.run, $0.settings, $0.position.step, timeline.history())
        }
        writing.async { [self] in
            let start = ContinuousClock.now
            defer { checkpointSeconds.withLock { $0 = (ContinuousClock.now - start).seconds } }
            do throws(CLMatError) {
                try Checkpoint.write(
                    run, settings, history, seed: options.seed, step: step, checksum: dataChecksum, notes: plan.notes,
                    to: plan.path)
            } catch {
                state.withLock { $0.status.recordingError = $0.status.recordingError ?? error }
            }
        }
    }

    /// Writes the run as it is now into a file, on the caller's thread.
    ///
    /// - Throws: ``/CLMat/CLMatError/fileNotWritable(path:reason:)``; what reading from the device throws.
    public func save(to path: String, notes: [String: String] = [:]) throws(CLMatError) {
        _ = try save(naming: { _ in path }, notes: notes)
    }

    /// Writes the run as it is now into a file that is named for its step, and returns the name.
    ///
    /// - Throws: ``/CLMat/CLMatError/fileNotWritable(path:reason:)``; what reading from the device throws.
    public func save(naming: (Int) -> String, notes: [String: String] = [:]) throws(CLMatError) -> String {
        let (run, settings, step, history) = try navigator.withLock { navigator throws(CLMatError) in
            try navigator.settle()
            return (navigator.run, navigator.settings, navigator.position.step, timeline.history())
        }
        let path = naming(step)
        try Checkpoint.write(
            run, settings, history, seed: options.seed, step: step, checksum: dataChecksum, notes: notes, to: path)
        return path
    }
}
