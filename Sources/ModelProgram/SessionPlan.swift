import CLMat
import Exploration
import Formats
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
    /// Whether a person is to sit before a window.
    let isAttended: Bool
    let stage: ScriptStage
    /// The script that drives the run, if there is one.
    let player: ScriptPlayer?
    let checks: OutputChecks

    init(command: any ModelCommand, given: (any ModelCommand)? = nil, options: RunOptions, device: Device) throws {
        (self.command, self.given, self.options, self.device) = (command, given ?? command, options, device)
        obstacle = options.isWindowless ? nil : MainActor.assumeIsolated { Viewer.obstacle }
        isAttended = !options.isWindowless && obstacle == nil
        stage = ScriptStage(isQuiet: options.quiet)
        let script = try options.play.map { try Script(reading: $0) }
        checks = try Self.checkOutputs(
            command, given: self.given, options, isAttended: isAttended, screenshots: script?.screenshots ?? [])
        if let file = options.play, let script, script.endsPaused, !isAttended {
            throw CLMatError.fileDamaged(
                path: file, place: "its end", problem: "it pauses, and without a window nobody could go on")
        }
        // At a window, and where the run was told how long to be, it goes on after the script.
        let endsTheRun = !isAttended && !options.hasLength
        player = script.map { [stage] in ScriptPlayer($0, host: stage, endsTheRun: endsTheRun) }
    }

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
        learnerOptions.checkpoint = CheckpointPlan(
            path: file + ".safetensors", notes: notes(preset: experiment.startPreset))
    }

    /// What a checkpoint needs so that another process can go on from it.
    func notes(preset: String?) -> [String: String] {
        var notes = ["model": model, "arguments": JSONValue.list(command.words.map { .text($0) }).written(.foundation)]
        notes[Self.presetNote] = preset
        return notes
    }

    /// Under which name a checkpoint notes the preset of its run.
    static let presetNote = "preset"

    private var model: String { type(of: command).model }
}
