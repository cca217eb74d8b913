import ArgumentParser
import CLMat
import Exploration
import Foundation
import Viewer

/// Options that mean the same for every model.
public struct RunOptions: ParsableArguments, Sendable {
    @Option(
        name: .customLong("data"),
        help: ArgumentHelp(
            "Data set by name, or a path: see above.",
            valueName: "name-or-path"))
    var givenData: String?

    @Option(
        help: ArgumentHelp(
            "cpu, an index from '\(ModelProgram.current.name) devices', or a part of a device's name.",
            valueName: "name"))
    var device: String?

    @Option(
        name: .customLong("seed"), parsing: .unconditional,
        help: "All that is random follows from this number; 1 if not given.")
    var givenSeed: UInt64?
    var seed: UInt64 { givenSeed ?? 1 }

    @Option(parsing: .unconditional, help: ArgumentHelp("End after so many steps.", valueName: "n"))
    var steps: Int?

    @Option(parsing: .unconditional, help: ArgumentHelp("End after so many passes over the data.", valueName: "n"))
    var epochs: Int?

    /// `--batch`: samples per minibatch; nil if it was not given (``minibatch(usual:of:_:)``).
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            Self.examples.batch.isEmpty
                ? "Samples per minibatch; what the model likes if not given."
                : "Points per minibatch (\(Self.examples.batch)).",
            valueName: "n"))
    public var batch: Int?

    @Flag(help: "No window: a progress line, and pictures as PNG files. Ends after a minute if not told otherwise.")
    var headless = false

    @Option(
        help: ArgumentHelp(
            "Set a control, as often as you like: --set \(Self.examples.control)=off; --set \(Self.examples.toggle)=off@600 after 600 steps. An unknown id lists those there are.",
            valueName: "id=value[@step]"))
    var set: [String] = []

    @Option(
        help: ArgumentHelp(
            "Begin with controls that go together: a preset of the model. --set wins over it. An unknown name lists those there are.",
            valueName: "name"))
    var preset: String?

    @Option(
        name: .customLong("mixin"),
        help: ArgumentHelp(
            "Add a criterion from the start with its weight, as often as you like: --mixin \(Self.examples.mixin)=0.001. Without a value its weight is that of its slider at first, which may be off. An unknown id lists those there are.",
            valueName: "id[=value]"))
    var mixins: [String] = []

    @Option(
        name: .customLong("attach"),
        help: ArgumentHelp(
            "Attach something from the start, such as a second sampler: --attach \(Self.examples.attachment).",
            valueName: "id"))
    var attachments: [String] = []

    @Option(
        name: .customLong("link"), parsing: .singleValue,
        help: ArgumentHelp(
            "Have a control of a second attachment follow the first one's: --link \(Self.examples.link).",
            valueName: "id=id"))
    var links: [String] = []

    @Option(
        help: ArgumentHelp(
            "Write the session, line by line while it runs, and checkpoints beside it (FILE.safetensors).",
            valueName: "file"))
    var save: String?

    @Option(help: ArgumentHelp("Go on from a checkpoint, or from the one beside a session.", valueName: "file"))
    var resume: String?

    @Option(help: ArgumentHelp("Do what a script says, and check what it expects.", valueName: "file"))
    var play: String?

    @Option(
        help: ArgumentHelp(
            "Memory for going back: snapshots of the model. If not given: an eighth of the free memory, from 128 MB to 4 GB, and a file in the cache folder beyond it.",
            valueName: "size"))
    var snapshots: String?

    @Option(help: ArgumentHelp("Write the final metrics as one JSON object.", valueName: "file"))
    var summary: String?

    @Option(
        help: ArgumentHelp(
            "Progress format: bar (standard error), or json (standard output, one object per line, and nothing else).",
            valueName: "bar|json"))
    var progress = Progress.bar

    /// `--quiet`: errors only.
    @Flag(help: "Print errors only; not even which device was chosen.")
    public var quiet = false

    @Option(help: ArgumentHelp("Draw the window into a PNG file; needs no display.", valueName: "file"))
    var screenshot: String?

    @Option(help: ArgumentHelp("The step for --screenshot; the last if not given.", valueName: "n"))
    var atStep: Int?

    @Option(help: ArgumentHelp("Size of the window or screenshot.", valueName: "width×height"))
    var size = "1600x1000"

    @Option(help: ArgumentHelp("dark or light.", valueName: "theme"))
    var theme = Theme.dark

    @Option(
        help: ArgumentHelp("Folder for the pictures of a run without a window; none writes none.", valueName: "folder"))
    var pictures = "."

    @Option(
        help: ArgumentHelp(
            "Film a figure while the run goes on: a .mp4, .webm or .gif file, which takes ffmpeg, or a folder for PNG files. Ten seconds, if there are enough steps.",
            valueName: "file"))
    var film: String?

    @Option(
        help: ArgumentHelp("The figure for --film; the first one of the window if not given.", valueName: "figure"))
    var filmOf: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How many steps --film shows; all of a run that was told how long to be, else 2500.", valueName: "n"))
    var filmSteps: Int?

    @Option(
        parsing: .unconditional, help: ArgumentHelp("The step at which --film begins; 0 if not given.", valueName: "n"))
    var filmFrom: Int?

    @Flag(help: "Print time, launches, bandwidth and arithmetic by kernel at the end.")
    var profile = false

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The step from which --profile records; from the start if not given.", valueName: "n"))
    var profileFrom: Int?

    @Option(
        help: ArgumentHelp(
            "Tell beside --profile how long the steps would take on another device, counted launch by launch: h100, h200, or microseconds per launch, GB/s and GFLOP/s, as in 5,3000,50000. Takes an OpenCL device, which may be a CPU's (PoCL).",
            valueName: "name|launch,bandwidth,flops"))
    var predict: String?

    public init() {}

    private static var examples: OptionExamples { ModelProgram.current.examples }

    enum Progress: String, ExpressibleByArgument { case bar, json }
    enum Theme: String, ExpressibleByArgument { case dark, light }

    public func validate() throws {
        let examples = Self.examples
        if let steps, steps < 0 { throw ValidationError("--steps must not be negative.") }
        if let epochs, epochs < 0 { throw ValidationError("--epochs must not be negative.") }
        if steps != nil, epochs != nil { throw ValidationError("Give --steps or --epochs, not both.") }
        if let atStep, atStep < 0 { throw ValidationError("--at-step must not be negative.") }
        if let atStep, let steps, atStep > steps {
            throw ValidationError("--at-step \(atStep) comes after the last step, \(steps).")
        }
        if let screenshot, !screenshot.lowercased().hasSuffix(".png"), !Self.isOfTheSystem(screenshot) {
            throw ValidationError("--screenshot writes PNG; let the file's name end in .png.")
        }
        if let device, device.isEmpty {
            throw ValidationError("--device needs a name; see \(ModelProgram.current.name) devices.")
        }
        _ = try snapshotBudget()
        let outputs = [save, summary, screenshot].compactMap { $0 }.filter { !Self.isOfTheSystem($0) }
        if Set(outputs + [givenData ?? ""]).count <= outputs.count {
            throw ValidationError("--save, --summary, --screenshot and --data need files of their own.")
        }
        if film == nil, filmOf != nil || filmSteps != nil || filmFrom != nil {
            throw ValidationError("--film-of, --film-steps and --film-from belong to --film.")
        }
        if film == "" { throw ValidationError("--film needs a name.") }
        if let filmSteps, filmSteps < 1 { throw ValidationError("--film-steps is a number of steps, from 1 on.") }
        if let filmFrom, filmFrom < 0 { throw ValidationError("--film-from must not be negative.") }
        if save == "" { throw ValidationError("--save needs a file's name.") }
        if atStep != nil, screenshot == nil { throw ValidationError("--at-step belongs to --screenshot.") }
        if !profile, profileFrom != nil || predict != nil {
            throw ValidationError("--profile-from and --predict belong to --profile.")
        }
        if let profileFrom, profileFrom < 0 { throw ValidationError("--profile-from must not be negative.") }
        _ = try predictedDevice()
        _ = try windowSize()
        for link in links where link.split(separator: "=").count != 2 {
            throw ValidationError("--link takes id=id, as in --link \(examples.link), not '\(link)'.")
        }
        for setting in set where !setting.contains("=") {
            throw ValidationError("--set takes id=value, as in --set \(examples.control)=0.1; '\(setting)' has no '='.")
        }
    }

    /// A device or a descriptor, which several outputs can share.
    private static func isOfTheSystem(_ path: String) -> Bool { path.hasPrefix("/dev/") || path.hasPrefix("/proc/") }

    func windowSize() throws -> (width: Int, height: Int) {
        let parts = size.split(whereSeparator: { $0 == "x" || $0 == "×" }).map { Int($0) }
        guard parts.count == 2, let width = parts[0], let height = parts[1], (640...7680).contains(width),
            (400...4320).contains(height)
        else { throw ValidationError("--size is width×height in pixels, from 640x400 to 7680x4320.") }
        return (width, height)
    }

    /// What `--predict` asks for.
    func predictedDevice() throws -> DeviceModel? {
        try predict.map { text in
            guard let model = DeviceModel(text) else {
                let known = DeviceModel.known.map { $0.name.lowercased() }.joined(separator: ", ")
                throw ValidationError(
                    "--predict takes \(known), or three positive numbers: microseconds per launch, GB/s, GFLOP/s, as in 5,3000,50000; not '\(text)'."
                )
            }
            return model
        }
    }

    /// Nil if none was given.
    func snapshotBudget() throws -> Int? { try snapshots.map { try Self.bytes($0, of: "--snapshots") } }

    /// Bytes: a number with B, KB, MB, GB (powers of ten) or KiB, MiB, GiB.
    package static func bytes(_ text: String, of option: String) throws -> Int {
        let units: [(String, Double)] = [
            ("KIB", 1024), ("MIB", 1_048_576), ("GIB", 1_073_741_824), ("KB", 1e3), ("MB", 1e6), ("GB", 1e9), ("B", 1),
        ]
        let text = text.uppercased().filter { !$0.isWhitespace }
        let unit = units.first { text.hasSuffix($0.0) }
        guard let number = Double(text.dropLast(unit?.0.count ?? 0)), number >= 0, number * (unit?.1 ?? 1) < 1e15 else {
            throw ValidationError("\(option) is a size such as 500MB or 2GB.")
        }
        return Int(number * (unit?.1 ?? 1))
    }

    /// The checkpoint that `--resume` means: the file itself, or the one beside a session.
    var resumedFile: String? { resume.map { $0.hasSuffix(".safetensors") ? $0 : $0 + ".safetensors" } }

    /// The steps after which the run ends by itself.
    func maximumSteps(stepsPerEpoch: Int) throws -> Int? {
        guard let epochs else { return steps ?? (isWindowless ? atStep : nil) }
        let (product, overflow) = epochs.multipliedReportingOverflow(by: stepsPerEpoch)
        guard !overflow else { throw ValidationError("--epochs is too large.") }
        return product
    }

    /// What `--film` asks for of a run that begins at a step and may have a last one.
    func filmPlan(start: Int, last: Int?) -> FilmPlan? {
        film.map { path in
            let from = max(start, filmFrom ?? 0)
            return FilmPlan(
                path: path, figure: filmOf, steps: filmSteps ?? max(1, (last ?? from + 2500) - from), from: from)
        }
    }

    /// The size of a minibatch: `--batch`, or what is usual; all there is where that is less, which is said.
    public func minibatch(usual: Int, of count: Int, _ things: String) -> (size: Int, notes: [String]) {
        let wanted = batch ?? usual
        guard wanted > count, count > 0 else { return (wanted, []) }
        return (count, ["A minibatch is all \(count) \(things), not \(wanted): there are no more."])
    }

    /// The device to run on; which one and why is said on standard error.
    func chooseDevice() throws(CLMatError) -> Device {
        let (device, reason) = try Device.choose(device)
        if !quiet { StandardError.say("clmat: runs on \(device.summary): \(reason).") }
        return device
    }

    /// Whether the run was told how long to be: it goes on then after the last entry of a script.
    var hasLength: Bool { steps != nil || epochs != nil }

    /// Whether no window is wanted.
    var isWindowless: Bool { headless || screenshot != nil }

    /// Puts on what was asked for, chooses the preset, and sets what `--set` sets from the start. Returns what it sets later.
    ///
    /// - Parameter usual: the preset if none was asked for; what was chosen to be looked at stays then.
    func prepare(_ experiment: inout Experiment, preset usual: String? = nil) throws -> [Learner.Scheduled] {
        try experiment.attach(attachments)
        for id in mixinIDs { try experiment.add(mixin: id) }
        if let id = preset ?? usual {
            let note = try experiment.apply(preset: id, keepsView: preset == nil)
            if let note, !quiet { StandardError.say(note) }
        }
        for mixin in mixins {
            let parts = mixin.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, let info = experiment.dashboard.mixins.first(where: { $0.id == parts[0] }),
                let weight = experiment.dashboard.control(info.weight)
            else { continue }
            try experiment.set([weight.id: weight.parse(parts[1])])
        }
        // Linked first: setting either sets both.
        for link in links {
            let ids = link.split(separator: "=").map(String.init)
            try experiment.link(ids[0], to: ids[1])
        }
        let settings = try settings(of: experiment.dashboard)
        try experiment.set(settings.initial)
        return settings.scheduled
    }

    /// Ids of the criteria that `--mixin` adds.
    var mixinIDs: [String] { mixins.map { String($0.prefix { $0 != "=" }) } }

    /// Why there is no control of this id, where an option would bring it.
    private static func hint(_ id: String, _ dashboard: Dashboard) -> String? {
        if let mixin = dashboard.mixins.first(where: { !$0.isOn && $0.weight == id }) {
            return "'\(id)' belongs to a criterion that is not there: add it by --mixin \(mixin.id)=VALUE."
        }
        let owner = String(id.prefix { $0 != "." })
        guard owner != id, dashboard.attachments.contains(where: { !$0.isAttached && $0.id == owner }) else {
            return nil
        }
        return "'\(id)' belongs to an attachment that is not there: add it by --attach \(owner)."
    }

    /// What `--set` asks for, read as each control reads what a person types: from the start, or after some steps.
    private func settings(
        of dashboard: Dashboard
    ) throws -> (initial: [String: Double], scheduled: [Learner.Scheduled]) {
        var initial: [String: Double] = [:]
        var scheduled: [Learner.Scheduled] = []
        for setting in set {
            let parts = setting.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let value = parts[1].split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard let control = dashboard.control(parts[0]) else {
                if let hint = Self.hint(parts[0], dashboard) { throw CLMatError.dataMismatch(hint) }
                throw CLMatError.unknownName(kind: "control", name: parts[0], known: dashboard.controls.map(\.id))
            }
            let number = try control.parse(value[0])
            guard value.count == 2 else {
                initial[control.id] = number
                continue
            }
            guard let step = Int(value[1]), step >= 0 else {
                throw ValidationError("'\(value[1])' in --set \(setting) is not a number of steps.")
            }
            scheduled.append(.init(after: step, .set(control: control.id, to: number)))
        }
        return (initial, scheduled)
    }
}
