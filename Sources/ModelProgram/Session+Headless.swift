import CLMat
import Dispatch
import Exploration
import Foundation

extension Session {
    func runHeadless() throws {
        learner.start()
        try followHeadless()
    }

    /// Tells the progress of a run that was started, until it ends; then writes its files.
    func followHeadless() throws {
        let signals = EndingSignals { [learner] in
            let status = learner.status
            // Once to end the run, and once more to leave out what then takes long.
            if status.isStopping || status.isConcluding || status.isFinished {
                learner.leaveOff()
            } else {
                learner.stop()
            }
        }
        defer { signals.cancel() }
        let deadline = DispatchTime.now() + defaultSeconds
        let reporter = ProgressReporter(
            learner: learner, options: options, results: results, endsAfter: endsByItself ? nil : defaultSeconds)
        let warnings = WarningTeller(learner, say: say)
        var saysThatItConcludes = true
        while !learner.status.isFinished {
            reporter.report()
            warnings.tell()
            plan.stage.serve { path throws(CLMatError) in try drawWindow(path) }
            serveFilm()
            if !endsByItself, DispatchTime.now() > deadline { learner.stop() }
            if saysThatItConcludes, learner.status.isConcluding {
                saysThatItConcludes = false
                reporter.endLine()
                say(Self.concludes(at: learner.status.step))
            }
            if let step = options.atStep, learner.status.isPaused, learner.status.step == step {
                failures.attempt { try writeScreenshot() }
                learner.send(.resume)
                while learner.status.isPaused, !learner.status.isFinished { Thread.sleep(forTimeInterval: 0.002) }
            }
            // The run waits for the pictures of a film that are not drawn.
            Thread.sleep(forTimeInterval: film?.isDone == false ? 0.004 : 0.05)
        }
        reporter.finish()
        endFilm()
        warnings.tell()
        if learner.status.lacksConclusion { say(Self.isLeftOut) }
        // Numbers first: what they say is not lost with a picture that cannot be written.
        failures.attempt { try writeSummary() }
        // The figures of the last step are computed before the learner's threads end.
        if learner.status.error == nil {
            let isTaken = options.atStep.map { learner.status.step >= $0 } ?? false
            if options.screenshot != nil, !isTaken, !learner.isLeavingOff { failures.attempt { try writeScreenshot() } }
            writePictures()
        }
        learner.stop()
        learner.wait()
        try finish()
    }

    /// What is said where the end takes a while, and what if it was not waited for.
    static func concludes(at step: Int) -> String {
        "The run ends at step \(grouped(step)). Its last score is being made; Ctrl-C leaves it out."
    }
    static let isLeftOut = "The last score is left out."

    /// A run without a window that nobody told how long to be ends after this many seconds, or with its script.
    private var defaultSeconds: Double { 60 }
    private var endsByItself: Bool { learner.maximumSteps != nil || plan.player != nil }

    private func serveFilm() {
        guard let film else { return }
        onMain { _ = film.serve() }
    }
}
