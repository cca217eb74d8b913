/// What is known of a device before it is used, and which of several is chosen.
struct DeviceCandidate: Sendable, Equatable {
    var kind: Device.Kind
    /// Whether its memory is the host's, as that of an integrated GPU.
    var sharesHostMemory = false
    /// Bytes.
    var memory: Int
    var computeUnits: Int

    /// Those that would be chosen when nobody names one, as indices, the best first: GPUs with memory of their own, other GPUs,
    /// accelerators; of the same sort the one with the most memory × compute units. Of equal ones the first stays first.
    static func order(_ candidates: [DeviceCandidate]) -> [Int] {
        let ranked = candidates.indices.filter { candidates[$0].rank != nil }
        return ranked.sorted { a, b in
            let (left, right) = (candidates[a], candidates[b])
            if left.rank != right.rank { return left.rank ?? 0 < right.rank ?? 0 }
            if left.size != right.size { return left.size > right.size }
            return a < b
        }
    }

    /// Why the one at `index` was chosen, in words.
    ///
    /// - Parameter failures: what was wrong with those before it, a phrase each.
    static func reason(for index: Int, of candidates: [DeviceCandidate], failures: [String]) -> String {
        let isGPU = candidates[index].kind == .gpu
        let sort = isGPU ? "OpenCL GPU" : "OpenCL accelerator"
        let count = candidates.count { $0.kind == candidates[index].kind }
        guard failures.isEmpty else {
            let words = failures.map { $0.hasSuffix(".") ? String($0.dropLast()) : $0 }.joined(separator: "; ")
            return "the largest \(sort) that passes its self-test (\(words))"
        }
        if count == 1 { return "the only \(sort), which passes its self-test" }
        return "the largest of \(count) \(sort)s, which passes its self-test"
    }

    private var rank: Int? {
        switch kind {
        case .gpu: sharesHostMemory ? 1 : 0
        case .accelerator: 2
        case .cpu, .openCLCPU: nil
        }
    }

    /// A rough measure of what it can do. As a floating-point number, it cannot overflow.
    private var size: Double { Double(memory) * Double(computeUnits) }
}

extension DeviceCandidate {
    init(_ device: Device) {
        self.init(
            kind: device.kind, sharesHostMemory: device.sharesHostMemory, memory: device.memory,
            computeUnits: device.computeUnits)
    }
}
