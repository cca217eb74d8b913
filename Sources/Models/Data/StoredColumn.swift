import CLMat
import Formats
import Foundation

/// Numbers one after the other: in memory, or in a file that has no name any more and is mapped.
///
/// `@unchecked Sendable`: who makes one may change it; from then on it is only read, and lives as long as the object.
final class StoredColumn<Entry: BitwiseCopyable>: @unchecked Sendable {
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
    func release() { release(entries) }

    private func release(_ piece: UnsafeMutableBufferPointer<Entry>) {
        guard mappedBytes > 0, let first = UnsafeMutableRawPointer(piece.baseAddress) else { return }
        // From the beginning of a page on; the file begins with one.
        let before = Int(bitPattern: first) % sysconf(Int32(_SC_PAGESIZE))
        madvise(first - before, before + piece.count * MemoryLayout<Entry>.stride, Int32(MADV_DONTNEED))
    }

    /// Some entries in order. The system may take back the memory that mirrors a piece of a file once it was seen.
    func forEachPiece(of places: Range<Int>? = nil, _ body: (UnsafeMutableBufferPointer<Entry>) -> Void) {
        let (places, length) = (places ?? 0..<entries.count, 1 << 20)
        for start in stride(from: places.lowerBound, to: places.upperBound, by: length) {
            let piece = UnsafeMutableBufferPointer(rebasing: entries[start..<min(places.upperBound, start + length)])
            body(piece)
            release(piece)
        }
    }

    func checksum(_ places: Range<Int>? = nil, after checksum: UInt = 0) -> UInt {
        var checksum = checksum
        forEachPiece(of: places) { checksum = CRC32.of(UnsafeRawBufferPointer($0), after: checksum) }
        return checksum
    }
}

/// Takes numbers one after the other, and moves them to a file once they take too much memory.
struct ColumnSpool<Entry: BitwiseCopyable> {
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

    mutating func append(_ entries: some Collection<Entry>) throws(CLMatError) {
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
    mutating func finish() throws(CLMatError) -> StoredColumn<Entry> {
        guard file != nil else {
            defer { pending = [] }
            return StoredColumn(pending)
        }
        try flush()
        guard let file else { return StoredColumn(pending) }
        return try StoredColumn(file, count: count)
    }
}
