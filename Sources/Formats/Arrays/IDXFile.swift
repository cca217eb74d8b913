import CLMat
import Foundation

/// An array of numbers in an IDX file, plain or packed with gzip: the format of MNIST.
///
/// Layout, everything big-endian: two zero bytes; one byte for the type of the elements; one for the number D of
/// dimensions (1 to 4 here); D sizes of four bytes; the elements, the last dimension running fastest.
/// - Source: Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database of handwritten digits", section "File formats".
public struct IDXFile: Sendable {
    /// The elements, in the type that the file has.
    public enum Values: Sendable, Equatable {
        /// Type 0x08: pixels, labels.
        case unsignedBytes([UInt8])
        /// Type 0x09.
        case signedBytes([Int8])
        /// Type 0x0B, 16 bits.
        case shorts([Int16])
        /// Type 0x0C, 32 bits.
        case integers([Int32])
        /// Type 0x0D, 32 bits.
        case floats([Float])
        /// Type 0x0E, 64 bits.
        case doubles([Double])
    }

    /// The file as it was named.
    public let path: String
    /// The size of each dimension; a size may be 0.
    public let dimensions: [Int]
    /// The elements, the last dimension running fastest.
    public let values: Values
    /// Whether the file is packed: byte numbers then count the unpacked bytes.
    private let isPacked: Bool

    /// Reads a file. Nothing is allocated before the sizes are compared with what the file can hold.
    ///
    /// - Parameter limit: the most bytes of elements to take, after unpacking.
    /// - Throws: ``/CLMat/CLMatError/fileMissing(path:hint:)``; ``/CLMat/CLMatError/fileDamaged(path:place:problem:)`` if the header
    ///   is cut off or is not IDX, if the elements are fewer or more than the header says, if the sizes are absurd,
    ///   or if packed data is corrupt.
    public init(
        _ path: String, limit: Int = GzipFile.standardLimit, hint: String = "Check the path."
    ) throws(CLMatError) {
        let file = try GzipFile(path, hint: hint)
        func damaged(_ byte: Int, _ problem: String) -> CLMatError {
            .fileDamaged(path: path, place: file.place(byte), problem: problem)
        }

        let magic = try file.read(4)
        guard magic.count == 4 else {
            throw damaged(magic.count, "the file ends inside the first 4 bytes, which say what it holds")
        }
        guard magic[0] == 0, magic[1] == 0 else {
            throw damaged(0, "it starts with \(hex(magic)), but an IDX file starts with 00 00")
        }
        guard let type = ElementType(rawValue: magic[2]) else {
            throw damaged(2, "there is no element type \(hex([magic[2]])); IDX has 08, 09, 0b, 0c, 0d and 0e")
        }
        guard (1...4).contains(magic[3]) else {
            throw damaged(3, "it says that it has \(magic[3]) dimensions; 1 to 4 are read")
        }

        let sizes = try file.read(4 * Int(magic[3]))
        guard sizes.count == 4 * Int(magic[3]) else {
            throw damaged(file.offset, "the file ends inside its header: it has \(magic[3]) dimensions of 4 bytes each")
        }
        dimensions = stride(from: 0, to: sizes.count, by: 4).map { sizes[$0..<$0 + 4].reduce(0) { $0 << 8 | Int($1) } }

        // What the header asks for, against what the file can hold. Deflate packs at most 1032 bytes into one
        // (M. Adler, zlib's "Technical Details"), so a small file cannot ask for a large array.
        let said = dimensions.map(String.init).joined(separator: " × ")
        guard let bytes = product(dimensions + [type.size]) else {
            throw damaged(4, "its sizes are \(said), more elements than can be counted")
        }
        let present = file.storedBytes - file.offset
        let short = "its sizes are \(said), which is \(bytes) bytes of \(type.name), but the file"
        guard file.isPacked || bytes <= present else {
            throw damaged(file.storedBytes, "\(short) ends after \(max(0, present)) of them")
        }
        guard !file.isPacked || bytes / 1032 <= file.storedBytes else {
            throw damaged(4, "\(short)'s \(file.storedBytes) packed bytes cannot hold them")
        }
        guard bytes <= limit else {
            throw damaged(4, "its sizes are \(said), which is \(bytes) bytes; at most \(limit) are read from one file")
        }

        let headerSize = file.offset
        /// The elements, read into the memory where they stay, and turned there into this machine's order of bytes.
        func elements<Value, Bits: FixedWidthInteger>(_: Value.Type, _: Bits.Type) throws(CLMatError) -> [Value] {
            let size = MemoryLayout<Bits>.size
            var (filled, problem): (Int, CLMatError?) = (0, nil)
            let values = [Value](unsafeUninitializedCapacity: bytes / size) { target, count in
                let memory = UnsafeMutableRawBufferPointer(
                    rebasing: UnsafeMutableRawBufferPointer(target).prefix(bytes))
                do throws(CLMatError) { filled = try file.read(into: memory) } catch { problem = error }
                count = filled / size
                guard size > 1 else { return }
                for place in stride(from: 0, to: count * size, by: size) {
                    let bits = memory.load(fromByteOffset: place, as: Bits.self)
                    memory.storeBytes(of: Bits(bigEndian: bits), toByteOffset: place, as: Bits.self)
                }
            }
            if let problem { throw problem }
            guard filled == bytes else { throw damaged(file.offset, "\(short) ends after \(filled) of them") }
            guard try file.read(1).isEmpty else {
                throw damaged(headerSize + bytes, "its sizes are \(said), but more bytes follow the last element")
            }
            return values
        }
        values =
            switch type {
            case .unsignedByte: .unsignedBytes(try elements(UInt8.self, UInt8.self))
            case .signedByte: .signedBytes(try elements(Int8.self, UInt8.self))
            case .short: .shorts(try elements(Int16.self, UInt16.self))
            case .integer: .integers(try elements(Int32.self, UInt32.self))
            case .float: .floats(try elements(Float.self, UInt32.self))
            case .double: .doubles(try elements(Double.self, UInt64.self))
            }
        self.path = path
        isPacked = file.isPacked
    }

    /// The number of elements.
    public var count: Int {
        switch values {
        case .unsignedBytes(let values): values.count
        case .signedBytes(let values): values.count
        case .shorts(let values): values.count
        case .integers(let values): values.count
        case .floats(let values): values.count
        case .doubles(let values): values.count
        }
    }

    /// The dimensions as a person reads them.
    package var sizes: String { dimensions.map(String.init).joined(separator: " × ") }

    /// Bytes in one element of the file.
    private var elementSize: Int {
        switch values {
        case .unsignedBytes, .signedBytes: 1
        case .shorts: 2
        case .integers, .floats: 4
        case .doubles: 8
        }
    }
}

/// The types of elements, by their code in the header's third byte.
private enum ElementType: UInt8 {
    case unsignedByte = 0x08
    case signedByte = 0x09
    case short = 0x0B
    case integer = 0x0C
    case float = 0x0D
    case double = 0x0E

    /// Bytes in one element.
    var size: Int {
        switch self {
        case .unsignedByte, .signedByte: 1
        case .short: 2
        case .integer, .float: 4
        case .double: 8
        }
    }

    var name: String {
        switch self {
        case .unsignedByte: "unsigned bytes"
        case .signedByte: "signed bytes"
        case .short: "16-bit integers"
        case .integer: "32-bit integers"
        case .float: "floats"
        case .double: "doubles"
        }
    }
}

// MARK: - As bytes

extension IDXFile {
    /// The elements as whole numbers from 0 to 255.
    ///
    /// - Throws: ``/CLMat/CLMatError/fileDamaged(path:place:problem:)`` at the first element that is none.
    public func wholeBytes() throws(CLMatError) -> [UInt8] {
        switch values {
        case .unsignedBytes(let values): values
        case .signedBytes(let values): try bytes(values) { UInt8(exactly: $0) }
        case .shorts(let values): try bytes(values) { UInt8(exactly: $0) }
        case .integers(let values): try bytes(values) { UInt8(exactly: $0) }
        case .floats(let values): try bytes(values) { UInt8(exactly: $0) }
        case .doubles(let values): try bytes(values) { UInt8(exactly: $0) }
        }
    }

    /// The elements as light, 0 to 255.
    ///
    /// Integers are taken as they are. Floats are taken to lie between 0 and 1 if none is above 1, else between 0 and
    /// 255, and are rounded to the nearest of the 256 levels.
    /// - Throws: ``/CLMat/CLMatError/fileDamaged(path:place:problem:)`` at the first element outside.
    public func pixelBytes() throws(CLMatError) -> [UInt8] {
        switch values {
        case .unsignedBytes, .signedBytes, .shorts, .integers: try wholeBytes()
        case .floats(let values): try levels(values)
        case .doubles(let values): try levels(values)
        }
    }

    /// How an error names the element `index`.
    package func place(of index: Int) -> String {
        "byte \(4 + 4 * dimensions.count + index * elementSize)\(isPacked ? " (unpacked)" : "")"
    }

    private func levels<Value: BinaryFloatingPoint>(_ values: [Value]) throws(CLMatError) -> [UInt8] {
        let scale: Value = values.contains { $0 > 1 } ? 1 : 255
        return try bytes(values) { UInt8(exactly: ($0 * scale).rounded()) }
    }

    private func bytes<Value>(
        _ values: [Value], _ convert: (Value) -> UInt8?
    ) throws(CLMatError) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(values.count)
        for (index, value) in values.enumerated() {
            guard let byte = convert(value) else {
                throw .fileDamaged(
                    path: path, place: place(of: index),
                    problem: "the value \(value) is not one from 0 to 255")
            }
            bytes.append(byte)
        }
        return bytes
    }
}

// MARK: - Helpers

/// Nil if the product does not fit.
private func product(_ factors: [Int]) -> Int? {
    if factors.contains(0) { return 0 }
    var product = 1
    for factor in factors {
        let (next, overflow) = product.multipliedReportingOverflow(by: factor)
        if overflow { return nil }
        product = next
    }
    return product
}

private func hex(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
}
