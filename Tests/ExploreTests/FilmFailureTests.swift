import Foundation
import TestSupport
import Testing

/// A film that cannot be made takes nothing else with it.
@Suite struct FilmFailureTests {
    /// A program in ffmpeg's place, in a folder that comes first on the path.
    private func run(ffmpeg script: String, _ arguments: [String]) throws -> (run: Program, film: URL) {
        let folder = try TemporaryFolder()
        try folder.writeData()
        let tools = folder.url.appendingPathComponent("tools")
        try FileManager.default.createDirectory(at: tools, withIntermediateDirectories: true)
        let fake = tools.appendingPathComponent("ffmpeg")
        try Data("#!/bin/sh\n\(script)\n".utf8).write(to: fake)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: fake.path)
        let film = folder.url.appendingPathComponent("film.mp4")
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        let run = try Program(
            arguments: [
                "ldam", "--data", folder.url.path, "--headless", "--quiet", "--pictures", "none", "--film", film.path,
            ]
                + arguments,
            environment: ["PATH": "\(tools.path):\(path)"])
        return (run, film)
    }

    @Test func oneThatEndsAtOnceIsAnErrorAfterTheRun() throws {
        let (run, film) = try run(ffmpeg: "echo no such thing >&2\nexit 1", ["--steps", "20"])
        #expect(run.status == 1)
        #expect(run.error.contains("ffmpeg said: no such thing"), "\(run.error)")
        #expect(!run.error.contains("crashed"))
        #expect(!FileManager.default.fileExists(atPath: film.path))
    }

    @Test func aFilmThatNeverBeganIsAnError() throws {
        let (run, _) = try run(ffmpeg: "cat > /dev/null", ["--steps", "5", "--film-from", "100"])
        #expect(run.status == 1)
        #expect(run.error.contains("there is no film, since the run ended before step 101"), "\(run.error)")
    }
}
