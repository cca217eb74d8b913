import CLMat
import Exploration
import Viewer

extension Session {
    func writeScreenshot() throws {
        if let file = options.screenshot { try drawWindow(file) }
    }

    func drawWindow(_ file: String) throws(CLMatError) {
        try onMain { () throws(CLMatError) in
            try Viewer.screenshot(of: learner, to: file, options: viewerOptions(layoutName: nil))
        }
        say("Wrote \(file).")
    }

    func writePictures() {
        guard options.pictures != "none" else { return }
        do throws(CLMatError) {
            // Not looked at yet where a run that wanted a window got none.
            try plan.checks.checkFolder(options.pictures)
            try Files.makeFolder(options.pictures)
        } catch {
            return failures.add(error)
        }
        let figures = plan.command.pictures ?? learner.dashboard.figures.map(\.id)
        for figure in figures {
            // Who has asked twice does not want to wait for a figure.
            if learner.isLeavingOff { return say("The pictures that are not written yet are left out.") }
            failures.attempt { try writePicture(figure) }
        }
    }

    func writePicture(_ figure: String) throws {
        guard let info = learner.dashboard.figures.first(where: { $0.id == figure }) else { return }
        let content = try learner.content(of: figure)
        if content.whyEmpty != nil { return }
        let file = "\(options.pictures)/\(model)-\(figure).png"
        try onMain { () throws(CLMatError) in
            try Viewer.writePNG(
                of: content, info, step: learner.status.step, to: file, options: viewerOptions(layoutName: nil))
        }
        say("Wrote \(file).")
    }
}
