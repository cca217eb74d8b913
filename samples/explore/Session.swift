import CLMat
import Dispatch
import Exploration
import Foundation

/// One run from the start to its files: with a window, or with a progress line.
struct Session {
    let learner: Learner
    let model: String
    let device: Device
    let options: RunOptions
    /// Figures that a run without a window writes as PNG files.
    let pictures: [String]

    func run() throws {
        // Where nothing could be written in the end, that is said before an hour of work.
        for file in [options.summary, options.screenshot].compactMap({ $0 }) { try Self.checkWritable(file) }
        try runHeadless()
    }

    private func runHeadless() throws {
        let interrupt = interruption()
        defer { interrupt.cancel() }
        let reporter = ProgressReporter(learner: learner, options: options)
        learner.start()
        while !learner.status.isFinished {
            reporter.report()
            Thread.sleep(forTimeInterval: 0.1)
        }
        learner.wait()
        reporter.finish()
        if let error = learner.status.error { throw error }
        try writeSummary()
        if !options.quiet { printResult() }
    }

    /// Ctrl-c ends the run after the step in progress; its files are written.
    private func interruption() -> any DispatchSourceSignal {
        signal(SIGINT, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
        source.setEventHandler { [learner] in learner.stop() }
        source.resume()
        return source
    }

    private func writeSummary() throws(CLMatError) {
        guard let file = options.summary else { return }
        try Files.write(Summary(learner: learner, model: model, device: device, seed: options.seed).json + "\n", to: file)
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
