import CLMat
import CSDL2
import Exploration
import Foundation

/// How a window looks, and what becomes of it.
public struct ViewerOptions: Sendable {
    /// The greys of the window.
    public enum Theme: Sendable {
        /// Light letters on dark.
        case dark
        /// Dark letters on light.
        case light
    }

    /// What stands at the top right; the learner's title if nil.
    public var title: String?
    /// Pixels of a picture, and of a window on an ordinary display; where the display scales (or the environment
    /// variable CLMAT_SCALE says so) a window has so many units. A display that is smaller gets a window that fits.
    public var width = 1600
    /// The height, in the units of ``width``.
    public var height = 1000
    /// Light letters on dark, or dark on light.
    public var theme = Theme.dark
    /// A file to which a picture of the window is written when the run has finished, or when the window is closed
    /// before.
    public var screenshot: String?
    /// How many steps the button "Film" films.
    public var filmSteps = 500
    /// The name under which the layout of the panels is kept, one per model; nil keeps none.
    public var layoutName: String?
    /// Closes the window when the run has finished.
    public var closesWhenFinished = false
    /// What the panel "Profile" shows. There is no such panel if this is nil.
    public var profile: ProfileSource?
    /// Writes what the run is now, for the button "Save", and returns what to say of it: "Saved run.safetensors". It is
    /// called off the window's thread. There is no such button if this is nil.
    public var save: (@Sendable () throws -> String)?
    /// Panels to open (true) or close from the start, whatever else says so: names that ``Viewer/check(panel:of:)`` takes.
    public var panels: [String: Bool] = [:]
    /// Called on the window's thread between two frames, some ten times per second at least.
    public var everyFrame: (@MainActor @Sendable (OpenWindow) -> Void)?

    /// The usual window; what is not here is set afterwards.
    public init(
        title: String? = nil, width: Int = 1600, height: Int = 1000, theme: Theme = .dark, screenshot: String? = nil,
        layoutName: String? = nil, closesWhenFinished: Bool = false, profile: ProfileSource? = nil,
        save: (@Sendable () throws -> String)? = nil
    ) {
        (self.title, self.width, self.height, self.theme) = (title, width, height, theme)
        (self.screenshot, self.layoutName, self.closesWhenFinished) = (screenshot, layoutName, closesWhenFinished)
        (self.profile, self.save) = (profile, save)
    }
}

/// The window on a running model.
///
/// ```swift
/// let learner = try Learner(model, data: data, options: Learner.Options())
/// learner.start()
/// try Viewer.run(learner, options: ViewerOptions())
/// learner.stop()
/// learner.wait()
/// ```
@MainActor public enum Viewer {
    /// Opens a window on a learner that was started, and returns when it is closed (`q`, its close button, Ctrl-C).
    /// The learner goes on: the caller stops it.
    ///
    /// - Throws: ``/CLMat/CLMatError/windowUnavailable(reason:)`` if there is no display, with SDL's words.
    public static func run(_ learner: Learner, options: ViewerOptions = ViewerOptions()) throws(CLMatError) {
        try ViewerWindow(learner, options).run()
    }

    /// Why no window can be opened here, or nil if one probably can.
    public static var obstacle: String? { Surface.obstacle }

    /// Whether there seems to be a display. ``run(_:options:)`` may still be refused by it.
    public static var canOpenWindow: Bool { obstacle == nil }

    /// Writes a picture of the window on a learner that was started, as a PNG file; needs no display.
    ///
    /// Waits until the figures that are shown were computed from the learner's present step, but no longer than
    /// `patience` seconds: what was not ready then says so in the picture.
    ///
    /// - Throws: ``/CLMat/CLMatError/fileNotWritable(path:reason:)``, with nothing left at `path`.
    public static func screenshot(
        of learner: Learner, to path: String, options: ViewerOptions = ViewerOptions(), patience: Double = 30
    ) throws(CLMatError) {
        let theme: Theme = options.theme == .dark ? .dark : .light
        let surface = try Surface(width: max(320, options.width), height: max(240, options.height), theme: theme)
        let window = ViewerWindow(learner, options, on: surface)
        let step = learner.status.step
        let clock = WallClock()
        let start = clock.now
        window.dashboardView.refresh()
        while !window.dashboardView.figurePanels.areCurrent(at: step), (clock.now - start).seconds < patience {
            Thread.sleep(forTimeInterval: 0.01)
        }
        // The second frame knows the sizes that the first one measured.
        window.draw()
        try window.picture().writePNG(to: path)
    }

    /// Writes a picture of one figure of a learner's present model, as a PNG file; needs no display. It is as high as
    /// its content asks for and `options.width` units wide, but no wider than can be read, with two pixels per unit. Image
    /// grids are written as ``writePNG(of:to:)`` does.
    ///
    /// - Throws: what the figure throws, ``/CLMat/CLMatError/unknownName(kind:name:known:)`` if there is none of that name,
    ///   ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` if it has nothing to show yet,
    ///   ``/CLMat/CLMatError/fileNotWritable(path:reason:)``, with nothing left at `path`.
    public static func writePNG(
        ofFigure id: String, of learner: Learner, to path: String, options: ViewerOptions = ViewerOptions()
    ) throws(CLMatError) {
        guard let info = learner.dashboard.figures.first(where: { $0.id == id }) else {
            throw .unknownName(kind: "figure", name: id, known: learner.dashboard.figures.map(\.id))
        }
        let step = learner.status.step
        let content: any FigureContent
        do {
            content = try learner.content(of: id)
        } catch let error as CLMatError {
            throw error
        } catch {
            throw .invalidArgument(operation: "writePNG", problem: "the figure '\(id)' was not computed: \(error)")
        }
        try writePNG(of: content, info, step: step, to: path, options: options)
    }

    /// Writes a picture of what a figure showed at `step`, as a PNG file, as ``writePNG(ofFigure:of:to:options:)`` does.
    ///
    /// - Throws: ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` if there is nothing to show, or no renderer for it,
    ///   ``/CLMat/CLMatError/fileNotWritable(path:reason:)``, with nothing left at `path`.
    public static func writePNG(
        of content: any FigureContent, _ figure: FigureInfo, step: Int, to path: String,
        options: ViewerOptions = ViewerOptions()
    ) throws(CLMatError) {
        try FigurePicture(content: content, figure: figure, step: step, options: options).write(to: path)
    }

    /// Writes the images of a grid as a PNG file, each pixel enlarged so that it can be seen, with mid-grey between
    /// the images.
    ///
    /// - Throws: ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` for a grid without images,
    ///   ``/CLMat/CLMatError/fileNotWritable(path:reason:)``, with nothing left at `path`.
    nonisolated public static func writePNG(of grid: ImageGrid, to path: String) throws(CLMatError) {
        guard grid.whyEmpty == nil else {
            throw .invalidArgument(operation: "writePNG", problem: "the grid has no images")
        }
        try Picture(Pixels(of: grid)).writePNG(to: path)
    }
}
