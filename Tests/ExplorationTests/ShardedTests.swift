import CLMat
import Exploration
import TestSupport
import Testing

/// What the machines have together is what the source has alone.
@Suite struct ShardedTests {
    private func shards<Source: DataSource>(_ source: Source, _ machines: Int) throws -> [Sharded<Source>] {
        try (0..<machines).map { try Sharded(source, DataShard($0, of: machines)) }
    }

    /// All machines step by step, with the batch size changing, and the source alone with its steps.
    private func expectUnion<Source: DataSource<[Int]>>(of source: Source, machines: Int) throws {
        let machines = try shards(source, machines)
        var (position, alone) = (0, place(1))
        for step in 1...12 {
            let own = place(step, position, count: [nil, 4, 1, 19][step / 3 % 4])
            for machine in machines {
                alone = DataPlace(step: Step(alone.step.number, seed: 1), position: alone.position, count: own.count)
                let expected = try source.batch(at: alone)
                #expect(try machine.batch(at: own) == expected, "step \(step) of \(machine.shard)")
                #expect(machine.samples(at: own) == expected.count)
                alone = place(alone.step.number + 1, alone.position + expected.count)
            }
            position += machines[0].samples(at: own)
        }
    }

    @Test(arguments: [1, 2, 3, 8])
    func machinesTakeTurnsAtMinibatches(_ machines: Int) throws {
        try expectUnion(of: NumberedSteps(), machines: machines)
        try expectUnion(of: ReadingAhead(NumberedSteps()), machines: machines)
        let stream = MadeStream(1000)
        try expectUnion(of: stream.source(batchSize: 2, saying: .endless(epoch: 10)), machines: machines)
    }

    @Test(arguments: [1, 2, 7, 20], [1, 2, 3, 7, 20])
    func machinesDivideTheSamplesOfAStream(count: Int, machines: Int) throws {
        guard machines <= count else { return }
        let stream = MadeStream(count, isShuffled: true)
        let parts = try shards(stream.source(), machines)
        // Machines differ in their minibatches.
        for pass in 0..<3 {
            var seen: [Int] = []
            for (index, part) in parts.enumerated() {
                let all = count / machines + (index >= machines - count % machines ? 1 : 0)
                var own: [Int] = []
                while own.count < all {
                    let wanted = min(all - own.count, 1 + index % 3)
                    own += try part.batch(at: place(1, pass * all + own.count, count: wanted))
                }
                seen += own
            }
            #expect(seen == stream.order(pass: pass, seed: 1))
        }
        // Straight on: one opening per machine and pass.
        #expect(stream.opened.withLock { $0.count } == 3 * machines)
    }

    @Test func aMinibatchMayGoOverTheEndOfAPart() throws {
        let stream = MadeStream(5)
        let parts = try shards(stream.source(), 2)
        #expect(try parts[0].batch(at: place(1, 1, count: 4)) == [1007, 1000, 1007, 1000])
        #expect(try parts[1].batch(at: place(1, 1, count: 4)) == [1021, 1028, 1014, 1021])
    }

    @Test func whatIsKnownOfTheSourceIsHandedOn() throws {
        let shard = try DataShard(1, of: 3)
        let numbered = try Sharded(NumberedSteps(), shard)
        #expect(numbered.name == "numbered" && numbered.checksum == "numbers" && numbered.shard == shard)
        #expect(numbered.batchSizes == NumberedSteps().batchSizes && numbered.stepsPerEpoch == 2)
        #expect(numbered.notes == ["They count.", "This machine learns from part 2 of 3 of numbered."])
        #expect(numbered.delivery == .byStep)
        let stream = try MadeStream(24).source(batchSize: 2, sizes: 1...4)
        let streamed = try Sharded(stream, shard)
        #expect(streamed.delivery == .streamed && streamed.checksum == "sum" && streamed.stepsPerEpoch == 4)
        #expect(streamed.batchSizes == stream.batchSizes && streamed.shard == shard)
        #expect(try stream.part(shard)?.stepsPerEpoch == 4)
        #expect(try Sharded(stream, .whole).notes == ["Made up."])
    }

    @Test func whatCannotBeDividedIsRefused() throws {
        let half = try DataShard(0, of: 2)
        let stream = try MadeStream(3).source()
        #expect(thrownCase { _ = try Sharded(Sharded(stream, half), half) } == "invalidArgument")
        #expect(thrownCase { _ = try Sharded(stream, DataShard(0, of: 4)) } == "invalidValue")
        #expect(try stream.part(half)?.part(half) == nil)
        #expect(
            thrownCase { _ = try Sharded(NumberedSteps(), half).batch(at: place(2, Int.max / 2 + 1)) }
                == "invalidArgument")
        #expect(thrownCase { _ = try Sharded(NumberedSteps(), half).batch(at: place(Int.max, 0)) } == "invalidArgument")
    }

    @Test(arguments: [false, true])
    func aRunIsRepeatable(isStreamed: Bool) throws {
        let shard = try DataShard(1, of: 3)
        let stream = try MadeStream(61, isShuffled: true).source(batchSize: 3, sizes: 1...20)
        try expectRepeatable(changes: DataSourceTests.changes, steps: 25, on: .cpu) {
            isStreamed
                ? try Learner(Mixer(), data: Sharded(stream, shard), options: $0)
                : try Learner(Mixer(), data: Sharded(NumberedSteps(), shard), options: $0)
        }
    }
}
