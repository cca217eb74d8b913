import CLMat
import Exploration
import Foundation
import TestSupport
import Testing

@testable import Viewer

extension WindowTests {
    /// A figure is filmed while the run goes on.
    @MainActor @Suite(.serialized) struct Films {
        /// A run of so many steps, filmed.
        private func film(_ plan: FilmPlan, steps: Int) throws -> (film: Film, learner: Learner) {
            let learner = try FakeModel.learner(Learner.Options(maximumSteps: steps))
            let film = try Film(plan, of: learner)
            learner.start()
            // What waits is drawn until the run has ended, as a program does it.
            while !learner.wait(for: 0.002) { film.serve() }
            film.serve()
            return (film, learner)
        }

        @Test func aFolderGetsAPictureForEachFrame() throws {
            try inTemporaryFolder { folder in
                let path = folder + "/frames"
                let (film, _) = try film(FilmPlan(path: path, figure: "grid", steps: 20, from: 5), steps: 40)
                #expect(film.isDone)
                #expect(try film.finish() == 20)
                let names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
                #expect(names.count == 20 && names.first == "00001.png" && names.last == "00020.png")
                #expect(throws: CLMatError.self) { try Film.check(path) }
            }
        }

        @Test func aLongFilmSkipsStepsAndAShortOneIsSlow() {
            let long = FilmPlan(path: "x", steps: 5000)
            #expect(long.stepsPerFrame == 20 && long.frames == 250 && long.framesPerSecond == 25)
            let short = FilmPlan(path: "x", steps: 50)
            #expect(short.stepsPerFrame == 1 && short.frames == 50 && short.framesPerSecond == 5)
        }

        @Test func aRunThatEndsBeforeLeavesAShorterFilm() throws {
            try inTemporaryFolder { folder in
                let (film, learner) = try film(FilmPlan(path: folder + "/frames", steps: 100), steps: 12)
                #expect(try film.finish() == 12 && film.progress.of == 100)
                #expect(learner.status.error == nil)
            }
        }

        @Test func whatCannotBeWrittenIsKnownBeforeTheRun() throws {
            let learner = try FakeModel.learner()
            try inTemporaryFolder { folder in
                for path in ["/film.mov", "/no/film.mp4", "/film.png"] {
                    #expect(throws: CLMatError.self, "\(path)") { try Film.check(folder + path) }
                }
                #expect(
                    throws: CLMatError.unknownName(
                        kind: "figure", name: "gird", known: learner.dashboard.figures.map(\.id))
                ) {
                    try Film(FilmPlan(path: folder + "/f", figure: "gird", steps: 5), of: learner)
                }
                if !Film.canEncode {
                    let error = #expect(throws: CLMatError.self) { try Film.check(folder + "/film.mp4") }
                    #expect(error.map { "\($0)".contains("apt-get install ffmpeg") } == true)
                }
            }
        }

        @Test func aFigureThatFailsEndsTheFilmAndNotTheRun() throws {
            try inTemporaryFolder { folder in
                let (film, learner) = try film(
                    FilmPlan(path: folder + "/frames", figure: "broken", steps: 100), steps: 12)
                #expect(throws: CLMatError.dataMismatch("broken on purpose")) { try film.finish() }
                #expect(learner.status.step == 12 && learner.status.error == nil)
            }
        }

        @Test(.enabled(if: Film.canEncode, "ffmpeg is not installed."), arguments: ["mp4", "webm", "gif"])
        func ffmpegMakesAFile(ending: String) throws {
            try inTemporaryFolder { folder in
                let path = folder + "/film." + ending
                let (film, _) = try film(FilmPlan(path: path, figure: "grid", steps: 10), steps: 10)
                #expect(try film.finish() == 10)
                let start = try Data(contentsOf: URL(fileURLWithPath: path)).prefix(12)
                let marks = [
                    "mp4": Data("ftyp".utf8), "webm": Data([0x1A, 0x45, 0xDF, 0xA3]), "gif": Data("GIF8".utf8),
                ]
                #expect(start.range(of: marks[ending] ?? Data()) != nil, "\(Array(start))")
                #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["film." + ending])
            }
        }

        @Test(.enabled(if: Film.canEncode, "ffmpeg is not installed."))
        func whatFfmpegSaysIsTheError() throws {
            try inTemporaryFolder { folder in
                try FileManager.default.createDirectory(atPath: folder + "/in", withIntermediateDirectories: false)
                let writer = try FilmWriter(folder + "/in/film.mp4", framesPerSecond: 25)
                try FileManager.default.removeItem(atPath: folder + "/in")
                let error = #expect(throws: CLMatError.self) {
                    for _ in 0..<50 { try writer.add(Picture(width: 320, height: 240)) }
                    try writer.end()
                }
                #expect(
                    error.map { "\($0)".contains("ffmpeg said") && "\($0)".contains("No such file") } == true,
                    "\(error as Any)")
            }
        }

        @Test func theButtonFilmsUntilItIsPressedAgain() throws {
            try inTemporaryFolder { folder in
                let before = FileManager.default.currentDirectoryPath
                #expect(FileManager.default.changeCurrentDirectoryPath(folder))
                defer { FileManager.default.changeCurrentDirectoryPath(before) }
                let hands = try Hands()
                defer { hands.finish() }
                try hands.click("toolbar/film")
                #expect(hands.view.filmMaker.isFilming && hands.view.filmMaker.words.hasPrefix("Filming"))
                hands.run(to: 8)
                try hands.click("toolbar/film")
                #expect(!hands.view.filmMaker.isFilming)
                let names = try FileManager.default.contentsOfDirectory(atPath: folder)
                #expect(names == [Film.canEncode ? "grid-0.mp4" : "grid-0-film"])
            }
        }
    }
}
