import CLMat
import Dispatch
import Exploration
import Foundation
import Viewer

/// One run from the start to its files: with a window, or with a progress line.
struct Session {
    let learner: Learner
    let model: String
    let device: Device
    let options: RunOptions
    /// Figures that a run without a window writes as PNG files.
    let pictures: [String]

    func run() throws {
        // What could not be written in the end is said before an hour of work.
        for file in [options.summary, options.screenshot].compactMap({ $0 }) { try Self.checkWritable(file) }
        device.profile.isRecording = options.profile
        if options.isWindowless {
            try runHeadless()
        } else if let obstacle = onMain({ Viewer.obstacle }) {
            say("No window (\(obstacle)): running without one.")
            try runHeadless()
        } else {
            try runInWindow()
        }
    }

    private func runInWindow() throws {
        learner.start()
        do {
            try onMain { () throws(CLMatError) in
                try Viewer.run(learner, options: viewerOptions(layoutName: model))
            }
        } catch {
            guard case CLMatError.windowUnavailable(let reason) = error else { throw error }
            // A display that is there but refuses: the run goes on, as where there is none.
            say("No window (\(reason)): running without one.")
            try followHeadless()
            return
        }
        learner.stop()
        // Who closes a window wants it gone: only a summary is worth the wait for a long step and the last tests.
        guard options.summary != nil || learner.wait(for: 1) else { return }
        learner.wait()
        try writeSummary()
        try finish()
    }

    private func runHeadless() throws {
        learner.start()
        try followHeadless()
    }

    /// Tells the progress of a run that was started, until it ends; then writes its files.
    private func followHeadless() throws {
        // Also where a run that wanted a window got none.
        if options.pictures != "none" { try Self.makeFolder(options.pictures) }
        let signals = [SIGINT, SIGTERM, SIGHUP].map(endRun(on:))
        defer { signals.forEach { $0.cancel() } }
        let deadline = DispatchTime.now() + defaultSeconds
        let reporter = ProgressReporter(
            learner: learner, options: options, endsAfter: endsByItself ? nil : defaultSeconds)
        while !learner.status.isFinished {
            reporter.report()
            if !endsByItself, DispatchTime.now() > deadline { learner.stop() }
            if let step = options.atStep, learner.status.isPaused, learner.status.step == step {
                try writeScreenshot()
                learner.send(.resume)
                while learner.status.isPaused, !learner.status.isFinished { Thread.sleep(forTimeInterval: 0.002) }
            }
            Thread.sleep(forTimeInterval: 0.05)
        }
        reporter.finish()
        // Numbers first: what they say is not lost with a picture that cannot be written.
        try writeSummary()
        // The figures of the last step are computed before the learner's threads end.
        if learner.status.error == nil {
            let isTaken = options.atStep.map { learner.status.step >= $0 } ?? false
            if options.screenshot != nil, !isTaken { try writeScreenshot() }
            try writePictures()
        }
        learner.stop()
        learner.wait()
        try finish()
    }

    private func finish() throws {
        if let error = learner.status.error { throw error }
        for command in learner.options.schedule where command.step > learner.status.step {
            say(
                "The run ended at step \(learner.status.step), before a --set that was to come at step \(command.step)."
            )
        }
        if !options.quiet { printResult() }
        if options.profile { try printProfile() }
    }

    /// A run without a window that nobody told how long to be ends after this many seconds.
    private var defaultSeconds: Double { 60 }
    private var endsByItself: Bool { learner.options.maximumSteps != nil }

    private func viewerOptions(layoutName: String?) -> ViewerOptions {
        let size = (try? options.windowSize()) ?? (width: 1600, height: 1000)
        return ViewerOptions(
            title: learner.title, width: size.width, height: size.height,
            theme: options.theme == .light ? .light : .dark, layoutName: layoutName,
            // What --profile prints at the end is of the whole run.
            profile: ProfileSource(of: device, learner, recordsAlways: options.profile))
    }

    private func writeScreenshot() throws {
        guard let file = options.screenshot else { return }
        try onMain { () throws(CLMatError) in
            try Viewer.screenshot(of: learner, to: file, options: viewerOptions(layoutName: nil))
        }
        say("Wrote \(file).")
    }

    private func writePictures() throws {
        guard options.pictures != "none" else { return }
        for figure in pictures {
            guard learner.dashboard.figures.contains(where: { $0.id == figure }) else { continue }
            guard case .imageGrid(let grid) = try learner.content(of: figure) else { continue }
            let file = "\(options.pictures)/\(model)-\(figure).png"
            try Viewer.writePNG(of: grid, to: file)
            say("Wrote \(file).")
        }
    }

    private func say(_ text: String) {
        if !options.quiet { standardError(text) }
    }

    /// The program's commands run on the main thread, where windows live.
    private func onMain<Value: Sendable, Failure: Error>(
        _ body: @MainActor () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        let result: Result<Value, Failure> = MainActor.assumeIsolated {
            do throws(Failure) { return .success(try body()) } catch { return .failure(error) }
        }
        return try result.get()
    }

    /// Ctrl-c and the like end the run after the step in progress; its files are written.
    private func endRun(on number: Int32) -> any DispatchSourceSignal {
        signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
        source.setEventHandler { [learner] in learner.stop() }
        source.resume()
        return source
    }

    private func writeSummary() throws(CLMatError) {
        guard let file = options.summary else { return }
        try Files.write(
            Summary(learner: learner, model: model, device: device, seed: options.seed).json + "\n", to: file)
    }

    private func printProfile() throws(CLMatError) {
        device.profile.isRecording = false
        let roofline = try Roofline.measure(on: device)
        print(device.profile.report(steps: learner.status.step, roofline: roofline))
    }

    private func printResult() {
        let status = learner.status
        print("\(learner.title), \(device.summary), seed \(options.seed)")
        print("\(grouped(status.step)) steps (\(format(status.epoch)) epochs) in \(format(status.seconds)) s")
        let values = learner.timeline.lastValues
        for metric in learner.dashboard.metrics {
            guard let value = values[metric.id] else { continue }
            print("  \(metric.title) (\(metric.unit)): \(format(value, digits: 4))")
        }
        for (rate, value) in learner.totalRates.sorted(by: { $0.key < $1.key }) {
            print("  \(rate.replacingOccurrences(of: "-", with: " ")) a second: \(format(value))")
        }
    }

    private static func makeFolder(_ path: String) throws(CLMatError) {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw .fileNotWritable(path: path, reason: "there is no such folder, and it cannot be made")
        }
        guard access(path, W_OK) == 0 else {
            throw .fileNotWritable(path: path, reason: "the folder may not be written to")
        }
    }

    /// - Throws: ``CLMatError/fileNotWritable(path:reason:)`` if the folder is not there or may not be written.
    private static func checkWritable(_ path: String) throws(CLMatError) {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else {
            throw .fileNotWritable(path: path, reason: "there is no folder \(folder)")
        }
        guard !(FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue) else {
            throw .fileNotWritable(path: path, reason: "it is a folder")
        }
        guard access(folder, W_OK) == 0 else {
            throw .fileNotWritable(path: path, reason: "the folder \(folder) may not be written to")
        }
    }
}
