import CLMat
import Foundation

/// A file of named arrays in the safetensors format: eight bytes with the length of a JSON header, the header, the
/// numbers, little-endian.
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
        _ tensors: [String: Archive.Tensor], metadata: [String: String] = [:], to path: String
    ) throws(CLMatError) {
        var header: [String: Any] = metadata.isEmpty ? [:] : ["__metadata__": metadata]
        var offset = 0
        let order = tensors.keys.sorted()
        for name in order {
            let tensor = tensors[name]!
            header[name] = [
                "dtype": tensor.kind.rawValue, "shape": tensor.shape,
                "data_offsets": [offset, offset + tensor.bytes.count],
            ]
            offset += tensor.bytes.count
        }
        guard var text = try? JSONSerialization.data(withJSONObject: header, options: [.sortedKeys]) else {
            throw .fileNotWritable(path: path, reason: "its names or notes are not text")
        }
        while text.count % 8 != 0 { text.append(UInt8(ascii: " ")) }
        var file = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Data($0) }
        file.reserveCapacity(8 + text.count + offset)
        file.append(text)
        for name in order { file.append(tensors[name]!.bytes) }
        try Files.write(file, to: path)
    }

    /// - Throws: ``/CLMat/CLMatError/fileMissing(path:hint:)``; ``/CLMat/CLMatError/fileDamaged(path:place:problem:)`` for whatever is
    ///   not as the format says, or of a kind of number other than those of ``Archive/Tensor/Kind``.
    public static func read(
        _ path: String
    ) throws(CLMatError) -> (tensors: [String: Archive.Tensor], metadata: [String: String]) {
        let file = try Files.read(path)
        func damaged(_ place: String, _ problem: String) -> CLMatError {
            .fileDamaged(path: path, place: place, problem: problem)
        }
        guard file.count >= 8 else { throw damaged("byte 0", "a safetensors file has at least 8 bytes") }
        let length = file.prefix(8).enumerated().reduce(UInt64(0)) {
            $0 | UInt64($1.element) << (8 * UInt64($1.offset))
        }
        guard length <= UInt64(headerLimit), length <= UInt64(file.count - 8) else {
            throw damaged(
                "byte 0", "it names a header of \(length) bytes; this is no safetensors file, or it is cut off")
        }
        let start = file.startIndex + 8
        let text = file[start..<start + Int(length)]
        guard let header = try? JSONSerialization.jsonObject(with: text) as? [String: Any] else {
            throw damaged("byte 8", "its header is not a JSON object")
        }
        let body = file[(start + Int(length))...]
        var tensors: [String: Archive.Tensor] = [:]
        var places: [Range<Int>] = []
        for (name, entry) in header where name != "__metadata__" {
            let place = "'\(name)'"
            guard let entry = entry as? [String: Any], let kindName = entry["dtype"] as? String,
                let shape = entry["shape"] as? [Int], let offsets = entry["data_offsets"] as? [Int], offsets.count == 2
            else { throw damaged(place, "its dtype, shape or data_offsets are missing") }
            guard let kind = Archive.Tensor.Kind(rawValue: kindName) else {
                throw damaged(place, "numbers of kind \(kindName) are not read here")
            }
            guard 0 <= offsets[0], offsets[0] <= offsets[1], offsets[1] <= body.count else {
                throw damaged(place, "its bytes lie outside the file; it is cut off")
            }
            var count = kind.bytes
            for size in shape {
                let (product, overflow) = count.multipliedReportingOverflow(by: size)
                guard 0...Int(Int32.max) ~= size, !overflow else {
                    throw damaged(place, "its shape \(shape) is impossible")
                }
                count = product
            }
            guard count == offsets[1] - offsets[0] else {
                throw damaged(place, "\(offsets[1] - offsets[0]) bytes do not make \(shape) numbers")
            }
            // A slice of the file: nothing is copied before all is found to be right.
            let bytes = body[body.startIndex + offsets[0]..<body.startIndex + offsets[1]]
            tensors[name] = Archive.Tensor(kind: kind, shape: shape, bytes: bytes)
            if !bytes.isEmpty { places.append(offsets[0]..<offsets[1]) }
        }
        // The format has each byte in one tensor; many that share theirs would fill the memory.
        places.sort { $0.lowerBound < $1.lowerBound }
        for (place, next) in zip(places, places.dropFirst()) where place.upperBound > next.lowerBound {
            throw damaged("byte 8", "two of its arrays share bytes, from \(next.lowerBound) on")
        }
        for (name, tensor) in tensors {
            tensors[name] = Archive.Tensor(kind: tensor.kind, shape: tensor.shape, bytes: Data(tensor.bytes))
        }
        return (tensors, header["__metadata__"] as? [String: String] ?? [:])
    }
}

extension Archive.Tensor.Kind {
    var bytes: Int {
        switch self {
        case .float32, .int32: 4
        case .float64, .int64: 8
        }
    }
}
