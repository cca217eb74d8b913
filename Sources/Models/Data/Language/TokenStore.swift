import CLMat
import Formats
import Foundation

/// The ids of a text: in memory, or in a file that has no name any more and is mapped.
///
/// `@unchecked Sendable`: who makes one may change it; from then on it is only read, and lives as long as the object.
final class TokenStore: @unchecked Sendable {
    /// Ids that take more bytes than this are kept in a file.
    static let memoryLimit = 256 << 20

    /// They live as long as the object: who looks at them for longer than an expression holds it.
    let ids: UnsafeMutableBufferPointer<Int32>
    private let mappedBytes: Int

    init(_ ids: [Int32]) {
        self.ids = .allocate(capacity: ids.count)
        _ = self.ids.initialize(from: ids)
        mappedBytes = 0
    }

    /// What was written to a file.
    init(_ file: SpoolFile, count: Int) throws(CLMatError) {
        ids = try file.map(count, as: Int32.self)
        mappedBytes = 4 * count
    }

    deinit {
        if mappedBytes > 0 { munmap(ids.baseAddress, mappedBytes) } else { ids.deallocate() }
    }

    /// Gives each id the new one that stands at its place.
    func renumber(_ new: [Int32]) {
        forEachPiece { piece in for place in piece.indices { piece[place] = new[Int(piece[place])] } }
    }

    /// A copy of some ids.
    subscript(positions: Range<Int>) -> [Int32] { withExtendedLifetime(self) { Array(ids[positions]) } }

    /// Adds 1 for each id at its place.
    func count(into counts: inout [Int]) {
        forEachPiece { piece in for id in piece { counts[Int(id)] += 1 } }
    }

    var checksum: UInt {
        var checksum: UInt = 0
        forEachPiece { checksum = CRC32.of(UnsafeRawBufferPointer($0), after: checksum) }
        return checksum
    }

    /// All ids in order. The system may take back the memory that mirrors a piece of a file once it was seen.
    private func forEachPiece(_ body: (UnsafeMutableBufferPointer<Int32>) -> Void) {
        let length = 1 << 20
        for start in stride(from: 0, to: ids.count, by: length) {
            let piece = UnsafeMutableBufferPointer(rebasing: ids[start..<min(ids.count, start + length)])
            body(piece)
            // Pieces are whole pages, since the file begins with one.
            if mappedBytes > 0 { madvise(piece.baseAddress, 4 * piece.count, Int32(MADV_DONTNEED)) }
        }
    }
}

/// Takes ids one after the other, and moves them to a file once they take too much memory.
struct TokenSpool {
    private(set) var count = 0
    private var pending: [Int32] = []
    private var file: SpoolFile?
    private let memoryLimit: Int

    init(memoryLimit: Int = TokenStore.memoryLimit) { self.memoryLimit = memoryLimit }

    mutating func append(_ ids: some Collection<Int32>) throws(CLMatError) {
        if 4 * (pending.count + ids.count) > (file == nil ? memoryLimit : min(memoryLimit, 1 << 20)) { try flush() }
        pending += ids
        count += ids.count
    }

    private mutating func flush() throws(CLMatError) {
        let file: SpoolFile
        if let open = self.file { file = open } else { file = try SpoolFile() }
        self.file = file
        try file.append(pending)
        pending.removeAll(keepingCapacity: pending.capacity < 1 << 19)
    }

    /// All ids. Nothing is appended afterwards.
    mutating func finish() throws(CLMatError) -> TokenStore {
        guard file != nil else {
            defer { pending = [] }
            return TokenStore(pending)
        }
        try flush()
        guard let file else { return TokenStore(pending) }
        return try TokenStore(file, count: count)
    }
}
