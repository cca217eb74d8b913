import CLMat
import Exploration
import Foundation

/// The button that films a figure of the window for so many steps.
final class FilmMaker: DashboardPart {
    private var film: Film?
    private var wantsToggle = false

    var isFilming: Bool { film != nil }

    /// "Film", or how far it is.
    var words: String {
        guard let film else { return "Film" }
        let (taken, all) = film.progress
        return "Filming \(taken * 100 / max(1, all)) %"
    }

    /// Begins a film or ends it, when the frame is done.
    func toggle() { wantsToggle = true }

    /// The figure that is filmed: the one that is enlarged, else the first that is shown.
    private var figure: String? {
        for case .figure(let id) in dashboardView.shownPanels { return id }
        return nil
    }

    /// Draws what waits, begins and ends: not while a frame is drawn. Returns whether anything was done.
    func work() -> Bool {
        let isAsked = wantsToggle
        wantsToggle = false
        guard let film else {
            if isAsked { begin() }
            return isAsked
        }
        let hasDrawn = film.serve()
        if isAsked || film.isDone || status.isFinished { end(film) }
        return hasDrawn || isAsked || self.film == nil
    }

    private func begin() {
        guard let figure else { return say("No figure is open that could be filmed.") }
        // Where ffmpeg is missing there are pictures all the same, and that is said.
        let name = "\(figure)-\(now)"
        let path = Film.canEncode ? "\(name).mp4" : "\(name)-film"
        do {
            film = try Film(
                FilmPlan(path: path, figure: figure, steps: options.filmSteps, from: now), of: learner, options: options
            )
            let install =
                Film.canEncode ? "" : " With ffmpeg installed it would be a film (sudo apt-get install ffmpeg)."
            say("Films \(grouped(options.filmSteps)) steps into \(path); a second click ends it before.\(install)")
        } catch {
            say("\(error)")
        }
    }

    private func end(_ film: Film) {
        self.film = nil
        do {
            let frames = try film.finish()
            say(
                frames == 0
                    ? "Nothing was filmed: no step was made." : "Saved \(film.plan.path): \(grouped(frames)) pictures")
        } catch {
            say("\(error)")
        }
    }

    /// The window closes: what was filmed is kept.
    func finish() { if let film { end(film) } }

    override func hasNews() -> Bool { film != nil || wantsToggle }
}
