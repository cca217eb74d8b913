import CLMat
import Foundation

/// When and where a running model is kept in a file.
public struct CheckpointPlan: Sendable {
    public let path: String
    /// Between two of them.
    public let seconds: Double
    /// What the program wants to find again: its options, say.
    public let notes: [String: String]

    public init(path: String, seconds: Double = 10, notes: [String: String] = [:]) {
        (self.path, self.seconds, self.notes) = (path, seconds, notes)
    }
}

/// A run at one step as a file: everything that the model and its attachments remember, in safetensors, with what the
/// engine needs to go on. A run that goes on from it gives the same numbers as one that was never interrupted.
public struct Checkpoint: Sendable {
    public let path: String
    public let title: String
    public let seed: UInt64
    public let step: Int
    public let settings: [String: Double]
    public let attached: [String]
    /// Mixins that were on; nil in files from before they were noted, which had those of the start.
    public let mixins: [String]?
    /// Controls that followed another one.
    public let links: [String: String]
    public let checksum: String
    public let notes: [String: String]
    let tensors: [String: Archive.Tensor]
    private let device: Device

    private static let key = "clmat-checkpoint"
    private static let format = 1

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
    }

    /// - Parameter device: where the matrices are to live.
    /// - Throws: ``CLMatError/fileMissing(path:hint:)``; ``CLMatError/fileDamaged(path:place:problem:)``.
    public init(reading path: String, on device: Device) throws(CLMatError) {
        let (tensors, metadata) = try Safetensors.read(path)
        guard let text = metadata[Self.key] else {
            throw .fileDamaged(
                path: path, place: "byte 8", problem: "it is a safetensors file, but no checkpoint of CLMat")
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
        (mixins, links) = (header.mixins, header.links ?? [:])
    }

    /// Writes aside and renames: a kill at any moment leaves the last whole checkpoint.
    static func write(
        _ run: any Run, _ settings: Settings, seed: UInt64, step: Int, checksum: String, notes: [String: String],
        to path: String
    ) throws(CLMatError) {
        let archive = Archive.writing()
        var copy = run
        try copy.archive(archive)
        let dashboard = try run.dashboard()
        let header = Header(
            format: format, title: run.title, seed: seed, step: step, settings: settings.values,
            attached: dashboard.attached, checksum: checksum, notes: notes, mixins: dashboard.mixed,
            links: settings.links)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        guard let text = try? encoder.encode(header) else {
            throw .fileNotWritable(path: path, reason: "a setting is not a finite number")
        }
        try Safetensors.write(archive.tensors, metadata: [key: String(decoding: text, as: UTF8.self)], to: path)
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
        let (run, settings, step) = journey.withLock { ($0.run, $0.settings, $0.position.step) }
        writing.async { [self] in
            do throws(CLMatError) {
                try Checkpoint.write(
                    run, settings, seed: options.seed, step: step, checksum: dataChecksum, notes: plan.notes,
                    to: plan.path)
            } catch {
                state.withLock { $0.status.recordingError = $0.status.recordingError ?? error }
            }
        }
    }

    /// Writes the run as it is now into a file, on the caller's thread.
    ///
    /// - Throws: ``CLMatError/fileNotWritable(path:reason:)``; what reading from the device throws.
    public func save(to path: String, notes: [String: String] = [:]) throws(CLMatError) {
        _ = try save(naming: { _ in path }, notes: notes)
    }

    /// Writes the run as it is now into a file that is named for its step, and returns the name.
    ///
    /// - Throws: ``CLMatError/fileNotWritable(path:reason:)``; what reading from the device throws.
    public func save(naming: (Int) -> String, notes: [String: String] = [:]) throws(CLMatError) -> String {
        let (run, settings, step) = journey.withLock { ($0.run, $0.settings, $0.position.step) }
        let path = naming(step)
        try Checkpoint.write(
            run, settings, seed: options.seed, step: step, checksum: dataChecksum, notes: notes, to: path)
        return path
    }
}
