import Synchronization

extension Kernel {
    /// Several arrays, each to a number or as it is: (8 · where it goes + form, counts, xs, y).
    static let reduceParts = Kernel("reduce_parts", in: .parts)
}

/// Numbers on a device that the host wants: elements, or what a reduction makes of them.
///
/// ``start(_:)`` has those of many readings packed by one kernel and copied at once, without waiting for them.
public final class Reading: Sendable {
    /// What of the elements is wanted.
    enum Form: Int, Sendable {
        case elements = 0
        case sum = 1
        case sumOfSquares = 2
        case maximum = 3
        case minimum = 4
        case sumOfSizes = 5
        case largestSize = 6
    }

    private enum State: Sendable {
        case waiting(Source)
        case started(any PendingRead, Range<Int>)
        case known([UInt32])
    }
    /// Where the numbers are, until they are read.
    struct Source: Sendable {
        let buffer: Buffer
        let count: Int
        let form: Form
        let device: Device
    }
    private let state: Mutex<State>

    init(_ source: Source) { state = Mutex(.waiting(source)) }

    /// Whether the numbers are on the host. On the CPU they are as soon as the reading was started.
    public var isKnown: Bool { state.withLock { if case .known = $0 { true } else { false } } }

    /// The bits of the numbers. Waits for them.
    var words: [UInt32] {
        get throws(CLMatError) {
            if let source = state.withLock({ if case .waiting(let source) = $0 { source } else { nil } }) {
                try Self.start([self], on: source.device)
            }
            let result = state.withLock { state -> Result<[UInt32], CLMatError> in
                switch state {
                case .known(let words): return .success(words)
                case .started(let read, let range):
                    do throws(CLMatError) {
                        let words = Array(try read.wait()[range])
                        state = .known(words)
                        return .success(words)
                    } catch {
                        return .failure(error)
                    }
                case .waiting: return .failure(.invalidArgument(operation: "Reading", problem: "It was not started."))
                }
            }
            return try result.get()
        }
    }

    // MARK: - Packing

    /// Of longer ones each has a copy to the host for itself: to pack them would take more time than that.
    private static let longest = 1 << 16

    /// Begins to read what was not begun to be read: the numbers are packed by one kernel, or one for every eight readings, and copied
    /// to the host, which does not wait.
    public static func start(_ readings: [Reading]) throws(CLMatError) {
        var devices: [Device] = []
        for reading in readings {
            guard let device = reading.source?.device, !devices.contains(device) else { continue }
            devices.append(device)
        }
        for device in devices { try start(readings.filter { $0.source?.device == device }, on: device) }
    }

    private var source: Source? { state.withLock { if case .waiting(let source) = $0 { source } else { nil } } }

    private static func start(_ readings: [Reading], on device: Device) throws(CLMatError) {
        var parts: [(reading: Reading, source: Source)] = []
        for reading in readings {
            // Twice the same is one.
            guard let source = reading.source, !parts.contains(where: { $0.reading === reading }) else { continue }
            if source.form == .elements, source.count > longest || readings.count == 1 {
                reading.take(try device.startReading(source.buffer, source.count), 0..<source.count)
            } else {
                parts.append((reading, source))
            }
        }
        guard !parts.isEmpty else { return }
        let lengths = parts.map { $0.source.form == .elements ? $0.source.count : 1 }
        let total = lengths.reduce(0, +)
        let packed = try device.allocate(bytes: 4 * total)
        var (outs, next) = ([Int](), 0)
        for length in lengths {
            outs.append(next)
            next += length
        }
        for first in stride(from: 0, to: parts.count, by: Kernel.parts) {
            let own = first..<min(first + Kernel.parts, parts.count)
            try device.launchReduction(own.map { parts[$0].source }, Array(outs[own]), into: packed)
        }
        let read = try device.startReading(packed, total)
        for (index, part) in parts.enumerated() {
            part.reading.take(read, outs[index]..<outs[index] + lengths[index])
        }
    }

    private func take(_ read: any PendingRead, _ range: Range<Int>) {
        let known = (read as? KnownRead).map { Array($0.words[range]) }
        state.withLock { $0 = known.map(State.known) ?? .started(read, range) }
    }
}

extension Device {
    /// Up to eight sources to where each belongs.
    fileprivate func launchReduction(
        _ sources: [Reading.Source], _ outs: [Int], into target: Buffer
    ) throws(CLMatError) {
        let missing = Kernel.parts - sources.count
        let none = [Argument](repeating: .int(0), count: missing)
        var arguments = zip(sources, outs).map { Argument.int(8 * $1 + $0.form.rawValue) } + none
        arguments += sources.map { Argument.int($0.count) } + none
        arguments += sources.map { Argument.buffer($0.buffer) }
        arguments += [Argument](repeating: .buffer(sources[0].buffer), count: missing)
        arguments.append(.buffer(target))
        let most = sources.map(\.count).max() ?? 0
        try launch(.reduceParts, arguments, over: .groups(sources.count, bytes: 4 * most, operations: most))
    }
}

// MARK: - What is read

extension Matrix {
    /// The elements, row by row, when they are asked for.
    public func valuesLater() throws(CLMatError) -> Later<[Float]> {
        let reading = reading(.elements)
        return Later([reading]) { () throws(CLMatError) in try reading.words.map(Float.init(bitPattern:)) }
    }

    /// ``sum()`` when it is asked for.
    public func sumLater() throws(CLMatError) -> Later<Float> {
        try numberLater(.sum, .segmentSum, then: .sum, .segmentSum)
    }
    /// ``mean()`` when it is asked for. Throws if there are no elements.
    public func meanLater() throws(CLMatError) -> Later<Float> {
        guard count > 0 else {
            throw .invalidArgument(operation: "mean", problem: "\(shape) has no elements to choose from.")
        }
        let count = Float(count)
        return try sumLater().map { $0 / count }
    }
    /// ``sumOfSquares()`` when it is asked for.
    public func sumOfSquaresLater() throws(CLMatError) -> Later<Float> {
        try numberLater(.sumOfSquares, .segmentSumOfSquares, then: .sum, .segmentSum)
    }
    /// ``l1Norm()`` when it is asked for.
    public func l1NormLater() throws(CLMatError) -> Later<Float> {
        try numberLater(.sumOfSizes, .segmentSumOfSizes, then: .sum, .segmentSum)
    }
    /// ``largestMagnitude()`` when it is asked for.
    public func largestMagnitudeLater() throws(CLMatError) -> Later<Float> {
        try numberLater(.largestSize, .segmentLargestSize, then: .maximum, .segmentMaximum)
    }
    /// ``max()`` when it is asked for. Throws if there are no elements.
    public func maxLater() throws(CLMatError) -> Later<Float> {
        try numberLater(.maximum, .segmentMaximum, then: .maximum, .segmentMaximum)
    }
    /// ``min()`` when it is asked for. Throws if there are no elements.
    public func minLater() throws(CLMatError) -> Later<Float> {
        try numberLater(.minimum, .segmentMinimum, then: .minimum, .segmentMinimum)
    }

    fileprivate func reading(_ form: Reading.Form) -> Reading {
        Reading(Reading.Source(buffer: buffer, count: count, form: form, device: device))
    }

    /// In the same order as `whole(_:then:)`: long arrays in segments first.
    private func numberLater(
        _ form: Reading.Form, _ kernel: Kernel, then next: Reading.Form, _ nextKernel: Kernel
    ) throws(CLMatError) -> Later<Float> {
        guard count > 0 else {
            guard form != .maximum, form != .minimum else {
                throw .invalidArgument(operation: "max", problem: "\(shape) has no elements to choose from.")
            }
            return Later(0)
        }
        var (partial, last) = (self, form)
        while partial.count > partial.segmentLength {
            let isFirst = partial.count == count
            partial = try partial.segmentsReduced(isFirst ? kernel : nextKernel, length: partial.segmentLength)
            last = next
        }
        let reading = partial.reading(last)
        return Later([reading]) { () throws(CLMatError) in try Float(bitPattern: reading.words[0]) }
    }
}

extension IntVector {
    /// The elements when they are asked for.
    public func valuesLater() throws(CLMatError) -> Later<[Int32]> {
        let reading = Reading(Reading.Source(buffer: buffer, count: count, form: .elements, device: device))
        return Later([reading]) { () throws(CLMatError) in try reading.words.map(Int32.init(bitPattern:)) }
    }
}
