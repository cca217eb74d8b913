import CLMat

/// What a model needs of its device's memory, reckoned before any of it is asked for: so that one that cannot fit is refused at once, with those
/// that could.
struct MemoryNeed {
    /// What it comes to.
    let bytes: Int

    /// 32-bit numbers that are in memory at once.
    init(numbers: Int) {
        let (bytes, overflow) = numbers.multipliedReportingOverflow(by: 4)
        self.bytes = overflow ? .max : bytes
    }

    /// - Parameters:
    ///   - model: what a person calls it, with its sizes.
    ///   - alternatives: what would fit in so many bytes, as "a vocabulary of 5,000 words (vocabularySize)". They leave a tenth free, since
    ///     there is more in memory than can be reckoned.
    /// - Throws: ``/CLMat/CLMatError/modelTooLarge(model:device:needed:available:remedy:)``.
    func require(
        on device: Device, _ model: @autoclosure () -> String, alternatives: (Int) -> [String]
    ) throws(CLMatError) {
        let free = device.freeMemory
        guard bytes > free else { return }
        let found = alternatives(free / 10 * 9)
        let list =
            found.count < 2
            ? found.joined() : found.dropLast().joined(separator: ", ") + ", or " + found[found.count - 1]
        throw .modelTooLarge(
            model: model(), device: device.name, needed: bytes, available: free,
            remedy: found.isEmpty
                ? "Free memory, or take another device (CLMAT_DEVICE)." : "What would fit: \(list).")
    }

    /// The largest number of a range for which something holds that holds for all smaller ones, with two digits that count; nil if it holds for none.
    static func largest(_ range: ClosedRange<Int>, where fits: (Int) -> Bool) -> Int? {
        guard fits(range.lowerBound) else { return nil }
        var (low, high) = (range.lowerBound, range.upperBound)
        while low < high {
            let middle = low + (high - low + 1) / 2
            if fits(middle) { low = middle } else { high = middle - 1 }
        }
        var scale = 1
        while low / scale >= 100 { scale *= 10 }
        return max(range.lowerBound, low / scale * scale)
    }
}
