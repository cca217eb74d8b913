import CLMat
import Exploration
import TestSupport
import Testing

@testable import Models

@Suite struct ClickBatchTests {
    /// Records with features below `most`, up to four each; small numbers come again within a record.
    static func drawn(_ count: Int, below most: Int, hasValues: Bool, seed: UInt64) -> ClickBatch {
        var random = SplitMix64(seed: seed)
        var batch = ClickBatch()
        var values: [Float] = []
        for _ in 0..<count {
            for _ in 0..<Int(random.next() % 5) {
                batch.features.append(Int32(random.next() % UInt64(most)))
                values.append(Float(random.next() % 100))
            }
            batch.labels.append(Float(random.next() & 1))
            batch.starts.append(Int32(batch.features.count))
        }
        if hasValues { batch.values = values }
        return batch
    }

    @Test(
        arguments: [(0, 5), (1, 1), (7, 2), (300, 40), (300, 1 << 13), (200, 37_000_000), (50, Int(Int32.max))],
        [false, true])
    func byFeatureIsTheSameSorted(_ size: (records: Int, most: Int), hasValues: Bool) {
        let batch = Self.drawn(
            size.records, below: size.most, hasValues: hasValues, seed: UInt64(size.records + size.most))
        let found = batch.byFeature()

        // By the definition: all pairs of feature and record, in order; those of one feature by place.
        var pairs: [(feature: Int32, record: Int32, place: Int)] = []
        for record in 0..<batch.count {
            for place in batch.places(record) { pairs.append((batch.features[place], Int32(record), place)) }
        }
        pairs.sort { ($0.feature, $0.place) < ($1.feature, $1.place) }
        #expect(found.bags == pairs.map(\.record))
        #expect(found.values == batch.values.map { values in pairs.map { values[$0.place] } })
        #expect(found.ranks == Array(Set(batch.features)).sorted())
        #expect(found.starts.first == 0 && found.starts.count == found.count + 1)
        for index in 0..<found.count {
            let records = pairs.filter { $0.feature == found.ranks[index] }.map(\.record)
            #expect(Array(found.bags[found.places(index)]) == records)
        }
    }

    @Test func keysThatAreEqualKeepTheirOrder() {
        var random = SplitMix64(seed: 3)
        var keys = (0..<2000).map { UInt64(random.next() % 50) << 32 | UInt64($0) }
        let sorted = keys.sorted()
        RadixSort.byUpperHalf(&keys)
        #expect(keys == sorted)
        keys = [5, 3, 4]
        RadixSort.byUpperHalf(&keys)
        #expect(keys == [5, 3, 4])
    }
}

@Suite struct ClickBatchesTests {
    /// Records that know their numbers: record i has the feature i.
    struct Numbers: ClickRecords {
        let count: Int
        var name: String { "numbers" }
        func batch(_ range: Range<Int>) throws(CLMatError) -> ClickBatch {
            try check(range)
            return ClickBatch(
                labels: range.map { Float($0 % 2) }, starts: (0...range.count).map(Int32.init),
                features: range.map(Int32.init))
        }
    }

    /// The features of the first minibatches, as a run asks for them.
    static func walk<Source: DataSource<ClickMinibatch>>(
        _ source: Source, steps: Int, count: Int? = nil
    ) throws -> [[Int32]] {
        var (batches, position): ([[Int32]], Int) = ([], 0)
        for step in 1...steps {
            let place = DataPlace(step: Step(step, seed: 1), position: position, count: count)
            let minibatch = try source.batch(at: place)
            #expect(minibatch.count == source.samples(at: place))
            #expect(minibatch.features == minibatch.records.byFeature())
            #expect(minibatch.pass == position / 10 && minibatch.first == position % 10)
            batches.append(minibatch.records.features)
            position += source.samples(at: place)
        }
        return batches
    }

    @Test func aPassIsInOrderAndItsLastBatchMayBeShort() throws {
        let source = try ClickBatches(Numbers(count: 10), batch: 4)
        #expect(source.stepsPerEpoch == 3)
        let expected: [[Int32]] = [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9], [0, 1, 2, 3]]
        #expect(try Self.walk(source, steps: 4) == expected)
        // Made ahead they are the same, and so they are when a run goes back.
        let ahead = ReadingAhead(source)
        #expect(try Self.walk(ahead, steps: 4) == expected)
        #expect(try Self.walk(ahead, steps: 2) == Array(expected.prefix(2)))
        // Another size than at the start.
        #expect(try Self.walk(source, steps: 3, count: 6) == [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9], [0, 1, 2, 3, 4, 5]])
    }

    @Test func whatDoesNotFitIsRefused() throws {
        #expect(throws: CLMatError.self) { try ClickBatches(Numbers(count: 0), batch: 1) }
        for batch in [0, 11] {
            #expect {
                try ClickBatches(Numbers(count: 10), batch: batch)
            } throws: { ($0 as? CLMatError)?.description.contains("1 to 10") == true }
        }
        #expect(throws: CLMatError.self) { try ClickBatches(Numbers(count: 10), batch: 4, sizes: 5...8) }
        let source = try ClickBatches(Numbers(count: 10), batch: 4, sizes: 1...8)
        #expect(source.batchSizes == BatchSizes(1...8, initial: 4, unit: "records"))
        #expect(throws: CLMatError.self) { try source.batch(at: DataPlace(step: Step(1, seed: 1), position: -1)) }
        #expect(throws: CLMatError.self) {
            try source.batch(at: DataPlace(step: Step(1, seed: 1), position: 0, count: 0))
        }
        #expect(throws: CLMatError.self) { try Numbers(count: 10).batch(5..<11) }
    }
}
