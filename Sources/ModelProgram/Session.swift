import CLMat
import Exploration
import Viewer

/// One run from the start to its files: with a window, or with a progress line.
struct Session: Sendable {
    let plan: SessionPlan
    let learner: Learner
    let failures: Failures
    let results: ResultWriter
    /// What `--film` makes.
    let film: Film?
    /// Where the run began: 0, or the step of what it goes on from.
    let startStep: Int

    /// - Throws: what the film throws.
    init(plan: SessionPlan, learner: Learner) throws {
        (self.plan, self.learner, failures) = (plan, learner, Failures())
        startStep = learner.status.step
        // Who reads JSON lines reads nothing else.
        results = ResultWriter(failures, isForPeople: plan.options.progress == .bar)
        let filmPlan = plan.options.filmPlan(start: startStep, last: learner.maximumSteps)
        var viewer = ViewerOptions()
        viewer.theme = plan.options.theme == .light ? .light : .dark
        film = try filmPlan.map { try Film($0, of: learner, options: viewer) }
    }

    var options: RunOptions { plan.options }
    var device: Device { plan.device }
    var model: String { type(of: plan.command).model }

    func run() throws {
        plan.stage.watch(learner)
        try startProfile()
        if plan.isAttended {
            try runInWindow()
        } else {
            if let obstacle = plan.obstacle { say("No window (\(obstacle)): running without one.") }
            try runHeadless()
        }
    }

    /// Writes the rest. Every error is printed, and the program ends with status 1.
    func finish() throws {
        if let error = learner.status.recordingError { failures.add(error) }
        if let error = learner.status.error {
            failures.add(error)
            return try failures.end()
        }
        for output in plan.given.outputs { failures.attempt { try output.write(learner) } }
        if let player = plan.player { failures.attempt { try tell(of: player) } }
        for command in learner.options.schedule where command.step > learner.status.step {
            say(
                "The run ended at step \(learner.status.step), before a --set that was to come at step \(command.step)."
            )
        }
        if !options.quiet { tellResult() }
        if options.profile { failures.attempt { try tellProfile() } }
        try failures.end()
    }

    /// Ends the film, if there is one.
    func endFilm() {
        guard let film, !film.isFinished else { return }
        failures.attempt {
            let frames = try onMain { () throws(CLMatError) in try film.finish() }
            if frames == 0 {
                throw CLMatError.fileNotWritable(
                    path: film.plan.path,
                    reason:
                        "there is no film, since the run ended before step \(film.plan.from + film.plan.stepsPerFrame)")
            }
            let all = frames < film.progress.of ? " of \(film.progress.of), as the run ended" : ""
            say("Wrote \(film.plan.path): \(frames) pictures\(all).")
        }
    }

    func say(_ text: String) {
        if !options.quiet { StandardError.say(text) }
    }

    /// The program's commands run on the main thread, where windows live.
    func onMain<Value: Sendable, Failure: Error>(
        _ body: @MainActor () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        let result: Result<Value, Failure> = MainActor.assumeIsolated {
            do throws(Failure) { return .success(try body()) } catch { return .failure(error) }
        }
        return try result.get()
    }
}
