/// Sorting by digits from the lowest on.
package enum RadixSort {
    /// Bits of the widest digit, whose counts fit into a cache of the first level.
    private static let widest = 13

    /// Sorts by the upper 32 bits; keys that are equal there keep their order.
    package static func byUpperHalf(_ keys: inout [UInt64]) {
        guard keys.count > 1 else { return }
        var all: UInt64 = 0
        keys.withUnsafeBufferPointer { keys in for key in keys { all |= key } }
        let width = 64 - (all >> 32).leadingZeroBitCount
        guard width > 0 else { return }
        let passes = (width + widest - 1) / widest
        let bits = (width + passes - 1) / passes
        var other = [UInt64](repeating: 0, count: keys.count)
        for digit in 0..<passes {
            pass(keys, into: &other, shift: UInt64(32 + digit * bits), bits)
            swap(&keys, &other)
        }
    }

    private static func pass(_ source: [UInt64], into target: inout [UInt64], shift: UInt64, _ bits: Int) {
        let mask = UInt64(1 << bits) - 1
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: 1 << bits) { places in
            places.initialize(repeating: 0)
            source.withUnsafeBufferPointer { source in
                for key in source { places[Int(truncatingIfNeeded: key &>> shift & mask)] &+= 1 }
                var sum: Int32 = 0
                for digit in places.indices { (places[digit], sum) = (sum, sum &+ places[digit]) }
                target.withUnsafeMutableBufferPointer { target in
                    for key in source {
                        let digit = Int(truncatingIfNeeded: key &>> shift & mask)
                        target[Int(places[digit])] = key
                        places[digit] &+= 1
                    }
                }
            }
        }
    }
}
