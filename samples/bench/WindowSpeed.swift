import CLMat
import CSDL2
import Exploration
import Foundation
import Models
import Synchronization
import Viewer

/// What a window takes from a model that learns behind it: the same steps without and with a window that nobody touches,
/// in turns, where the processor draws. And how many frames per second it draws meanwhile, and while a mouse moves over it.
struct WindowSpeed {
    let name: String
    let experiment: Experiment

    /// How long a run takes, without its first fifth, in which threads start and a window opens.
    private static let seconds = 10.0
    /// How long the mouse moves, and how long the window is looked at after.
    private static let mouse = (moves: 4.0, rests: 1.8)

    // MARK: - Models

    /// All of ``BenchModels``.
    static func measureAll(on device: Device, pairs: Int, _ add: (Row) -> Void) throws {
        func measure(_ name: String, _ make: () throws -> Experiment) throws {
            let experiment: Experiment
            do {
                experiment = try make()
            } catch let error as CLMatError {
                return try StandardOutput.say("window-\(name) is skipped. \(error)")
            }
            try WindowSpeed(name: name, experiment: experiment).measure(pairs: pairs).forEach(add)
        }
        try measure("ldam") { try BenchModels.ldam(on: device) }
        try measure("kmeans") { try BenchModels.kmeans(on: device) }
        try measure("nmf") { try BenchModels.nmf(on: device) }
        try measure("lda") { try BenchModels.lda(on: device) }
    }

    // MARK: - Measuring

    func measure(pairs: Int) throws -> [Row] {
        let steps = try stepsToDo()
        var (without, with, shares, frames): ([Double], [Double], [Double], [Double]) = ([], [], [], [])
        for _ in 0..<pairs {
            let alone = try run(steps: steps, window: nil)
            let watch = WindowWatch()
            let watched = try run(steps: steps, window: watch)
            without.append(alone)
            with.append(watched)
            shares.append(watched / alone)
            frames.append(watch.framesPerSecond(in: watch.measured))
        }
        let watch = WindowWatch(mouse: Self.mouse)
        _ = try run(steps: nil, window: watch)
        return [
            Row(
                name: "window-\(name)", clmat: with.median, peer: without.median, peerName: "without a window",
                unit: "steps/s", ownRatio: shares.median),
            Row(
                name: "window-\(name)-untouched", clmat: frames.median, peer: 10, peerName: "at most",
                unit: "frames/s"),
            Row(
                name: "window-\(name)-mouse", clmat: watch.framesPerSecond(in: watch.moving), peer: 25,
                peerName: "while the mouse moves", unit: "frames/s"),
            Row(
                name: "window-\(name)-after", clmat: watch.framesPerSecond(in: watch.resting), peer: 25,
                peerName: "in the \(Self.mouse.rests) s after; no more than steps", unit: "frames/s"),
        ]
    }

    /// As many steps as take ``seconds``.
    private func stepsToDo() throws -> Int {
        var options = Learner.Options()
        let clock = StepClock(from: 0, to: .max)
        options.recorder = clock
        let learner = try Learner(experiment, options: options)
        learner.start()
        Thread.sleep(forTimeInterval: 2)
        let (start, begin) = (learner.status.step, ContinuousClock.now)
        Thread.sleep(forTimeInterval: 2)
        let rate = Double(learner.status.step - start) / (ContinuousClock.now - begin).seconds
        learner.stop()
        learner.wait()
        if let error = learner.status.error { throw error }
        return max(10, Int(rate * Self.seconds))
    }

    /// Steps per second of a run of so many steps; of one that goes on until the watch has seen enough if nil.
    private func run(steps: Int?, window watch: WindowWatch?) throws -> Double {
        let clock = StepClock(from: (steps ?? 0) / 5, to: steps ?? .max)
        var options = Learner.Options(maximumSteps: steps)
        options.recorder = clock
        let learner = try Learner(experiment, options: options)
        learner.start()
        if let watch {
            watch.clock = clock
            try MainActor.assumeIsolated {
                var viewer = ViewerOptions(closesWhenFinished: true)
                viewer.everyFrame = { window in
                    watch.look(at: window)
                    if watch.hasSeenEnough { learner.stop() }
                }
                try Viewer.run(learner, options: viewer)
            }
            watch.end()
            learner.stop()
        }
        learner.wait()
        if let error = learner.status.error { throw error }
        return clock.rate
    }
}

/// When two of a run's steps were made.
private final class StepClock: Recorder {
    private let (first, last): (Int, Int)
    private let times = Mutex<(first: ContinuousClock.Instant?, last: ContinuousClock.Instant?)>((nil, nil))

    init(from first: Int, to last: Int) { (self.first, self.last) = (max(1, first), last) }

    func record(_ measurements: Measurements, at position: Position) {
        if position.step == first { times.withLock { $0.first = .now } }
        if position.step == last { times.withLock { $0.last = .now } }
    }
    func record(_ command: LoggedCommand) {}
    func abandon() {}
    func end(at position: Position, _ concluded: Measurements) {}

    /// Steps per second from the one to the other.
    var rate: Double {
        let times = times.withLock { $0 }
        guard let start = times.first, let end = times.last else { return .nan }
        return Double(last - first) / (end - start).seconds
    }

    /// The time from the first one to now, or to the last one.
    var measured: ClosedRange<ContinuousClock.Instant>? {
        let times = times.withLock { $0 }
        guard let start = times.first else { return nil }
        return start...max(start, times.last ?? .now)
    }
}

/// Counts a window's frames, and moves a mouse over it.
///
/// `@unchecked Sendable`: it is used on the window's thread alone, but for the mouse, which shares an atomic.
private final class WindowWatch: @unchecked Sendable {
    var clock: StepClock?
    private(set) var measured: ClosedRange<ContinuousClock.Instant>?
    private(set) var moving: ClosedRange<ContinuousClock.Instant>?
    private(set) var resting: ClosedRange<ContinuousClock.Instant>?
    private(set) var hasSeenEnough = false

    private var frames: [ContinuousClock.Instant] = []
    private let mouse: (moves: Double, rests: Double)?
    private var begin: ContinuousClock.Instant?
    private let isMoving = Atomic<Bool>(false)

    init(mouse: (moves: Double, rests: Double)? = nil) { self.mouse = mouse }

    @MainActor func look(at window: OpenWindow) {
        let now = ContinuousClock.now
        while frames.count < window.framesDrawn { frames.append(now) }
        measured = clock?.measured
        guard let mouse else { return }
        guard let begin else {
            self.begin = now
            return
        }
        // The window is open and its fonts are made.
        let start = begin + .seconds(3)
        let end = start + .seconds(mouse.moves)
        if now > start, moving == nil {
            moving = start...end
            resting = end...(end + .seconds(mouse.rests))
            move()
        }
        if now > end { isMoving.store(false, ordering: .relaxed) }
        hasSeenEnough = now > end + .seconds(mouse.rests)
    }

    func end() { isMoving.store(false, ordering: .relaxed) }

    /// Over all of the window, sixty times per second.
    private func move() {
        isMoving.store(true, ordering: .relaxed)
        Thread.detachNewThread { [self] in
            var time = 0.0
            while isMoving.load(ordering: .relaxed) {
                var event = SDL_Event()
                event.motion.type = SDL_MOUSEMOTION.rawValue
                event.motion.x = Int32(800 + 780 * sin(time * 1.3))
                event.motion.y = Int32(500 + 480 * sin(time * 1.7))
                SDL_PushEvent(&event)
                time += 1.0 / 60
                Thread.sleep(forTimeInterval: 1.0 / 60)
            }
        }
    }

    func framesPerSecond(in range: ClosedRange<ContinuousClock.Instant>?) -> Double {
        guard let range else { return .nan }
        return Double(frames.count { range.contains($0) }) / (range.upperBound - range.lowerBound).seconds
    }
}

/// A display for windows that nobody sees, where there is no other: Xvfb.
final class VirtualDisplay {
    private let server = Process()
    /// Open as long as the server, which writes to it more than once.
    private let answer = Pipe()

    /// - Throws: if Xvfb is not there, or does not come up.
    init() throws {
        let paths = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/Xvfb" }
        guard let path = paths.first(where: FileManager.default.isExecutableFile) else {
            throw CLMatError.fileMissing(path: "Xvfb", hint: "apt-get install xvfb, or set DISPLAY.")
        }
        server.executableURL = URL(fileURLWithPath: path)
        // It would begin anew whenever a window is closed, and refuse one that opens meanwhile.
        server.arguments = ["-displayfd", "1", "-screen", "0", "1680x1050x24", "-nolisten", "tcp", "-noreset"]
        server.standardOutput = answer
        server.standardError = FileHandle.nullDevice
        try server.run()
        var words = ""
        while !words.hasSuffix("\n") {
            let more = answer.fileHandleForReading.availableData
            guard !more.isEmpty else { throw CLMatError.windowUnavailable(reason: "Xvfb did not start") }
            words += String(decoding: more, as: UTF8.self)
        }
        let number = words.trimmingCharacters(in: .whitespacesAndNewlines)
        setenv("DISPLAY", ":\(number)", 1)
    }

    deinit {
        server.terminate()
        server.waitUntilExit()
    }

    /// One, if none is there to be used.
    static func ifNeeded() throws -> VirtualDisplay? {
        // The processor draws, whatever card there is.
        setenv("SDL_RENDER_DRIVER", "software", 1)
        return MainActor.assumeIsolated { Viewer.canOpenWindow } ? nil : try VirtualDisplay()
    }
}
