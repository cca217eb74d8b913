import CSDL2
import Exploration
import Foundation
import Testing

@testable import Viewer

/// A window on a fake learner under SDL's dummy driver, and a person's hands on it.
///
/// The window goes by a clock that the hands move on: half a second before each click, so that two of them are no double
/// click, and a frame at a time while the learner is waited for.
@MainActor final class Hands {
    let learner: Learner
    let window: ViewerWindow
    let clock = TestClock()
    var view: DashboardView { window.dashboardView }

    init(
        _ options: ViewerOptions = ViewerOptions(), failsAt: Int? = nil, stepSeconds: Double = 0,
        run: (inout Learner.Options) -> Void = { _ in }
    ) throws {
        setenv("SDL_VIDEODRIVER", "dummy", 1)
        var runOptions = Learner.Options()
        run(&runOptions)
        learner = try FakeModel.learner(runOptions, failsAt: failsAt, stepSeconds: stepSeconds)
        learner.start(paused: true)
        window = try ViewerWindow(learner, options, clock: clock)
        window.places = [:]
        window.settle()
    }

    /// On a learner that was started.
    init(on learner: Learner, _ options: ViewerOptions = ViewerOptions()) throws {
        setenv("SDL_VIDEODRIVER", "dummy", 1)
        self.learner = learner
        window = try ViewerWindow(learner, options, clock: clock)
        window.places = [:]
        window.settle()
    }

    func finish() {
        learner.stop()
        learner.wait()
    }

    /// Has the run go on to a step, and wait there.
    func run(to step: Int) {
        learner.send(.step(step - learner.status.step))
        #expect(wait { view.now == step && learner.status.isPaused })
    }

    // MARK: Mouse and keys, as SDL events

    func move(to point: Point) {
        var event = SDL_Event()
        event.motion.type = SDL_MOUSEMOTION.rawValue
        (event.motion.x, event.motion.y) = (Int32(point.x), Int32(point.y))
        SDL_PushEvent(&event)
        window.settle()
    }

    func button(_ isDown: Bool, at point: Point, _ which: Int32 = SDL_BUTTON_LEFT) {
        var event = SDL_Event()
        event.button.type = (isDown ? SDL_MOUSEBUTTONDOWN : SDL_MOUSEBUTTONUP).rawValue
        event.button.button = UInt8(which)
        (event.button.x, event.button.y) = (Int32(point.x), Int32(point.y))
        SDL_PushEvent(&event)
        window.settle()
    }

    /// Lets time pass, as much as it takes until what comes next belongs to nothing before.
    func rest(_ seconds: Double = 0.5) {
        clock.advance(by: seconds)
        window.settle()
    }

    func click(_ point: Point) {
        rest()
        press(point)
    }

    /// A second click follows the first one at once.
    func doubleClick(_ point: Point) {
        click(point)
        press(point)
    }

    /// A click, whatever was before.
    func press(_ point: Point) {
        move(to: point)
        button(true, at: point)
        button(false, at: point)
    }

    func rightClick(_ point: Point) {
        rest()
        move(to: point)
        button(true, at: point, SDL_BUTTON_RIGHT)
        button(false, at: point, SDL_BUTTON_RIGHT)
    }

    func wheel(_ amount: Int32, at point: Point) {
        move(to: point)
        var event = SDL_Event()
        event.wheel.type = SDL_MOUSEWHEEL.rawValue
        event.wheel.y = amount
        SDL_PushEvent(&event)
        window.settle()
    }

    func drag(from start: Point, to end: Point) {
        rest()
        move(to: start)
        button(true, at: start)
        for part: Float in [0.25, 0.5, 0.75, 1] {
            move(to: Point(start.x + (end.x - start.x) * part, start.y + (end.y - start.y) * part))
        }
        button(false, at: end)
    }

    func press(_ key: SDL_KeyCode, _ scancode: SDL_Scancode, shift: Bool = false, control: Bool = false) {
        for type in [SDL_KEYDOWN, SDL_KEYUP] {
            var event = SDL_Event()
            event.key.type = type.rawValue
            event.key.keysym.sym = Int32(bitPattern: key.rawValue)
            event.key.keysym.scancode = scancode
            event.key.keysym.mod =
                (shift ? UInt16(KMOD_LSHIFT.rawValue) : 0) | (control ? UInt16(KMOD_LCTRL.rawValue) : 0)
            SDL_PushEvent(&event)
            window.settle()
        }
    }

    func type(_ text: String) {
        var event = SDL_Event()
        event.text.type = SDL_TEXTINPUT.rawValue
        withUnsafeMutableBytes(of: &event.text.text) { $0.copyBytes(from: text.utf8.prefix(31)) }
        SDL_PushEvent(&event)
        window.settle()
    }

    func enter() { press(SDLK_RETURN, SDL_SCANCODE_RETURN) }

    // MARK: Widgets by name

    /// Where a window or a widget is: `WidgetNames.swift` says what they are called.
    func place(_ name: String) throws -> Box {
        guard let box = window.places?[name] else {
            throw NotDrawn(name: name, drawn: window.places?.keys.sorted() ?? [])
        }
        return box
    }

    func isDrawn(_ name: String) -> Bool { window.places?[name] != nil }

    struct NotDrawn: Error, CustomStringConvertible {
        let name: String
        let drawn: [String]

        var description: String { "There is no '\(name)' in the window. There are \(drawn.joined(separator: ", "))." }
    }

    func click(_ name: String) throws { click(try place(name).middle) }
    func doubleClick(_ name: String) throws { doubleClick(try place(name).middle) }
    func rightClick(_ name: String) throws { rightClick(try place(name).middle) }
    func move(to name: String) throws { move(to: try place(name).middle) }

    // MARK: Looking

    func picture() throws -> Picture { try window.picture() }

    /// Draws until `condition` holds, which the learner's thread brings about.
    ///
    /// Patience is counted in frames, not in seconds: on a busy machine frames take as much longer as the learner's steps
    /// do. It is more than any test needs, and finite: a condition that never holds fails its test and hangs nothing. On the
    /// window's clock a second passes at most, after which a click is sent and a caption that waits is new, but words in the
    /// status line are still there.
    ///
    /// - Parameter draws: whether frames are drawn meanwhile.
    /// - Returns: false if it was in vain.
    func wait(drawing draws: Bool = true, until condition: () -> Bool) -> Bool {
        for frame in 0..<5000 {
            if condition() { return true }
            // Gives the processor to the learner, where there is one.
            usleep(1000)
            if draws, frame < 60 { clock.advance(by: 1.0 / 60) }
            if draws { window.settle() }
        }
        return condition()
    }
}

extension Box {
    var middle: Point { Point(midX, midY) }
}

extension FigureView {
    /// The renderer, if it is of this type.
    func drawn<Renderer: FigureRenderer>(by _: Renderer.Type) -> Renderer? {
        (renderer as? KeptRenderer<Renderer>)?.renderer
    }

    var texture: Texture? { drawn(by: ImageGridRenderer.self)?.texture }

    /// The cell of a grid that is shown large.
    var enlarged: Int? { window == nil ? nil : drawn(by: ImageGridRenderer.self)?.enlarged }
}
