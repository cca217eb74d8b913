import ArgumentParser
import CLMat
import Exploration
import Foundation

/// Does a recorded session again and compares the numbers.
struct ReplayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Do a recorded session again, and compare each metric of each step with what was recorded.",
        discussion: """
            On the same device, threads and instruction set every number must be the same, bit for bit; elsewhere within \
            the tolerance. The exit status is 1 if it is not so. The tolerance is a share of the value; of values \
            near zero, below a fifth of the largest that their metric has in the session, it is a share of that fifth.
            """)

    @ArgumentParser.Argument(help: "A session that --save wrote.")
    var file: String

    @Option(help: ArgumentHelp("Another device than the recorded one.", valueName: "name"))
    var device: String?

    @Option(
        help: ArgumentHelp(
            "How far a value may lie from the recorded one, as a share (see above); 0 on the same device, else 0.05.",
            valueName: "share"))
    var tolerance: Double?

    @Flag(help: "Say only differences and errors.")
    var quiet = false

    func validate() throws {
        if let tolerance, !(tolerance >= 0 && tolerance.isFinite) {
            throw ValidationError("--tolerance is a share, such as 0.01.")
        }
    }

    func run() throws {
        let session = try SessionFile(reading: file)
        let header = session.header
        let program = ModelProgram.current
        guard let type = program.models.first(where: { $0.model == header.model }) else {
            throw CLMatError.unknownName(kind: "model", name: header.model, known: program.models.map { $0.model })
        }
        let command: any ModelCommand
        do {
            command = try type.parse(header.arguments + (quiet ? ["--quiet"] : []))
        } catch {
            throw CLMatError.fileDamaged(
                path: file, place: "line 1", problem: "its options are not ones of '\(program.name) \(header.model)'")
        }
        let (device, reason) = try Device.choose(
            self.device ?? (header.device == Device.cpu.name ? "cpu" : header.device))
        if !quiet { StandardError.say("clmat: runs on \(device.summary): \(reason).") }

        let now = RunConditions(device)
        let differences = now.differences(from: header)
        let tolerance = self.tolerance ?? (differences.isEmpty ? 0 : 0.05)
        let replay = Exploration.Replay(session, tolerance: tolerance)
        var experiment = try command.makeExperiment(on: device, seed: header.seed)
        guard experiment.dataChecksum == header.dataChecksum else {
            throw CLMatError.dataMismatch(
                "The data are not those that the session learned from: their checksum differs.")
        }
        if let name = header.resumes {
            // It lies beside the session; that of one that was put aside has another name.
            let beside = URL(fileURLWithPath: file).deletingLastPathComponent().appendingPathComponent(name).path
            let aside = file + ".start.safetensors"
            let path = file.hasSuffix("~") && FileManager.default.fileExists(atPath: aside) ? aside : beside
            try experiment.resume(from: Checkpoint(reading: path, on: device))
        }
        try experiment.begin(as: header)
        var options = Learner.Options(device: device.summary)
        (options.director, options.recorder) = (replay, replay)
        let learner = try Learner(experiment, options: options)
        learner.start()
        let reporter = ReplayProgress(isQuiet: quiet)
        while !learner.wait(for: 0.2) { reporter.say(learner.status.step, replay.report) }
        reporter.end()
        if let error = learner.status.error { throw error }
        try tell(replay.report, session, differences, tolerance)
    }

    private func tell(
        _ report: Exploration.Replay.Report, _ session: SessionFile, _ differences: [String], _ tolerance: Double
    ) throws {
        if !quiet {
            if !session.isWhole {
                try StandardOutput.say("The session was cut off; it was done up to its last whole line.")
            }
            if !differences.isEmpty {
                try StandardOutput.say("Not the same conditions: \(differences.joined(separator: "; ")).")
            }
            let made = [
                counted(report.steps, "step"), counted(report.commands, "command"), counted(report.values, "value"),
            ].joined(separator: ", ")
            let verdict = report.isSame ? agreement(tolerance) : differing(report.differences)
            try StandardOutput.say("\(made): \(verdict).")
        }
        if !report.largest.isEmpty, !quiet || !report.isSame {
            try StandardOutput.say(
                "Largest differences, as a share of the value, or of a fifth of its metric's largest:")
            for (metric, share) in report.largest.sorted(by: { $0.key < $1.key }) {
                try StandardOutput.say("  \(metric): \(format(share))")
            }
        }
        guard report.isSame else {
            for difference in report.first {
                try StandardOutput.say(
                    "  first at step \(grouped(difference.step)), branch \(difference.branch): \(difference.metric) "
                        + "was \(difference.recorded), is \(difference.found)")
            }
            throw ExitCode(1)
        }
    }

    private func differing(_ count: Int) -> String { count == 1 ? "1 differs" : "\(grouped(count)) differ" }

    private func agreement(_ tolerance: Double) -> String {
        tolerance == 0 ? "all the same, bit for bit" : "all within \(format(tolerance)) of the recorded ones"
    }
}

/// A line that says how far a replay is.
private struct ReplayProgress {
    let isQuiet: Bool
    private let isTerminal = isatty(STDERR_FILENO) != 0

    init(isQuiet: Bool) { self.isQuiet = isQuiet }

    func say(_ step: Int, _ report: Exploration.Replay.Report) {
        guard !isQuiet, isTerminal else { return }
        let line =
            "\rstep \(grouped(step)) · \(grouped(report.values)) values · \(grouped(report.differences)) differ   "
        StandardError.write(line)
    }

    func end() {
        if !isQuiet, isTerminal { StandardError.say("") }
    }
}
