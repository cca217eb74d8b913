import CLMat

/// What a checkpoint knows of the run's past: it can be looked at, but not gone back to.
struct RunHistory: Sendable {
    var series: [String: Series] = [:]
    var commands: [LoggedCommand] = []

    /// A file holds so many of the last values of each metric.
    private static let longest = 1 << 19

    /// - Parameter archive: of the file, apart from the run.
    mutating func archive(_ archive: Archive) throws(CLMatError) {
        for (metric, own) in series where !archive.isReading {
            var (values, stretches) = own.suffix(Self.longest).stored
            try archive.group("history." + metric) { () throws(CLMatError) in
                try archive.keep("values", &values)
                try archive.keep("stretches", &stretches)
            }
        }
        guard archive.isReading else { return }
        for name in archive.tensors.keys where name.hasPrefix("history.") && name.hasSuffix(".values") {
            let metric = String(name.dropFirst("history.".count).dropLast(".values".count))
            var (values, stretches): ([Float], [Int]) = ([], [])
            try archive.group("history." + metric) { () throws(CLMatError) in
                try archive.keep("values", &values)
                try archive.keep("stretches", &stretches)
                guard let own = Series(values, stretches: stretches) else {
                    throw archive.damaged("stretches", "they are no steps of \(values.count) values")
                }
                series[metric] = own
            }
        }
    }
}

extension Timeline {
    /// The past of where the run is.
    func history() -> RunHistory {
        withRecord { record in
            var history = RunHistory()
            let (branch, step) = (record.position.branch, record.position.step)
            for part in record.segments(of: branch) {
                for (metric, own) in record.branches[part.branch]?.series ?? [:] {
                    let own = own.prefix(through: min(part.lastStep, step))
                    guard own.count > 0 else { continue }
                    if history.series[metric] == nil {
                        history.series[metric] = own
                    } else {
                        history.series[metric]!.append(own)
                    }
                }
            }
            history.commands = record.past + record.commands(of: branch).prefix(record.position.changes)
            return history
        }
    }

    /// What was changed before the record begins, in a run that was resumed from a file.
    public var pastCommands: [LoggedCommand] { withRecord { $0.past } }

    /// The step of the first value that is known: before ``start`` in a run that was resumed from a file that has its past.
    public var firstStep: Int {
        withRecord { record in
            guard record.start > 0, let oldest = record.segments(of: record.position.branch).first else {
                return record.start
            }
            let first = record.branches[oldest.branch]?.series.values.compactMap(\.firstStep).min()
            return min(record.start, first.map { $0 - 1 } ?? record.start)
        }
    }
}
