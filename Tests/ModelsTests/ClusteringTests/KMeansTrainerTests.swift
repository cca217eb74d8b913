import CLMat
import Exploration
import Formats
import Foundation
import Models
import TestSupport
import Testing

/// K-means in the engine: what is measured, and that every state can be kept and returned to.
@Suite struct KMeansTrainerTests {
    private static func images(_ count: Int) throws -> LabelledImages {
        var random = SplitMix64(seed: 4)
        let middles = random.floats(10 * 36, in: 0...200)
        let noise = random.floats(count * 36, in: 0...55)
        return try LabelledImages(
            name: "blobs", shape: ImageShape(height: 6, width: 6),
            pixels: noise.indices.map { UInt8(noise[$0] + middles[$0 / 36 % 10 * 36 + $0 % 36]) },
            labels: (0..<count).map { UInt8($0 % 10) }, classNames: (0..<10).map { "\($0)" })
    }

    private static func learner(
        _ options: Learner.Options, clusters: Int = 12, blocks: [Int] = [], on device: Device = .cpu
    ) throws -> Learner {
        let data = try ImagePoints(images(1100), name: "blobs", on: device)
        var defaults = KMeansTrainer.Defaults()
        defaults.blockWidths = blocks
        return try Learner(
            KMeansTrainer(data, k: clusters, defaults: defaults, on: device),
            data: PointBatches(data, batchSize: 300, on: device), options: options)
    }

    private static func run(_ options: Learner.Options, blocks: [Int] = [], on device: Device = .cpu) throws -> Learner
    {
        let learner = try learner(options, blocks: blocks, on: device)
        learner.start()
        learner.wait()
        if let error = learner.status.error { throw error }
        return learner
    }

    private static let metrics = [
        "main-loss", "inertia", "size-variance", "size-entropy", "silhouette", "moved-share", "empty-clusters",
    ]
    private static let schedule: [Learner.Scheduled] = [
        .init(after: 5, .set(control: "size-weight", to: 0.01)), .init(after: 9, .set(control: "batch-size", to: 170)),
        .init(after: 14, .set(control: "rule", to: 1)), .init(after: 17, .set(control: "size-weight", to: 30)),
    ]

    @Test(arguments: Device.all)
    func itMeasuresWhatItSays(on device: Device) throws {
        let learner = try Self.run(.init(maximumSteps: 40, schedule: Self.schedule), blocks: [18, 18], on: device)
        for metric in Self.metrics {
            let values = learner.timeline.series(metric).values
            #expect(!values.isEmpty && values.allSatisfy(\.isFinite), "\(metric)")
        }
        for figure in learner.dashboard.figures {
            if let words = try learner.content(of: figure.id).whyEmpty { Issue.record("\(figure.id): \(words)") }
        }
        #expect(learner.dashboard.control("block-weight-2") != nil)
    }

    @Test func aChosenClusterIsMarkedInAllFigures() throws {
        let choose = Learner.Scheduled(after: 3, .act(Action("choose-cluster", title: "", arguments: [2])))
        let learner = try Self.run(.init(maximumSteps: 20, schedule: [choose]))
        #expect(learner.status.lastRefusal == nil)
        func chosen(_ choices: [Choice?]) -> Int { choices.count { $0?.isChosen == true } }
        let centroids = try #require(try learner.content(of: "centres") as? ImageGrid)
        #expect(centroids.flows && chosen(centroids.cells.map(\.choice)) == 1)
        #expect(centroids.cells.first { $0.choice?.isChosen == true }?.title == "cluster 2")
        let map = try #require(try learner.content(of: "map") as? Scatter)
        #expect(map.discs.indices.filter { map.discs[$0].choice?.isChosen == true } == [2])
        #expect(map.thumbnails?.cells.count == map.discs.count)
        #expect(map.thumbnails?.cells[2].values == centroids.cells.first { $0.title == "cluster 2" }?.values)
        let silhouettes = try #require(try learner.content(of: "silhouettes") as? Silhouette)
        #expect(chosen(silhouettes.groups.map(\.choice)) == 1)
        let members = try #require(try learner.content(of: "members") as? ImageGrid)
        let own = members.cells.filter { $0.choice?.isChosen == true }
        #expect(!own.isEmpty && own.allSatisfy { $0.title.hasSuffix("cluster 2") })
        let sizes = try #require(try learner.content(of: "sizes") as? Histogram)
        #expect(sizes.marks.map(\.title) == ["cluster 2"] && sizes.unmark?.id == "unchoose-cluster")
    }

    /// Rewound, resumed or replayed, each step gives the numbers that it gave.
    @Test(arguments: Device.all)
    func clusteringCanBeDoneAgain(on device: Device) throws {
        let changes = Self.schedule.map { ListDirector.Entry($0.step, $0.command) }
        try expectRepeatable(changes: changes, steps: 25, on: device) { options in
            try Self.learner(options, blocks: [18, 18], on: device)
        }
    }

    @Test func damagedCheckpointsNeverTrap() throws {
        try expectNoTrap(onDamagedCheckpointsOf: { try Self.learner($0, blocks: [18, 18]) }, steps: 5, trials: 100)
    }

    @Test func moreClustersThanPointsAreRefused() throws {
        #expect(thrownCase { _ = try Self.learner(.init(), clusters: 1101) } == "dataMismatch")
        #expect(thrownCase { _ = try Self.learner(.init(), clusters: 1) } == "invalidValue")
        #expect(thrownCase { _ = try Self.learner(.init(), blocks: [30, 7]) } == "invalidValue")
    }

    @Test func everyPassShowsEveryPointOnce() throws {
        let data = try ImagePoints(Self.images(110), name: "blobs", on: .cpu)
        let made = try AugmentedImages(Self.images(110), name: "made", count: 130)
        for source in [data, made] as [any PointData] {
            let batches = try PointBatches(source, batchSize: 30, on: .cpu)
            var seen: [Int32] = []
            for first in stride(from: 0, to: 2 * source.count, by: 26) {
                let place = DataPlace(
                    step: Step(1, seed: 3), position: first, count: min(26, 2 * source.count - first))
                seen += try batches.batch(at: place).draw().indices
            }
            let count = source.count
            #expect(Set(seen[..<count]).count == count && Set(seen[count...]).count == count)
            #expect(seen[..<count] != seen[count...])
        }
        // An image that is made up is the same whenever it is asked for.
        let (one, other) = (try made.rows([7, 120], on: .cpu).values, try made.rows([120], on: .cpu).values)
        #expect(Array(one[108...]) == other && other.allSatisfy { (0...1).contains($0) })
    }

    @Test func tablesAreReadAndDamageIsFound() throws {
        try inTemporaryFolder { folder in
            let csv = folder + "/a.csv"
            try Files.write("a,b\n1,2\n3, 4\r\n\n-5e1,6\n", to: csv)
            let table = try CSVTable(csv)
            #expect(table.count == 3 && table.columnNames == ["a", "b"])
            #expect(try table.rows([2, 0], on: .cpu).values == [-50, 6, 1, 2])
            for (text, place) in [("1,2\n3\n", "line 2"), ("1,2\n3,x\n", "line 2, column 2"), ("1,nan\n", "line 1")] {
                try Files.write(text, to: csv)
                do {
                    _ = try CSVTable(csv)
                    Issue.record("'\(text)' was taken")
                } catch { #expect("\(error)".contains(place), "\(error)") }
            }
            // A byte order mark is no part of the first number, and a hole in the first line no title.
            try Files.write("\u{FEFF}1,2\n3,4\n", to: csv)
            #expect(try CSVTable(csv).count == 2)
            try Files.write("1,\n3,4\n", to: csv)
            #expect(thrownCase { _ = try CSVTable(csv) } == "fileDamaged")
            try Files.write("", to: csv)
            #expect(thrownCase { _ = try CSVTable(csv) } == "dataMismatch")

            // Version 1.0: ten bytes, then the header padded to 64.
            let npy = folder + "/a.npy"
            func write(_ shape: String, _ values: [Float], kind: String = "<f4") throws {
                var header = "{'descr': '\(kind)', 'fortran_order': False, 'shape': \(shape), }"
                while (10 + header.utf8.count + 1) % 64 != 0 { header += " " }
                header += "\n"
                var file = Data([0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0])
                file.append(Data(header.utf8))
                file.append(values.withUnsafeBytes { Data($0) })
                try Files.write(file, to: npy)
            }
            try write("(3, 2)", [1, 2, 3, 4, 5, 6])
            #expect(try NPYFile(npy).rows([1, 0], on: .cpu).values == [3, 4, 1, 2])
            let whole = try Files.read(npy)
            for length in [0, 5, 10, 11, 40, whole.count - 1] {
                try Files.write(whole.prefix(length), to: npy)
                #expect(thrownCase { _ = try NPYFile(npy) } == "fileDamaged", "\(length)")
            }
            try write("(3, 2)", [1, 2, 3, .nan, 5, 6])
            do {
                _ = try NPYFile(npy).rows([0, 1], on: .cpu)
                Issue.record("NaN was taken")
            } catch { #expect("\(error)".contains("row 1, column 1")) }
            for shape in ["(-3, 2)", "(9223372036854775807, 9)", "()", "(3, 'x')"] {
                try write(shape, [1, 2, 3, 4, 5, 6])
                #expect(thrownCase { _ = try NPYFile(npy) } == "fileDamaged", "\(shape)")
            }
            try write("(0, 2)", [])
            #expect(thrownCase { _ = try NPYFile(npy) } == "dataMismatch")
        }
    }
}
