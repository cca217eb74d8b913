import CLMat
import Exploration
import Foundation
import Models
import Viewer

/// A criterion and a kind of figure of one's own, added to a network of CLMat that learns already.
@main @MainActor enum Program {
    static func main() {
        Descriptors.prepare()
        let options = Options(CommandLine.arguments.dropFirst())
        do {
            if options.wantsHelp { return try StandardOutput.say(Options.help) }
            Viewer.register(SpectrumRenderer.self)
            if let file = options.replay { try replay(file) } else { try run(options) }
        } catch {
            StandardError.say("extension: \(error)")
            exit(1)
        }
    }

    // MARK: - A run

    private static func run(_ options: Options) throws {
        if !options.isHeadless, let reason = Viewer.obstacle { throw CLMatError.windowUnavailable(reason: reason) }
        for file in [options.screenshot, options.figure].compactMap(\.self) { try Files.checkWritable(file) }
        let device = try Device.default
        let experiment = try experiment(on: options.data, device)

        var choices = Learner.Options(maximumSteps: options.lastStep, device: device.summary)
        choices.staysAtTheEnd = !options.isHeadless
        if let file = options.play {
            let script = try Script(reading: file)
            guard !(script.endsPaused && options.isHeadless) else {
                throw CLMatError.fileDamaged(path: file, place: "its end", problem: "it pauses, and nobody could go on")
            }
            choices.director = ScriptPlayer(
                script, host: Prompter(), endsTheRun: options.isHeadless && options.steps == nil)
        }
        if let file = options.save {
            let header = SessionFile.Header(
                of: experiment, model: "extension", device: device.name, threads: Device.cpu.computeUnits,
                instructions: Device.cpu.details, arguments: ["--data", options.data])
            choices.recorder = try SessionWriter(writing: file, header: header)
        }
        let learner = try Learner(experiment, options: choices)

        // Some steps, so that what comes then comes to a model that learns already.
        let first = min(10, options.lastStep ?? 10)
        learner.start(paused: true)
        learner.send(.step(first))
        while learner.status.step < first, !learner.status.isFinished { Thread.sleep(forTimeInterval: 0.002) }
        try learner.register(Orthogonality())
        try learner.add(Figure.spectrum)
        if options.play == nil { learner.send(.addMixin("orthogonality")) }
        learner.send(.resume)

        if options.isHeadless {
            while !learner.status.isFinished { Thread.sleep(forTimeInterval: 0.02) }
        } else {
            try Viewer.run(learner, options: ViewerOptions(layoutName: "extension"))
        }
        // A picture that cannot be written does not keep the session from its end.
        let pictures = Result { if learner.status.error == nil { try writePictures(of: learner, options) } }
        learner.stop()
        learner.wait()
        if let error = learner.status.error ?? learner.status.recordingError { throw error }
        try pictures.get()
        try tellResult(of: learner)
    }

    private static func writePictures(of learner: Learner, _ options: Options) throws {
        if let file = options.screenshot { try Viewer.screenshot(of: learner, to: file) }
        if let file = options.figure { try Viewer.writePNG(ofFigure: "spectrum", of: learner, to: file) }
    }

    private static func tellResult(of learner: Learner) throws {
        let values = learner.timeline.lastValues
        try StandardOutput.say("\(learner.title), step \(grouped(learner.status.step))")
        for metric in learner.dashboard.metrics {
            if let value = values[metric.id] { try StandardOutput.say("  \(metric.title): \(format(value))") }
        }
    }

    // MARK: - The same run again

    private static func replay(_ file: String) throws {
        let session = try SessionFile(reading: file)
        guard session.header.model == "extension" else {
            throw CLMatError.dataMismatch("\(file) is a session of '\(session.header.model)', not of this program.")
        }
        let device = try Device.choose(session.header.device).device
        var experiment = try experiment(on: Options(session.header.arguments[...]).data, device)
        guard experiment.dataChecksum == session.header.dataChecksum else {
            throw CLMatError.dataMismatch("The data are not those of \(file): their checksum differs.")
        }
        // What the session's commands will ask for.
        try experiment.register(Orthogonality())
        try experiment.add(Figure.spectrum)
        try experiment.begin(as: session.header)

        let replay = Replay(session, tolerance: 0)
        var choices = Learner.Options(device: device.summary)
        (choices.director, choices.recorder) = (replay, replay)
        let learner = try Learner(experiment, options: choices)
        learner.start()
        learner.wait()
        if let error = learner.status.error { throw error }
        let report = replay.report
        let made = "\(report.steps) steps, \(report.commands) commands, \(report.values) values"
        if report.isSame { return try StandardOutput.say("\(made): all the same, bit for bit.") }
        let first = report.first.map { "\($0.metric) was \($0.recorded) at step \($0.step) and is \($0.found)" }
        throw CLMatError.dataMismatch("\(made): \(report.differences) differ. First \(first.joined(separator: ", ")).")
    }

    // MARK: - The model and its data

    /// LeNet-5 with the dense layers of the original, 120 and 84.
    private static func experiment(on data: String, _ device: Device) throws -> Experiment {
        let data = try data == "made-up" ? madeUpData() : ImageDataSet.load(data)
        let network = try Network(
            input: data.shape,
            layers: [
                ("conv1", Convolution2D(filters: 20, kernel: 5)), ("pool1", MaxPool2D(2)),
                ("conv2", Convolution2D(filters: 50, kernel: 5)), ("pool2", MaxPool2D(2)),
                ("dense1", Dense(120)), ("relu1", Activation.relu),
                ("dense2", Dense(84)), ("relu2", Activation.relu),
                ("output", Dense(data.classNames.count)),
            ],
            seed: 1, on: device)
        let trainer = try NetworkTrainer(
            network, title: "LeNet-5", test: data.test, defaults: .init(averagingWindow: 300))
        let batches = try ImageBatches(data.train, name: data.title, batchSize: min(50, data.train.count), on: device)
        return try Experiment(trainer, data: batches)
    }

    /// A bright bar for each of eight classes, with noise.
    private static func madeUpData() throws -> ImageDataSet {
        func images(_ count: Int, _ name: String, stream: UInt32) throws -> LabelledImages {
            let shape = ImageShape(height: 16, width: 16)
            let noise = try Matrix(
                uniform: 0...150, RandomKey(seed: 1, stream: stream), Shape(count, shape.count), on: .cpu)
            var pixels = try noise.values.map { UInt8($0) }
            let labels = (0..<count).map { UInt8($0 % 8) }
            for (image, label) in labels.enumerated() {
                let bar = image * shape.count + 2 * Int(label) * shape.width
                for pixel in bar..<bar + shape.width { pixels[pixel] = 200 }
            }
            return try LabelledImages(
                name: name, shape: shape, pixels: pixels, labels: labels, classNames: (1...8).map { "bar \($0)" })
        }
        return try ImageDataSet(
            name: "made-up", title: "made-up bars", train: images(400, "training", stream: 1),
            test: images(80, "test", stream: 2))
    }
}

/// Tells what a script says. Panels and pictures are the program's own affair.
private struct Prompter: ScriptHost {
    func say(_ text: String) { StandardError.say(text) }
    func add(panel: String) throws(CLMatError) { try refuse("panels") }
    func remove(panel: String) throws(CLMatError) { try refuse("panels") }
    func screenshot(to path: String) throws(CLMatError) { try refuse("pictures; --screenshot takes one at the end") }

    private func refuse(_ what: String) throws(CLMatError) {
        throw .invalidArgument(operation: "play", problem: "This program's scripts have no \(what).")
    }
}

private struct Options {
    static let help = """
        extension: a window on LeNet-5, which is given a criterion and a figure of this package's own while it learns.
          --data NAME         fashion-mnist (default), mnist, a folder, or made-up, which needs no files
          --steps N           ends the run after N steps
          --headless          without a window: 300 steps, or until a script ends
          --play FILE         does what a script says
          --save FILE         records the session
          --screenshot FILE   writes a picture of the window at the end
          --figure FILE       writes a picture of the figure alone at the end
          --replay FILE       does a recorded session again, and compares every number
        """

    var data = "fashion-mnist"
    var steps: Int?
    var isHeadless = false
    var play: String?
    var save: String?
    var screenshot: String?
    var figure: String?
    var replay: String?
    var wantsHelp = false

    /// Where the run ends by itself: without a window, somebody has to say so.
    var lastStep: Int? { steps ?? (isHeadless && play == nil ? 300 : nil) }

    /// Ends the program if it was asked for what it does not have.
    init(_ arguments: ArraySlice<String>) {
        var left = arguments
        func value(of option: String) -> String {
            guard let value = left.popFirst() else { Self.end("\(option) needs a value") }
            return value
        }
        while let option = left.popFirst() {
            switch option {
            case "--data": data = value(of: option)
            case "--steps":
                let text = value(of: option)
                guard let number = Int(text), number > 0 else {
                    Self.end("--steps needs a number above 0, not \(text)")
                }
                steps = number
            case "--headless": isHeadless = true
            case "--play": play = value(of: option)
            case "--save": save = value(of: option)
            case "--screenshot": screenshot = value(of: option)
            case "--figure": figure = value(of: option)
            case "--replay": replay = value(of: option)
            case "--help", "-h": wantsHelp = true
            default: Self.end("there is no option \(option)")
            }
        }
        // The session says how the run was.
        if replay != nil, arguments.count > 2 { Self.end("--replay goes with no other option") }
    }

    private static func end(_ problem: String) -> Never {
        StandardError.say("extension: \(problem).\n\(Self.help)")
        exit(64)
    }
}
