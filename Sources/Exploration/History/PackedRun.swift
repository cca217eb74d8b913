import CLMat
import Formats
import Foundation

/// What a run remembers, outside the memory of its device: on the host, or in a file.
struct PackedRun: Sendable {
    private struct Entry: Sendable {
        let kind: Archive.Tensor.Kind
        let shape: [Int]
        let place: Range<Int>
    }

    enum Room: Sendable {
        case host
        case file(SnapshotFile.Extent)
    }

    private enum Storage: Sendable {
        case host(Data)
        case file(SnapshotFile.Extent)
    }

    private let attached: [String]
    private let mixins: [String]
    private let entries: [String: Entry]
    private let device: Device
    private let storage: Storage

    /// Whether it lies in the host's memory.
    var isOnHost: Bool { if case .host = storage { true } else { false } }

    /// Reads the run from its device; not on the thread that learns, which has better things to do.
    ///
    /// - Parameters:
    ///   - bytes: what counting found.
    ///   - device: where its arrays live.
    init(_ run: any Run, into room: Room, bytes: Int, of device: Device) throws(CLMatError) {
        let dashboard = try run.dashboard()
        (attached, mixins, self.device) = (dashboard.attached, dashboard.mixed, device)
        var (entries, offset, host): ([String: Entry], Int, Data) = ([:], 0, Data())
        if case .host = room { host.reserveCapacity(bytes) }
        let archive = Archive.writing { (name, kind, shape, values) throws(CLMatError) in
            switch room {
            case .host: host.append(contentsOf: values)
            case .file(let extent):
                guard offset + values.count <= extent.range.count else {
                    throw .invalidArgument(
                        operation: "snapshot", problem: "The model keeps more than it counted: '\(name)' has no room.")
                }
                try extent.write(values, at: offset)
            }
            entries[name] = Entry(kind: kind, shape: shape, place: offset..<offset + values.count)
            offset += values.count
        }
        var copy = run
        try copy.archive(archive)
        self.entries = entries
        switch room {
        case .host: storage = .host(host)
        case .file(let extent): storage = .file(extent)
        }
    }

    /// The run again.
    ///
    /// - Parameter template: any state of the same run, whose data and attachments it has too.
    func unpacked(like template: any Run, seed: UInt64) throws(CLMatError) -> any Run {
        let bytes: Data
        switch storage {
        case .host(let data): bytes = data
        case .file(let extent): bytes = try extent.read()
        }
        let tensors = entries.mapValues { entry in
            let start = bytes.startIndex
            return Archive.Tensor(
                kind: entry.kind, shape: entry.shape,
                bytes: bytes[start + entry.place.lowerBound..<start + entry.place.upperBound])
        }
        var run = template
        try run.put(on: attached, mixins: mixins, seed: seed)
        try run.archive(.reading(tensors, from: "a snapshot", on: device))
        return run
    }
}

extension Run {
    /// Has these attachments and mixins on, and no others.
    ///
    /// - Parameter mixins: those that attachments and model begin with if nil.
    /// - Throws: ``/CLMat/CLMatError/unknownName(kind:name:known:)``, ``/CLMat/CLMatError/duplicateID(kind:id:)``.
    mutating func put(on attached: [String], mixins: [String]?, seed: UInt64) throws(CLMatError) {
        let on = try dashboard().attached
        // In this order, as far as it is not so already.
        let kept = zip(on, attached).prefix { $0 == $1 }.count
        for id in on.dropFirst(kept) { try detach(id) }
        for id in attached { try attach(id, at: Step(0, seed: seed)) }
        if let mixins { try put(mixins: mixins) }
    }
}
