/// The steps that all graphs show.
struct TimeAxis: Equatable {
    /// How far the histories reach, and where in them the run is.
    struct Extent: Equatable {
        var start = 0
        var now = 0
        /// Ahead of `now` after a rewind, or where another branch is longer.
        var end = 0

        init(start: Int = 0, now: Int, end: Int? = nil) { (self.start, self.now, self.end) = (start, now, end ?? now) }

        /// All steps there are; never empty.
        var whole: ClosedRange<Double> { Double(start)...Double(max(end, start + 1)) }
    }

    enum Span: Equatable {
        case whole
        /// The last so many steps, following the run.
        case last(Double)
        case fixed(ClosedRange<Double>)
    }

    var span = Span.whole

    /// The steps that are shown.
    func range(_ extent: Extent) -> ClosedRange<Double> {
        switch span {
        case .whole: return extent.whole
        case .last(let length):
            let start = Double(extent.start)
            let end = max(Double(extent.now), start + min(length, extent.whole.upperBound - start))
            return max(start, end - length)...max(end, start + 1)
        case .fixed(let range): return range
        }
    }

    /// Zooms about `step`, which stays where it is.
    mutating func zoom(by factor: Double, about step: Double, _ extent: Extent) {
        let (range, whole) = (range(extent), extent.whole)
        let length = (range.upperBound - range.lowerBound) * factor
        guard length < whole.upperBound - whole.lowerBound else {
            span = .whole
            return
        }
        let shortest = max(length, 10)
        let share = (step - range.lowerBound) / (range.upperBound - range.lowerBound)
        show(from: step - share * shortest, length: shortest, extent)
    }

    mutating func pan(by steps: Double, _ extent: Extent) {
        guard span != .whole else { return }
        let range = range(extent)
        show(from: range.lowerBound + steps, length: range.upperBound - range.lowerBound, extent)
    }

    private mutating func show(from start: Double, length: Double, _ extent: Extent) {
        let whole = extent.whole
        let start = min(max(whole.lowerBound, start), max(whole.lowerBound, whole.upperBound - length))
        // A window that touches now follows it.
        span =
            abs(start + length - Double(extent.now)) <= length * 0.005
            ? .last(length) : .fixed(start...(start + length))
    }
}
