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

    init(command: any ModelCommand, given: (any ModelCommand)? = nil, options: RunOptions, device: Device) throws {
        (self.command, self.given, self.options, self.device) = (command, given ?? command, options, device)
        // What could not be written in the end is said before an hour of work.
        for file in [options.summary, options.screenshot, options.save].compactMap({ $0 }) + self.given.outputs {
            try Session.checkWritable(file)
        }
        for folder in self.given.outputFolders {
            if let data = command.options.givenData, !command.knownData.contains(data), Session.lies(folder, in: data) {
                throw CLMatError.fileNotWritable(
                    path: folder, reason: "the next run would read it as data, as it lies in \(data)")
            }
            try Session.makeFolder(folder)
        }
        obstacle = options.isWindowless ? nil : MainActor.assumeIsolated { Viewer.obstacle }
        stage = ScriptStage(isQuiet: options.quiet)
        // At a window, and where the run was told how long to be, it goes on after the script.
        let endsWithScript = (options.isWindowless || obstacle != nil) && !options.hasLength
        if let file = options.play {
            let script = try Script(reading: file)
            if script.endsPaused, options.isWindowless || obstacle != nil {
                throw CLMatError.fileDamaged(
                    path: file, place: "its end", problem: "it pauses, and without a window nobody could go on")
            }
            player = ScriptPlayer(script, stage: stage, endsTheRun: endsWithScript)
        } else {
            player = nil
        }
    }

    /// Whether a person is to sit before a window.
    var isAttended: Bool { !options.isWindowless && obstacle == nil }
}

/// One run from the start to its files: with a window, or with a progress line.
struct Session: Sendable {
    let plan: SessionPlan
    let learner: Learner

    private var options: RunOptions { plan.options }
    private var device: Device { plan.device }
    private var model: String { type(of: plan.command).model }

    func run() throws {
        plan.stage.watch(learner)
        try keepRecord()
        device.profile.isRecording = options.profile
        if plan.isAttended {
            try runInWindow()
        } else {
            if let obstacle = plan.obstacle { say("No window (\(obstacle)): running without one.") }
            try runHeadless()
        }
    }

    /// Begins the session file and says where checkpoints go.
    private func keepRecord() throws {
        guard let file = options.save else { return }
        // The session's own copy: the checkpoint that it goes on from may be written over, even by this run.
        var start: String?
        if let resumed = options.resumedFile {
            start = file + ".start.safetensors"
            try Files.write(Files.read(resumed), to: start!)
        }
        let conditions = RunConditions(device)
        let header = SessionFile.Header(
            model: model, title: learner.title, device: conditions.device, threads: conditions.threads,
            instructions: conditions.instructions, seed: learner.options.seed, dataChecksum: learner.dataChecksum,
            arguments: plan.command.words, settings: learner.status.settings.values,
            attached: learner.dashboard.attachments.filter(\.isAttached).map(\.id),
            resumes: start.map { URL(fileURLWithPath: $0).lastPathComponent })
        learner.keep(
            recorder: try SessionWriter(writing: file, header: header),
            checkpoint: CheckpointPlan(path: file + ".safetensors", notes: try notes()))
    }

    /// What a checkpoint needs so that another process can go on from it.
    private func notes() throws -> [String: String] {
        let encoded = try JSONEncoder().encode(plan.command.words)
        return ["model": model, "arguments": String(decoding: encoded, as: UTF8.self)]
    }

    /// A checkpoint in the current folder, for the window's button.
    @Sendable private func save() throws -> String {
        let file = try learner.save(naming: { "\(model)-step-\($0).safetensors" }, notes: notes())
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
        // Who closes a window wants it gone: only a summary is worth the wait for a long step and the last tests.
        guard options.summary != nil || learner.wait(for: 1) else { return }
        learner.wait()
        try writeSummary()
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
        // Also where a run that wanted a window got none.
        if options.pictures != "none" { try Self.makeFolder(options.pictures) }
        let signals = [SIGINT, SIGTERM, SIGHUP].map(endRun(on:))
        defer { signals.forEach { $0.cancel() } }
        let deadline = DispatchTime.now() + defaultSeconds
        let reporter = ProgressReporter(
            learner: learner, options: options, endsAfter: endsByItself ? nil : defaultSeconds)
        let warnings = WarningTeller(learner, say: say)
        while !learner.status.isFinished {
            reporter.report()
            warnings.tell()
            plan.stage.serve { path throws(CLMatError) in try drawWindow(path) }
            if !endsByItself, DispatchTime.now() > deadline { learner.stop() }
            if let step = options.atStep, learner.status.isPaused, learner.status.step == step {
                try writeScreenshot()
                learner.send(.resume)
                while learner.status.isPaused, !learner.status.isFinished { Thread.sleep(forTimeInterval: 0.002) }
            }
            Thread.sleep(forTimeInterval: 0.05)
        }
        reporter.finish()
        warnings.tell()
        // Numbers first: what they say is not lost with a picture that cannot be written.
        try writeSummary()
        // The figures of the last step are computed before the learner's threads end.
        if learner.status.error == nil {
            let isTaken = options.atStep.map { learner.status.step >= $0 } ?? false
            if options.screenshot != nil, !isTaken { try writeScreenshot() }
            try writePictures()
        }
        learner.stop()
        learner.wait()
        try finish()
    }

    private func finish() throws {
        if let error = learner.status.error { throw error }
        try plan.given.finish(learner)
        if let error = learner.status.recordingError { throw error }
        if let player = plan.player { try tell(of: player) }
        for command in learner.schedule where command.step > learner.status.step {
            say(
                "The run ended at step \(learner.status.step), before a --set that was to come at step \(command.step)."
            )
        }
        if !options.quiet { printResult() }
        if options.profile { try printProfile() }
    }

    private func tell(of player: ScriptPlayer) throws {
        guard player.entriesLeft == 0 else {
            throw CLMatError.dataMismatch(
                "The run ended at step \(learner.status.step), before the last \(player.entriesLeft) entries of the script."
            )
        }
        if !options.quiet { print("The script's \(player.expectationsMet) expectations hold.") }
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
        viewer.panels = plan.stage.panels
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

    private func writePictures() throws {
        guard options.pictures != "none" else { return }
        for figure in plan.command.pictures {
            guard learner.dashboard.figures.contains(where: { $0.id == figure }) else { continue }
            let content = try learner.content(of: figure)
            if case .empty = content { continue }
            let file = "\(options.pictures)/\(model)-\(figure).png"
            if case .imageGrid(let grid) = content {
                try Viewer.writePNG(of: grid, to: file)
            } else {
                try onMain { () throws(CLMatError) in
                    try Viewer.writePNG(
                        ofFigure: figure, of: learner, to: file, options: viewerOptions(layoutName: nil))
                }
            }
            say("Wrote \(file).")
        }
    }

    private func say(_ text: String) {
        if !options.quiet { standardError(text) }
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

    /// Ctrl-c and the like end the run after the step in progress; its files are written.
    private func endRun(on number: Int32) -> any DispatchSourceSignal {
        signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
        source.setEventHandler { [learner] in learner.stop() }
        source.resume()
        return source
    }

    private func writeSummary() throws(CLMatError) {
        guard let file = options.summary else { return }
        try Files.write(
            Summary(learner: learner, model: model, device: device, seed: learner.options.seed).json + "\n", to: file)
    }

    private func printProfile() throws(CLMatError) {
        device.profile.isRecording = false
        let roofline = try Roofline.measure(on: device)
        print(device.profile.report(steps: learner.status.step, roofline: roofline))
    }

    private func printResult() {
        let status = learner.status
        print("\(learner.title), \(device.summary), seed \(learner.options.seed)")
        print("\(grouped(status.step)) steps (\(format(status.epoch)) epochs) in \(format(status.seconds)) s")
        let values = learner.timeline.lastValues
        for metric in learner.dashboard.metrics {
            guard let value = values[metric.id] else { continue }
            print("  \(metric.title) (\(metric.unit)): \(format(value, digits: 4))")
        }
        for (rate, value) in learner.totalRates.sorted(by: { $0.key < $1.key }) {
            print("  \(rate.replacingOccurrences(of: "-", with: " ")) a second: \(format(value))")
        }
    }

    /// Whether a path is a folder's, or leads into it.
    static func lies(_ path: String, in folder: String) -> Bool {
        func parts(_ path: String) -> [String] {
            URL(fileURLWithPath: path).resolvingSymlinksInPath().standardizedFileURL.pathComponents
        }
        return parts(path).starts(with: parts(folder))
    }

    static func makeFolder(_ path: String) throws(CLMatError) {
        try Files.makeFolder(path)
        guard access(path, W_OK) == 0 else {
            throw .fileNotWritable(path: path, reason: "the folder may not be written to")
        }
    }

    /// - Throws: ``CLMatError/fileNotWritable(path:reason:)`` if the folder is not there or may not be written.
    static func checkWritable(_ path: String) throws(CLMatError) {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else {
            throw .fileNotWritable(path: path, reason: "there is no folder \(folder)")
        }
        guard !(FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue) else {
            throw .fileNotWritable(path: path, reason: "it is a folder")
        }
        guard access(folder, W_OK) == 0 else {
            throw .fileNotWritable(path: path, reason: "the folder \(folder) may not be written to")
        }
    }
}
