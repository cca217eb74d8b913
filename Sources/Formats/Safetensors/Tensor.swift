import Foundation

extension Safetensors {
    /// A named array as a file has it.
    public struct Tensor: Sendable, Equatable {
        /// What its numbers are, as the file names it.
        public enum Kind: String, Sendable {
            case float32 = "F32"
            case int32 = "I32"
            case float64 = "F64"
            case int64 = "I64"

            /// Bytes of one number.
            package var bytes: Int {
                switch self {
                case .float32, .int32: 4
                case .float64, .int64: 8
                }
            }
        }
        public let kind: Kind
        public let shape: [Int]
        /// The numbers, little-endian, the last dimension running fastest.
        public let bytes: Data

        public init(kind: Kind, shape: [Int], bytes: Data) {
            (self.kind, self.shape, self.bytes) = (kind, shape, bytes)
        }

        /// The elements, if there are as many whole ones as the shape says; a reader of files has checked that.
        package func array<Element>(of type: Element.Type) -> [Element] {
            let count = bytes.count / MemoryLayout<Element>.stride
            return [Element](unsafeUninitializedCapacity: count) { target, written in
                UnsafeMutableRawBufferPointer(target).copyBytes(from: bytes.prefix(count * MemoryLayout<Element>.stride))
                written = count
            }
        }
    }
}
