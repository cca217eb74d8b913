import CLMat
import Dispatch
import Exploration
import Foundation
import Viewer

/// What is known of a run before its model is made.
struct SessionPlan: Sendable {
    let command: any ModelCommand
    /// What was typed: it says what is written in the end.
    let given: any ModelCommand
    /// What is wanted of this run: those of `command` may be of the run that it goes on from.
    let options: RunOptions
    let device: Device
    /// Why there is no window, where one was wanted.
    let obstacle: String?
    let stage: ScriptStage
    /// The script that drives the run, if there is one.
    let player: ScriptPlayer?
    let checks: OutputChecks

    init(command: any ModelCommand, given: (any ModelCommand)? = nil, options: RunOptions, device: Device) throws {
        (self.command, self.given, self.options, self.device) = (command, given ?? command, options, device)
        obstacle = options.isWindowless ? nil : MainActor.assumeIsolated { Viewer.obstacle }
        stage = ScriptStage(isQuiet: options.quiet)
        let script = try options.play.map { try Script(reading: $0) }
        checks = try Self.checkOutputs(
            command, given: self.given, options, isAttended: !options.isWindowless && obstacle == nil,
            screenshots: script?.screenshots ?? [])
        // At a window, and where the run was told how long to be, it goes on after the script.
        let endsWithScript = (options.isWindowless || obstacle != nil) && !options.hasLength
        if let file = options.play, let script {
            if script.endsPaused, options.isWindowless || obstacle != nil {
                throw CLMatError.fileDamaged(
                    path: file, place: "its end", problem: "it pauses, and without a window nobody could go on")
            }
            player = ScriptPlayer(script, stage: stage, endsTheRun: endsWithScript)
        } else {
            player = nil
        }
    }

    /// What could not be written in the end is said before an hour of work. Folders are made when all else is well.
    private static func checkOutputs(
        _ command: any ModelCommand, given: any ModelCommand, _ options: RunOptions, isAttended: Bool,
        screenshots: [String]
    ) throws -> OutputChecks {
        let data = command.dataPath
        let folder = data.flatMap { Session.isFolder($0) && command.readsEveryFile(of: $0) ? $0 : nil }
        var checks = OutputChecks(
            dataFolder: folder, inputs: [data, options.play].compactMap { $0 } + command.inputs)
        var files: [(option: String, path: String)] = []
        func add(_ option: String, _ path: String?) { if let path { files.append((option, path)) } }
        add("--save", options.save)
        add("--save, for checkpoints,", options.save.map { $0 + ".safetensors" })
        if options.resume != nil { add("--save, for its start,", options.save.map { $0 + ".start.safetensors" }) }
        add("--summary", options.summary)
        add("--screenshot", options.screenshot)
        files += given.outputs
        for file in screenshots { add("a screenshot of \(options.play ?? "the script")", file) }
        let folders = given.outputFolders + (isAttended || options.pictures == "none" ? [] : [options.pictures])

        func check(_ option: String, _ path: String) throws(CLMatError) {
            try checks.check(path, of: option)
            if option == "--save" { try SessionWriter.check(path) }
        }
        // A file may go into a folder that this run makes.
        func isLater(_ path: String) -> Bool {
            folders.contains { !Session.isFolder($0) && OutputChecks.lies(path, in: $0) }
        }
        let later = files.filter { isLater($0.path) }
        for (option, path) in files where !isLater(path) { try check(option, path) }
        for folder in folders {
            do throws(CLMatError) {
                try checks.checkFolder(folder)
            } catch {
                guard folder == options.pictures, case .fileNotWritable(_, let reason) = error else { throw error }
                throw CLMatError.fileNotWritable(
                    path: folder, reason: reason + " (--pictures names another folder for the pictures, or none)")
            }
        }
        for folder in folders { try Files.makeFolder(folder) }
        for (option, path) in later { try check(option, path) }
        return checks
    }

    // MARK: - What is kept of the run

    /// Begins the session file and says where checkpoints go.
    func keepRecord(of experiment: Experiment, in learnerOptions: inout Learner.Options) throws {
        guard let file = options.save else { return }
        // The session's own copy: the checkpoint that it goes on from may be written over, even by this run. An earlier session
        // takes its files along first.
        let start = file + ".start.safetensors"
        let resumed = try options.resumedFile.map { try Files.read($0) }
        let conditions = RunConditions(device)
        let header = SessionFile.Header(
            of: experiment, model: model, device: conditions.device, threads: conditions.threads,
            instructions: conditions.instructions, arguments: command.words,
            resumes: resumed == nil ? nil : URL(fileURLWithPath: start).lastPathComponent)
        learnerOptions.recorder = try SessionWriter(writing: file, header: header)
        if let resumed { try Files.write(resumed, to: start) }
        learnerOptions.checkpoint = CheckpointPlan(path: file + ".safetensors", notes: try notes())
    }

    /// What a checkpoint needs so that another process can go on from it.
    func notes() throws -> [String: String] {
        let encoded = try JSONEncoder().encode(command.words)
        return ["model": model, "arguments": String(decoding: encoded, as: UTF8.self)]
    }

    private var model: String { type(of: command).model }

    /// Whether a person is to sit before a window.
    var isAttended: Bool { !options.isWindowless && obstacle == nil }
}

/// One run from the start to its files: with a window, or with a progress line.
struct Session: Sendable {
    let plan: SessionPlan
    let learner: Learner
    private let failures: Failures
    private let results: ResultWriter

    init(plan: SessionPlan, learner: Learner) {
        (self.plan, self.learner, failures) = (plan, learner, Failures())
        // Who reads JSON lines reads nothing else.
        results = ResultWriter(failures, isForPeople: plan.options.progress == .bar)
    }

    private var options: RunOptions { plan.options }
    private var device: Device { plan.device }
    private var model: String { type(of: plan.command).model }

    func run() throws {
        plan.stage.watch(learner)
        device.profile.isRecording = options.profile
        if plan.isAttended {
            try runInWindow()
        } else {
            if let obstacle = plan.obstacle { say("No window (\(obstacle)): running without one.") }
            try runHeadless()
        }
    }

    /// A checkpoint in the current folder, for the window's button.
    @Sendable private func save() throws -> String {
        try plan.checks.checkIsNoData(".", at: ".")
        let file = try learner.save(naming: { "\(model)-step-\($0).safetensors" }, notes: plan.notes())
        return "Saved \(file): --resume \(file) goes on from it."
    }

    private func runInWindow() throws {
        learner.start()
        defer { plan.stage.serve { (_) throws(CLMatError) in } }
        do {
            try onMain { () throws(CLMatError) in
                var options = viewerOptions(layoutName: model)
                options.save = save
                options.everyFrame = { window in serve(window) }
                try Viewer.run(learner, options: options)
            }
        } catch {
            guard case CLMatError.windowUnavailable(let reason) = error else { throw error }
            // A display that is there but refuses: the run goes on, as where there is none.
            say("No window (\(reason)): running without one.")
            learner.endAtTheLastStep()
            if !options.hasLength { plan.player?.endTheRunWithTheScript() }
            try followHeadless()
            return
        }
        learner.stop()
        // Who closes a window wants it gone: only what is still to be written is worth the wait for a long step and the last
        // tests.
        let isAwaited = options.summary != nil || !plan.given.outputs.isEmpty || !plan.given.outputFolders.isEmpty
        guard isAwaited || learner.wait(for: 1) else { return }
        learner.wait()
        failures.attempt { try writeSummary() }
        try finish()
    }

    /// Does what a script asks of the open window.
    @MainActor private func serve(_ window: OpenWindow) {
        for panel in plan.stage.takePanels() { window.set(panel.name, open: panel.isOpen) }
        plan.stage.serve { path throws(CLMatError) in try drawWindow(path) }
    }

    private func runHeadless() throws {
        learner.start()
        try followHeadless()
    }

    /// Tells the progress of a run that was started, until it ends; then writes its files.
    private func followHeadless() throws {
        let signals = EndingSignals { [learner] in learner.stop() }
        defer { signals.cancel() }
        let deadline = DispatchTime.now() + defaultSeconds
        let reporter = ProgressReporter(
            learner: learner, options: options, results: results, endsAfter: endsByItself ? nil : defaultSeconds)
        let warnings = WarningTeller(learner, say: say)
        while !learner.status.isFinished {
            reporter.report()
            warnings.tell()
            plan.stage.serve { path throws(CLMatError) in try drawWindow(path) }
            if !endsByItself, DispatchTime.now() > deadline { learner.stop() }
            if let step = options.atStep, learner.status.isPaused, learner.status.step == step {
                failures.attempt { try writeScreenshot() }
                learner.send(.resume)
                while learner.status.isPaused, !learner.status.isFinished { Thread.sleep(forTimeInterval: 0.002) }
            }
            Thread.sleep(forTimeInterval: 0.05)
        }
        reporter.finish()
        warnings.tell()
        // Numbers first: what they say is not lost with a picture that cannot be written.
        failures.attempt { try writeSummary() }
        // The figures of the last step are computed before the learner's threads end.
        if learner.status.error == nil {
            let isTaken = options.atStep.map { learner.status.step >= $0 } ?? false
            if options.screenshot != nil, !isTaken { failures.attempt { try writeScreenshot() } }
            writePictures()
        }
        learner.stop()
        learner.wait()
        try finish()
    }

    /// Writes the rest. Every error is printed, and the program ends with status 1.
    private func finish() throws {
        if let error = learner.status.recordingError { failures.add(error) }
        if let error = learner.status.error {
            failures.add(error)
            return try failures.end()
        }
        plan.given.finish(learner, failures)
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

    private func tell(of player: ScriptPlayer) throws {
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

    /// A run without a window that nobody told how long to be ends after this many seconds, or with its script.
    private var defaultSeconds: Double { 60 }
    private var endsByItself: Bool { learner.maximumSteps != nil || plan.player != nil }

    private func viewerOptions(layoutName: String?) -> ViewerOptions {
        let size = (try? options.windowSize()) ?? (width: 1600, height: 1000)
        var viewer = ViewerOptions(
            title: learner.title, width: size.width, height: size.height,
            theme: options.theme == .light ? .light : .dark, layoutName: layoutName,
            // What --profile prints at the end is of the whole run.
            profile: ProfileSource(of: device, learner, recordsAlways: options.profile))
        // What was added from the start comes with the graph of its score, as in the window.
        for mixin in learner.dashboard.mixins where options.mixinIDs.contains(mixin.id) {
            viewer.panels[mixin.score] = true
        }
        viewer.panels.merge(plan.stage.panels) { $1 }
        return viewer
    }

    private func writeScreenshot() throws {
        if let file = options.screenshot { try drawWindow(file) }
    }

    private func drawWindow(_ file: String) throws(CLMatError) {
        try onMain { () throws(CLMatError) in
            try Viewer.screenshot(of: learner, to: file, options: viewerOptions(layoutName: nil))
        }
        say("Wrote \(file).")
    }

    private func writePictures() {
        guard options.pictures != "none" else { return }
        do throws(CLMatError) {
            // Not looked at yet where a run that wanted a window got none.
            try plan.checks.checkFolder(options.pictures)
            try Files.makeFolder(options.pictures)
        } catch {
            return failures.add(error)
        }
        for figure in plan.command.pictures { failures.attempt { try writePicture(figure) } }
    }

    private func writePicture(_ figure: String) throws {
        guard let info = learner.dashboard.figures.first(where: { $0.id == figure }) else { return }
        let content = try learner.content(of: figure)
        if content.whyEmpty != nil { return }
        let file = "\(options.pictures)/\(model)-\(figure).png"
        try onMain { () throws(CLMatError) in
            try Viewer.writePNG(
                of: content, info, step: learner.status.step, to: file, options: viewerOptions(layoutName: nil))
        }
        say("Wrote \(file).")
    }

    private func say(_ text: String) {
        if !options.quiet { StandardError.say(text) }
    }

    /// The program's commands run on the main thread, where windows live.
    private func onMain<Value: Sendable, Failure: Error>(
        _ body: @MainActor () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        let result: Result<Value, Failure> = MainActor.assumeIsolated {
            do throws(Failure) { return .success(try body()) } catch { return .failure(error) }
        }
        return try result.get()
    }

    private func writeSummary() throws(CLMatError) {
        guard let file = options.summary else { return }
        try Files.write(
            Summary(learner: learner, model: model, device: device, seed: learner.options.seed).json + "\n", to: file)
    }

    private func tellProfile() throws(CLMatError) {
        device.profile.isRecording = false
        let roofline = try Roofline.measure(on: device)
        results.tell("\(device.profile.report(steps: learner.status.step, roofline: roofline))")
    }

    private func tellResult() {
        let status = learner.status
        results.tell("\(learner.title), \(device.summary), seed \(learner.options.seed)")
        results.tell("\(counted(status.step, "step")) (\(format(status.epoch)) epochs) in \(format(status.seconds)) s")
        let values = learner.timeline.lastValues
        for metric in learner.dashboard.metrics {
            guard let value = values[metric.id] else { continue }
            results.tell("  \(metric.title) (\(metric.unit)): \(format(value, digits: 4))")
        }
        for (rate, value) in learner.totalRates.sorted(by: { $0.key < $1.key }) {
            results.tell("  \(rate.replacingOccurrences(of: "-", with: " ")) per second: \(format(value))")
        }
    }

    static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }
}
