/// The steps that all graphs show.
struct TimeAxis: Equatable {
    enum Span: Equatable {
        case whole
        /// The last so many steps, following the run.
        case last(Double)
        case fixed(ClosedRange<Double>)
    }

    var span = Span.whole

    /// The steps that are shown while the run is at `now`.
    func range(now: Int) -> ClosedRange<Double> {
        let end = Double(max(now, 1))
        switch span {
        case .whole: return 0...end
        case .last(let length): return max(0, end - length)...end
        case .fixed(let range): return range
        }
    }

    /// Zooms about `step`, which stays where it is.
    mutating func zoom(by factor: Double, about step: Double, now: Int) {
        let (range, end) = (range(now: now), Double(max(now, 1)))
        let length = (range.upperBound - range.lowerBound) * factor
        guard length < end else {
            span = .whole
            return
        }
        let shortest = max(length, 10)
        let share = (step - range.lowerBound) / (range.upperBound - range.lowerBound)
        show(from: step - share * shortest, length: shortest, end: end)
    }

    mutating func pan(by steps: Double, now: Int) {
        guard span != .whole else { return }
        let range = range(now: now)
        show(
            from: range.lowerBound + steps, length: range.upperBound - range.lowerBound, end: Double(max(now, 1)))
    }

    private mutating func show(from start: Double, length: Double, end: Double) {
        let start = min(max(0, start), max(0, end - length))
        // A window that touches now follows it.
        span = start + length >= end - length * 0.005 ? .last(length) : .fixed(start...(start + length))
    }
}
