import CLMat
import Formats
import Foundation

/// Numbers one after the other: in memory, or in a file that has no name any more and is mapped.
///
/// `@unchecked Sendable`: who makes one may change it; from then on it is only read, and lives as long as the object.
final class ClickColumn<Entry: BitwiseCopyable>: @unchecked Sendable {
    /// They live as long as the object.
    let entries: UnsafeMutableBufferPointer<Entry>
    private let mappedBytes: Int

    init(_ entries: [Entry]) {
        self.entries = .allocate(capacity: entries.count)
        _ = self.entries.initialize(from: entries)
        mappedBytes = 0
    }

    /// What was written to a file.
    init(_ file: SpoolFile, count: Int) throws(CLMatError) {
        entries = try file.map(count, as: Entry.self)
        mappedBytes = count * MemoryLayout<Entry>.stride
    }

    deinit {
        if mappedBytes > 0 { munmap(entries.baseAddress, mappedBytes) } else { entries.deallocate() }
    }

    /// A copy of some entries.
    subscript(places: Range<Int>) -> [Entry] { withExtendedLifetime(self) { Array(entries[places]) } }

    /// The system may take back the memory that mirrors a file, once all of it was seen.
    func release() {
        if mappedBytes > 0 { madvise(entries.baseAddress, mappedBytes, Int32(MADV_DONTNEED)) }
    }

    func checksum(_ places: Range<Int>, after checksum: UInt) -> UInt {
        defer { release() }
        return CRC32.of(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: entries[places])), after: checksum)
    }
}

/// Takes numbers one after the other, and moves them to a file once they take too much memory.
struct ClickSpool<Entry: BitwiseCopyable> {
    private(set) var count = 0
    private var pending: [Entry] = []
    private var file: SpoolFile?
    private let memoryLimit: Int

    /// - Parameter memoryLimit: in bytes.
    init(memoryLimit: Int) { self.memoryLimit = memoryLimit }

    mutating func append(_ entry: Entry) throws(CLMatError) {
        pending.append(entry)
        count += 1
        try flushIfFull()
    }

    mutating func append(_ entries: [Entry]) throws(CLMatError) {
        pending += entries
        count += entries.count
        try flushIfFull()
    }

    private mutating func flushIfFull() throws(CLMatError) {
        if pending.count * MemoryLayout<Entry>.stride > (file == nil ? memoryLimit : min(memoryLimit, 1 << 20)) {
            try flush()
        }
    }

    private mutating func flush() throws(CLMatError) {
        let file: SpoolFile
        if let open = self.file { file = open } else { file = try SpoolFile() }
        self.file = file
        try file.append(pending)
        pending.removeAll(keepingCapacity: pending.capacity * MemoryLayout<Entry>.stride < 4 << 20)
    }

    /// All numbers. Nothing is appended afterwards.
    mutating func finish() throws(CLMatError) -> ClickColumn<Entry> {
        guard file != nil else {
            defer { pending = [] }
            return ClickColumn(pending)
        }
        try flush()
        guard let file else { return ClickColumn(pending) }
        return try ClickColumn(file, count: count)
    }
}

/// Encoded records in memory or in a mapped file: 4 bytes per feature, 4 per value where one is not 1, 9 per record.
struct ClickStore: Sendable {
    let labels: ClickColumn<UInt8>
    /// One more than there are records.
    let starts: ClickColumn<Int>
    let features: ClickColumn<Int32>
    let values: ClickColumn<Float>?

    var count: Int { labels.entries.count }

    /// The features of some records.
    func places(_ records: Range<Int>) -> Range<Int> {
        withExtendedLifetime(starts) { starts.entries[records.lowerBound]..<starts.entries[records.upperBound] }
    }

    func release() {
        labels.release()
        starts.release()
        features.release()
        values?.release()
    }
}

/// Records of a file that were encoded.
struct StoredClicks: ClickRecords {
    let name: String
    let store: ClickStore
    /// Those of the store that these are.
    let part: Range<Int>

    var count: Int { part.count }

    func batch(_ range: Range<Int>) throws(CLMatError) -> ClickBatch {
        try check(range)
        let records = part.lowerBound + range.lowerBound..<part.lowerBound + range.upperBound
        let places = store.places(records)
        guard places.count <= Int32.max else {
            throw .invalidArgument(
                operation: name, problem: "Records \(range) have \(places.count) features: take fewer than 2³¹ at once."
            )
        }
        return ClickBatch(
            labels: store.labels[records].map(Float.init),
            starts: store.starts[records.lowerBound..<records.upperBound + 1].map {
                Int32(truncatingIfNeeded: $0 - places.lowerBound)
            },
            features: store.features[places], values: store.values?[places])
    }

    /// - Cost: it reads all of the records.
    var checksum: String {
        let places = store.places(part)
        var checksum = store.labels.checksum(part, after: 0)
        checksum = store.features.checksum(places, after: checksum)
        if let values = store.values { checksum = values.checksum(places, after: checksum) }
        return "\(count)x\(places.count)-" + String(checksum, radix: 16)
    }
}
