import CLMat
import Foundation

/// A file in the safetensors format that is open: its header is read and checked, and its tensors are read one by one.
///
/// A tensor is copied from its place in the file (pread) into memory of its own. Mapping the file would save nothing, since numbers
/// are copied once in any case; but where another program makes a mapped file shorter, the next look at it ends the process
/// (SIGBUS), and here it is an error. A file that is replaced under its name, as ``/CLMat/Files/write(_:to:)-(Data,_)`` does it, stays as it was for who
/// has it open.
/// - Source: https://github.com/huggingface/safetensors, "Format".
public final class SafetensorsFile: Sendable {
    /// What the header says of a tensor.
    public struct Entry: Sendable, Equatable {
        /// What its numbers are, as the file names it: "F32".
        public let kindName: String
        /// The size of each dimension.
        public let shape: [Int]
        /// Where its bytes lie in the file.
        public let place: Range<Int>
        /// Nil for a kind that is not read here.
        public var kind: Safetensors.Tensor.Kind? { .init(rawValue: kindName) }
    }

    /// The file as it was named.
    public let path: String
    /// Notes that programs leave in a file.
    public let metadata: [String: String]
    /// The tensors by name.
    public let entries: [String: Entry]
    private let file: OpenFile

    /// Opens a file and checks its header. Of the numbers none are read.
    ///
    /// - Throws: ``/CLMat/CLMatError/fileMissing(path:hint:)``; ``/CLMat/CLMatError/fileDamaged(path:place:problem:)`` for whatever is not as the
    ///   format says. A kind of number that is not known is no damage: the tensor cannot be read, but all others can.
    public init(_ path: String) throws(CLMatError) {
        func damaged(_ place: String, _ problem: String) -> CLMatError {
            .fileDamaged(path: path, place: place, problem: problem)
        }
        let file = try OpenFile(path)
        guard file.size >= 8 else { throw damaged("byte 0", "a safetensors file has at least 8 bytes") }
        let length = try file.read(0..<8, of: "byte 0").enumerated().reduce(UInt64(0)) {
            $0 | UInt64($1.element) << (8 * UInt64($1.offset))
        }
        guard length <= UInt64(Safetensors.headerLimit), length <= UInt64(file.size - 8) else {
            throw damaged(
                "byte 0", "it names a header of \(length) bytes; this is no safetensors file, or it is cut off")
        }
        let start = 8 + Int(length)
        let text = try file.read(8..<start, of: "byte 8")
        guard let header = try? JSONSerialization.jsonObject(with: text) as? [String: Any] else {
            throw damaged("byte 8", "its header is not a JSON object")
        }
        var entries: [String: Entry] = [:]
        for (name, value) in header where name != "__metadata__" {
            do throws(Problem) {
                entries[name] = try Self.entry(value, from: start, to: file.size)
            } catch {
                throw damaged("'\(name)'", error.words)
            }
        }
        // The format has each byte in one tensor; many that share theirs would fill the memory.
        let places = entries.values.map(\.place).filter { !$0.isEmpty }.sorted { $0.lowerBound < $1.lowerBound }
        for (place, next) in zip(places, places.dropFirst()) where place.upperBound > next.lowerBound {
            throw damaged("byte 8", "two of its arrays share bytes, from \(next.lowerBound - start) on")
        }
        (self.path, self.file, self.entries) = (path, file, entries)
        metadata = header["__metadata__"] as? [String: String] ?? [:]
    }

    private struct Problem: Error { let words: String }

    private static func entry(_ value: Any, from start: Int, to end: Int) throws(Problem) -> Entry {
        guard let value = value as? [String: Any], let kindName = value["dtype"] as? String,
            let shape = value["shape"] as? [Int], let offsets = value["data_offsets"] as? [Int], offsets.count == 2
        else { throw Problem(words: "its dtype, shape or data_offsets are missing") }
        guard 0 <= offsets[0], offsets[0] <= offsets[1], offsets[1] <= end - start else {
            throw Problem(words: "its bytes lie outside the file; it is cut off")
        }
        let entry = Entry(kindName: kindName, shape: shape, place: start + offsets[0]..<start + offsets[1])
        var count = entry.kind?.bytes ?? 1
        for size in shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: size)
            guard 0...Int(Int32.max) ~= size, !overflow else {
                throw Problem(words: "its shape \(shape) is impossible")
            }
            count = product
        }
        // How many bytes the numbers of another kind take is not known.
        guard entry.kind == nil || count == entry.place.count else {
            throw Problem(words: "\(entry.place.count) bytes do not make \(shape) numbers")
        }
        return entry
    }

    /// Reads one tensor, and nothing of the others.
    ///
    /// - Throws: ``/CLMat/CLMatError/unknownName(kind:name:known:)``; ``/CLMat/CLMatError/fileDamaged(path:place:problem:)`` for numbers of a kind that
    ///   is not known, with the tensor's name and the kind, and for a file that became shorter or cannot be read on.
    public func tensor(_ name: String) throws(CLMatError) -> Safetensors.Tensor {
        guard let entry = entries[name] else {
            throw .unknownName(kind: "tensor", name: name, known: entries.keys.sorted())
        }
        guard let kind = entry.kind else {
            throw .fileDamaged(
                path: path, place: "'\(name)'", problem: "numbers of kind \(entry.kindName) are not read here")
        }
        return Safetensors.Tensor(kind: kind, shape: entry.shape, bytes: try file.read(entry.place, of: "'\(name)'"))
    }

    /// Reads all tensors, in the order in which they lie in the file.
    ///
    /// - Throws: as ``tensor(_:)``, if one of them cannot be read.
    public func tensors() throws(CLMatError) -> [String: Safetensors.Tensor] {
        var tensors: [String: Safetensors.Tensor] = [:]
        for (name, _) in entries.sorted(by: {
            ($0.value.place.lowerBound, $0.key) < ($1.value.place.lowerBound, $1.key)
        }) {
            tensors[name] = try tensor(name)
        }
        return tensors
    }
}
