import CLMat
import Exploration
import Foundation
import Synchronization

/// What the panel "Profile" knows.
@MainActor struct ProfileView {
    var table = Table(columns: [], rows: [])
    var renderer = TableRenderer()
    var askedAt: ContinuousClock.Instant?
    /// Whether the engine records.
    var isRecording = false
    /// What the device can do, from when the panel was opened first.
    var measurement: RooflineMeasurement?
    /// Whether the panel has shown the end of the measurement.
    var hasShownMeasurement = false
}

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

// Where the engine's time goes.

extension Desk {
    /// Tells the engine whether to record, when that changes: not before the device was measured.
    func setProfiling(_ isOpen: Bool) {
        guard let source = options.profile else { return }
        if isOpen, profile.measurement == nil { profile.measurement = RooflineMeasurement(source.measure) }
        let isWanted = isOpen && profile.measurement?.result != nil
        guard isWanted != profile.isRecording else { return }
        profile.isRecording = isWanted
        profile.askedAt = nil
        source.setRecording(isWanted)
    }

    /// Whether the panel waits for what is there by now.
    var profileHasNews: Bool {
        layout.isOpen(.profile) && !profile.hasShownMeasurement && profile.measurement?.result != nil
    }

    func drawProfile(_ box: Box, _ textures: TextureMaker) {
        let result = profile.measurement?.result
        profile.hasShownMeasurement = result != nil
        // Numbers that change in every frame could not be read.
        if let result, profile.askedAt.map({ (clock.now - $0).seconds >= 0.5 }) ?? true {
            profile.askedAt = clock.now
            profile.table = options.profile?.table(try? result.get()) ?? profile.table
        }
        frame(
            .profile, box, title: "Profile", caption: profile.table.caption,
            means: "The costliest kernel first. Roofline: how near it came to what the device copies or multiplies at "
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
            guard !profile.table.rows.isEmpty else {
                let words = status.isFinished ? "The run has ended." : status.isPaused ? "Paused." : "Recording…"
                return UI.say(words, in: body, theme.secondary)
            }
            let table = FigureFrame(Panel.profile.name, in: body, theme, version: 0, textures, self)
            profile.renderer.draw(profile.table, in: table)
        }
    }
}
