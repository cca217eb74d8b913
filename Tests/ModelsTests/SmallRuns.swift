import Exploration

/// Runs whose metrics are compared.
extension Learner {
    /// Runs to the end, and throws what ended it before.
    func toTheEnd() throws -> Learner {
        start()
        wait()
        if let error = status.error { throw error }
        return self
    }

    /// The mean of a metric from a step on.
    func level(of metric: String, from step: Int) -> Double {
        let series = timeline.series(metric)
        let last = series.values[series.index(from: step)...].map(Double.init)
        return last.reduce(0, +) / Double(last.count)
    }
}
