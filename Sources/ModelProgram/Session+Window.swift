import CLMat
import Exploration
import Viewer

extension Session {
    func runInWindow() throws {
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
        endFilm()
        // Who closes a window wants it gone: only what is still to be written is worth the wait for a long step and the last
        // tests.
        if !learner.wait(for: 1) {
            guard options.summary != nil || !plan.given.outputs.isEmpty else { return }
            let signals = EndingSignals { [learner] in learner.leaveOff() }
            defer { signals.cancel() }
            say(Self.concludes(at: learner.status.step))
            learner.wait()
            if learner.status.lacksConclusion { say(Self.isLeftOut) }
        }
        failures.attempt { try writeSummary() }
        try finish()
    }

    /// Does what a script asks of the open window.
    @MainActor private func serve(_ window: OpenWindow) {
        for panel in plan.stage.takePanels() { window.set(panel.name, open: panel.isOpen) }
        plan.stage.serve { path throws(CLMatError) in try drawWindow(path) }
        if let film, !film.isFinished {
            film.serve()
            if film.isDone { endFilm() }
        }
    }

    /// A checkpoint in the current folder, for the window's button.
    @Sendable private func save() throws -> String {
        try plan.checks.checkIsNoData(".", at: ".")
        let file = try learner.save(
            naming: { "\(model)-step-\($0).safetensors" },
            notes: plan.notes(preset: learner.startPreset))
        return "Saved \(file): --resume \(file) goes on from it."
    }

    func viewerOptions(layoutName: String?) -> ViewerOptions {
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
}
