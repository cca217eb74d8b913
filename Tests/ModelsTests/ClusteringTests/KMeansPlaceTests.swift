import CLMat
import Exploration
import Formats
import Foundation
import TestSupport
import Testing

@testable import Models

/// K-means does not change when all points move together, nor when their unit changes, and says what it cannot do.
@Suite struct KMeansPlaceTests {
    /// Numbers of 64 bits, as an NPY file or a table has them.
    private struct Table: PointData {
        let name = "table"
        let columns: Int
        let values: [Double]
        var count: Int { values.count / columns }

        func rows(_ indices: [Int32], on device: Device) throws(CLMatError) -> Matrix {
            try rows(indices, from: [], on: device)
        }
        func rows(_ indices: [Int32], from origin: [Double], on device: Device) throws(CLMatError) -> Matrix {
            let chosen = indices.flatMap { row in
                (0..<columns).map { Float(values[Int(row) * columns + $0] - (origin.isEmpty ? 0 : origin[$0])) }
            }
            return try Matrix(chosen, indices.count, columns, on: device)
        }
        func mean(of indices: [Int32], on device: Device) throws(CLMatError) -> [Double] {
            (0..<columns).map { column in
                indices.reduce(0) { $0 + values[Int($1) * columns + column] } / Double(indices.count)
            }
        }
    }

    /// `size` points around each of the `middles`, normal with this deviation.
    private static func blobs(_ middles: [[Double]], _ size: Int, deviation: Double) -> [Double] {
        let columns = middles[0].count
        let uniforms = RandomKey(seed: 5, stream: 99).uniforms(2 * middles.count * size * columns)
        return (0..<middles.count * size * columns).map { index in
            let (u, v) = (uniforms[2 * index], uniforms[2 * index + 1])
            let normal = (-2 * Foundation.log(1 - u)).squareRoot() * cos(2 * .pi * v)
            return middles[index / columns / size][index % columns] + deviation * normal
        }
    }

    /// Plain Lloyd in 64 bits, from given centroids: labels and the mean squared distance.
    private static func lloyd(
        _ x: [Double], _ columns: Int, from start: [[Double]]
    ) -> (labels: [Int32], inertia: Double) {
        let n = x.count / columns
        var centroids = start
        var labels = [Int32](repeating: 0, count: n)
        func square(_ i: Int, _ k: Int) -> Double {
            (0..<columns).reduce(0) {
                $0 + (x[i * columns + $1] - centroids[k][$1]) * (x[i * columns + $1] - centroids[k][$1])
            }
        }
        for _ in 0..<10 {
            for i in 0..<n {
                labels[i] = Int32(centroids.indices.min { square(i, $0) < square(i, $1) } ?? 0)
            }
            for k in centroids.indices {
                let own = labels.indices.filter { labels[$0] == Int32(k) }
                guard !own.isEmpty else { continue }
                centroids[k] = (0..<columns).map { d in
                    own.reduce(0) { $0 + x[$1 * columns + d] } / Double(own.count)
                }
            }
        }
        return (labels, (0..<n).reduce(0) { $0 + square($1, Int(labels[$1])) } / Double(n))
    }

    /// A run of `steps` full batches in the engine.
    private static func run(
        _ data: any PointData, clusters: Int, steps: Int = 40, settings: [String: Double] = ["rule": 2],
        on device: Device
    ) throws -> Learner {
        let learner = try Learner(
            KMeansTrainer(data, k: clusters, on: device),
            data: PointBatches(data, batchSize: data.count, on: device),
            options: Learner.Options(maximumSteps: steps, settings: settings))
        learner.start()
        learner.wait()
        if let error = learner.status.error { throw error }
        return learner
    }

    private static func last(_ metric: String, of learner: Learner) throws -> Double {
        Double(try #require(learner.timeline.series(metric).values.last))
    }

    /// The same groups whatever the clusters are called: numbered as they come.
    private static func named(_ labels: [Int32]) -> [Int32] {
        var names: [Int32: Int32] = [:]
        return labels.map { label in
            let name = names[label] ?? Int32(names.count)
            names[label] = name
            return name
        }
    }

    private static let squares = blobs([[0, 0], [10, 0], [0, 10], [10, 10]], 250, deviation: 0.5)
    private static let truth = lloyd(squares, 2, from: [[0, 0], [10, 0], [0, 10], [10, 10]])

    @Test(arguments: [0, 1e3, -1e4, 1e5, 1e6, 1.7e9], Device.all)
    func theAnswerDoesNotDependOnWhereThePointsLie(_ offset: Double, on device: Device) throws {
        let data = Table(columns: 2, values: Self.squares.map { $0 + offset })
        let learner = try Self.run(data, clusters: 4, on: device)
        let model = try #require(learner.model(as: KMeansTrainer.self))
        #expect(Self.named(model.labels) == Self.truth.labels)
        let inertia = try Self.last("inertia", of: learner)
        #expect(abs(inertia - Self.truth.inertia) <= 1e-4 * Self.truth.inertia, "\(inertia), not \(Self.truth.inertia)")
        #expect(abs(try Self.last("silhouette", of: learner) - 0.9) < 0.05)
        // Centroids come back where the data are, in 64 bits.
        let middles = try model.kmeans.centroidValues.map { $0 - offset }.sorted()
        for (found, wanted) in zip(middles, [0, 0, 0, 0, 10, 10, 10, 10]) {
            #expect(abs(found - Double(wanted)) < 0.15, "\(middles)")
        }
    }

    /// The library's own way in: 32-bit floats, which keep steps of 1/128 at 10⁵.
    @Test(arguments: Device.all)
    func matricesFarFromTheOriginAreClusteredRight(on device: Device) throws {
        let far = Self.squares.map { Float($0 + 1e5) }
        let truth = Self.lloyd(
            far.map(Double.init), 2, from: [[1e5, 1e5], [100_010, 1e5], [1e5, 100_010], [100_010, 100_010]])
        let x = try Matrix(far, 1000, 2, on: device)
        var kmeans = try KMeans(k: 4)
        let inertia = try kmeans.fit(x)
        #expect(abs(inertia - truth.inertia) <= 1e-4 * truth.inertia, "\(inertia), not \(truth.inertia)")
        #expect(try Self.named(kmeans.predict(x).values) == truth.labels)
        // In the coordinates of the data, also from a file.
        let centroids = try #require(try kmeans.centroids).values
        #expect(centroids.allSatisfy { abs($0 - 1e5) < 0.2 || abs($0 - 100_010) < 0.2 }, "\(centroids)")
        try inTemporaryFolder { folder in
            try kmeans.save(to: folder + "/k")
            let read = try KMeans.load(folder + "/k", on: device)
            #expect(try read.centroidValues == kmeans.centroidValues)
            #expect(try read.predict(x).values == kmeans.predict(x).values)
            let tensor = try #require(try Safetensors.read(folder + "/k").tensors["centroids"])
            #expect(tensor.kind == .float64 && tensor.shape == [4, 2])
        }
    }

    /// No single origin helps here: groups at ±10⁵ in one set, of two clusters each, 1 apart.
    @Test(arguments: Device.all)
    func nearClustersInFarGroupsAreToldApart(on device: Device) throws {
        let middles = [[1e5, 1e5], [1e5 + 1, 1e5], [-1e5, -1e5], [-1e5 - 1, -1e5]]
        let values = Self.blobs(middles, 100, deviation: 0.1)
        let truth = Self.lloyd(values, 2, from: middles)
        // Four starts of k-means++: the best of them, as scikit-learn would take it.
        let data = Table(columns: 2, values: values)
        let learner = try Self.run(data, clusters: 4, on: device)
        let model = try #require(learner.model(as: KMeansTrainer.self))
        #expect(Self.named(model.labels) == truth.labels)
        let inertia = try Self.last("inertia", of: learner)
        // 32-bit floats leave steps of 1/128 there: each coordinate is off by up to 1/256, beside a deviation of 0.1.
        #expect(abs(inertia - truth.inertia) <= 2 * 0.1 / 256 + 2 / 65536, "\(inertia), not \(truth.inertia)")
    }

    @Test(arguments: [1e-18, 1e-8, 1, 1e3, 1e18], Device.all)
    func theAnswerDoesNotDependOnTheUnit(_ unit: Double, on device: Device) throws {
        let data = Table(columns: 2, values: Self.squares.map { $0 * unit })
        let learner = try Self.run(data, clusters: 4, on: device)
        let model = try #require(learner.model(as: KMeansTrainer.self))
        #expect(Self.named(model.labels) == Self.truth.labels)
        let inertia = try Self.last("inertia", of: learner) / unit / unit
        #expect(abs(inertia - Self.truth.inertia) <= 1e-4 * Self.truth.inertia, "\(inertia), not \(Self.truth.inertia)")
        #expect(abs(try Self.last("silhouette", of: learner) - 0.9) < 0.05)
    }

    /// 50 points at (10⁵, 10⁵), 50 at 1 more.
    @Test(arguments: Device.all)
    func nearbyPointsAreNotTheSame(on device: Device) throws {
        let x = try Matrix((0..<200).map { $0 < 100 ? 1e5 : 100_001 }, 100, 2, on: device)
        var kmeans = try KMeans(k: 2)
        #expect(try kmeans.fit(x) == 0)
        #expect(try Set(kmeans.centroidValues) == [1e5, 100_001])
    }

    /// Four points in two pairs, each 2·10⁻⁴ wide, 2 apart.
    @Test(arguments: Device.all)
    func smallDistancesAreKept(on device: Device) throws {
        let data = Table(columns: 1, values: [1.0001, 0.9999, -1.0001, -0.9999])
        let learner = try Self.run(data, clusters: 2, on: device)
        // 1.0001 is 1.00010002 in 32 bits.
        #expect(abs(try Self.last("inertia", of: learner) - 1.0003e-8) < 2e-12)
        #expect(abs(try Self.last("main-loss", of: learner) - 1.0002e-4) < 2e-8)
        #expect(abs(try Self.last("silhouette", of: learner) - 0.9999) < 1e-5)
    }

    /// Two groups, 900 and 100 points, 1 apart, in two units: with no hand on a slider it is K-means, and it settles.
    @Test(arguments: [1.0, 1000.0])
    func withoutAHandOnASliderItIsPlainKMeans(_ unit: Double) throws {
        let values =
            Self.blobs([[0, 0]], 900, deviation: 0.1) + Self.blobs([[1, 0]], 100, deviation: 0.1)
        let data = Table(columns: 2, values: values.map { $0 * unit })
        let learner = try Self.run(data, clusters: 2, steps: 300, settings: [:], on: .cpu)
        let inertia = try Self.last("inertia", of: learner) / unit / unit
        #expect(abs(inertia - 0.02) < 0.002, "\(inertia)")
        #expect(learner.timeline.series("moved-share").values.suffix(100).allSatisfy { $0 == 0 })
        #expect(learner.dashboard.control("size-weight")?.initial == 0)
    }

    /// Seven different points, ten clusters.
    @Test(arguments: [0.0, 1, 2], Device.all)
    func moreClustersThanDifferentPointsAreSaidOnce(_ rule: Double, on device: Device) throws {
        let values = (0..<140).map { (index: Int) -> Double in
            let point = index / 2 % 7
            return Double(point) * 1.1 + Double(index % 2)
        }
        let data = Table(columns: 2, values: values)
        let learner = try Self.run(data, clusters: 10, steps: 300, settings: ["rule": rule], on: device)
        #expect(learner.notes == ["There are only 7 different points: 3 of 10 clusters stay empty."])
        let reseeded = learner.timeline.series("reseeded-clusters").values
        #expect(reseeded.suffix(200).allSatisfy { $0 == reseeded.last }, "\(reseeded.suffix(5))")
        #expect(try Self.last("inertia", of: learner) < 1e-8)
        #expect(try Self.last("empty-clusters", of: learner) == 3)
        // As many as there are points: nothing to say.
        #expect(try Self.run(data, clusters: 7, steps: 1, on: device).notes.isEmpty)
    }

    /// One row of a value that fills gaps: all other distances are beyond 32-bit floats, and that is said.
    @Test func anOutlierThatHidesAllOthersIsRefused() throws {
        let data = Table(columns: 2, values: Self.squares + [1e30, 0])
        do {
            _ = try Self.run(data, clusters: 5, on: .cpu)
            Issue.record("distances of 0 were taken for right")
        } catch { #expect("\(error)".contains("outliers"), "\(error)") }
        // Where they can be held they are.
        let far = Table(columns: 2, values: Self.squares + [1e9, 0])
        let inertia = try Self.last("inertia", of: Self.run(far, clusters: 5, on: .cpu))
        #expect(abs(inertia - Self.truth.inertia) <= 2e-3 * Self.truth.inertia, "\(inertia)")
    }

    @Test func predictionsOfWhatIsNoNumberAreRefused() throws {
        let x = try Matrix(Self.squares.map(Float.init), 1000, 2, on: .cpu)
        var kmeans = try KMeans(k: 4)
        try kmeans.fit(x)
        do {
            _ = try kmeans.predict(Matrix([1, 2, 3, .nan], 2, 2, on: .cpu))
            Issue.record("NaN has a cluster")
        } catch { #expect("\(error)".contains("Row 1, column 1"), "\(error)") }
    }

    /// What version 0.1.0 wrote has no frame.
    @Test func clusteringsOfVersion010AreRead() throws {
        try inTemporaryFolder { folder in
            let x = try Matrix(Self.squares.map(Float.init), 1000, 2, on: .cpu)
            var kmeans = try KMeans(k: 4)
            try kmeans.fit(x)
            try kmeans.save(to: folder + "/new")
            var (tensors, notes) = try Safetensors.read(folder + "/new")
            for name in ["origin", "unit", "different-points", "centroids"] { tensors[name] = nil }
            notes["clusters"] = "4"
            try Safetensors.write(tensors, metadata: notes, to: folder + "/old")
            let old = try KMeans.load(folder + "/old", on: .cpu)
            #expect(try old.predict(x).values == kmeans.predict(x).values)
        }
    }
}
