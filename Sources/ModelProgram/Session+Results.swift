import CLMat
import Exploration

extension Session {
    func writeSummary() throws(CLMatError) {
        guard let file = options.summary else { return }
        try Files.write(
            Summary(learner: learner, model: model, device: device, seed: learner.options.seed).json + "\n", to: file)
    }

    func tellResult() {
        let status = learner.status
        results.tell("\(learner.title), \(device.summary), seed \(learner.options.seed)")
        results.tell("\(counted(status.step, "step")) (\(format(status.epoch)) epochs) in \(format(status.seconds)) s")
        let values = learner.timeline.lastValues
        for metric in learner.dashboard.metrics {
            guard let value = values[metric.id] else { continue }
            results.tell("  \(metric.title) (\(metric.unit)): \(format(value, digits: 4))")
        }
        if status.lacksConclusion {
            results.tell("  The last score was left out: these numbers were measured on the way.")
        }
        for (rate, value) in learner.totalRates.sorted(by: { $0.key < $1.key }) {
            results.tell("  \(rate.replacingOccurrences(of: "-", with: " ")) per second: \(format(value))")
        }
    }

    func tell(of player: ScriptPlayer) throws {
        guard player.entriesLeft == 0 else {
            throw CLMatError.dataMismatch(
                "The run ended at step \(learner.status.step), before the last \(player.entriesLeft == 1 ? "entry" : "\(player.entriesLeft) entries") of the script."
            )
        }
        let count = player.expectationsMet
        if !options.quiet {
            results.tell("The script's \(counted(count, "expectation")) \(count == 1 ? "holds" : "hold").")
        }
    }
}
