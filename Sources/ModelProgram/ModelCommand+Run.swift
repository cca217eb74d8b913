import ArgumentParser
import CLMat
import Exploration
import Foundation
import Viewer

extension ModelCommand {
    public func run() throws {
        if defaultData == nil, options.givenData != nil {
            throw ValidationError("--data: \(Self.model) has no other data than its own.")
        }
        let device = try options.chooseDevice()
        let checkpoint = try options.resumedFile.map { try Checkpoint(reading: $0, on: device) }
        let command = try checkpoint.map { try resumed(from: $0) } ?? self
        let plan = try SessionPlan(command: command, given: self, options: options, device: device)
        var experiment = try command.makeExperiment(
            on: device, seed: checkpoint.map { options.givenSeed ?? $0.seed } ?? options.seed)
        try command.checkArguments()
        if let checkpoint { try experiment.resume(from: checkpoint) }
        experiment.begin(withPresetOf: checkpoint)
        if !options.quiet { experiment.notes.forEach { StandardError.say($0) } }
        let last = try options.maximumSteps(stepsPerEpoch: experiment.stepsPerEpoch)
        if let checkpoint, let last, last <= checkpoint.step {
            throw CLMatError.invalidValue(
                setting: "the last step", value: "\(last)",
                accepted: "one after step \(checkpoint.step), where \(checkpoint.path) goes on")
        }
        if plan.isAttended { experiment.look(at: Viewer.savedView(layoutName: Self.model, of: experiment)) }
        let schedule = try options.prepare(&experiment, preset: checkpoint == nil ? defaultPreset : nil)

        if options.film != nil { _ = try Film.figure(options.filmOf, of: experiment.dashboard) }
        var learnerOptions = Learner.Options(maximumSteps: last, schedule: schedule, device: device.summary)
        learnerOptions.pausesAt = Set(options.atStep.map { [$0] } ?? [])
        learnerOptions.snapshotBudget = try options.snapshotBudget()
        // Where nobody can go back, nothing is kept for it.
        learnerOptions.keepsSnapshots = plan.isAttended || plan.player != nil || options.snapshots != nil
        learnerOptions.staysAtTheEnd = plan.isAttended
        learnerOptions.director = plan.player
        try plan.keepRecord(of: experiment, in: &learnerOptions)
        try Session(plan: plan, learner: Learner(experiment, options: learnerOptions)).run()
    }

    /// What is kept of a run has to make it again; else a replay or a checkpoint would say so after the work.
    func checkArguments() throws {
        guard let again = try? Self.parse(words), again.arguments == arguments else {
            throw CLMatError.invalidArgument(
                operation: Self.model,
                problem: """
                    The options that a session keeps, '\(words.joined(separator: " "))', do not make this command again. List those that \
                    make the model in modelArguments.
                    """)
        }
    }

    /// This command with the options of the run that a checkpoint is of.
    private func resumed(from checkpoint: Checkpoint) throws -> Self {
        guard let model = checkpoint.notes["model"], let text = checkpoint.notes["arguments"],
            let recorded = try? JSONDecoder().decode([String].self, from: Data(text.utf8))
        else {
            throw CLMatError.fileDamaged(
                path: checkpoint.path, place: "its header", problem: "it does not say which options made the model")
        }
        guard model == Self.model else {
            throw CLMatError.dataMismatch(
                "\(checkpoint.path) is a run of '\(ModelProgram.current.name) \(model)', not of '\(Self.model)'.")
        }
        let command = try Self.parse(recorded + (options.quiet ? ["--quiet"] : []))
        // An option that was given must not be forgotten silently.
        for (own, theirs) in zip(arguments, command.arguments) where own != theirs && Self.isTyped(own.name) {
            throw CLMatError.invalidValue(
                setting: own.name, value: own.text,
                accepted:
                    "\(theirs.text.isEmpty ? "the default" : theirs.text), with which \(checkpoint.path) was made; leave it out"
            )
        }
        return command
    }

    /// Whether an option stands on the command line: one that was typed may equal the default.
    private static func isTyped(_ option: String) -> Bool {
        CommandLine.arguments.contains { $0 == option || $0.hasPrefix(option + "=") }
    }
}

extension Experiment {
    /// Remembers which preset the run of a checkpoint began with: sliders lead back to its values.
    fileprivate mutating func begin(withPresetOf checkpoint: Checkpoint?) {
        guard let id = checkpoint?.notes[SessionPlan.presetNote] else { return }
        startPreset = dashboard.presets.first { $0.id == id }?.id
    }
}
