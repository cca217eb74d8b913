import CSDL2
import Exploration
import Foundation
import Testing

@testable import Viewer

/// A window on a fake learner under SDL's dummy driver, and a person's hands on it.
@MainActor final class Hands {
    let learner: Learner
    let window: ViewerWindow
    var desk: Desk { window.desk }

    init(
        _ options: ViewerOptions = ViewerOptions(), failsAt: Int? = nil, stepSeconds: Double = 0,
        run: (inout Learner.Options) -> Void = { _ in }
    ) throws {
        setenv("SDL_VIDEODRIVER", "dummy", 1)
        var runOptions = Learner.Options()
        run(&runOptions)
        learner = try FakeModel.learner(runOptions, failsAt: failsAt, stepSeconds: stepSeconds)
        learner.start(paused: true)
        window = try ViewerWindow(learner, options)
        window.settle()
    }

    /// On a learner that was started.
    init(on learner: Learner) throws {
        setenv("SDL_VIDEODRIVER", "dummy", 1)
        self.learner = learner
        window = try ViewerWindow(learner, ViewerOptions())
        window.settle()
    }

    func finish() {
        learner.stop()
        learner.wait()
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

    func click(_ point: Point) {
        move(to: point)
        button(true, at: point)
        button(false, at: point)
    }

    func rightClick(_ point: Point) {
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

    // MARK: Looking

    func picture() throws -> Picture { try window.picture() }

    /// Draws until `condition` holds; false after five seconds.
    func wait(until condition: () -> Bool) -> Bool {
        let deadline = ContinuousClock().now + .seconds(5)
        while !condition() {
            if ContinuousClock().now > deadline { return false }
            Thread.sleep(forTimeInterval: 0.002)
            window.settle()
        }
        return true
    }

    /// The track of the slider that is first in its panel.
    func firstTrack() throws -> Box {
        let box = try #require(desk.box(of: .controls("")))
        return Box(box.x + 13, box.y + 36 + 24, box.width - 26, 4)
    }

    /// Where the value of that slider is written.
    func firstValue() throws -> Point {
        let track = try firstTrack()
        return Point(track.maxX - 8, track.y - 17)
    }

    func cell(_ index: Int) throws -> Box {
        let box = try #require(desk.box(of: .figure("grid")))
        return GridLayout(FakeModel.grid, in: box.inset(13, 36, 13, 12)).cell(index)
    }

    func closeButton(_ panel: Panel) throws -> Point {
        let box = try #require(desk.box(of: panel))
        return Point(box.maxX - 18, box.y + 17)
    }
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
