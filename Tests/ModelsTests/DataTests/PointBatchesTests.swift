import CLMat
import Exploration
import Formats
import Foundation
import TestSupport
import Testing

@testable import Models

/// Points of a file, which are read ahead, are those of the same data in memory.
@Suite struct PointBatchesTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// The points of a file as data that are not read ahead.
    private struct Plain: PointData {
        let file: NPYFile
        var name: String { file.name }
        var count: Int { file.count }
        var columns: Int { file.columns }
        var runLength: Int { file.runLength }
        var checksum: String { file.checksum }
        func rows(_ indices: [Int32], on device: Device) throws(CLMatError) -> Matrix {
            try file.rows(indices, on: device)
        }
        func rows(_ indices: [Int32], from origin: [Double], on device: Device) throws(CLMatError) -> Matrix {
            try file.rows(indices, from: origin, on: device)
        }
        func mean(of indices: [Int32], on device: Device) throws(CLMatError) -> [Double] {
            try file.mean(of: indices, on: device)
        }
    }

    /// Tells when points are read, and how often.
    private struct Watched: StoredPoints {
        let name = "watched"
        let count = 100
        let columns: Int
        let runLength = 8
        let read = Locked<[[Int32]]>([])
        let hasRead = DispatchSemaphore(value: 0)
        func values(_ indices: [Int32], from origin: [Double]) throws(CLMatError) -> [Float] {
            read.withLock { $0.append(indices) }
            hasRead.signal()
            return indices.flatMap { [Float](repeating: Float($0), count: columns) }
        }
    }

    private func file(_ rows: Int, _ columns: Int, damaging row: Int? = nil) throws -> NPYFile {
        var random = SplitMix64(seed: 3)
        var values = random.floats(rows * columns)
        if let row { values[row * columns] = .nan }
        try NPYFile.write(values, rows, columns, to: folder.path + "/p.npy")
        return try NPYFile(folder.path + "/p.npy")
    }

    @Test(arguments: [1, 2, 7, 3000], [1, 40])
    func drawsAreThoseOfTheData(rows: Int, columns: Int) throws {
        let file = try file(rows, columns)
        let size = min(5, rows)
        let stored = try PointBatches(file, batchSize: size, on: .cpu)
        let plain = try PointBatches(Plain(file: file), batchSize: size, on: .cpu)
        var random = SplitMix64(seed: 9)
        var (position, count) = (0, size)
        var origin: [Double] = []
        for _ in 0..<100 {
            let place = DataPlace(step: Step(1, seed: random.next() % 6 == 0 ? 2 : 1), position: position, count: count)
            let own = try stored.batch(at: place).draw(origin: origin)
            let expected = try plain.batch(at: place).draw(origin: origin)
            #expect(own.indices == expected.indices)
            #expect(bitDifference(try own.points.values, try expected.points.values) == nil)
            position += own.indices.count
            // Rewinds, other sizes, and an origin that moves.
            if random.next() % 5 == 0 { position = Int(random.next() % UInt64(position)) }
            if random.next() % 6 == 0 { count = 1 + Int(random.next() % UInt64(rows)) }
            if random.next() % 7 == 0 { origin = origin.isEmpty ? (0..<columns).map { Double($0) / 8 } : [] }
        }
    }

    @Test func theNextPointsAreReadBeforeTheyAreAskedFor() throws {
        let watched = Watched(columns: 3)
        let batches = try PointBatches(watched, batchSize: 10, on: .cpu)
        #expect(watched.read.withLock { $0.isEmpty })
        for step in 0..<5 {
            _ = try batches.batch(at: DataPlace(step: Step(step + 1, seed: 1), position: 10 * step)).draw()
            // This draw, and the next one.
            #expect(watched.hasRead.wait(timeout: .now() + 20) == .success)
            if step == 0 { #expect(watched.hasRead.wait(timeout: .now() + 20) == .success) }
            #expect(watched.read.withLock { $0.count } == step + 2)
        }
    }

    @Test func runsAreTheSameAndRepeatable() throws {
        let file = try file(700, 6)
        let changes: [ListDirector.Entry] = [
            .init(3, .set(control: "batch-size", to: 90)), .init(8, .set(control: "centre-rate", to: 0.3)),
            .init(11, .set(control: "batch-size", to: 333)),
        ]
        func learner(_ data: any PointData, _ options: Learner.Options) throws -> Learner {
            try Learner(
                KMeansTrainer(data, k: 5, on: .cpu), data: PointBatches(data, batchSize: 64, on: .cpu), options: options
            )
        }
        func values(_ data: any PointData) throws -> [Float] {
            var options = Learner.Options()
            options.director = ListDirector(changes, endsAt: 16)
            let learner = try learner(data, options)
            learner.start()
            learner.wait()
            #expect(learner.status.error == nil)
            return learner.timeline.series("inertia").values
        }
        #expect(bitDifference(try values(file), try values(Plain(file: file))) == nil)
        try expectRepeatable(changes: changes, steps: 16, on: .cpu) { try learner(file, $0) }
    }

    @Test func aDamagedPointIsNamedWhenItIsDrawn() throws {
        let file = try file(60, 3, damaging: 17)
        let batches = try PointBatches(file, batchSize: 6, on: .cpu)
        var damaged = 0
        for step in 0..<30 {
            let batch = try batches.batch(at: DataPlace(step: Step(step + 1, seed: 1), position: 6 * step))
            do {
                #expect(try !batch.draw().indices.contains(17))
            } catch CLMatError.fileDamaged(_, let place, _) {
                #expect(place == "row 17, column 0")
                damaged += 1
            }
        }
        // Once in each of three passes.
        #expect(damaged == 3)
    }

    @Test func manyThreadsCanDraw() throws {
        let file = try file(97, 4)
        let stored = try PointBatches(file, batchSize: 10, on: .cpu)
        let expected = try file.rows((0..<97).map { $0 }, on: .cpu).values
        let wrong = Locked(0)
        DispatchQueue.concurrentPerform(iterations: 6) { thread in
            for step in 0..<100 {
                let place = DataPlace(step: Step(step + 1, seed: UInt64(thread % 2)), position: 10 * step)
                guard let (points, indices) = try? stored.batch(at: place).draw(), let values = try? points.values,
                    values == indices.flatMap({ expected[4 * Int($0)..<4 * Int($0) + 4] })
                else {
                    wrong.withLock { $0 += 1 }
                    continue
                }
            }
        }
        #expect(wrong.withLock { $0 } == 0)
    }

    @Test func noPointsAreRefused() throws {
        struct None: PointData {
            let name = "none"
            let count = 0
            let columns = 1
            func rows(_ indices: [Int32], on device: Device) throws(CLMatError) -> Matrix {
                try Matrix([Float](), 0, 1, on: device)
            }
        }
        #expect(thrownCase { _ = try PointBatches(None(), batchSize: 1, on: .cpu) } == "dataMismatch")
    }
}
