import CLMat
import Foundation

/// The dictionary at the start of an NPY file, which is written as in Python.
///
/// Keys come in any order, in either quotation marks, with blanks wherever Python allows them; sizes may be Python 2's
/// `40L`.
/// - Source: "The NPY format", numpy.lib.format, versions 1.0 to 3.0.
struct NPYHeader {
    private(set) var shape: [Int] = []
    private(set) var number = NPYNumber.float32
    private(set) var isBigEndian = false
    /// Whether the first index runs fastest.
    private(set) var isFortran = false
    /// Where the numbers start.
    private(set) var end = 0

    init(_ bytes: UnsafeRawBufferPointer, _ path: String) throws(CLMatError) {
        func damaged(_ byte: Int, _ problem: String) -> CLMatError {
            .fileDamaged(path: path, place: "byte \(byte)", problem: problem)
        }
        guard bytes.starts(with: [0x93] + Array("NUMPY".utf8)) else {
            var problem = "it does not start as an NPY file"
            if bytes.starts(with: [0x50, 0x4B, 3, 4]) {
                problem = """
                    it is a ZIP archive, as numpy.savez writes it (.npz): unpack it with 'unzip', and take one of the .npy files in it
                    """
            } else if bytes.starts(with: [0x1F, 0x8B]) {
                problem = "it is packed with gzip, but is read from the disk as it is needed: unpack it with 'gunzip'"
            }
            throw damaged(0, problem)
        }
        guard bytes.count >= 12, (1...3).contains(bytes[6]) else {
            throw damaged(
                6,
                bytes.count < 12 ? "the file ends inside its header" : "version \(bytes[6]) of the format is not known")
        }
        let prefix = bytes[6] == 1 ? 10 : 12
        let length = (8..<prefix).reversed().reduce(0) { $0 << 8 | Int(bytes[$1]) }
        guard prefix + length <= bytes.count else {
            throw damaged(8, "its header of \(length) bytes does not fit into the file")
        }
        guard length < 1 << 20 else { throw damaged(8, "its header has \(length) bytes; at most \(1 << 20) are read") }
        end = prefix + length

        var parser = PythonParser(bytes[prefix..<end])
        let found: [String: PythonParser.Value]
        do throws(PythonParser.Failure) {
            found = try parser.dictionary()
        } catch {
            throw damaged(parser.place, "its header cannot be read there: \(error.problem)")
        }
        guard let descr = found["descr"], let order = found["fortran_order"], let sizes = found["shape"] else {
            throw damaged(prefix, "its header lacks descr, fortran_order or shape")
        }
        guard case .bool(let isFortran) = order else {
            throw damaged(prefix, "fortran_order is neither True nor False")
        }
        self.isFortran = isFortran
        guard case .list(let list) = sizes else { throw damaged(prefix, "its shape is no tuple") }
        guard (1...4).contains(list.count) else {
            throw damaged(
                prefix,
                list.isEmpty
                    ? "it holds a single number; points are rows of an array: save it with numpy.atleast_2d"
                    : "it has \(list.count) dimensions; 1 to 4 are read: save it with reshape(len(x), -1)")
        }
        for size in list {
            guard case .number(let text) = size, let size = Int(text), size >= 0 else {
                throw damaged(prefix, "its shape holds \(size), which is no size of an array")
            }
            shape.append(size)
        }
        guard case .text(let kind) = descr else {
            throw damaged(
                prefix,
                "it is an array of records; save its fields as columns, with numpy.lib.recfunctions.structured_to_unstructured"
            )
        }
        try takeKind(kind) { damaged(prefix, $0) }
    }

    /// `<f4`: the order of bytes, the kind, and the bytes of a number.
    private mutating func takeKind(_ text: String, _ refuse: (String) -> CLMatError) throws(CLMatError) {
        var kind = text
        if let first = kind.first, "<>=|".contains(first) {
            isBigEndian = first == ">"
            kind.removeFirst()
        }
        if kind == "?" { kind = "b1" }
        guard let number = NPYNumber(rawValue: kind) else {
            let what =
                switch kind.first {
                case "c": "complex numbers; save the real and the imaginary part as columns of their own"
                case "O": "Python objects; save it with astype('float32')"
                case "U", "S", "a": "texts; save it with astype('float32'), if they are numbers"
                case "M", "m": "times; save it with astype('int64')"
                case "V": "records; save their fields as columns of numbers"
                default: "numbers of kind '\(text.prefix(20))'; save it with astype('float32')"
                }
            throw refuse("it holds \(what)")
        }
        self.number = number
    }
}

/// The kinds of numbers that are read, as NumPy writes them.
enum NPYNumber: String {
    case float16 = "f2"
    case float32 = "f4"
    case float64 = "f8"
    case int8 = "i1"
    case int16 = "i2"
    case int32 = "i4"
    case int64 = "i8"
    case byte = "u1"
    case uint16 = "u2"
    case uint32 = "u4"
    case uint64 = "u8"
    case bool = "b1"

    /// Bytes of one number.
    var size: Int {
        switch self {
        case .int8, .byte, .bool: 1
        case .float16, .int16, .uint16: 2
        case .float32, .int32, .uint32: 4
        case .float64, .int64, .uint64: 8
        }
    }

    /// Reads as many numbers as `row` has. An address need not be a multiple of a number's size.
    ///
    /// - Parameter place: where the number of a column lies after `base`, counted in numbers.
    @inline(__always)
    func read(_ base: UnsafeRawPointer, _ isBigEndian: Bool, into row: inout [Double], place: (Int) -> Int) {
        @inline(__always)
        func each<Bits: FixedWidthInteger>(_: Bits.Type, _ convert: (Bits) -> Double) {
            for column in row.indices {
                let bits = base.loadUnaligned(fromByteOffset: place(column) * MemoryLayout<Bits>.size, as: Bits.self)
                row[column] = convert(isBigEndian ? Bits(bigEndian: bits) : Bits(littleEndian: bits))
            }
        }
        switch self {
        case .float16: each(UInt16.self, Self.half)
        case .float32: each(UInt32.self) { Double(Float(bitPattern: $0)) }
        case .float64: each(UInt64.self) { Double(bitPattern: $0) }
        case .int8: each(Int8.self) { Double($0) }
        case .int16: each(Int16.self) { Double($0) }
        case .int32: each(Int32.self) { Double($0) }
        case .int64: each(Int64.self) { Double($0) }
        case .byte: each(UInt8.self) { Double($0) }
        case .uint16: each(UInt16.self) { Double($0) }
        case .uint32: each(UInt32.self) { Double($0) }
        case .uint64: each(UInt64.self) { Double($0) }
        case .bool: each(UInt8.self) { $0 == 0 ? 0 : 1 }
        }
    }

    /// IEEE 754's binary16; not every processor has it as a type of Swift's.
    static func half(_ bits: UInt16) -> Double {
        let (exponent, fraction) = (Int(bits >> 10 & 0x1F), Double(bits & 0x3FF))
        let size: Double
        switch exponent {
        case 0: size = fraction * 0x1p-24
        case 31: size = fraction == 0 ? .infinity : .nan
        default: size = (1024 + fraction) * Double(sign: .plus, exponent: exponent - 25, significand: 1)
        }
        return bits >> 15 == 0 ? size : -size
    }
}

/// Reads a literal of Python's: a dictionary of texts, numbers, booleans, tuples and lists.
private struct PythonParser {
    enum Value: CustomStringConvertible {
        case text(String)
        /// Digits with their sign.
        case number(String)
        case bool(Bool)
        case list([Value])
        case none

        var description: String {
            switch self {
            case .text(let text): "'\(text.prefix(20))'"
            case .number(let text): text.count > 24 ? "\(text.prefix(20))…" : text
            case .bool(let value): value ? "True" : "False"
            case .list: "a list"
            case .none: "None"
            }
        }
    }

    struct Failure: Error {
        var problem: String
    }

    private let bytes: Slice<UnsafeRawBufferPointer>
    /// The byte that is read, counted from the start of the file.
    private(set) var place: Int

    init(_ bytes: Slice<UnsafeRawBufferPointer>) {
        self.bytes = bytes
        place = bytes.startIndex
    }

    private var next: UInt8? { place < bytes.endIndex ? bytes[place] : nil }

    private mutating func skipBlanks() {
        while let byte = next, byte == 0x20 || (9...13).contains(byte) { place += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipBlanks()
        guard next == UInt8(ascii: character) else { return false }
        place += 1
        return true
    }

    mutating func dictionary() throws(Failure) -> [String: Value] {
        guard take("{") else { throw Failure(problem: "a dictionary has to start with {") }
        var found: [String: Value] = [:]
        while !take("}") {
            guard case .text(let key) = try value(depth: 0) else { throw Failure(problem: "a key has to be a text") }
            guard take(":") else { throw Failure(problem: "':' has to follow a key") }
            found[key] = try value(depth: 0)
            if !take(",") {
                guard take("}") else { throw Failure(problem: "',' or '}' has to follow a value") }
                break
            }
        }
        return found
    }

    private mutating func value(depth: Int) throws(Failure) -> Value {
        guard depth < 8 else { throw Failure(problem: "it is nested too deeply") }
        skipBlanks()
        guard let first = next else { throw Failure(problem: "the header ends there") }
        switch first {
        case UInt8(ascii: "'"), UInt8(ascii: "\""): return .text(try text(first))
        case UInt8(ascii: "("), UInt8(ascii: "["):
            place += 1
            let close: Unicode.Scalar = first == UInt8(ascii: "(") ? ")" : "]"
            var list: [Value] = []
            while !take(close) {
                list.append(try value(depth: depth + 1))
                if !take(",") {
                    guard take(close) else { throw Failure(problem: "',' or '\(close)' has to follow a value") }
                    break
                }
            }
            return .list(list)
        default:
            let start = place
            while let byte = next, Self.isPartOfWord(byte) { place += 1 }
            let word = String(decoding: bytes[start..<place], as: UTF8.self)
            switch word {
            case "": throw Failure(problem: "there is no value of Python's")
            case "True", "true": return .bool(true)
            case "False", "false": return .bool(false)
            case "None", "null": return .none
            // Python 2's long numbers.
            default: return .number(word.hasSuffix("L") ? String(word.dropLast()) : word)
            }
        }
    }

    private static func isPartOfWord(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            || [UInt8](("+-._").utf8).contains(byte)
    }

    private mutating func text(_ quote: UInt8) throws(Failure) -> String {
        place += 1
        let start = place
        while let byte = next {
            place += 1
            if byte == quote { return String(decoding: bytes[start..<place - 1], as: UTF8.self) }
        }
        throw Failure(problem: "a text has no end")
    }
}
