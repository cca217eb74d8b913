import CImGui
import CLMat
import CSDL2
import Exploration
import Foundation

/// A dashboard on a surface: takes events, decides when to draw, draws.
@MainActor final class ViewerWindow {
    let dashboardView: DashboardView
    let surface: Surface
    private(set) var isClosed = false

    private var events: [SDL_Event] = []
    /// Frames to draw whatever the learner does: an item under the mouse answers in the frame after the event.
    private var framesOwed = 3
    private var lastFrame: ContinuousClock.Instant?
    private let clock: any WindowClock
    /// When the mouse or a key acted last.
    private var lastInput: ContinuousClock.Instant?
    /// When fonts may be built with more letters: where new ones come with every step, not for each of them.
    private var lettersDue: ContinuousClock.Instant?
    /// Counts how often letters, or words about them, made the next frame look different.
    private var lettersVersion = 0
    /// How many times as long as the fonts took they stay as they are.
    private static let lettersPatience = 8.0
    /// Picture of the frame that is drawn next, if one is wanted.
    private var pictures: [(Result<Picture, CLMatError>) -> Void] = []

    init(_ learner: Learner, _ options: ViewerOptions, on surface: Surface, clock: any WindowClock = WallClock()) {
        dashboardView = DashboardView(learner, options, clock)
        self.surface = surface
        self.clock = clock
    }

    /// Opens a window for a learner.
    convenience init(
        _ learner: Learner, _ options: ViewerOptions, clock: any WindowClock = WallClock()
    ) throws(CLMatError) {
        let theme: Theme = options.theme == .dark ? .dark : .light
        let surface = try Surface(
            title: options.title ?? learner.title, width: options.width, height: options.height, theme: theme)
        self.init(learner, options, on: surface, clock: clock)
    }

    // MARK: Loop

    /// Runs until the window is closed.
    func run() {
        var isPictureDue = dashboardView.options.screenshot != nil
        var finishedAt: ContinuousClock.Instant?
        var start = StartMeter()
        let signals = ClosingSignals()
        while !isClosed {
            wait()
            takeEvents()
            dashboardView.learner.followFigures(isFollowed)
            // Whoever asks by a signal is not there to answer.
            if signals.hasCome { isClosed = true }
            dashboardView.options.everyFrame?(OpenWindow(dashboardView: dashboardView))
            // A window that is not seen draws nothing, but its goals hold.
            if !surface.isVisible { dashboardView.goals.watchGoals() }
            if needsFrame() {
                draw()
                start.noteFrame(pictures: dashboardView.figurePanels.shownStep)
            }
            let isFinished = dashboardView.status.isFinished
            if isFinished, isPictureDue, dashboardView.figurePanels.areCurrent(at: dashboardView.status.step),
                let path = dashboardView.options.screenshot
            {
                isPictureDue = false
                save(to: path)
            }
            if isFinished, finishedAt == nil { finishedAt = clock.now }
            if let finishedAt, dashboardView.options.closesWhenFinished {
                // A figure that takes too long does not keep the window open.
                isClosed = isClosed || !isPictureDue || (clock.now - finishedAt).seconds > 30
            }
        }
        if isPictureDue, let path = dashboardView.options.screenshot { save(to: path) }
        dashboardView.filmMaker.finish()
        dashboardView.profilePanel.setProfiling(false)
        dashboardView.learner.followFigures(false)
        dashboardView.statusLine.meter.tell()
    }

    /// Sleeps until there is an event, or until the learner may have something new to show.
    private func wait() {
        guard events.isEmpty else { return }
        let status = dashboardView.learner.status
        let isIdle = (status.isPaused || status.isFinished) && framesOwed == 0
        var pause = isIdle ? 0.1 : interval
        if let lastFrame { pause = min(max(pause - (clock.now - lastFrame).seconds, 0), pause) }
        // Where nothing is new when it could be drawn, as in a step that takes long, it is asked for again a little later.
        pause = max(pause, isIdle ? 0.03 : 0.01)
        var event = SDL_Event()
        if SDL_WaitEventTimeout(&event, Int32((pause * 1000).rounded(.up))) != 0 { events.append(event) }
    }

    /// The shortest time between two frames.
    var interval: Double {
        if !surface.isVisible { return 0.25 }
        guard surface.isSoftware else { return 1.0 / 60 }
        let meter = dashboardView.statusLine.meter
        if framesOwed > 0 { return meter.answerInterval }
        return isFollowed ? DrawingMeter.followingInterval : meter.restingInterval
    }

    /// Whether a person acts, or did just now.
    private var isFollowed: Bool { lastInput.map { (clock.now - $0).seconds < DrawingMeter.attention } ?? false }

    private func needsFrame() -> Bool {
        guard surface.isVisible else { return false }
        if let lastFrame, (clock.now - lastFrame).seconds < interval * 0.9 { return false }
        return framesOwed > 0 || surface.lacksLetters || dashboardView.hasNews()
    }

    // MARK: Events

    /// Gives the waiting events to the gui: at most one button or key going down or up a frame, as two within a frame
    /// would be taken for none.
    func takeEvents() {
        var event = SDL_Event()
        while SDL_PollEvent(&event) != 0 { events.append(event) }
        while !events.isEmpty {
            if handle(events.removeFirst()) { break }
        }
        if !events.isEmpty { framesOwed = max(framesOwed, 2) }
    }

    var hasEvents: Bool { !events.isEmpty }

    /// Returns whether a frame has to be drawn before the next event.
    private func handle(_ event: SDL_Event) -> Bool {
        let gui = surface.gui
        framesOwed = max(framesOwed, 2)
        if Self.acts.contains(event.type) { lastInput = clock.now }
        switch SDL_EventType(event.type) {
        case SDL_QUIT:
            close()
            return true
        case SDL_MOUSEMOTION:
            let scale = surface.unitsPerEvent
            gui_mouse_moved(gui, Float(event.motion.x) * scale, Float(event.motion.y) * scale)
        case SDL_MOUSEBUTTONDOWN, SDL_MOUSEBUTTONUP:
            let scale = surface.unitsPerEvent
            gui_mouse_moved(gui, Float(event.button.x) * scale, Float(event.button.y) * scale)
            let buttons = [UInt8(SDL_BUTTON_LEFT): 0, UInt8(SDL_BUTTON_RIGHT): 1, UInt8(SDL_BUTTON_MIDDLE): 2]
            guard let button = buttons[event.button.button] else { return false }
            gui_mouse_button(gui, Int32(button), event.type == SDL_MOUSEBUTTONDOWN.rawValue)
            dashboardView.isMouseDown = event.type == SDL_MOUSEBUTTONDOWN.rawValue
            framesOwed = 4  // a field that a click opens has the keyboard in the third
            return true
        case SDL_MOUSEWHEEL:
            gui_mouse_wheel(gui, event.wheel.preciseY != 0 ? event.wheel.preciseY : Float(event.wheel.y))
            return true
        case SDL_WINDOWEVENT:
            if event.window.event == UInt8(SDL_WINDOWEVENT_LEAVE.rawValue) { gui_mouse_moved(gui, -1e6, -1e6) }
            if event.window.event == UInt8(SDL_WINDOWEVENT_DISPLAY_CHANGED.rawValue) { surface.followDisplay() }
            // Where another window was above it the display may have lost what was shown.
            let loses = [
                SDL_WINDOWEVENT_EXPOSED, SDL_WINDOWEVENT_SHOWN, SDL_WINDOWEVENT_RESTORED, SDL_WINDOWEVENT_MAXIMIZED,
                SDL_WINDOWEVENT_SIZE_CHANGED, SDL_WINDOWEVENT_DISPLAY_CHANGED,
            ]
            if loses.contains(where: { $0.rawValue == event.window.event }) { surface.expose() }
        case SDL_TEXTINPUT:
            // As text, since the key that gives a question mark differs between keyboards.
            func isText(_ letter: UInt8) -> Bool {
                withUnsafeBytes(of: event.text.text) { $0[0] == letter && $0[1] == 0 }
            }
            if isText(UInt8(ascii: "?")), !gui_is_typing(gui) {
                dashboardView.help.toggle()
                return true
            }
            if isText(UInt8(ascii: "/")), !gui_is_typing(gui) {
                beginSearch()
                return true
            }
            withUnsafeBytes(of: event.text.text) { bytes in
                gui_text_typed(gui, bytes.assumingMemoryBound(to: CChar.self).baseAddress)
            }
        case SDL_KEYDOWN, SDL_KEYUP:
            let isDown = event.type == SDL_KEYDOWN.rawValue
            let key = event.key.keysym
            func holds(_ modifier: SDL_Keymod) -> Bool { UInt32(key.mod) & modifier.rawValue != 0 }
            // A key comes after what was clicked before it.
            if isDown { dashboardView.values.settleArmed(now: true) }
            let isTyping = gui_is_typing(gui)
            let isEnter = key.scancode == SDL_SCANCODE_RETURN || key.scancode == SDL_SCANCODE_KP_ENTER
            // With alt or control it belongs to the desktop.
            let isTab =
                key.scancode == SDL_SCANCODE_TAB
                && UInt32(key.mod) & (KMOD_LALT.rawValue | KMOD_LCTRL.rawValue | KMOD_RCTRL.rawValue) == 0
            let direction = holds(KMOD_LSHIFT) || holds(KMOD_RSHIFT) ? -1 : 1
            if isDown, isTab {
                isTyping && dashboardView.controlPanels.hand.typed != nil
                    ? dashboardView.controlPanels.leaveField(direction) : dashboardView.focus.move(direction)
                return true
            }
            if isDown, isEnter, dashboardView.leaving.isAsking {
                dashboardView.leaving.saveAndLeave()
                return true
            }
            if isDown, isEnter, !isTyping {
                // Kept from the field that it opens, which would take it for its own.
                framesOwed = 4
                dashboardView.focus.enter()
                return true
            }
            gui_key(
                gui, Int32(bitPattern: key.scancode.rawValue), isDown, holds(KMOD_LCTRL) || holds(KMOD_RCTRL),
                holds(KMOD_LSHIFT) || holds(KMOD_RSHIFT), holds(KMOD_LALT) || holds(KMOD_RALT))
            if isDown, isTyping, key.scancode == SDL_SCANCODE_ESCAPE {
                dashboardView.controlPanels.stopTyping()
                dashboardView.branchesPanel.stopTyping()
                dashboardView.addPanel.clearSearch()
            }
            if isDown, !isTyping { press(key, isRepeat: event.key.repeat != 0) }
            return true
        default: break
        }
        return false
    }

    /// Events that a person makes.
    private static let acts = Set(
        [
            SDL_MOUSEMOTION, SDL_MOUSEBUTTONDOWN, SDL_MOUSEBUTTONUP, SDL_MOUSEWHEEL, SDL_KEYDOWN, SDL_KEYUP,
            SDL_TEXTINPUT,
        ].map(\.rawValue))

    private func press(_ key: SDL_Keysym, isRepeat: Bool) {
        let isFine = UInt32(key.mod) & (KMOD_LSHIFT.rawValue | KMOD_RSHIFT.rawValue) != 0
        if UInt32(key.mod) & (KMOD_LCTRL.rawValue | KMOD_RCTRL.rawValue) != 0 {
            return pressWithControl(key, isShifted: isFine, isRepeat: isRepeat)
        }
        switch SDL_KeyCode(UInt32(bitPattern: key.sym)) {
        case SDLK_SPACE where !isRepeat: dashboardView.steering.togglePause()
        case SDLK_PERIOD: dashboardView.steering.step(isFine ? 10 : 1)
        case SDLK_BACKSPACE where !isRepeat: dashboardView.steering.rewind()
        case SDLK_b where !isRepeat: dashboardView.steering.branch()
        case SDLK_s where !isRepeat: savePicture()
        case SDLK_q where !isRepeat: close()
        case SDLK_LEFT where dashboardView.figurePanels.turnWindow(right: -1, down: 0): break
        case SDLK_RIGHT where dashboardView.figurePanels.turnWindow(right: 1, down: 0): break
        case SDLK_UP where dashboardView.figurePanels.turnWindow(right: 0, down: -1): break
        case SDLK_DOWN where dashboardView.figurePanels.turnWindow(right: 0, down: 1): break
        case SDLK_LEFT, SDLK_DOWN: dashboardView.focus.nudge(-1, fine: isFine)
        case SDLK_RIGHT, SDLK_UP: dashboardView.focus.nudge(1, fine: isFine)
        case SDLK_F1 where !isRepeat: dashboardView.help.toggle()
        case SDLK_ESCAPE: dashboardView.dismiss()
        default: break
        }
    }

    private func beginSearch() {
        framesOwed = 4
        dashboardView.addPanel.beginSearch()
    }

    private func pressWithControl(_ key: SDL_Keysym, isShifted: Bool, isRepeat: Bool) {
        guard !isRepeat else { return }
        switch SDL_KeyCode(UInt32(bitPattern: key.sym)) {
        case SDLK_z: isShifted ? dashboardView.steering.redo() : dashboardView.steering.undo()
        case SDLK_y: dashboardView.steering.redo()
        case SDLK_s: dashboardView.checkpoints.save()
        case SDLK_q: close()
        case SDLK_f: beginSearch()
        default: break
        }
    }

    /// Closes the window, or asks whether to, if something would be lost.
    private func close() {
        if dashboardView.leaving.ask() { isClosed = true } else { framesOwed = max(framesOwed, 3) }
    }

    // MARK: Drawing

    /// Where the windows and widgets of the last frame are, by name (``UI/places``), for tests that make it more than nil.
    var places: [String: Box]?

    /// Called when a frame is drawn, before its textures may change: for tests.
    var frameWasDrawn: (() -> Void)?

    /// Draws one frame.
    func draw() {
        let start = clock.now
        let passed = lastFrame.map { (start - $0).seconds } ?? 1.0 / 60
        lastFrame = start
        let processor = Self.threadSeconds
        let size = Point(max(surface.size.x, 320), max(surface.size.y, 240))
        // By this the gui knows a double click. It takes no frame for instant, as frames of a clock that stands are.
        gui_begin_frame(surface.gui, size.x, size.y, Float(min(max(passed, 1e-4), 0.5)))
        UI.places = places.map { _ in [:] }
        dashboardView.draw(size, textures: surface.textures)
        (places, UI.places) = (UI.places, nil)
        surface.clear(dashboardView.theme.background)
        gui_end_frame(surface.gui)
        frameWasDrawn?()
        if !pictures.isEmpty {
            let picture = Result { () throws(CLMatError) in try surface.read() }
            for take in pictures { take(picture) }
            pictures = []
        }
        surface.present()
        framesOwed = max(0, framesOwed - 1)
        if dashboardView.leaving.hasLeft { isClosed = true }
        dashboardView.statusLine.meter.add(Self.threadSeconds - processor, drawn: surface.shareDrawn)
        addLetters()
        if dashboardView.toolbar.takeWishForPicture() { savePicture() }
        // A picture is drawn with a gui of its own, which no other frame may be in the way of.
        if dashboardView.filmMaker.work() { framesOwed = max(framesOwed, 2) }
        if dashboardView.exporter.writeWanted() { framesOwed = max(framesOwed, 2) }
    }

    /// Builds fonts with the letters that the frame lacked, and tells of those that there are not.
    ///
    /// - Parameter isUrgent: whether the next frame must have them.
    private func addLetters(isUrgent: Bool = false) {
        guard surface.lacksLetters else { return }
        let start = clock.now
        if let lettersDue, !isUrgent, start < lettersDue { return }
        let hasMore = surface.addLetters()
        let hasNotes = dashboardView.statusLine.note(surface.letters.notes)
        lettersDue = clock.now + (clock.now - start) * Self.lettersPatience
        guard hasMore || hasNotes else { return }
        lettersVersion += 1
        framesOwed = max(framesOwed, 2)
    }

    /// Draws until the view rests: what an event changed is seen in the frame after.
    func settle() {
        repeat {
            takeEvents()
            draw()
        } while framesOwed > 0 || hasEvents
    }

    /// Processor time of this thread: drawing in software costs it, waiting for the display does not.
    private static var threadSeconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    // MARK: Pictures

    /// A picture of the window as it is now.
    func picture() throws(CLMatError) -> Picture {
        var taken: Result<Picture, CLMatError>?
        // The first frame may have letters that the fonts lack, and theirs may make room for others.
        for _ in 0..<4 {
            let lettersBefore = lettersVersion
            pictures.append { taken = $0 }
            draw()
            addLetters(isUrgent: true)
            if lettersVersion == lettersBefore { break }
        }
        guard let taken else { throw .windowUnavailable(reason: "nothing was drawn") }
        return try taken.get()
    }

    private func savePicture() { save(to: nil) }

    /// Writes a picture, by default to a file named for the step that it shows, and says so.
    private func save(to path: String?) {
        do {
            let picture = try picture()
            let path = path ?? "clmat-\(dashboardView.now).png"
            try picture.writePNG(to: path)
            dashboardView.statusLine.say("Saved \(path)")
        } catch {
            dashboardView.statusLine.say("\(error)")
        }
        framesOwed = max(framesOwed, 2)
    }
}
