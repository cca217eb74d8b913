import Foundation

extension Safetensors {
    /// A named array as a file has it.
    public struct Tensor: Sendable, Equatable {
        /// What its numbers are, as the file names it.
        public enum Kind: String, Sendable {
            /// 32-bit floats.
            case float32 = "F32"
            /// 32-bit signed integers.
            case int32 = "I32"
            /// 64-bit floats.
            case float64 = "F64"
            /// 64-bit signed integers.
            case int64 = "I64"
            /// IEEE 754's binary16.
            case float16 = "F16"
            /// The upper half of a 32-bit float.
            case bfloat16 = "BF16"
            /// Bytes from 0 to 255.
            case uint8 = "U8"
            /// A byte per truth, 0 or 1.
            case bool = "BOOL"

            /// Bytes of one number.
            package var bytes: Int {
                switch self {
                case .uint8, .bool: 1
                case .float16, .bfloat16: 2
                case .float32, .int32: 4
                case .float64, .int64: 8
                }
            }
        }
        /// The type of the elements.
        public let kind: Kind
        /// The size of each dimension.
        public let shape: [Int]
        /// The numbers, little-endian, the last dimension running fastest.
        public let bytes: Data

        /// An array from its bytes, which have to be as many as kind and shape say.
        public init(kind: Kind, shape: [Int], bytes: Data) {
            (self.kind, self.shape, self.bytes) = (kind, shape, bytes)
        }

        /// The numbers as 32-bit floats: those of 8 and 16 bits as they are, of 32 and 64 bits the nearest ones. Truth is 1.
        public var floats: [Float] {
            switch kind {
            case .float32: array(of: Float.self)
            case .float64: array(of: Double.self).map { Float($0) }
            case .float16: array(of: UInt16.self).map { Float(NPYNumber.half($0)) }
            case .bfloat16: array(of: UInt16.self).map { Float(bitPattern: UInt32($0) << 16) }
            case .int32: array(of: Int32.self).map { Float($0) }
            case .int64: array(of: Int64.self).map { Float($0) }
            case .uint8: array(of: UInt8.self).map { Float($0) }
            case .bool: array(of: UInt8.self).map { $0 == 0 ? 0 : 1 }
            }
        }

        /// The elements, if there are as many whole ones as the shape says; a reader of files has checked that.
        package func array<Element>(of type: Element.Type) -> [Element] {
            let count = bytes.count / MemoryLayout<Element>.stride
            return [Element](unsafeUninitializedCapacity: count) { target, written in
                UnsafeMutableRawBufferPointer(target).copyBytes(
                    from: bytes.prefix(count * MemoryLayout<Element>.stride))
                written = count
            }
        }
    }
}
