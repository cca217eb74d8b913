/// A small generator with a fixed seed, for the data of tests.
///
/// - Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
public struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    public init(seed: UInt64) { state = seed }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// Uniform numbers in `range`.
    public mutating func floats(_ count: Int, in range: ClosedRange<Float> = -1...1) -> [Float] {
        let width = Double(range.upperBound) - Double(range.lowerBound)
        return (0..<count).map { _ in
            let unit = Double(next() >> 11) * 0x1p-53
            return min(range.upperBound, Float(Double(range.lowerBound) + width * unit))
        }
    }

    /// Uniform whole numbers in `0..<limit`.
    public mutating func integers(_ count: Int, below limit: Int) -> [Int32] {
        (0..<count).map { _ in Int32(next() % UInt64(limit)) }
    }
}
