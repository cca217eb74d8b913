import CImGui
import CLMat
import CSDL2
import Foundation

/// Something to draw on: a window, or memory. It has the gui with its fonts.
///
/// A graphics card draws each frame whole, through SDL's renderer. Where there is none the gui draws with the processor, into
/// a picture of its own that stays: what looks as in the frame before is neither drawn nor shown again.
@MainActor final class Surface {
    /// SDL's, on a graphics card; nil where the processor draws.
    private let renderer: OpaquePointer?
    private(set) var gui: OpaquePointer
    /// Whether the processor draws.
    var isSoftware: Bool { renderer == nil }
    /// Pixels per unit of the dashboard.
    private(set) var scale: Float
    let letters: Letters
    private let theme: Theme
    private let window: OpaquePointer?
    /// The pixels of a surface in memory.
    private let memory: Point
    private var cursors: [OpaquePointer?] = []
    /// Whether the window lost what it showed.
    private var isExposed = true
    /// CLMAT_LOG=3 draws a frame round each part that is drawn again.
    private let hasOutlines = Surface.logLevel >= 3
    nonisolated static var logLevel: Int { ProcessInfo.processInfo.environment["CLMAT_LOG"].flatMap { Int($0) } ?? 0 }

    /// Why no window could be opened here, as far as that can be told without trying.
    static var obstacle: String? {
        func isSet(_ name: String) -> Bool { ProcessInfo.processInfo.environment[name].map { !$0.isEmpty } ?? false }
        if isSet("SDL_VIDEODRIVER") || isSet("DISPLAY") || isSet("WAYLAND_DISPLAY") { return nil }
        return "there is no display (DISPLAY and WAYLAND_DISPLAY are not set)"
    }

    /// Opens a window.
    init(title: String, width: Int, height: Int, theme: Theme) throws(CLMatError) {
        let letters = Letters()
        if let obstacle = Self.obstacle { throw .windowUnavailable(reason: obstacle) }
        // SDL would show what the processor drew through OpenGL, which may be done by the processor too.
        SDL_SetHint(SDL_HINT_FRAMEBUFFER_ACCELERATION, "0")
        SDL_SetHint(SDL_HINT_VIDEO_X11_NET_WM_BYPASS_COMPOSITOR, "0")
        guard SDL_InitSubSystem(SDL_INIT_VIDEO) == 0 else {
            throw .windowUnavailable(reason: Self.sdlError)
        }
        // Where the display refuses, SDL turns to drivers that show nothing, or that take over the console.
        let driver = SDL_GetCurrentVideoDriver().map { String(cString: $0) } ?? "none"
        let isAsked = ProcessInfo.processInfo.environment["SDL_VIDEODRIVER"].map { !$0.isEmpty } ?? false
        guard isAsked || driver == "x11" || driver == "wayland" else {
            SDL_QuitSubSystem(SDL_INIT_VIDEO)
            throw .windowUnavailable(reason: "the display does not answer, and SDL offers only '\(driver)'")
        }
        SDL_EnableScreenSaver()
        // A display smaller than the wish gets a window that fits; the dummy driver's has no edges.
        var usable = SDL_Rect()
        var (width, height) = (Int32(width), Int32(height))
        if driver != "dummy", SDL_GetDisplayUsableBounds(0, &usable) == 0, usable.w > 200, usable.h > 200 {
            (width, height) = (min(width, usable.w), min(height, usable.h))
        }
        // Where pixels are small a window of so many units has more of them, as far as the display has room.
        let wish = DisplayScale.wished ?? DisplayScale.of(display: 0)
        if driver != "dummy", wish > 1 {
            let room = usable.w > 200 ? usable : SDL_Rect(x: 0, y: 0, w: width, h: height)
            (width, height) = (
                min(Int32(Float(width) * wish), room.w), min(Int32(Float(height) * wish), room.h)
            )
        }
        let flags = SDL_WINDOW_RESIZABLE.rawValue | SDL_WINDOW_ALLOW_HIGHDPI.rawValue
        let centred = Int32(bitPattern: 0x2fff_0000)  // SDL_WINDOWPOS_CENTERED
        guard
            let window = SDL_CreateWindow(title, centred, centred, width, height, flags)
        else {
            let reason = Self.sdlError
            SDL_QuitSubSystem(SDL_INIT_VIDEO)
            throw .windowUnavailable(reason: reason)
        }
        let renderer = Self.renderer(of: window)
        guard renderer != nil || SDL_GetWindowSurface(window) != nil else {
            let reason = Self.sdlError
            SDL_DestroyWindow(window)
            SDL_QuitSubSystem(SDL_INIT_VIDEO)
            throw .windowUnavailable(reason: reason)
        }
        let scale = Self.scale(of: window, renderer)
        let least = scale / Self.pixelsPerUnit(window, renderer)
        SDL_SetWindowMinimumSize(
            window, min(width, Int32(Self.least.x * least)), min(height, Int32(Self.least.y * least)))
        guard let gui = Self.gui(renderer, theme, scale, letters) else {
            let reason = Self.sdlError
            if let renderer { SDL_DestroyRenderer(renderer) }
            SDL_DestroyWindow(window)
            SDL_QuitSubSystem(SDL_INIT_VIDEO)
            throw .windowUnavailable(reason: reason)
        }
        (self.renderer, self.gui, self.window, memory) = (renderer, gui, window, Point(0, 0))
        (self.scale, self.theme, self.letters) = (scale, theme, letters)
        cursors = [
            SDL_SYSTEM_CURSOR_ARROW, SDL_SYSTEM_CURSOR_IBEAM, SDL_SYSTEM_CURSOR_SIZENWSE, SDL_SYSTEM_CURSOR_HAND,
        ]
        .map { SDL_CreateSystemCursor($0) }
        SDL_StartTextInput()
    }

    /// Draws in memory; needs no display and no video driver. Width and height are pixels.
    ///
    /// - Parameters:
    ///   - scale: pixels per unit; what is asked for, or 1, if nil.
    ///   - letters: those that the fonts have from the start.
    init(width: Int, height: Int, theme: Theme, scale: Float? = nil, letters: Letters? = nil) throws(CLMatError) {
        let letters = letters ?? Letters()
        (self.scale, self.theme, self.letters) = (scale ?? DisplayScale.wished ?? 1, theme, letters)
        guard let gui = Self.gui(nil, theme, self.scale, letters) else {
            throw .windowUnavailable(reason: "there is no memory for it")
        }
        (renderer, self.gui, window, memory) = (nil, gui, nil, Point(Float(width), Float(height)))
        gui_resize(gui, Int32(width), Int32(height))
    }

    isolated deinit {
        gui_destroy(gui)
        if let renderer { SDL_DestroyRenderer(renderer) }
        for cursor in cursors { SDL_FreeCursor(cursor) }
        if let window {
            SDL_DestroyWindow(window)
            SDL_QuitSubSystem(SDL_INIT_VIDEO)
        }
    }

    var textures: TextureMaker { TextureMaker(self) }

    // MARK: Size and pixels

    /// In units of the dashboard.
    var size: Point {
        let pixels = self.pixels
        return Point(pixels.x / scale, pixels.y / scale)
    }

    var pixels: Point { window.map { Self.pixels(of: $0, renderer) } ?? memory }

    private static func pixels(of window: OpaquePointer, _ renderer: OpaquePointer?) -> Point {
        var (width, height): (Int32, Int32) = (0, 0)
        if let renderer {
            SDL_GetRendererOutputSize(renderer, &width, &height)
        } else if let surface = SDL_GetWindowSurface(window) {
            (width, height) = (surface.pointee.w, surface.pointee.h)
        }
        return Point(Float(width), Float(height))
    }

    /// Mouse events come in SDL's units, which are neither pixels nor the dashboard's on some displays.
    var unitsPerEvent: Float {
        guard let window else { return 1 }
        return Self.pixelsPerUnit(window, renderer) / scale
    }

    /// The least units in which the dashboard can be read.
    private static let least = Point(1000, 600)

    /// What is asked for, or what the window's display says. Displays whose pixels are counted apart from units say
    /// the ratio themselves; for others it is their density, but not so much that the window has too few units.
    private static func scale(of window: OpaquePointer, _ renderer: OpaquePointer?) -> Float {
        if let wished = DisplayScale.wished { return wished }
        let ratio = pixelsPerUnit(window, renderer)
        if ratio > 1.01 { return min(ratio, 4) }
        let pixels = pixels(of: window, renderer)
        let most = max(1, min(pixels.x / least.x, pixels.y / least.y))
        return min(DisplayScale.of(display: max(0, SDL_GetWindowDisplayIndex(window))), most)
    }

    /// Takes over the scale of the display to which the window was moved. Only between two frames.
    func followDisplay() {
        guard let window else { return }
        rescale(to: Self.scale(of: window, renderer))
    }

    /// Draws fonts anew at another scale; where there is no memory for that, the old one stays.
    func rescale(to scale: Float) {
        guard abs(scale - self.scale) > 0.01, let fresh = Self.gui(renderer, theme, scale, letters)
        else { return }
        gui_destroy(gui)
        (gui, self.scale) = (fresh, scale)
        gui_resize(gui, Int32(pixels.x), Int32(pixels.y))
    }

    private static func pixelsPerUnit(_ window: OpaquePointer, _ renderer: OpaquePointer?) -> Float {
        var (width, height): (Int32, Int32) = (0, 0)
        SDL_GetWindowSize(window, &width, &height)
        return width > 0 ? pixels(of: window, renderer).x / Float(width) : 1
    }

    var isVisible: Bool {
        guard let window else { return true }
        return SDL_GetWindowFlags(window) & (SDL_WINDOW_MINIMIZED.rawValue | SDL_WINDOW_HIDDEN.rawValue) == 0
    }

    /// Before a frame ends: what lies below all that it draws.
    func clear(_ colour: Colour) {
        if let renderer {
            SDL_SetRenderDrawColor(renderer, colour.red, colour.green, colour.blue, 255)
            SDL_RenderClear(renderer)
        } else {
            let size = pixels
            gui_resize(gui, Int32(size.x), Int32(size.y))
            gui_set_background(gui, colour.packed)
        }
    }

    /// The window has to be shown anew, whole.
    func expose() { isExposed = true }

    func present() {
        guard let window else { return }
        if let renderer {
            SDL_RenderPresent(renderer)
        } else if gui_present(gui, UnsafeMutableRawPointer(window), isExposed, hasOutlines) {
            isExposed = false
        }
        let cursor = Int(gui_cursor())
        if cursors.indices.contains(cursor), let wanted = cursors[cursor], SDL_GetCursor() != wanted {
            SDL_SetCursor(wanted)
        }
    }

    /// How much of the surface the last frame drew again, from 0 to 1.
    var shareDrawn: Double {
        guard isSoftware else { return 1 }
        let size = pixels
        return Double(gui_drawn_pixels(gui)) / Double(max(1, size.x * size.y))
    }

    /// What was drawn since the last ``present()``.
    func read() throws(CLMatError) -> Picture {
        let size = pixels
        var picture = Picture(width: Int(size.x), height: Int(size.y))
        let isRead = picture.pixels.withUnsafeMutableBytes { bytes in
            guard let renderer else { return gui_read(gui, bytes.baseAddress, Int32(size.x), Int32(size.y)) }
            return SDL_RenderReadPixels(
                renderer, nil, SDL_PIXELFORMAT_ABGR8888.rawValue, bytes.baseAddress, Int32(size.x) * 4) == 0
        }
        guard isRead else { throw .windowUnavailable(reason: "its pixels cannot be read: \(Self.sdlError)") }
        return picture
    }

    // MARK: Making

    private static var sdlError: String {
        let words = String(cString: SDL_GetError())
        return words.isEmpty ? "SDL gave no reason" : "SDL says: \(words)"
    }

    /// The renderer of a graphics card; nil if there is none, or only the processor would draw.
    private static func renderer(of window: OpaquePointer) -> OpaquePointer? {
        let fast = SDL_RENDERER_ACCELERATED.rawValue | SDL_RENDERER_PRESENTVSYNC.rawValue
        guard let renderer = SDL_CreateRenderer(window, -1, fast) else { return nil }
        var info = SDL_RendererInfo()
        SDL_GetRendererInfo(renderer, &info)
        let isSoftware = info.flags & SDL_RENDERER_SOFTWARE.rawValue != 0
        let isWished = SDL_GetHint(SDL_HINT_RENDER_DRIVER) != nil
        if !isSoftware, isWished || !isEmulated(info) { return renderer }
        SDL_DestroyRenderer(renderer)
        return nil
    }

    /// Whether OpenGL itself is done by the processor, which costs more than drawing what changed.
    private static func isEmulated(_ info: SDL_RendererInfo) -> Bool {
        guard String(cString: info.name).hasPrefix("opengl"), let address = SDL_GL_GetProcAddress("glGetString") else {
            return false
        }
        typealias GetString = @convention(c) (UInt32) -> UnsafePointer<CChar>?
        let glRenderer: UInt32 = 0x1f01  // GL_RENDERER
        let name = unsafeBitCast(address, to: GetString.self)(glRenderer).map { String(cString: $0).lowercased() } ?? ""
        return ["llvmpipe", "softpipe", "swrast", "software"].contains { name.contains($0) }
    }

    private static func gui(
        _ renderer: OpaquePointer?, _ theme: Theme, _ scale: Float, _ letters: Letters
    ) -> OpaquePointer? {
        guard let gui = gui_create(renderer.map { UnsafeMutableRawPointer($0) }, scale) else { return nil }
        guard letters.build(gui) else {
            gui_destroy(gui)
            return nil
        }
        gui_set_colours(
            gui, theme.text.packed, theme.button.packed, theme.selected.packed, theme.track.packed)
        return gui
    }

    // MARK: Letters

    /// Whether text of the frames so far had letters that the fonts lack, and nobody looked for them yet.
    var lacksLetters: Bool { gui_lacks_letters(gui) }

    /// Looks for fonts with the letters that are lacking, and builds the gui's fonts with them. Only between two frames.
    ///
    /// - Returns: whether the next frame looks different.
    func addLetters() -> Bool { letters.learn(from: gui) && letters.build(gui) }
}
