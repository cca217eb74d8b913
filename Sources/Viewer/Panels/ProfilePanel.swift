import CLMat
import Exploration
import Foundation
import Synchronization

/// Measures what the device can do, on a thread of its own: neither the window nor the learner waits for it.
final class RooflineMeasurement: Sendable {
    private let outcome = Mutex<Result<Roofline, CLMatError>?>(nil)

    /// Nil while it is being measured.
    var result: Result<Roofline, CLMatError>? { outcome.withLock { $0 } }

    init(_ measure: @escaping @Sendable () throws(CLMatError) -> Roofline) {
        let thread = Thread { [self] in
            let result: Result<Roofline, CLMatError>
            do throws(CLMatError) { result = .success(try measure()) } catch { result = .failure(error) }
            outcome.withLock { $0 = result }
        }
        thread.name = "roofline"
        thread.start()
    }
}

/// Where the engine's time goes.
final class ProfilePanel: DashboardPart {
    private(set) var table = Table(columns: [], rows: [])
    private var renderer = TableRenderer()
    private var askedAt: ContinuousClock.Instant?
    /// Whether the engine records.
    private(set) var isRecording = false
    /// What the device can do, from when the panel was opened first.
    private(set) var measurement: RooflineMeasurement?
    /// Whether the panel has shown the end of the measurement.
    private var hasShownMeasurement = false

    /// Tells the engine whether to record, when that changes: not before the device was measured.
    func setProfiling(_ isOpen: Bool) {
        guard let source = options.profile else { return }
        if isOpen, measurement == nil { measurement = RooflineMeasurement(source.measure) }
        let isWanted = isOpen && measurement?.result != nil
        guard isWanted != isRecording else { return }
        isRecording = isWanted
        askedAt = nil
        source.setRecording(isWanted)
    }

    /// Whether the panel waits for what is there by now.
    override func hasNews() -> Bool {
        layout.isOpen(.profile) && !hasShownMeasurement && measurement?.result != nil
    }

    func draw(_ box: Box, _ textures: TextureMaker) {
        let result = measurement?.result
        hasShownMeasurement = result != nil
        // Numbers that change in every frame could not be read.
        if let result, askedAt.map({ (clock.now - $0).seconds >= 0.5 }) ?? true {
            askedAt = clock.now
            table = options.profile?.table(try? result.get()) ?? table
        }
        frame(
            .profile, box, title: "Profile", caption: table.caption,
            help: "The costliest kernel first. Roofline: how near it came to what the device copies or multiplies at "
                + "most; above 100 % its data stayed in a cache."
        ) { body in
            guard let result else { return UI.say("Measuring the device…", in: body, theme.secondary) }
            var body = body
            if case .failure(let error) = result {
                for line in UI.wrapped("The device was not measured. \(error)", to: body.width, .small).prefix(4) {
                    UI.text(line, Point(body.x, body.y), theme.text, .small)
                    body = body.inset(0, 15, 0, 0)
                }
                body = body.inset(0, 6, 0, 0)
            }
            guard !table.rows.isEmpty else {
                let words = status.isFinished ? "The run has ended." : status.isPaused ? "Paused." : "Recording…"
                return UI.say(words, in: body, theme.secondary)
            }
            let frame = FigureFrame(
                Panel.profile.name, in: body, theme, version: 0, textures, dashboardView.figurePanels)
            renderer.draw(table, in: frame)
        }
    }
}
