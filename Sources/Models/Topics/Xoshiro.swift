import Foundation

/// A quick generator of random numbers for loops on the host that draw one number after the other.
///
/// What has to come out the same in any order is keyed instead (`RandomKey`).
/// - Source: D. Blackman, S. Vigna, "Scrambled linear pseudorandom number generators", 2021 (xoshiro256++); its state comes
///   from the seed by SplitMix64, as they advise (G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number
///   generators", 2014).
struct Xoshiro: RandomNumberGenerator, Sendable {
    private var a: UInt64
    private var b: UInt64
    private var c: UInt64
    private var d: UInt64

    init(seed: UInt64) {
        var state = seed
        func word() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
        (a, b, c, d) = (word(), word(), word(), word())
    }

    @inline(__always)
    mutating func next() -> UInt64 {
        func rotated(_ x: UInt64, _ by: UInt64) -> UInt64 { x &<< by | x &>> (64 &- by) }
        let result = rotated(a &+ d, 23) &+ a
        let t = b &<< 17
        c ^= a
        d ^= b
        b ^= c
        a ^= d
        c ^= t
        d = rotated(d, 45)
        return result
    }

    /// Uniform in 0..<1, of 53 bits.
    @inline(__always)
    mutating func uniform() -> Double { Double(next() &>> 11) * 0x1p-53 }
}
