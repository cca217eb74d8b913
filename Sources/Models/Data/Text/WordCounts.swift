import CLMat
import Formats
import Foundation

/// A word of a document, and how often it occurs there.
struct WordCount: Equatable, BitwiseCopyable {
    var word: Int32
    var count: Int32

    /// Sorts by word, and adds up what is said of one word; a count does not grow past the largest `Int32`.
    static func merge(_ row: inout [WordCount]) {
        row.sort { $0.word < $1.word }
        let kept = row.withUnsafeMutableBufferPointer { merge(sorted: $0) }
        row.removeLast(row.count - kept)
    }

    /// As ``merge(_:)``, where the words are sorted already: how many remain, at the front.
    static func merge(sorted row: UnsafeMutableBufferPointer<WordCount>) -> Int {
        var kept = 0
        for entry in row {
            if kept > 0, row[kept - 1].word == entry.word {
                let (sum, overflow) = row[kept - 1].count.addingReportingOverflow(entry.count)
                row[kept - 1].count = overflow ? .max : sum
            } else {
                row[kept] = entry
                kept += 1
            }
        }
        return kept
    }
}

/// The counts of all documents one after the other: in memory, or in a file that has no name any more and is mapped.
///
/// `@unchecked Sendable`: who makes one may change it; from then on it is only read, and lives as long as the object.
final class WordCounts: @unchecked Sendable {
    /// Counts that take more bytes than this are kept in a file.
    static let memoryLimit = 64 << 20

    let entries: UnsafeMutableBufferPointer<WordCount>
    private let mappedBytes: Int

    /// A copy in memory.
    init(_ row: [WordCount]) {
        entries = .allocate(capacity: row.count)
        _ = entries.initialize(from: row)
        mappedBytes = 0
    }

    /// Zeros to be filled in, in memory or in a file.
    init(zeros count: Int, memoryLimit: Int) throws(CLMatError) {
        let size = MemoryLayout<WordCount>.stride
        if count <= memoryLimit / size {
            entries = .allocate(capacity: count)
            entries.initialize(repeating: WordCount(word: 0, count: 0))
            mappedBytes = 0
            return
        }
        let file = try SpoolFile()
        // The room is taken now: a disk that gets full while a mapping is written to would end the program.
        try file.reserve(size * count)
        entries = try file.map(count, as: WordCount.self)
        mappedBytes = size * count
    }

    /// What was written to a file.
    init(_ file: SpoolFile, count: Int) throws(CLMatError) {
        entries = try file.map(count, as: WordCount.self)
        mappedBytes = MemoryLayout<WordCount>.stride * count
    }

    deinit {
        if mappedBytes > 0 { munmap(entries.baseAddress, mappedBytes) } else { entries.deallocate() }
    }

    /// The sum of the counts of the first `count` entries, and their CRC-32 continued from `checksum`.
    func summary(first count: Int, checksum: UInt) -> (tokens: Int, checksum: UInt) {
        var (tokens, checksum) = (0, checksum)
        let piece = 1 << 20
        for start in stride(from: 0, to: count, by: piece) {
            let part = UnsafeMutableBufferPointer(rebasing: entries[start..<min(count, start + piece)])
            for entry in part { tokens += Int(entry.count) }
            checksum = CRC32.of(UnsafeRawBufferPointer(part), after: checksum)
            forget(start..<start + part.count)
        }
        return (tokens, checksum)
    }

    /// Lets the system take back the memory that mirrors this part of the file; it is read again when it is asked for.
    func forget(_ range: Range<Int>) {
        guard mappedBytes > 0, let base = UnsafeMutableRawPointer(entries.baseAddress) else { return }
        let (size, page) = (MemoryLayout<WordCount>.stride, Int(getpagesize()))
        let (from, to) = (range.lowerBound * size / page * page, range.upperBound * size / page * page)
        if from < to { madvise(base + from, to - from, Int32(MADV_DONTNEED)) }
    }
}

/// Takes the counts of document after document, and moves them to a file once they take too much memory.
struct WordCountSpool {
    /// Where each document begins, and the last one ends.
    private(set) var starts = [0]
    private var pending: [WordCount] = []
    private var file: SpoolFile?
    private let memoryLimit: Int

    var documents: Int { starts.count - 1 }
    var count: Int { starts[starts.count - 1] }

    init(memoryLimit: Int) { self.memoryLimit = memoryLimit }

    /// The next document.
    mutating func append(_ row: [WordCount]) throws(CLMatError) {
        let bytes = (pending.count + row.count) * MemoryLayout<WordCount>.stride
        if bytes > (file == nil ? memoryLimit : min(memoryLimit, 1 << 20)) { try flush() }
        pending += row
        starts.append(count + row.count)
    }

    /// Documents without words, until there are `documents`.
    mutating func pad(to documents: Int) {
        if documents > self.documents {
            starts.append(contentsOf: repeatElement(count, count: documents - self.documents))
        }
    }

    private mutating func flush() throws(CLMatError) {
        let file: SpoolFile
        if let open = self.file { file = open } else { file = try SpoolFile() }
        self.file = file
        try file.append(pending)
        pending.removeAll(keepingCapacity: pending.capacity < 1 << 18)
    }

    mutating func finish() throws(CLMatError) -> WordCounts {
        guard file != nil else { return WordCounts(pending) }
        try flush()
        guard let file else { return WordCounts(pending) }
        return try WordCounts(file, count: count)
    }
}
