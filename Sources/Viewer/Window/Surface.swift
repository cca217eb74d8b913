import CImGui
import CLMat
import CSDL2
import Foundation

/// Something to draw on: a window, or memory. It has the gui with its fonts.
@MainActor final class Surface {
    let renderer: OpaquePointer
    let gui: OpaquePointer
    /// Whether SDL draws with the processor.
    let isSoftware: Bool
    private let window: OpaquePointer?
    private let memory: UnsafeMutablePointer<SDL_Surface>?
    private var cursors: [OpaquePointer?] = []

    /// Why no window could be opened here, as far as that can be told without trying.
    static var obstacle: String? {
        func isSet(_ name: String) -> Bool { ProcessInfo.processInfo.environment[name].map { !$0.isEmpty } ?? false }
        if isSet("SDL_VIDEODRIVER") || isSet("DISPLAY") || isSet("WAYLAND_DISPLAY") { return nil }
        return "there is no display (DISPLAY and WAYLAND_DISPLAY are not set)"
    }

    /// Opens a window.
    init(title: String, width: Int, height: Int, theme: Theme) throws(CLMatError) {
        if let obstacle = Self.obstacle { throw .windowUnavailable(reason: obstacle) }
        // SDL would show what its software renderer drew through OpenGL, which may be done by the processor too.
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
        let centred = Int32(bitPattern: 0x2fff_0000)  // SDL_WINDOWPOS_CENTERED
        guard
            let window = SDL_CreateWindow(title, centred, centred, width, height, SDL_WINDOW_RESIZABLE.rawValue)
        else {
            let reason = Self.sdlError
            SDL_QuitSubSystem(SDL_INIT_VIDEO)
            throw .windowUnavailable(reason: reason)
        }
        SDL_SetWindowMinimumSize(window, 1000, 600)
        guard let (renderer, isSoftware) = Self.renderer(of: window), let gui = Self.gui(renderer, theme) else {
            let reason = Self.sdlError
            SDL_DestroyWindow(window)
            SDL_QuitSubSystem(SDL_INIT_VIDEO)
            throw .windowUnavailable(reason: reason)
        }
        (self.renderer, self.isSoftware, self.gui, self.window, memory) = (renderer, isSoftware, gui, window, nil)
        cursors = [
            SDL_SYSTEM_CURSOR_ARROW, SDL_SYSTEM_CURSOR_IBEAM, SDL_SYSTEM_CURSOR_SIZENWSE, SDL_SYSTEM_CURSOR_HAND,
        ]
        .map { SDL_CreateSystemCursor($0) }
        SDL_StartTextInput()
    }

    /// Draws in memory; needs no display and no video driver.
    init(width: Int, height: Int, theme: Theme) throws(CLMatError) {
        guard
            let memory = SDL_CreateRGBSurfaceWithFormat(
                0, Int32(width), Int32(height), 32, SDL_PIXELFORMAT_ABGR8888.rawValue)
        else { throw .windowUnavailable(reason: Self.sdlError) }
        guard let renderer = SDL_CreateSoftwareRenderer(memory), let gui = Self.gui(renderer, theme) else {
            let reason = Self.sdlError
            SDL_FreeSurface(memory)
            throw .windowUnavailable(reason: reason)
        }
        (self.renderer, isSoftware, self.gui, window, self.memory) = (renderer, true, gui, nil, memory)
    }

    isolated deinit {
        gui_destroy(gui)
        SDL_DestroyRenderer(renderer)
        if let memory { SDL_FreeSurface(memory) }
        for cursor in cursors { SDL_FreeCursor(cursor) }
        if let window {
            SDL_DestroyWindow(window)
            SDL_QuitSubSystem(SDL_INIT_VIDEO)
        }
    }

    var textures: TextureMaker { TextureMaker(self) }

    // MARK: Size and pixels

    var size: Point {
        var (width, height): (Int32, Int32) = (0, 0)
        SDL_GetRendererOutputSize(renderer, &width, &height)
        return Point(Float(width), Float(height))
    }

    /// Mouse events come in the window's units, which differ from pixels on some displays.
    var pixelsPerUnit: Float {
        guard let window else { return 1 }
        var (width, height): (Int32, Int32) = (0, 0)
        SDL_GetWindowSize(window, &width, &height)
        return width > 0 ? size.x / Float(width) : 1
    }

    var isVisible: Bool {
        guard let window else { return true }
        return SDL_GetWindowFlags(window) & (SDL_WINDOW_MINIMIZED.rawValue | SDL_WINDOW_HIDDEN.rawValue) == 0
    }

    func clear(_ colour: Colour) {
        SDL_SetRenderDrawColor(renderer, colour.red, colour.green, colour.blue, 255)
        SDL_RenderClear(renderer)
    }

    func present() {
        SDL_RenderPresent(renderer)
        let cursor = Int(gui_cursor())
        if cursors.indices.contains(cursor), let wanted = cursors[cursor], SDL_GetCursor() != wanted {
            SDL_SetCursor(wanted)
        }
    }

    /// What was drawn since the last ``present()``.
    func read() throws(CLMatError) -> Picture {
        let size = self.size
        var picture = Picture(width: Int(size.x), height: Int(size.y))
        let status = picture.pixels.withUnsafeMutableBytes { bytes in
            SDL_RenderReadPixels(
                renderer, nil, SDL_PIXELFORMAT_ABGR8888.rawValue, bytes.baseAddress, Int32(size.x) * 4)
        }
        guard status == 0 else { throw .windowUnavailable(reason: "its pixels cannot be read: \(Self.sdlError)") }
        return picture
    }

    // MARK: Making

    private static var sdlError: String {
        let words = String(cString: SDL_GetError())
        return words.isEmpty ? "SDL gave no reason" : "SDL says: \(words)"
    }

    private static func renderer(of window: OpaquePointer) -> (OpaquePointer, isSoftware: Bool)? {
        let fast = SDL_RENDERER_ACCELERATED.rawValue | SDL_RENDERER_PRESENTVSYNC.rawValue
        if let renderer = SDL_CreateRenderer(window, -1, fast) {
            var info = SDL_RendererInfo()
            SDL_GetRendererInfo(renderer, &info)
            let isSoftware = info.flags & SDL_RENDERER_SOFTWARE.rawValue != 0
            let isWished = SDL_GetHint(SDL_HINT_RENDER_DRIVER) != nil
            if isSoftware || isWished || !isEmulated(info) { return (renderer, isSoftware) }
            SDL_DestroyRenderer(renderer)
        }
        return SDL_CreateRenderer(window, -1, SDL_RENDERER_SOFTWARE.rawValue).map { ($0, true) }
    }

    /// Whether OpenGL itself is done by the processor, which costs more than SDL's own software renderer.
    private static func isEmulated(_ info: SDL_RendererInfo) -> Bool {
        guard String(cString: info.name).hasPrefix("opengl"), let address = SDL_GL_GetProcAddress("glGetString") else {
            return false
        }
        typealias GetString = @convention(c) (UInt32) -> UnsafePointer<CChar>?
        let glRenderer: UInt32 = 0x1f01  // GL_RENDERER
        let name = unsafeBitCast(address, to: GetString.self)(glRenderer).map { String(cString: $0).lowercased() } ?? ""
        return ["llvmpipe", "softpipe", "swrast", "software"].contains { name.contains($0) }
    }

    private static func gui(_ renderer: OpaquePointer, _ theme: Theme) -> OpaquePointer? {
        let folder = "/usr/share/fonts/truetype/dejavu"
        var fonts = GuiFonts()
        let paths = Face.allCases.map { strdup("\(folder)/\($0.file)") }
        defer { for path in paths { free(path) } }
        withUnsafeMutableBytes(of: &fonts.path) { bytes in
            let slots = bytes.assumingMemoryBound(to: UnsafePointer<CChar>?.self)
            for (index, path) in paths.enumerated() { slots[index] = path.map { UnsafePointer($0) } }
        }
        withUnsafeMutableBytes(of: &fonts.size) { bytes in
            let slots = bytes.assumingMemoryBound(to: Float.self)
            // 13 and 11 pixels from ascent to descent less DejaVu's own leading make 15 and 13 here.
            for face in Face.allCases { slots[Int(face.rawValue)] = face.lineHeight }
        }
        guard let gui = gui_create(UnsafeMutableRawPointer(renderer), &fonts) else { return nil }
        if Face.allCases.contains(where: { !gui_face_is_loaded(gui, $0.rawValue) }) {
            warn("Fonts are missing in \(folder); letters beyond ASCII show as '?'. Install fonts-dejavu-core.")
        }
        gui_set_colours(
            gui, theme.text.packed, theme.button.packed, theme.selected.packed, theme.track.packed)
        return gui
    }
}
