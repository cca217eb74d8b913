import CLMat
import Dispatch
import Exploration
import Foundation
import Synchronization

/// What is filmed, and how.
public struct FilmPlan: Sendable, Equatable {
    /// A .mp4, .webm or .gif file, which `ffmpeg` makes, or a folder that gets `00001.png` and so on.
    public var path: String
    /// The figure; nil for the first of those that are shown when a person first sees the model.
    public var figure: String?
    /// How many steps the film shows.
    public var steps: Int
    /// The step at which it begins, at the earliest.
    public var from: Int

    /// A film of so many steps.
    public init(path: String, figure: String? = nil, steps: Int, from: Int = 0) {
        (self.path, self.figure, self.steps, self.from) = (path, figure, max(1, steps), from)
    }

    /// How long a film is, in seconds, and how many pictures it has in each of them, if there are enough steps.
    static let seconds = 10.0
    static let mostFrames = 250

    /// It has a frame in so many steps.
    public var stepsPerFrame: Int { max(1, (steps + Self.mostFrames - 1) / Self.mostFrames) }
    var frames: Int { steps / stepsPerFrame }
    var framesPerSecond: Double { min(25, max(1, (Double(frames) / Self.seconds).rounded())) }
}

/// A film of a figure of a learner, made while the run goes on.
///
/// The learner's thread computes what the figure shows, the main thread draws it, a queue of its own encodes: the learner waits only
/// where frames come faster than they are drawn. If it fails, the run goes on.
///
/// ```swift
/// let film = try Film(FilmPlan(path: "samples.mp4", steps: 500), of: learner)
/// while !learner.status.isFinished { film.serve() }
/// try film.finish()
/// ```
public final class Film: Sendable {
    /// What is filmed.
    public let plan: FilmPlan
    private let learner: Learner
    private let figure: FigureInfo
    private let options: ViewerOptions
    private let queue = DispatchQueue(label: "film")
    /// Of pictures that may wait. It begins at 0 and is raised: a film may go while some wait, and a semaphore must not end below
    /// what it began with.
    private let room = DispatchSemaphore(value: 0)
    private static let most = 8
    private let state: Mutex<State>
    @MainActor private var camera: FigureCamera?

    private struct Shot: Sendable {
        let content: any FigureContent
        let step: Int
    }

    private struct State {
        /// Steps that were made since it began; nil before.
        var made: Int?
        var taken = 0
        /// Pictures that ffmpeg has taken.
        var written = 0
        var shots: [Shot] = []
        /// All frames were taken, or nothing more is wanted.
        var isOver = false
        var error: CLMatError?
        var isFinished = false
        var writer: Box
    }

    /// The writer is used on the queue only.
    private final class Box: @unchecked Sendable {
        let writer: FilmWriter
        init(_ writer: FilmWriter) { self.writer = writer }
    }

    /// Whether a film could be made here.
    ///
    /// - Throws: ``/CLMat/CLMatError/fileNotWritable(path:reason:)``, with how to install `ffmpeg` where it is missing.
    public static func check(_ path: String) throws(CLMatError) { try FilmFile.check(path) }

    /// Whether a name means a file, and not a folder of frames.
    public static func isFile(_ path: String) -> Bool { (try? FilmFile.kind(of: path)) ?? nil != nil }

    /// Whether `ffmpeg` is installed.
    public static var canEncode: Bool { FilmFile.ffmpeg != nil }

    /// The figure that a film shows if none is named.
    ///
    /// - Throws: ``/CLMat/CLMatError/unknownName(kind:name:known:)``.
    public static func figure(_ id: String?, of dashboard: Dashboard) throws(CLMatError) -> FigureInfo {
        let figures = dashboard.figures
        let wanted =
            id.map { id in figures.first { $0.id == id } } ?? figures.first(where: \.isShownAtStart) ?? figures.first
        guard let wanted, id == nil || wanted.id == id else {
            throw .unknownName(kind: "figure", name: id ?? "", known: figures.map(\.id))
        }
        return wanted
    }

    /// Begins with the next step of the learner, or when the plan says.
    ///
    /// - Throws: ``/CLMat/CLMatError/unknownName(kind:name:known:)`` for a figure that is not there,
    ///   ``/CLMat/CLMatError/fileNotWritable(path:reason:)``.
    public init(_ plan: FilmPlan, of learner: Learner, options: ViewerOptions = ViewerOptions()) throws(CLMatError) {
        let figure = try Self.figure(plan.figure, of: learner.dashboard)
        (self.plan, self.learner, self.figure, self.options) = (plan, learner, figure, options)
        state = Mutex(State(writer: Box(try FilmWriter(plan.path, framesPerSecond: plan.framesPerSecond))))
        for _ in 0..<Self.most { room.signal() }
        learner.watchSteps { [self] position in step(position) }
    }

    /// On the learner's thread, after each step. Returns whether it wants more.
    private func step(_ position: Position) -> Bool {
        let isDue = state.withLock { state -> Bool? in
            if state.isOver { return nil }
            guard position.step > plan.from else { return false }
            let made = (state.made ?? 0) + 1
            state.made = made
            return made % plan.stepsPerFrame == 0
        }
        guard let isDue else { return false }
        guard isDue else { return true }
        do {
            let content = try learner.contentNow(of: figure.id)
            var waited = 0.0
            while room.wait(timeout: .now() + 0.1) != .success {
                if isOver { return false }
                waited += 0.1
                if waited > FilmWriter.patience { giveUp() }
            }
            return state.withLock { state in
                guard !state.isOver else { return false }
                state.shots.append(Shot(content: content, step: position.step))
                state.taken += 1
                if state.taken >= plan.frames { state.isOver = true }
                return !state.isOver
            }
        } catch {
            fail(error as? CLMatError ?? .invalidArgument(operation: "film", problem: "\(error)"))
            return false
        }
    }

    private func fail(_ error: CLMatError) {
        state.withLock { state in
            state.error = state.error ?? error
            (state.isOver, state.shots) = (true, [])
        }
    }

    /// What makes the film takes no pictures any more.
    private func giveUp() {
        let writer = state.withLock { $0.writer.writer }
        fail(
            .fileNotWritable(
                path: plan.path, reason: "ffmpeg has taken no picture for \(Int(FilmWriter.patience)) seconds"))
        writer.kill()
    }

    /// Does something on the queue, and waits for it as long as pictures are taken.
    private func onQueue<Value: Sendable>(_ body: @escaping @Sendable (Box) -> Value) -> Value {
        let box = state.withLock { $0.writer }
        let done = DispatchSemaphore(value: 0)
        let result = Mutex<Value?>(nil)
        queue.async {
            let value = body(box)
            result.withLock { $0 = value }
            done.signal()
        }
        var (waited, taken) = (0.0, -1)
        while done.wait(timeout: .now() + 0.5) != .success {
            let now = state.withLock { $0.written }
            (waited, taken) = now == taken ? (waited + 0.5, taken) : (0, now)
            if waited > FilmWriter.patience {
                giveUp()
                waited = 0
            }
        }
        // It was set before the signal.
        return result.withLock { $0 } ?? body(box)
    }

    private var isOver: Bool { state.withLock { $0.isOver } }

    /// Draws the frames that wait. To be called often, and while nothing else is drawn. Returns whether there were any.
    @MainActor @discardableResult public func serve() -> Bool {
        let (shots, box) = state.withLock { state in
            defer { state.shots = [] }
            return (state.shots, state.writer)
        }
        let camera = camera ?? FigureCamera(figure, options)
        self.camera = camera
        for shot in shots {
            do throws(CLMatError) {
                let picture = try camera.picture(of: shot.content, at: shot.step)
                queue.async { [self] in
                    defer { room.signal() }
                    guard state.withLock({ $0.error }) == nil else { return }
                    do throws(CLMatError) {
                        try box.writer.add(picture)
                        state.withLock { $0.written += 1 }
                    } catch {
                        fail(error)
                    }
                }
            } catch {
                fail(error)
                room.signal()
            }
        }
        return !shots.isEmpty
    }

    /// Whether all frames were taken and drawn, or it failed: ``finish()`` is due.
    public var isDone: Bool { state.withLock { $0.isOver && $0.shots.isEmpty } }
    /// Whether ``finish()`` was called.
    public var isFinished: Bool { state.withLock { $0.isFinished } }
    /// Frames taken, and how many there are to be.
    public var progress: (taken: Int, of: Int) { state.withLock { ($0.taken, plan.frames) } }

    /// Ends the film with the frames that there are, and waits until it is written.
    ///
    /// - Returns: how many frames it has; 0 if there is no film, as no step was made.
    /// - Throws: what was wrong with it: ``/CLMat/CLMatError/fileNotWritable(path:reason:)`` with the words of `ffmpeg`.
    @MainActor @discardableResult public func finish() throws(CLMatError) -> Int {
        state.withLock { state in
            (state.isOver, state.isFinished) = (true, true)
        }
        serve()
        let result = onQueue { [self] box -> Result<Int, CLMatError> in
            if let error = state.withLock({ $0.error }) {
                box.writer.abandon()
                return .failure(error)
            }
            do throws(CLMatError) {
                try box.writer.end()
                return .success(box.writer.frames)
            } catch {
                return .failure(state.withLock { $0.error } ?? error)
            }
        }
        return try result.get()
    }
}
