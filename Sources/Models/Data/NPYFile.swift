import CLMat
import Foundation

/// A NumPy array in a file, mapped into memory: of data larger than the machine's memory only what is asked for is read.
///
/// The first dimension counts the points. Three or four dimensions of unsigned bytes are images, which are scaled to full
/// scale. Floats of 32 and 64 bits, unsigned bytes and 32-bit integers are read; little-endian, in C order.
/// - Source: "The NPY format", numpy.lib.format, versions 1.0 to 3.0.
///
/// `@unchecked Sendable`: the mapping is only read, and lives as long as the object.
public final class NPYFile: PointData, @unchecked Sendable {
    public let path: String
    public let name: String
    public let count: Int
    public let columns: Int
    public let image: ImageShape?
    /// Rows of a few pages lie together, so that a pass reads the disk in order, piece by piece.
    public let runLength: Int
    public let checksum: String

    private enum Kind: String {
        case float32 = "<f4"
        case float64 = "<f8"
        case byte = "|u1"
        case int32 = "<i4"
        var size: Int { self == .float64 ? 8 : self == .byte ? 1 : 4 }
    }
    private let kind: Kind
    private let mapping: UnsafeMutableRawPointer
    private let length: Int
    private let start: Int

    /// - Throws: ``CLMatError/fileMissing(path:hint:)``; ``CLMatError/fileDamaged(path:place:problem:)`` for what is no such
    ///   file, or shorter than its header says; ``CLMatError/dataMismatch(_:)`` if it holds no points.
    public init(_ path: String) throws(CLMatError) {
        func damaged(_ place: String, _ problem: String) -> CLMatError {
            .fileDamaged(path: path, place: place, problem: problem)
        }
        // A pipe would wait for ever for somebody who writes.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        var status = stat()
        guard descriptor >= 0, fstat(descriptor, &status) == 0 else {
            throw .fileMissing(path: path, hint: "Check the path.")
        }
        defer { close(descriptor) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw .fileMissing(path: path, hint: "It is not a plain file.")
        }
        length = Int(status.st_size)
        guard length >= 10, let mapping = mmap(nil, length, PROT_READ, MAP_PRIVATE, descriptor, 0),
            mapping != MAP_FAILED
        else { throw damaged("byte 0", "an NPY file has at least 10 bytes") }
        self.mapping = mapping
        self.path = path
        name = URL(fileURLWithPath: path).lastPathComponent

        let bytes = UnsafeRawBufferPointer(start: mapping, count: length)
        let header: Header
        do throws(CLMatError) {
            header = try Header(bytes, damaged)
        } catch {
            munmap(mapping, length)
            throw error
        }
        guard let kind = Kind(rawValue: header.kind) else {
            munmap(mapping, length)
            throw damaged("byte 10", "numbers of kind '\(header.kind)' are not read; save them as float32")
        }
        self.kind = kind
        start = header.end
        let sizes = header.shape
        var columns = 1
        var isPossible = true
        for size in sizes.dropFirst() {
            let (product, overflow) = columns.multipliedReportingOverflow(by: size)
            (columns, isPossible) = (product, isPossible && !overflow)
        }
        let (total, overflow) = columns.multipliedReportingOverflow(by: sizes[0])
        let (needed, overflowToo) = total.multipliedReportingOverflow(by: kind.size)
        guard isPossible, !overflow, !overflowToo, needed <= length - start else {
            munmap(mapping, length)
            throw damaged("byte \(length)", "its shape is \(sizes), but the file ends before the last number")
        }
        guard sizes[0] > 0, columns > 0, sizes[0] < Int(Int32.max), columns < 1 << 24 else {
            munmap(mapping, length)
            throw .dataMismatch("\(path) has the shape \(sizes): there are no points in it, or too many.")
        }
        (count, self.columns) = (sizes[0], columns)
        switch (kind, sizes.count) {
        case (.byte, 3): image = ImageShape(height: sizes[1], width: sizes[2])
        case (.byte, 4) where sizes[1] == 1 || sizes[1] == 3:
            image = ImageShape(channels: sizes[1], height: sizes[2], width: sizes[3])
        default: image = nil
        }
        runLength = max(1, min(sizes[0], 65536 / max(1, columns * kind.size)))
        // Of a file that may be larger than memory: its size, and the first and last megabyte.
        let body = UnsafeRawBufferPointer(rebasing: bytes[start..<start + needed])
        let (head, tail) = ([UInt8](body.prefix(1 << 20)), [UInt8](body.suffix(1 << 20)))
        checksum = "\(count)x\(columns)-" + String(CRC32.of(head, tail), radix: 16)
    }

    deinit { munmap(mapping, length) }

    public func rows(_ indices: [Int32], on device: Device) throws(CLMatError) -> Matrix {
        var values = [Float](repeating: 0, count: indices.count * columns)
        let scale: Float = image == nil ? 1 : 1 / 255
        for (row, index) in indices.enumerated() {
            let from = mapping + start + Int(index) * columns * kind.size
            let to = row * columns
            switch kind {
            case .float32:
                values.withUnsafeMutableBytes { target in
                    (target.baseAddress! + 4 * to).copyMemory(from: from, byteCount: 4 * columns)
                }
            case .float64:
                for c in 0..<columns {
                    values[to + c] = Float(from.loadUnaligned(fromByteOffset: 8 * c, as: Double.self))
                }
            case .byte:
                for c in 0..<columns { values[to + c] = Float(from.load(fromByteOffset: c, as: UInt8.self)) * scale }
            case .int32:
                for c in 0..<columns {
                    values[to + c] = Float(from.loadUnaligned(fromByteOffset: 4 * c, as: Int32.self))
                }
            }
            // One sum tells whether all are finite; which one is not is looked for only then.
            var sum: Float = 0
            for c in to..<to + columns { sum += values[c] * 0 }
            if sum != 0 || sum.isNaN, let c = (0..<columns).first(where: { !values[to + $0].isFinite }) {
                throw .fileDamaged(
                    path: path, place: "row \(index), column \(c)",
                    problem: "it is \(values[to + c]); only finite numbers can be learned from")
            }
        }
        return try Matrix(values, indices.count, columns, on: device)
    }

    /// The Python dictionary at the start.
    private struct Header {
        var kind = ""
        var shape: [Int] = []
        var end = 0

        init(_ bytes: UnsafeRawBufferPointer, _ damaged: (String, String) -> CLMatError) throws(CLMatError) {
            guard bytes.starts(with: [0x93] + Array("NUMPY".utf8)) else {
                throw damaged("byte 0", "it does not start as an NPY file")
            }
            let version = bytes[6]
            guard (1...3).contains(version), bytes.count >= 12 else {
                throw damaged("byte 6", "version \(version) of the format is not known")
            }
            let prefix = version == 1 ? 10 : 12
            let length =
                version == 1
                ? Int(bytes[8]) | Int(bytes[9]) << 8
                : (0..<4).reduce(0) { $0 | Int(bytes[8 + $1]) << (8 * $1) }
            guard prefix + length <= bytes.count, length < 1 << 20 else {
                throw damaged("byte 8", "its header of \(length) bytes does not fit")
            }
            end = prefix + length
            let text = String(decoding: bytes[prefix..<end], as: UTF8.self)
            func after(_ key: String) -> Substring? {
                guard let range = text.range(of: "'\(key)'") else { return nil }
                return text[range.upperBound...].drop { $0 == ":" || $0 == " " }
            }
            guard let descr = after("descr"), descr.first == "'", let order = after("fortran_order"),
                let shape = after("shape"), shape.first == "(", let close = shape.firstIndex(of: ")")
            else { throw damaged("byte \(prefix)", "its header has no descr, fortran_order or shape") }
            kind = String(descr.dropFirst().prefix { $0 != "'" })
            guard order.hasPrefix("False") else {
                throw damaged("byte \(prefix)", "it is in Fortran order; save it with numpy.ascontiguousarray")
            }
            for part in shape[shape.index(after: shape.startIndex)..<close].split(separator: ",") {
                guard let size = Int(part.filter { $0 != " " }), size >= 0 else {
                    throw damaged("byte \(prefix)", "'\(part)' in its shape is no size")
                }
                self.shape.append(size)
            }
            guard (1...4).contains(self.shape.count) else {
                throw damaged("byte \(prefix)", "it has \(self.shape.count) dimensions; 1 to 4 are read")
            }
        }
    }
}
