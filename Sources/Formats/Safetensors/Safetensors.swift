import CLMat
import Foundation

/// A file of named arrays in the safetensors format: eight bytes with the length of a JSON header, the header, the
/// numbers, little-endian. ``SafetensorsFile`` reads single ones of them.
///
/// - Source: https://github.com/huggingface/safetensors, "Format". The header is written with keys in order and padded
///   with spaces to a multiple of eight, so that the same content gives the same bytes.
public enum Safetensors {
    /// The most bytes that a header may have, as in the reference implementation.
    static let headerLimit = 100_000_000

    /// Writes aside and renames: a file that is there is whole.
    ///
    /// - Throws: ``/CLMat/CLMatError/fileNotWritable(path:reason:)``.
    public static func write(
        _ tensors: [String: Tensor], metadata: [String: String] = [:], to path: String
    ) throws(CLMatError) {
        var header: [String: JSONValue] = [:]
        if !metadata.isEmpty { header["__metadata__"] = object(metadata.mapValues { .text($0) }) }
        var offset = 0
        let order = tensors.sorted { $0.key < $1.key }
        for (name, tensor) in order {
            header[name] = .object([
                ("data_offsets", .list([.whole(offset), .whole(offset + tensor.bytes.count)])),
                ("dtype", .text(tensor.kind.rawValue)), ("shape", .list(tensor.shape.map { .whole($0) })),
            ])
            offset += tensor.bytes.count
        }
        var text = Data(object(header).written(.foundation).utf8)
        while text.count % 8 != 0 { text.append(UInt8(ascii: " ")) }
        let length = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Data($0) }
        try Files.write([length, text] + order.map(\.value.bytes), to: path)
    }

    /// Numbers within names in the order of their values, and upper case beside lower case, whatever a person's language: the order of
    /// `JSONSerialization`, which wrote all files of earlier versions.
    private static func object(_ entries: [String: JSONValue]) -> JSONValue {
        .object(
            entries.sorted { first, second in
                let (a, b) = (first.key, second.key)
                return a.compare(
                    b, options: [.numeric, .caseInsensitive, .forcedOrdering], range: a.startIndex..<a.endIndex,
                    locale: Locale(identifier: "")) == .orderedAscending
            }.map { ($0.key, $0.value) })
    }

    /// Reads all arrays of a file, and its notes.
    ///
    /// - Throws: ``/CLMat/CLMatError/fileMissing(path:hint:)``; ``/CLMat/CLMatError/fileDamaged(path:place:problem:)`` for whatever is
    ///   not as the format says, or of a kind of number other than those of ``Tensor/Kind``.
    public static func read(
        _ path: String
    ) throws(CLMatError) -> (tensors: [String: Tensor], metadata: [String: String]) {
        let file = try SafetensorsFile(path)
        return (try file.tensors(), file.metadata)
    }
}
