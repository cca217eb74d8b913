import CLMat
import Synchronization

/// Reads a stream on from where it was opened.
///
/// A value: what `next` changes is in it, or belongs to it alone (a file that is open).
public protocol SampleReader<Sample>: Sendable {
    /// What a stream consists of: a record, an image with its label.
    associatedtype Sample: Sendable
    /// The next samples: one at least, at most `count`, which is positive; none at the end of the stream.
    mutating func next(_ count: Int) throws(CLMatError) -> [Sample]
}

/// Where a stream is opened.
public struct StreamPlace: Sendable, Equatable {
    /// Passes over the stream before this one; 0 if it has no end.
    public let pass: Int
    /// Samples of this pass that come before.
    public let position: Int
    /// The seed of the run, for a stream whose order is random: one that is shuffled for each pass is a function of it and ``pass``.
    public let seed: UInt64

    /// A place in a pass over the stream.
    public init(pass: Int = 0, position: Int, seed: UInt64 = 1) {
        (self.pass, self.position, self.seed) = (pass, position, seed)
    }
}

/// How far a stream goes.
public enum StreamLength: Sendable, Equatable {
    /// So many samples in a pass. The next pass follows the last sample, also within a minibatch.
    case samples(Int)
    /// Without end; what is called an epoch is a number of samples.
    case endless(epoch: Int)
}

/// Minibatches of whatever can be opened at a position and read forward: a file of records, an archive, a generator.
///
/// ```swift
/// let source = try StreamedSource(name: "digits", length: .samples(60_000), batchSize: 128) { place throws(CLMatError) in
///     try RecordFile(path, from: place.position)      // a SampleReader
/// } pack: { records throws(CLMatError) in
///     try Matrix(records.flatMap(\.values), records.count, 784, on: device)
/// }
/// ```
///
/// A minibatch is a function of seed, position and count alone. The reader stays open between steps; a place that is not the one
/// where it stands (after a rewind, an undo, a resumed checkpoint, or with two runs that share the source) is opened anew. Many
/// threads can ask at once; they do not wait for each other's reading.
public struct StreamedSource<Reader: SampleReader, Batch: Sendable>: DataSource {
    public let name: String
    /// How long a pass is, or that there is no end.
    public let length: StreamLength
    public let batchSizes: BatchSizes?
    /// Which part of each pass it reads.
    public let shard: DataShard
    public let checksum: String
    public let notes: [String]
    private let batchSize: Int
    /// Of each pass, what is read; nil without an end.
    private let part: Range<Int>?
    private let open: @Sendable (StreamPlace) throws(CLMatError) -> Reader
    private let pack: @Sendable ([Reader.Sample]) throws(CLMatError) -> Batch
    private let kept = KeptReader<Reader>()

    /// - Parameters:
    ///   - batchSize: samples in a minibatch, at the start.
    ///   - sizes: what a slider may change it to while the model learns; nil if it is fixed.
    ///   - unit: what samples are called: "images".
    ///   - open: makes a reader whose first sample is that of the place.
    ///   - pack: makes a minibatch of its samples.
    /// - Throws: ``/CLMat/CLMatError/dataMismatch(_:)`` for a stream without samples;
    ///   ``/CLMat/CLMatError/invalidValue(setting:value:accepted:)`` for a batch size that a pass cannot fill, or that is outside of `sizes`.
    public init(
        name: String, length: StreamLength, batchSize: Int, sizes: ClosedRange<Int>? = nil, unit: String = "samples",
        checksum: String = "", notes: [String] = [],
        open: @escaping @Sendable (StreamPlace) throws(CLMatError) -> Reader,
        pack: @escaping @Sendable ([Reader.Sample]) throws(CLMatError) -> Batch
    ) throws(CLMatError) {
        let samples = length.samplesPerEpoch
        guard samples >= 1 else { throw .dataMismatch("\(name) has no \(unit): there is nothing to learn from.") }
        guard (1...samples).contains(batchSize) else {
            throw .invalidValue(
                setting: "batch", value: "\(batchSize)", accepted: "1 to \(samples), the number of \(unit)")
        }
        if let sizes, sizes.lowerBound < 1 || !sizes.contains(batchSize) {
            throw .invalidValue(
                setting: "batch", value: "\(batchSize)",
                accepted: "a number among the sizes that it can be changed to, \(sizes), which begin at 1 or above")
        }
        (self.name, self.length, self.batchSize, shard) = (name, length, batchSize, .whole)
        batchSizes = sizes.map { BatchSizes($0, initial: batchSize, unit: unit) }
        (self.checksum, self.notes, self.open, self.pack) = (checksum, notes, open, pack)
        if case .samples(let count) = length { part = 0..<count } else { part = nil }
    }

    private init(_ whole: Self, part: Range<Int>, _ shard: DataShard) {
        (name, length, batchSize, batchSizes) = (whole.name, whole.length, whole.batchSize, whole.batchSizes)
        (checksum, notes, open, pack) = (whole.checksum, whole.notes, whole.open, whole.pack)
        (self.part, self.shard) = (part, shard)
    }

    /// In order, from a stream.
    public var delivery: Delivery { .streamed }

    /// The same for all parts, which differ by one sample at most.
    public var stepsPerEpoch: Int { max(1, length.samplesPerEpoch / shard.count / batchSize) }

    public func samples(at place: DataPlace) -> Int { place.count ?? batchSize }

    /// One of equal stretches of each pass, the later ones of which may be longer by a sample. nil without an end, or of what is a
    /// part already.
    public func part(_ shard: DataShard) throws(CLMatError) -> Self? {
        guard case .samples(let count) = length, self.shard == .whole else { return nil }
        guard shard.count <= count else {
            throw .invalidValue(
                setting: "shard", value: "\(shard.index) of \(shard.count)", accepted: "\(count) parts at most")
        }
        func start(_ index: Int) -> Int {
            // count · index / parts, without overflow.
            let (each, rest) = count.quotientAndRemainder(dividingBy: shard.count)
            return each * index + max(0, index - (shard.count - rest))
        }
        return Self(self, part: start(shard.index)..<start(shard.index + 1), shard)
    }

    /// - Throws: ``/CLMat/CLMatError/streamFailed(source:sample:pass:reason:)`` where opening or reading failed, or the stream ended before
    ///   its time: the same place can be asked for again. What `pack` throws.
    public func batch(at place: DataPlace) throws(CLMatError) -> Batch {
        let count = samples(at: place)
        guard count >= 1, place.position >= 0, count <= Int.max - place.position else {
            throw .invalidArgument(
                operation: name, problem: "There is no minibatch of \(count) samples from position \(place.position).")
        }
        var at = streamPlace(place.position, place.step.seed)
        var reader = if let open = kept.take(at) { open } else { try opened(at) }
        var samples: [Reader.Sample] = []
        while true {
            samples += try read(&reader, count - samples.count, at)
            at = streamPlace(place.position + samples.count, place.step.seed)
            guard samples.count < count else { break }
            if isStart(at) { reader = try opened(at) }
        }
        if !isStart(at) { kept.keep(reader, at) }
        return try pack(samples)
    }

    private func streamPlace(_ position: Int, _ seed: UInt64) -> StreamPlace {
        guard let part else { return StreamPlace(position: position, seed: seed) }
        let (pass, inPass) = position.quotientAndRemainder(dividingBy: part.count)
        return StreamPlace(pass: pass, position: part.lowerBound + inPass, seed: seed)
    }

    /// Where a reader that stands at the end of a pass does not help.
    private func isStart(_ place: StreamPlace) -> Bool { place.position == part?.lowerBound }

    private func opened(_ place: StreamPlace) throws(CLMatError) -> Reader {
        do throws(CLMatError) { return try open(place) } catch { throw failure(at: place, error) }
    }

    private func read(
        _ reader: inout Reader, _ count: Int, _ place: StreamPlace
    ) throws(CLMatError) -> [Reader.Sample] {
        let count = part.map { min(count, $0.upperBound - place.position) } ?? count
        let samples: [Reader.Sample]
        do throws(CLMatError) { samples = try reader.next(count) } catch { throw failure(at: place, error) }
        guard (1...count).contains(samples.count) else {
            let problem =
                samples.isEmpty
                ? part == nil
                    ? "it ended here. Say how many samples a pass has."
                    : "it ended here, and was to have \(length.samplesPerEpoch) samples."
                : "its reader gave \(samples.count) samples, where \(count) were asked for."
            throw failure(at: place, .dataMismatch(problem))
        }
        return samples
    }

    private func failure(at place: StreamPlace, _ reason: CLMatError) -> CLMatError {
        .streamFailed(source: name, sample: place.position, pass: place.pass, reason: reason)
    }
}

extension StreamedSource where Batch == [Reader.Sample] {
    /// Minibatches that are lists of samples.
    ///
    /// - Throws: as ``init(name:length:batchSize:sizes:unit:checksum:notes:open:pack:)``.
    public init(
        name: String, length: StreamLength, batchSize: Int, sizes: ClosedRange<Int>? = nil, unit: String = "samples",
        checksum: String = "", notes: [String] = [],
        open: @escaping @Sendable (StreamPlace) throws(CLMatError) -> Reader
    ) throws(CLMatError) {
        try self.init(
            name: name, length: length, batchSize: batchSize, sizes: sizes, unit: unit, checksum: checksum,
            notes: notes, open: open, pack: { $0 })
    }
}

extension StreamLength {
    fileprivate var samplesPerEpoch: Int {
        switch self {
        case .samples(let count): count
        case .endless(let epoch): epoch
        }
    }
}

/// The reader of the last minibatch, with the place where it stands. Whoever reads takes it out, so nobody waits while another reads.
private final class KeptReader<Reader: SampleReader>: Sendable {
    private let kept = Mutex<(reader: Reader, place: StreamPlace)?>(nil)

    /// nil if there is none at this place.
    func take(_ place: StreamPlace) -> Reader? {
        kept.withLock { kept in
            guard let found = kept, found.place == place else { return nil }
            kept = nil
            return found.reader
        }
    }

    func keep(_ reader: Reader, _ place: StreamPlace) { kept.withLock { $0 = (reader, place) } }
}
