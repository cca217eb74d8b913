import CLMat
import Exploration
import Testing

/// What every model owes the engine: wherever a run goes in its history, from whatever snapshot, file or recording, it
/// comes to the same numbers as a run that never looked back.
///
/// - Parameters:
///   - changes: what is done to the model, each after so many steps, which have to be fewer than `steps`.
///   - device: where the model lives.
///   - make: a fresh run.
public func expectRepeatable(
    changes: [ListDirector.Entry], steps: Int, on device: Device, make: (Learner.Options) throws -> Learner
) throws {
    func run(_ plan: [ListDirector.Entry], adjust: (inout Learner.Options) throws -> Void = { _ in }) throws -> Learner
    {
        var options = Learner.Options()
        options.director = ListDirector(plan, endsAt: steps)
        try adjust(&options)
        let learner = try make(options)
        learner.start()
        learner.wait()
        #expect(learner.status.error == nil && learner.status.recordingError == nil)
        return learner
    }
    func expectEnd(of learner: Learner, as whole: Learner, from step: Int, _ what: Comment) {
        #expect(learner.status.step == steps, what)
        for metric in whole.dashboard.metrics.map(\.id) {
            let (a, b) = (whole.timeline.series(metric), learner.timeline.series(metric))
            let (start, own) = (a.index(from: step + 1), b.index(from: step + 1))
            #expect(a.steps[start...].elementsEqual(b.steps[own...]), what)
            #expect(a.values[start...].map(\.bitPattern) == b.values[own...].map(\.bitPattern), "\(what), \(metric)")
        }
    }

    let straight = try run(changes)
    // Back to a place and then to the end that was left, so that the way there is made again.
    for (budget, place) in [(1 << 30, 1), (1 << 30, steps / 2), (0, steps / 3), (1 << 20, steps - 1)] {
        let back = changes + [ListDirector.Entry(steps - 1, .rewind(to: place)), .init(place, .go(to: 0))]
        let wandering = try run(back) { $0.snapshotBudget = budget }
        expectEnd(of: wandering, as: straight, from: 0, "after a rewind to \(place)")
    }
    // Back, and on by a branch of its own, with the later changes made again.
    let half = steps / 2
    let again = try run(changes + [.init(steps - 1, .rewind(to: half))] + changes.filter { $0.step >= half })
    expectEnd(of: again, as: straight, from: 0, "on a branch from \(half)")
    try inTemporaryFolder { folder in
        // Saved, and gone on with in another run.
        for place in [1, half] {
            let file = folder + "/at-\(place).safetensors"
            var options = Learner.Options(maximumSteps: place)
            options.director = ListDirector(changes.filter { $0.step <= place })
            let first = try make(options)
            first.start()
            first.wait()
            try first.save(to: file)
            let resumed = try run(changes.filter { $0.step > place }) {
                $0.resumes = try Checkpoint(reading: file, on: device)
            }
            expectEnd(of: resumed, as: straight, from: place, "resumed at \(place)")
        }
        // Written down, and done again.
        let file = folder + "/session"
        let header = SessionFile.Header(
            model: "", title: straight.title, device: device.name, threads: 0, instructions: "", seed: 1,
            dataChecksum: straight.dataChecksum, arguments: [], settings: [:], attached: [])
        _ = try run(
            changes + [
                .init(steps - 1, .rewind(to: half)), .init(half, .undo), .init(steps - 1, .undo),
            ]
        ) {
            $0.recorder = try SessionWriter(writing: file, header: header)
        }
        let replay = Replay(try SessionFile(reading: file), tolerance: 0)
        var options = Learner.Options()
        (options.director, options.recorder) = (replay, replay)
        let replayed = try make(options)
        replayed.start()
        replayed.wait()
        #expect(replayed.status.error == nil)
        #expect(replay.report.isSame && replay.report.steps > steps, "\(replay.report)")
    }
}
