/// Makes keys of features: a hash of 64 bits that stays as it is for ever, since models are saved with it.
///
/// Each step is a bijection of 64 bits, so texts of one field, which are up to eight bytes long and of one length, have different keys.
/// - Source: the mixing step is D. Stafford's "variant 13" of the finaliser of A. Appleby's MurmurHash3, as in SplitMix64 (G. Steele,
///   D. Lea, C. Flood, "Fast splittable pseudorandom number generators", 2014).
public struct ClickKey: Sendable, Equatable {
    private let start: UInt64

    /// Keys of a field with this number.
    public init(field: UInt64) { start = Self.mixed(field &+ 0x9E37_79B9_7F4A_7C15) }

    /// Keys of a field with this name.
    public init(field: String) {
        let name = Array(field.utf8).withUnsafeBytes { ClickKey(field: 0x6E61_6D65).key($0) }
        self.init(field: name)
    }

    /// The key of a text of this field.
    @inline(__always)
    public func key(_ text: UnsafeRawBufferPointer) -> UInt64 {
        var hash = start
        var place = 0
        while place &+ 8 <= text.count {
            let word = text.loadUnaligned(fromByteOffset: place, as: UInt64.self)
            hash = Self.mixed(hash ^ UInt64(littleEndian: word))
            place &+= 8
        }
        if place < text.count {
            var word: UInt64 = 0
            for offset in 0..<(text.count &- place) { word |= UInt64(text[place &+ offset]) &<< UInt64(8 &* offset) }
            hash = Self.mixed(hash ^ word)
        }
        return Self.mixed(hash &+ UInt64(text.count) &* 0x9E37_79B9_7F4A_7C15)
    }

    /// The key of a whole number of this field. It is no text's, which would be too long.
    @inline(__always)
    public func key(_ number: Int64, kind: UInt64 = 0) -> UInt64 {
        Self.mixed(Self.mixed(start ^ UInt64(bitPattern: number)) &- (kind &+ 1) &* 0x9E37_79B9_7F4A_7C15)
    }

    @inline(__always)
    static func mixed(_ x: UInt64) -> UInt64 {
        var x = x
        x = (x ^ x &>> 30) &* 0xBF58_476D_1CE4_E5B9
        x = (x ^ x &>> 27) &* 0x94D0_49BB_1331_11EB
        return x ^ x &>> 31
    }
}
