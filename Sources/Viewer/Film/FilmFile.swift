import CLMat
import Foundation
import Synchronization

/// Where a film goes: a file that `ffmpeg` makes, or a folder that gets a picture per frame.
enum FilmFile {
    /// By the ending of the name.
    enum Kind: String, CaseIterable {
        case mp4, webm, gif
    }

    /// The kind of file that a name means; nil for a folder of frames.
    ///
    /// - Throws: ``/CLMat/CLMatError/fileNotWritable(path:reason:)`` for the name of a file of another kind.
    static func kind(of path: String) throws(CLMatError) -> Kind? {
        let ending = URL(fileURLWithPath: path).pathExtension.lowercased()
        if let kind = Kind(rawValue: ending) { return kind }
        let others = ["mov", "avi", "mkv", "m4v", "ogv", "mpg", "mpeg", "apng", "webp", "png", "jpg", "jpeg"]
        guard others.contains(ending) else { return nil }
        throw .fileNotWritable(
            path: path,
            reason: "a film is a .mp4, .webm or .gif file, or a folder that gets a PNG file for each frame")
    }

    /// Where `ffmpeg` is; nil if it is not installed.
    static var ffmpeg: String? {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
        return folders.map { "\($0)/ffmpeg" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// Whether a film could be written here, without making anything but an empty folder for frames.
    ///
    /// - Throws: ``/CLMat/CLMatError/fileNotWritable(path:reason:)``.
    static func check(_ path: String) throws(CLMatError) {
        guard try kind(of: path) != nil else {
            try Files.checkFolder(path)
            guard ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).isEmpty else {
                throw .fileNotWritable(
                    path: path, reason: "the folder is not empty; name one of its own for the frames")
            }
            return
        }
        guard ffmpeg != nil else {
            throw .fileNotWritable(
                path: path,
                reason: "ffmpeg, which makes films, is not installed (sudo apt-get install ffmpeg); "
                    + "a name without an ending is a folder, which gets a PNG file for each frame")
        }
        guard case .file = try Files.checkWritable(path) else {
            throw .fileNotWritable(path: path, reason: "it is not a plain file, which a film needs")
        }
    }
}

/// Writes the frames of a film, all of one size. One thread at a time uses it.
final class FilmWriter {
    private let path: String
    private let kind: FilmFile.Kind?
    private let framesPerSecond: Double
    private(set) var frames = 0
    private var encoder: Encoder?

    /// `ffmpeg` at work.
    private struct Encoder {
        let process: Process
        let input: FileHandle
        /// What it says goes into a file, whose size nothing waits for.
        let words: URL
        let size: (width: Int, height: Int)
    }

    init(_ path: String, framesPerSecond: Double) throws(CLMatError) {
        (self.path, self.framesPerSecond, kind) = (path, framesPerSecond, try FilmFile.kind(of: path))
        try FilmFile.check(path)
        // What ffmpeg does not take any more is an error of the write.
        signal(SIGPIPE, SIG_IGN)
    }

    /// Seconds without a picture taken after which ffmpeg is taken for hanging.
    static let patience = 60.0

    /// The process at work, for whoever ends it from another thread.
    private let running = Mutex<pid_t?>(nil)

    /// Ends ffmpeg at once: what waits for it goes on with an error. From any thread.
    func kill() { running.withLock { if let process = $0 { _ = Foundation.kill(process, SIGKILL) } } }

    /// A film is made aside, and then renamed.
    private var part: String { path + ".part" }

    func add(_ picture: Picture) throws(CLMatError) {
        guard kind != nil else {
            if frames == 0 { try Files.makeFolder(path) }
            let number = String(frames + 1)
            try picture.writePNG(to: "\(path)/\(String(repeating: "0", count: max(0, 5 - number.count)))\(number).png")
            frames += 1
            return
        }
        let encoder = try encoder(for: picture)
        guard (picture.width, picture.height) == encoder.size else {
            throw .invalidArgument(operation: "film", problem: "a frame has another size than the first one")
        }
        let problem = picture.pixels.withUnsafeBytes { Descriptors.write($0, to: encoder.input.fileDescriptor) }
        guard problem == 0 else { throw failure(Descriptors.words(problem)) }
        frames += 1
    }

    private func encoder(for picture: Picture) throws(CLMatError) -> Encoder {
        if let encoder { return encoder }
        let (width, height) = (picture.width, picture.height)
        guard let kind, let ffmpeg = FilmFile.ffmpeg else {
            throw .fileNotWritable(path: path, reason: "ffmpeg is not there any more")
        }
        let rate = String(format: "%.4g", framesPerSecond)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: ffmpeg)
        process.arguments =
            [
                "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgba", "-s", "\(width)x\(height)", "-r", rate, "-i",
                "-",
            ]
            + Self.arguments(for: kind) + ["-f", kind.rawValue, part]
        let pipe = Pipe()
        let words = FileManager.default.temporaryDirectory.appendingPathComponent("clmat-film-" + UUID().uuidString)
        do {
            _ = FileManager.default.createFile(atPath: words.path, contents: nil)
            process.standardInput = pipe
            process.standardOutput = FileHandle.nullDevice
            process.standardError = try FileHandle(forWritingTo: words)
            try process.run()
        } catch {
            throw .fileNotWritable(path: path, reason: "ffmpeg did not start: \(error.localizedDescription)")
        }
        try? pipe.fileHandleForReading.close()
        running.withLock { $0 = process.processIdentifier }
        let started = Encoder(
            process: process, input: pipe.fileHandleForWriting, words: words, size: (width, height))
        encoder = started
        return started
    }

    /// How each kind is made: of pixels that all players take, and small.
    private static func arguments(for kind: FilmFile.Kind) -> [String] {
        switch kind {
        case .mp4: ["-c:v", "libx264", "-crf", "18", "-pix_fmt", "yuv420p", "-movflags", "+faststart"]
        case .webm: ["-c:v", "libvpx-vp9", "-crf", "28", "-b:v", "0", "-row-mt", "1", "-pix_fmt", "yuv420p"]
        // A palette of the film's own, made and used in one pass, for which ffmpeg holds all pictures in memory: they are made
        // smaller and fewer first. Only what moves is written, in few colours and without dither: noisy images take some 4 MB so, and 48
        // with all.
        case .gif:
            [
                "-filter_complex",
                "[0:v]fps='min(12.5,source_fps)',scale='min(480,iw)':-2:flags=area,split[a][b];[a]palettegen=max_colors=64:stats_mode=diff[p];[b][p]paletteuse=dither=none:diff_mode=rectangle",
            ]
        }
    }

    /// The error of ffmpeg, in its own words.
    private func failure(_ reason: String) -> CLMatError {
        guard let encoder else { return .fileNotWritable(path: path, reason: reason) }
        waitForEnd(of: encoder)
        let words = ((try? String(contentsOf: encoder.words, encoding: .utf8)) ?? "")
            .trimmingCharacters(in: .whitespacesAndNewlines)
        abandon()
        return .fileNotWritable(path: path, reason: words.isEmpty ? reason : "ffmpeg said: \(words.suffix(600))")
    }

    private func waitForEnd(of encoder: Encoder) {
        try? encoder.input.close()
        encoder.process.waitUntilExit()
        running.withLock { $0 = nil }
    }

    /// Ends the film: from here on it is there.
    func end() throws(CLMatError) {
        guard kind != nil else { return }
        guard let encoder else { return }
        waitForEnd(of: encoder)
        let status = encoder.process.terminationStatus
        guard status == 0, encoder.process.terminationReason == .exit else {
            throw failure("ffmpeg ended with status \(status)")
        }
        guard rename(part, path) == 0 else { throw failure(Descriptors.words(errno)) }
        try? FileManager.default.removeItem(at: encoder.words)
        self.encoder = nil
    }

    /// Gives the film up; frames that lie in a folder stay.
    func abandon() {
        guard let encoder else { return }
        // Not asked: it may not listen to what a terminal sends, so that Ctrl-C leaves a whole film.
        kill()
        waitForEnd(of: encoder)
        unlink(part)
        try? FileManager.default.removeItem(at: encoder.words)
        self.encoder = nil
    }
}
