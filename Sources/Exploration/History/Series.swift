/// One metric's values by step: four bytes per value where it is measured at even distances.
public struct Series: Sendable {
    /// The values in the order of their steps.
    public private(set) var values: [Float] = []
    /// Stretches of even distance: the values from `index` on were measured at `step`, `step + stride` …
    private var stretches: [Stretch] = []

    private struct Stretch: Sendable {
        let index: Int
        let step: Int
        /// 0 while there is one value only.
        var stride: Int
    }

    /// A series without values.
    public init() {}

    /// How many values there are.
    public var count: Int { values.count }
    /// The step of each value, made anew: O(n).
    public var steps: [Int] { values.indices.map(step(at:)) }
    /// The last value and its step; nil if there is none.
    public var last: (step: Int, value: Double)? {
        values.last.map { (step(at: count - 1), Double($0)) }
    }

    /// The step at which the value with this index was measured.
    public func step(at index: Int) -> Int {
        let stretch = stretches[self.stretch { $0.index <= index }]
        return stretch.step + (index - stretch.index) * stretch.stride
    }

    /// The index of the first value at or after `step`; ``count`` if there is none.
    public func index(from step: Int) -> Int {
        guard let first = stretches.first, step > first.step else { return 0 }
        let number = self.stretch { $0.step <= step }
        let stretch = stretches[number]
        let end = number + 1 < stretches.count ? stretches[number + 1].index : count
        let (whole, rest) = (step - stretch.step).quotientAndRemainder(dividingBy: max(1, stretch.stride))
        return min(stretch.index + whole + (rest > 0 ? 1 : 0), end)
    }

    /// The value at the last measurement at or before `step`.
    public func value(at step: Int) -> Double? {
        let next = index(from: step + 1)
        return next == 0 ? nil : Double(values[next - 1])
    }

    /// Calls `body` with the step and the value of each index, in order.
    func forEach(in range: Range<Int>, _ body: (Int, Float) -> Void) {
        guard !range.isEmpty else { return }
        var number = stretch { $0.index <= range.lowerBound }
        var index = range.lowerBound
        while index < range.upperBound {
            let stretch = stretches[number]
            let end = min(range.upperBound, number + 1 < stretches.count ? stretches[number + 1].index : count)
            while index < end {
                body(stretch.step + (index - stretch.index) * stretch.stride, values[index])
                index += 1
            }
            number += 1
        }
    }

    /// - Parameter step: after the last one.
    mutating func append(_ value: Float, at step: Int) {
        if let last = stretches.indices.last {
            let (stretch, length) = (stretches[last], count - stretches[last].index)
            if length == 1, stretch.stride == 0 {
                stretches[last].stride = step - stretch.step
            } else if step != stretch.step + length * stretch.stride {
                stretches.append(Stretch(index: count, step: step, stride: 0))
            }
        } else {
            stretches.append(Stretch(index: 0, step: step, stride: 0))
        }
        values.append(value)
    }

    mutating func replaceLast(with value: Float) { values[count - 1] = value }

    /// What was measured at or before `step`.
    func prefix(through step: Int) -> Series {
        let end = index(from: step + 1)
        guard end < count else { return self }
        var part = Series()
        part.values = Array(values[..<end])
        part.stretches = Array(stretches.prefix { $0.index < end })
        return part
    }

    /// The last so many values.
    func suffix(_ most: Int) -> Series {
        guard count > most else { return self }
        var part = Series()
        forEach(in: count - most..<count) { step, value in part.append(value, at: step) }
        return part
    }

    /// The step of the first value; nil if there is none.
    var firstStep: Int? { stretches.first?.step }

    mutating func append(_ later: Series) {
        for index in later.values.indices { append(later.values[index], at: later.step(at: index)) }
    }

    // MARK: - In a file

    /// The values, and index, first step and distance of each stretch of even distance.
    var stored: (values: [Float], stretches: [Int]) {
        (values, stretches.flatMap { [$0.index, $0.step, $0.stride] })
    }

    /// From what ``stored`` gave; nil if that makes no rising steps.
    init?(_ values: [Float], stretches numbers: [Int]) {
        guard numbers.count % 3 == 0, numbers.isEmpty == values.isEmpty else { return nil }
        var (next, last) = (0, -1)
        for place in stride(from: 0, to: numbers.count, by: 3) {
            let stretch = Stretch(index: numbers[place], step: numbers[place + 1], stride: numbers[place + 2])
            let end = place + 3 < numbers.count ? numbers[place + 3] : values.count
            guard stretch.index == next, next < end, end <= values.count, stretch.step > last,
                (0...1 << 40).contains(stretch.step), (end - next == 1 ? 0 : 1)...1 << 40 ~= stretch.stride
            else { return nil }
            let (reach, overflow) = (end - next - 1).multipliedReportingOverflow(by: stretch.stride)
            guard !overflow, reach <= 1 << 40 else { return nil }
            last = stretch.step + reach
            next = end
            stretches.append(stretch)
        }
        self.values = values
    }

    /// The last stretch for which `holds`, which must hold for the first ones only.
    private func stretch(where holds: (Stretch) -> Bool) -> Int {
        var (low, high) = (0, stretches.count)
        while low < high {
            let middle = (low + high) / 2
            if holds(stretches[middle]) { low = middle + 1 } else { high = middle }
        }
        return max(0, low - 1)
    }
}
