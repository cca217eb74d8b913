import CLMat
import Exploration
import Foundation
import Viewer

/// Every widget and figure kind, on made-up data: the manual of the viewer.
///
///     gallery                      opens a window
///     gallery --screenshot FILE    writes a picture (also --light, --size WIDTHxHEIGHT, --steps N)
///     gallery --pictures FOLDER    writes a picture of each figure alone
///
/// `--figures text,heatmap` opens these figures and closes the others.
@main struct Program {
    @MainActor static func main() {
        Descriptors.prepare()
        var options = ViewerOptions(title: "Gallery · made-up data", profile: Gallery.profile)
        var screenshot: String?
        var pictures: String?
        var figures: [String]?
        var steps = 3000
        var arguments = CommandLine.arguments.dropFirst()
        while let argument = arguments.popFirst() {
            switch argument {
            case "--screenshot":
                guard let file = arguments.popFirst() else { usage("--screenshot needs a file") }
                screenshot = file
            case "--pictures":
                guard let folder = arguments.popFirst() else { usage("--pictures needs a folder") }
                pictures = folder
            case "--figures":
                guard let names = arguments.popFirst() else { usage("--figures needs names, such as text,heatmap") }
                figures = names.split(separator: ",").map(String.init)
            case "--light": options.theme = .light
            case "--steps":
                guard let number = arguments.popFirst().flatMap({ Int($0) }), number >= 0 else {
                    usage("--steps needs a whole number")
                }
                steps = number
            case "--size":
                let sides = (arguments.popFirst() ?? "").split(separator: "x").compactMap { Int($0) }
                guard sides.count == 2, sides.allSatisfy({ (320...8192).contains($0) }) else {
                    usage("--size needs WIDTHxHEIGHT, such as 1280x720")
                }
                (options.width, options.height) = (sides[0], sides[1])
            default: usage("there is no option \(argument)")
            }
        }
        do {
            if let figures {
                let learner = try Gallery.learner(stepsPerSecond: nil)
                for name in figures { try Viewer.check(panel: name, of: learner.dashboard) }
                for figure in learner.dashboard.figures { options.panels[figure.id] = figures.contains(figure.id) }
            }
            if let pictures {
                let learner = try Gallery.learner(stepsPerSecond: nil)
                try Gallery.play(learner, steps: steps)
                for figure in learner.dashboard.figures where !["empty", "failing"].contains(figure.id) {
                    let file = "\(pictures)/\(figure.id).png"
                    try Viewer.writePNG(ofFigure: figure.id, of: learner, to: file, options: options)
                }
                learner.stop()
                learner.wait()
            } else if let screenshot {
                let learner = try Gallery.learner(stepsPerSecond: nil)
                try Gallery.play(learner, steps: steps)
                try Viewer.screenshot(of: learner, to: screenshot, options: options)
                learner.stop()
                learner.wait()
            } else {
                let learner = try Gallery.learner(stepsPerSecond: 200)
                learner.start()
                try Viewer.run(learner, options: options)
                learner.stop()
                learner.wait()
            }
        } catch {
            StandardError.say("gallery: \(error)")
            exit(1)
        }
    }

    static func usage(_ problem: String) -> Never {
        StandardError.say("gallery: \(problem)")
        exit(64)
    }
}
