import CLMat
import Exploration
import Formats
import Foundation
import Viewer

/// Tells how far a run without a window has come.
final class ProgressReporter {
    private let learner: Learner
    private let options: RunOptions
    private let results: ResultWriter
    private let isTerminal = isatty(STDERR_FILENO) != 0
    private var lastReport = -Double.infinity
    private var lastLength = 0

    private let endsAfter: Double?

    /// - Parameter endsAfter: seconds after which the run will be ended, if it does not end by itself.
    init(learner: Learner, options: RunOptions, results: ResultWriter, endsAfter: Double?) {
        (self.learner, self.options, self.results, self.endsAfter) = (learner, options, results, endsAfter)
    }

    /// Called often; says something now and then.
    func report() {
        guard !options.quiet else { return }
        let now = ProcessInfo.processInfo.systemUptime
        // A terminal's line is renewed; a log gets a line every ten seconds.
        let interval = options.progress == .json ? 1.0 : isTerminal ? 0.2 : 10
        guard now - lastReport >= interval else { return }
        lastReport = now
        say()
    }

    func finish() {
        guard !options.quiet else { return }
        say()
        endLine()
    }

    /// What is said next stands on a line of its own.
    func endLine() {
        guard !options.quiet, options.progress == .bar, isTerminal, lastLength > 0 else { return }
        StandardError.say("")
        lastLength = 0
    }

    private func say() {
        let status = learner.status
        let values = learner.timeline.lastValues
        if options.progress == .json {
            results.write(
                JSONValue.object([
                    ("step", .whole(status.step)), ("epoch", .rounded(status.epoch)),
                    ("seconds", .rounded(status.seconds)), ("metrics", .rounded(values)),
                    ("rates", .rounded(status.rates)),
                ]).written(.spaced))
            return
        }
        var parts = ["step \(grouped(status.step))", "epoch \(format(status.epoch))"]
        for metric in learner.dashboard.metrics.prefix(3) {
            if let value = values[metric.id] { parts.append("\(metric.title.startingLowercase) \(format(value))") }
        }
        for rate in ["training-steps", "sampling-steps"] {
            if let value = status.rates[rate] {
                parts.append("\(format(value.rounded())) \(rate.replacingOccurrences(of: "-", with: " "))/s")
            }
        }
        if let left = secondsLeft(status) { parts.append("\(format(left.rounded())) s left") }
        let line = parts.joined(separator: " · ")
        let padding = String(repeating: " ", count: max(0, lastLength - line.count))
        lastLength = line.count
        StandardError.write(isTerminal ? "\r\(line)\(padding)" : "\(line)\n")
    }

    private func secondsLeft(_ status: Learner.Status) -> Double? {
        if let steps = learner.maximumSteps, status.step > 0 {
            return Double(steps - status.step) * status.seconds / Double(status.step)
        }
        return endsAfter.map { max(0, $0 - status.seconds) }
    }
}
