import CLMat
import Exploration
import Foundation
import TestSupport
import Testing

/// A stream gives at each place what it would give if any place could be asked for.
@Suite struct DataSourceTests {
    /// With a slider, a rewind and the end of several passes within minibatches.
    static let changes: [ListDirector.Entry] = [
        .init(4, .set(control: "batch-size", to: 5)), .init(9, .set(control: "rate", to: 0.25)),
        .init(15, .set(control: "batch-size", to: 17)), .init(20, .set(control: "batch-size", to: 2)),
    ]

    @Test(arguments: [1, 2, 7, 100], [1, 3, 1000])
    func aStreamIsAFunctionOfThePlace(count: Int, atOnce: Int) throws {
        let stream = MadeStream(count, atOnce: atOnce, isShuffled: true)
        let source = try stream.source()
        var wandering = Wandering(seed: UInt64(count + atOnce))
        for _ in 0..<300 {
            let place = wandering.place
            let batch = try source.batch(at: place)
            #expect(batch == stream.samples(place.position, place.count ?? 1, seed: place.step.seed))
            #expect(batch.count == source.samples(at: place))
            wandering.go(past: batch.count, counts: 1...20)
        }
    }

    @Test func aStreamThatIsReadStraightOnIsOpenedOncePerPass() throws {
        let stream = MadeStream(10)
        let source = try stream.source(batchSize: 4)
        for step in 0..<10 { _ = try source.batch(at: place(step + 1, 4 * step)) }
        #expect(stream.opened.withLock { $0 } == (0..<4).map { StreamPlace(pass: $0, position: 0) })
        // Back by a step, then straight on.
        _ = try source.batch(at: place(4, 12))
        _ = try source.batch(at: place(5, 16, count: 2))
        #expect(stream.opened.withLock { $0.dropFirst(4) } == [StreamPlace(pass: 1, position: 2)])
    }

    @Test func aStreamWithoutEndIsReadOn() throws {
        let stream = MadeStream(50)
        let source = try stream.source(batchSize: 3, saying: .endless(epoch: 7))
        #expect(source.stepsPerEpoch == 2)
        for step in 0..<16 {
            #expect(try source.batch(at: place(step + 1, 3 * step)) == stream.samples(3 * step, 3))
        }
        #expect(stream.opened.withLock { $0 } == [StreamPlace(position: 0)])
        // It has an end after all.
        #expect(
            throws: CLMatError.streamFailed(
                source: "made", sample: 50, pass: 0,
                reason: .dataMismatch("it ended here. Say how many samples a pass has."))
        ) { try source.batch(at: place(17, 48)) }
    }

    @Test func aRunIsRepeatable() throws {
        let stream = MadeStream(23, isShuffled: true)
        let source = try stream.source(batchSize: 3, sizes: 1...20)
        #expect(source.batchSizes == BatchSizes(1...20, initial: 3, unit: "numbers") && source.delivery == .streamed)
        try expectRepeatable(changes: Self.changes, steps: 25, on: .cpu) {
            try Learner(Mixer(), data: source, options: $0)
        }
    }

    // MARK: - Ends and errors

    @Test func emptyStreamsAndBatchSizesThatDoNotFitAreRefused() throws {
        #expect(thrownCase { _ = try MadeStream(0).source() } == "dataMismatch")
        #expect(thrownCase { _ = try MadeStream(1).source(saying: .endless(epoch: 0)) } == "dataMismatch")
        #expect(thrownCase { _ = try MadeStream(3).source(batchSize: 4) } == "invalidValue")
        #expect(thrownCase { _ = try MadeStream(3).source(batchSize: 0) } == "invalidValue")
        #expect(thrownCase { _ = try MadeStream(3).source(batchSize: 1, sizes: 0...3) } == "invalidValue")
        #expect(thrownCase { _ = try MadeStream(3).source(batchSize: 1, sizes: 2...3) } == "invalidValue")
        let one = try MadeStream(1).source()
        #expect(try one.batch(at: place(1, 5, count: 3)) == [1000, 1000, 1000])
        for (position, count) in [(0, 0), (0, -1), (-1, 1), (Int.max - 1, 5)] {
            #expect(thrownCase { _ = try one.batch(at: place(1, position, count: count)) } == "invalidArgument")
        }
    }

    @Test func anErrorNamesTheSampleAndThePlaceCanBeAskedForAgain() throws {
        let stream = MadeStream(10, atOnce: 2, failsAt: 5)
        let source = try stream.source()
        #expect(try source.batch(at: place(1, 0, count: 5)) == stream.samples(0, 5))
        let damage = CLMatError.fileDamaged(path: "made", place: "byte 40", problem: "on purpose")
        for position in [5, 15, 3] {
            let expected = CLMatError.streamFailed(source: "made", sample: 5, pass: position / 10, reason: damage)
            #expect(throws: expected) {
                try source.batch(at: place(1, position, count: 4))
            }
        }
        #expect(try source.batch(at: place(1, 6, count: 4)) == stream.samples(6, 4))
        stream.isBroken.withLock { $0 = false }
        #expect(try source.batch(at: place(1, 5, count: 4)) == stream.samples(5, 4))
        let shown = "\(CLMatError.streamFailed(source: "made", sample: 5, pass: 1, reason: damage))"
        #expect(shown == "made cannot be read at sample 5 of pass 1: made is damaged at byte 40: on purpose")
    }

    @Test func aStreamThatCannotBeOpenedOrEndsTooEarlySaysWhere() throws {
        let closed = try StreamedSource<MadeStream.Reader, [Int]>(
            name: "closed", length: .samples(4), batchSize: 1,
            open: { _ throws(CLMatError) in
                throw .deviceFailed(device: "disk", operation: "open", status: "on purpose")
            })
        do {
            _ = try closed.batch(at: place(1, 6))
            Issue.record("it was opened")
        } catch {
            guard case .streamFailed("closed", 2, 1, _) = error else { throw error }
            #expect(error.isOfTheDevice)
        }
        let short = try MadeStream(6).source(saying: .samples(9))
        #expect(try short.batch(at: place(1, 0, count: 6)).count == 6)
        #expect(
            throws: CLMatError.streamFailed(
                source: "made", sample: 6, pass: 0,
                reason: .dataMismatch("it ended here, and was to have 9 samples."))
        ) { try short.batch(at: place(1, 4, count: 4)) }
    }

    @Test func aReaderThatGivesTooMuchIsRefused() throws {
        struct Generous: SampleReader {
            func next(_ count: Int) -> [Int] { [Int](repeating: 0, count: count + 1) }
        }
        let source = try StreamedSource(name: "generous", length: .endless(epoch: 4), batchSize: 2) {
            _ throws(CLMatError) in Generous()
        }
        #expect(thrownCase { _ = try source.batch(at: place(1)) } == "streamFailed")
    }

    @Test func aRunEndsWithTheErrorOfItsStep() throws {
        let source = try MadeStream(20, failsAt: 13).source(batchSize: 4)
        let learner = try Learner(Mixer(), data: source, options: .init(maximumSteps: 10)).runToTheEnd()
        #expect(learner.status.step == 3)
        guard case .streamFailed("made", 12, 0, _) = learner.status.error else {
            Issue.record("\(learner.status.error.map { "\($0)" } ?? "no error")")
            return
        }
    }

    @Test func manyThreadsCanShareAStream() throws {
        let stream = MadeStream(31, isShuffled: true)
        let source = try stream.source()
        #expect(stream.wrongBatches(of: source, askedFor: 200) == 0)
    }
}
