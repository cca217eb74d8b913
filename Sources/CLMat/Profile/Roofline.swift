/// What a device can do at most: how fast it copies memory, and how fast it multiplies matrices.
///
/// A kernel is bound by the one or the other: by the bytes that it moves, or by what it calculates with them.
///
/// - Source: Williams, Waterman, Patterson, "Roofline: an insightful visual performance model for multicore
///   architectures", Communications of the ACM 52(4), 2009.
public struct Roofline: Sendable, Equatable {
    /// Bytes per second that a copy of memory reads and writes: a copy of n bytes moves 2n.
    public let bandwidth: Double
    /// Floating-point operations per second of a large matrix product.
    public let arithmetic: Double

    /// - Parameters:
    ///   - bandwidth: bytes per second, read and written.
    ///   - arithmetic: floating-point operations per second.
    public init(bandwidth: Double, arithmetic: Double) { (self.bandwidth, self.arithmetic) = (bandwidth, arithmetic) }

    /// How near the work of `entry` came to what the device can do: the larger of its share of the bandwidth and its
    /// share of the arithmetic. Above 1 where the data stay in a cache, which a copy of much memory does not. Nil
    /// while the time of the work is not known.
    public func share(of entry: Profile.Entry) -> Double? {
        guard entry.seconds > 0, bandwidth > 0, arithmetic > 0 else { return nil }
        return max(
            Double(entry.bytes) / entry.seconds / bandwidth, Double(entry.operations) / entry.seconds / arithmetic)
    }

    /// Measures `device` with copies and products that are repeated until they took some time, and takes the fastest:
    /// other work on the device, such as a model that learns, slows some of them down.
    ///
    /// What is measured here is not recorded in the device's profile; nor is, meanwhile, the work of others.
    ///
    /// - Cost: the time of `seconds` twice, and some more on a device that is slow or builds its programs first; 5 times
    ///   `bytes` of the device's memory at most.
    /// - Parameters:
    ///   - bytes: size of each of the two buffers that are copied. It should be several times that of the caches.
    ///   - side: rows and columns of the square matrices that are multiplied.
    ///   - seconds: how long copies, and then products, are repeated.
    /// - Throws: ``CLMatError/outOfDeviceMemory(device:asked:available:)`` and what else the device refuses, or
    ///   ``CLMatError/invalidArgument(operation:problem:)`` for sizes below 1.
    public static func measure(
        on device: Device, bytes: Int = 64 << 20, side: Int = 768, seconds: Double = 0.15
    ) throws(CLMatError) -> Roofline {
        guard bytes > 0, side > 0 else {
            throw .invalidArgument(operation: "Roofline.measure", problem: "Sizes are 1 at least.")
        }
        return try device.profile.pausing { () throws(CLMatError) in
            Roofline(
                bandwidth: 2 * Double(bytes) / (try copySeconds(device, bytes, seconds)),
                arithmetic: 2 * Double(side) * Double(side) * Double(side) / (try gemmSeconds(device, side, seconds)))
        }
    }

    private static func copySeconds(_ device: Device, _ bytes: Int, _ seconds: Double) throws(CLMatError) -> Double {
        let backend = device.backend
        // Written first: memory that was never touched may not be there yet.
        let zeros = [UInt8](repeating: 0, count: bytes)
        let (source, target) = (try backend.allocate(bytes: bytes), try backend.allocate(bytes: bytes))
        do {
            try zeros.withUnsafeBytes { try backend.write($0, to: source) }
        } catch {
            throw error as? CLMatError
                ?? .deviceFailed(device: device.name, operation: "write", status: "\(error)")
        }
        return try fastest(on: device, within: seconds) { () throws(CLMatError) in
            try backend.copy(source, to: target, bytes: bytes)
        }
    }

    private static func gemmSeconds(_ device: Device, _ side: Int, _ seconds: Double) throws(CLMatError) -> Double {
        let a = try Matrix(filledWith: 1, Shape(side, side), on: device)
        let b = try Matrix(filledWith: 0.5, Shape(side, side), on: device)
        var c = try Matrix(zeros: Shape(side, side), on: device)
        return try fastest(on: device, within: seconds) { () throws(CLMatError) in try c.multiply(a, b) }
    }

    /// The seconds of the fastest of at least three goes after a first one that only prepares.
    private static func fastest(
        on device: Device, within seconds: Double, _ work: () throws(CLMatError) -> Void
    ) throws(CLMatError) -> Double {
        try work()
        try device.finish()
        let clock = ContinuousClock()
        let start = clock.now
        var best = Double.infinity
        var goes = 0
        while goes < 3 || (clock.now - start).seconds < seconds {
            let began = clock.now
            try work()
            try device.finish()
            // A clock too coarse for the work still gives a rate.
            best = min(best, max((clock.now - began).seconds, 1e-9))
            goes += 1
        }
        return best
    }
}
