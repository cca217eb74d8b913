import CLMat
import Exploration
import Foundation
import TestSupport
import Testing

/// Reading ahead changes when minibatches are made, and nothing else.
@Suite struct ReadingAheadTests {
    /// By step, with a gate before chosen steps; it tells how often each was made, and when it goes.
    private struct Gated: DataSource {
        final class Life: Sendable {
            let hasEnded: DispatchSemaphore
            init(_ hasEnded: DispatchSemaphore) { self.hasEnded = hasEnded }
            deinit { hasEnded.signal() }
        }
        let name = "gated"
        let stepsPerEpoch = 10
        var closed: Set<Int> = []
        let gate = DispatchSemaphore(value: 0)
        /// Signalled when each step is begun.
        let begun = (0..<20).map { _ in DispatchSemaphore(value: 0) }
        let made = Locked<[Int: Int]>([:])
        let broken = Locked<Set<Int>>([])
        let hasEnded: DispatchSemaphore
        private let life: Life

        init(closed: Set<Int> = []) {
            self.closed = closed
            hasEnded = DispatchSemaphore(value: 0)
            life = Life(hasEnded)
        }

        func batch(at place: DataPlace) throws(CLMatError) -> Int {
            let step = place.step.number
            made.withLock { $0[step, default: 0] += 1 }
            begun[step].signal()
            if closed.contains(step) { gate.wait() }
            if broken.withLock({ $0.contains(step) }) {
                throw .invalidArgument(operation: "gated", problem: "step \(step) is broken")
            }
            return 100 * step
        }

        func times(_ step: Int) -> Int { made.withLock { $0[step] ?? 0 } }
    }

    private func hasCome(_ semaphore: DispatchSemaphore) -> Bool { semaphore.wait(timeout: .now() + 20) == .success }

    private func at(_ step: Int) -> DataPlace { place(step, step - 1) }

    // MARK: - The same

    @Test(arguments: [1, 2, 7, 100])
    func minibatchesAreThoseOfTheSource(count: Int) throws {
        let stream = MadeStream(count, isShuffled: true)
        let source = ReadingAhead(try stream.source())
        var wandering = Wandering(seed: UInt64(count))
        for _ in 0..<400 {
            let place = wandering.place
            let batch = try source.batch(at: place)
            #expect(batch == stream.samples(place.position, place.count ?? 1, seed: place.step.seed))
            wandering.go(past: batch.count, counts: 1...20)
        }
    }

    @Test func aRunIsRepeatableAndTheSameAsWithout() throws {
        let stream = MadeStream(23, isShuffled: true)
        let (plain, numbered) = (try stream.source(batchSize: 3, sizes: 1...20), NumberedSteps())
        let changes = DataSourceTests.changes
        #expect(
            try Mixer.values(on: ReadingAhead(plain), steps: 25, changes: changes)
                == Mixer.values(on: plain, steps: 25, changes: changes))
        #expect(
            try Mixer.values(on: ReadingAhead(numbered), steps: 25, changes: changes)
                == Mixer.values(on: numbered, steps: 25, changes: changes))
        let shard = try DataShard(1, of: 2)
        #expect(
            try Mixer.values(on: Sharded(ReadingAhead(plain), shard), steps: 25, changes: changes)
                == Mixer.values(on: ReadingAhead(Sharded(plain, shard)), steps: 25, changes: changes))
        let ahead = ReadingAhead(plain)
        try expectRepeatable(changes: changes, steps: 25, on: .cpu) {
            try Learner(Mixer(), data: ahead, options: $0)
        }
    }

    @Test func whatIsKnownOfTheSourceIsHandedOn() throws {
        let stream = try MadeStream(24).source(batchSize: 2, sizes: 1...4)
        let ahead = ReadingAhead(stream)
        #expect(ahead.name == stream.name && ahead.stepsPerEpoch == 12 && ahead.delivery == .streamed)
        #expect(ahead.batchSizes == stream.batchSizes && ahead.checksum == "sum" && ahead.notes == ["Made up."])
        let shard = try DataShard(1, of: 2)
        #expect(try ahead.shard == .whole && ahead.part(shard)?.shard == shard)
    }

    // MARK: - When

    @Test func theNextMinibatchIsMadeWhileTheStepIsLearned() throws {
        let gated = Gated()
        let source = ReadingAhead(gated)
        for step in 1...9 {
            #expect(try source.batch(at: at(step)) == 100 * step)
            // Nobody has asked for it.
            #expect(hasCome(gated.begun[step + 1]))
        }
        #expect((1...10).allSatisfy { gated.times($0) == 1 })
    }

    @Test func whatIsUnderWayIsWaitedFor() throws {
        let gated = Gated(closed: [2])
        let source = ReadingAhead(gated)
        #expect(try source.batch(at: at(1)) == 100)
        #expect(hasCome(gated.begun[2]))
        let (found, isDone) = (Locked<Int?>(nil), DispatchSemaphore(value: 0))
        Thread.detachNewThread {
            let batch = try? source.batch(at: place(2, 1))
            found.withLock { $0 = batch }
            isDone.signal()
        }
        gated.gate.signal()
        #expect(hasCome(isDone) && found.withLock { $0 } == 200 && gated.times(2) == 1)
    }

    /// The thread waits at a gate that opens only after the other place was had.
    @Test func whatIsAskedForOutOfTurnDoesNotWait() throws {
        let gated = Gated(closed: [2])
        let source = ReadingAhead(gated)
        #expect(try source.batch(at: at(1)) == 100)
        #expect(hasCome(gated.begun[2]))
        #expect(try source.batch(at: at(5)) == 500)
        // What is next now has not begun: the thread is busy, so it is made here.
        #expect(try source.batch(at: at(6)) == 600)
        gated.gate.signal()
        gated.gate.signal()
        #expect(try source.batch(at: at(2)) == 200)
        #expect(gated.times(5) == 1 && gated.times(6) == 1 && gated.times(2) == 2)
    }

    /// A second look at the same place leaves what is next as it is.
    @Test func thePlaceCanBeAskedForTwice() throws {
        let gated = Gated()
        let source = ReadingAhead(gated)
        #expect(try source.batch(at: at(1)) == 100)
        #expect(hasCome(gated.begun[2]))
        #expect(try source.batch(at: at(1)) == 100)
        #expect(try source.batch(at: at(2)) == 200)
        #expect(gated.times(1) == 2 && gated.times(2) == 1)
    }

    // MARK: - Errors, ends and many callers

    @Test func anErrorIsThrownOnlyWhereItIsAskedFor() throws {
        let gated = Gated()
        gated.broken.withLock { $0 = [3, 8] }
        let source = ReadingAhead(gated)
        #expect(try source.batch(at: at(2)) == 200)
        #expect(hasCome(gated.begun[3]))
        #expect(try source.batch(at: at(7)) == 700)
        #expect(hasCome(gated.begun[8]))
        #expect(thrownCase { _ = try source.batch(at: at(8)) } == "invalidArgument")
        #expect(thrownCase { _ = try source.batch(at: at(8)) } == "invalidArgument")
        // It is the state of the source when it is asked for that counts.
        #expect(try source.batch(at: at(2)) == 200)
        #expect(hasCome(gated.begun[3]))
        gated.broken.withLock { $0 = [] }
        #expect(try source.batch(at: at(3)) == 300)
    }

    @Test func aRunEndsWithTheErrorOfItsStep() throws {
        let source = ReadingAhead(try MadeStream(20, failsAt: 13).source(batchSize: 4))
        let learner = try Learner(Mixer(), data: source, options: .init(maximumSteps: 10)).runToTheEnd()
        #expect(learner.status.step == 3)
        guard case .streamFailed("made", 12, 0, _) = learner.status.error else {
            Issue.record("\(learner.status.error.map { "\($0)" } ?? "no error")")
            return
        }
        // A run that ends before it never knows.
        let earlier = try Learner(Mixer(), data: source, options: .init(maximumSteps: 3)).runToTheEnd()
        #expect(earlier.status.step == 3 && earlier.status.error == nil)
    }

    @Test func theThreadEndsWithTheSource() throws {
        func use(closed: Set<Int> = []) throws -> (DispatchSemaphore, DispatchSemaphore) {
            let gated = Gated(closed: closed)
            let source = ReadingAhead(gated)
            #expect(try source.batch(at: at(1)) == 100)
            #expect(hasCome(gated.begun[2]))
            return (gated.hasEnded, gated.gate)
        }
        #expect(hasCome(try use().0))
        // While it is making something: after that.
        let (hasEnded, gate) = try use(closed: [2])
        #expect(hasEnded.wait(timeout: .now()) == .timedOut)
        gate.signal()
        #expect(hasCome(hasEnded))
    }

    @Test func manyThreadsCanShareIt() throws {
        let stream = MadeStream(31, isShuffled: true)
        let source = ReadingAhead(try stream.source())
        #expect(stream.wrongBatches(of: source, askedFor: 300) == 0)
    }
}
