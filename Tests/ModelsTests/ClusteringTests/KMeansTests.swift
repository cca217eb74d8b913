import CLMat
import Exploration
import Formats
import Foundation
import TestSupport
import Testing

@testable import Models

/// K-means on data small enough to work out by hand, and the laws that it obeys.
@Suite struct KMeansTests {
    private static func line(_ values: [Float], on device: Device) throws -> Matrix {
        try Matrix(values, values.count, 1, on: device)
    }
    /// `count` points around `clusters` far apart.
    private static func clouds(_ count: Int, _ clusters: Int, _ columns: Int = 5, on device: Device) throws -> Matrix {
        var random = SplitMix64(seed: 3)
        let middles = random.floats(clusters * columns, in: -100...100)
        let noise = random.floats(count * columns)
        return try Matrix(
            noise.indices.map { noise[$0] + middles[$0 / columns % clusters * columns + $0 % columns] }, count, columns,
            on: device)
    }

    @Test(arguments: Device.all)
    func fourPointsOnALine(on device: Device) throws {
        let x = try Self.line([0, 1, 10, 11], on: device)
        var kmeans = try KMeans(k: 2, initialisation: .given(Self.line([0, 10], on: device)))
        let inertia = try kmeans.fit(x)
        // Distances to 0.5 and 10.5 are all 1/2.
        #expect(inertia == 0.25)
        #expect(try kmeans.centroids?.values == [0.5, 10.5])
        #expect(try kmeans.predict(Self.line([5, 6, -3], on: device)).values == [0, 1, 0])
    }

    /// Equations 2.4 and 2.5 with η = 1/4, α = 1/2, and sizes that start at N / K.
    @Test(arguments: Device.all)
    func oneStepIsThatOfTheEquations(on device: Device) throws {
        var kmeans = try KMeans(
            k: 2, rule: .constant(rate: 0.25), initialisation: .given(Self.line([0, 8], on: device)), sizeRate: 0.5)
        let result = try kmeans.partialFit(Self.line([1, 3, 6], on: device), of: 60)
        #expect(result.labels == [0, 0, 1] && result.squaredDistances == [1, 9, 4])
        #expect(result.inertia == 14.0 / 3 && result.meanDistance == 2)
        // Means 2 and 6; counts 2 and 1 of 3 are 40 and 20 of 60.
        #expect(try kmeans.centroids?.values == [0.5, 7.5])
        #expect(kmeans.sizes == [35, 25])
        // λ = 4: at 4.5 the distances are 16 and 9, the penalties 140 and 100; at 0.6 they do not outweigh 47.
        kmeans.sizeWeight = 4
        #expect(try kmeans.predict(Self.line([0.5, 4.5], on: device)).values == [0, 1])
        // At 3 the nearer one is 0 (6.25 against 20.25), but 0 is the larger.
        #expect(try kmeans.predict(Self.line([3], on: device)).values == [1])
        kmeans.sizeWeight = 0
        #expect(try kmeans.predict(Self.line([3], on: device)).values == [0])
    }

    @Test func sizesAreCountedInAllDataAtEveryBatchSize() throws {
        let x = try Self.clouds(600, 3, on: .cpu)
        func sizes(_ batch: Int) throws -> [Double] {
            var kmeans = try KMeans(k: 3, rule: .counts, initialisation: .parallelPlusPlus)
            try kmeans.start(from: x, of: 600)
            for step in 0..<200 {
                let first = step * batch % 600
                try kmeans.partialFit(x.slice(rows: first..<first + batch), of: 600)
            }
            return kmeans.sizes
        }
        // Points go round the clouds by turns: 200 in each, up to 1 in a batch, that is 600 / batch.
        for batch in [30, 60, 300, 600] {
            for size in try sizes(batch) { #expect(abs(size - 200) <= 600 / Double(batch) + 1e-6, "\(batch): \(size)") }
        }
    }

    /// After one pass each centroid is the mean of all points that it was given.
    @Test(arguments: Device.all)
    func ratesOfOneOverTheCountMakeMeans(on device: Device) throws {
        let start = try Self.line([0, 100], on: device)
        var kmeans = try KMeans(k: 2, rule: .counts, initialisation: .given(start))
        var random = SplitMix64(seed: 1)
        let low = random.floats(40, in: 0...10)
        for first in stride(from: 0, to: 40, by: 10) {
            try kmeans.partialFit(Self.line(Array(low[first..<first + 10]) + [100], on: device), of: 44)
        }
        let centroids = try #require(try kmeans.centroids?.values)
        let mean = low.reduce(0.0) { $0 + Double($1) } / 40
        #expect(abs(Double(centroids[0]) - mean) < 1e-5 && centroids[1] == 100)
    }

    @Test(arguments: [KMeans.Rule.fullBatch], Device.all)
    func theObjectiveNeverGrows(_ rule: KMeans.Rule, on device: Device) throws {
        var random = SplitMix64(seed: 5)
        let x = try Matrix(random.floats(500 * 7), 500, 7, on: device)
        var kmeans = try KMeans(k: 20, rule: rule, initialisation: .points, reseeds: false)
        try kmeans.start(from: x, of: 500)
        var before = Double.infinity
        for _ in 0..<30 {
            let inertia = try kmeans.partialFit(x).inertia
            // Each distance is off by some 7 roundings of squares of 7 at most.
            #expect(inertia <= before + 7 * 7 * epsilon)
            before = inertia
        }
    }

    @Test(arguments: Device.all)
    func aRunRepeatsBitForBit(on device: Device) throws {
        let x = try Self.clouds(3000, 40, on: device)
        func run() throws -> [Float] {
            var kmeans = try KMeans(k: 50, rule: .constant(rate: 0.1), sizeWeight: 1e-3)
            try kmeans.fit(x, passes: 5, tolerance: 0, batchSize: 700)
            return try #require(try kmeans.centroids).values
        }
        #expect(try bitDifference(run(), run()) == nil)
    }

    @Test(arguments: [KMeans.Initialisation.plusPlus, .parallelPlusPlus])
    func carefulStartsFindCloudsThatAreFarApart(_ start: KMeans.Initialisation) throws {
        let x = try Self.clouds(900, 9, on: .cpu)
        var kmeans = try KMeans(k: 9, initialisation: start)
        try kmeans.fit(x)
        let counts = try ClusterSums(of: x, by: kmeans.predict(x), clusters: 9).counts
        #expect(counts == [Int](repeating: 100, count: 9))
    }

    @Test func anEmptyClusterStartsAgainAndItIsSaid() throws {
        let x = try Self.clouds(300, 3, on: .cpu)
        let far = try Matrix([0, 0, 0, 0, 0, 1e4, 0, 0, 0, 0, 0, 1, 0, 0, 0], 3, 5, on: .cpu)
        var kmeans = try KMeans(k: 3, rule: .constant(rate: 0.2), initialisation: .given(far), reseeds: false)
        var without = kmeans
        kmeans.reseeds = true
        for _ in 0..<100 {
            try kmeans.partialFit(x)
            try without.partialFit(x)
        }
        #expect(kmeans.reseedings > 0 && kmeans.sizes.allSatisfy { $0 > 30 })
        #expect(without.reseedings == 0 && without.sizes[1] < 1e-2)
        #expect(try without.partialFit(x).emptyClusters == [1])
        // A full batch does not wait.
        var lloyd = try KMeans(k: 3, initialisation: .given(far))
        #expect(try lloyd.partialFit(x).reseeded == 1)
    }

    @Test func aSizeWeightEvensSizesOut() throws {
        var random = SplitMix64(seed: 9)
        // Dense near 0, thin outside.
        let x = try Matrix(random.floats(4000 * 2).map { $0 * $0 * $0 }, 4000, 2, on: .cpu)
        func variance(_ weight: Double) throws -> Double {
            var kmeans = try KMeans(k: 20, rule: .constant(rate: 0.1), sizeWeight: weight, reseeds: false)
            for _ in 0..<200 { try kmeans.partialFit(x) }
            return kmeans.sizes.reduce(0) { $0 + ($1 - 200) * ($1 - 200) }
        }
        #expect(try variance(5e-4) < 0.5 * variance(0))
    }

    /// Weights of blocks are those of the columns, without a copy of the data that is scaled.
    @Test(arguments: Device.all)
    func blocksWeighTheirColumns(on device: Device) throws {
        let x = try Self.clouds(200, 4, 6, on: device)
        let blocks = try FeatureBlocks(widths: [2, 4], normalisedBy: x)
        var weighted = try KMeans(k: 6, initialisation: .points, blocks: blocks)
        weighted.blockWeights = [0.3, 2]
        let factors = zip([0.3, 2], blocks.scales).map { Float(($0 * $1).squareRoot()) }
        let row = try Matrix([factors[0], factors[0]] + [Float](repeating: factors[1], count: 4), 1, 6, on: device)
        var scaled = try KMeans(k: 6, initialisation: .points)
        let inertia = (try weighted.fit(x), try scaled.fit(x * row))
        // Distances are differences of squares of some 10⁵, each in 6 roundings.
        #expect(abs(inertia.0 - inertia.1) <= 6 * epsilon * 1e5)
        #expect(try weighted.predict(x).values == scaled.predict(x * row).values)

        // With all weights 1 the variance is what it was, half of it from each block.
        let means = try x.columnMeans()
        let variances = try (x - means).columnSumsOfSquares().values.map(Double.init)
        let parts = [variances[0..<2].reduce(0, +), variances[2..<6].reduce(0, +)]
        #expect(abs(blocks.scales[0] * parts[0] - blocks.scales[1] * parts[1]) < 1e-6 * parts[0])
        #expect(abs(blocks.scales[0] * parts[0] * 2 - parts[0] - parts[1]) < 1e-6 * (parts[0] + parts[1]))
    }

    @Test(arguments: Device.all)
    func aSavedClusteringIsTheSame(on device: Device) throws {
        try inTemporaryFolder { folder in
            let x = try Self.clouds(300, 3, on: device)
            var kmeans = try KMeans(
                k: 7, rule: .constant(rate: 0.15), sizeWeight: 0.01, blocks: FeatureBlocks(widths: [2, 3]))
            kmeans.blockWeights = [1, 0.5]
            #expect(thrownCase { try kmeans.save(to: folder + "/none") } == "invalidArgument")
            for _ in 0..<5 { try kmeans.partialFit(x, of: 9000) }
            let file = folder + "/k.safetensors"
            try kmeans.save(to: file)
            var read = try KMeans.load(file, on: device)
            #expect(read.sizes == kmeans.sizes && read.blocks == kmeans.blocks && read.rule == kmeans.rule)
            try kmeans.partialFit(x, of: 9000)
            try read.partialFit(x, of: 9000)
            #expect(try bitDifference(read.centroids!.values, kmeans.centroids!.values) == nil)

            // Cut off, or something else.
            let whole = try Files.read(file)
            for length in [0, 7, 8, 100, whole.count - 1] {
                try Files.write(whole.prefix(length), to: file)
                #expect(thrownCase { _ = try KMeans.load(file, on: device) } == "fileDamaged", "\(length)")
            }
            try Safetensors.write([:], to: file)
            #expect(thrownCase { _ = try KMeans.load(file, on: device) } == "fileDamaged")
            try Safetensors.write(
                [:],
                metadata: [
                    "clmat-kmeans": "1", "rule": "counts", "clusters": "3", "size-weight": "0", "size-rate": "1",
                    "seed": "1",
                ], to: file)
            #expect(thrownCase { _ = try KMeans.load(file, on: device) } == "fileDamaged")
        }
    }

    @Test(arguments: Device.all)
    func badInputIsRefusedAndTheModelStays(on device: Device) throws {
        #expect(thrownCase { _ = try KMeans(k: 1) } == "invalidValue")
        #expect(thrownCase { _ = try KMeans(k: 2, sizeRate: 2) } == "invalidValue")
        #expect(thrownCase { _ = try KMeans(k: 2, rule: .constant(rate: .nan)) } == "invalidValue")
        #expect(thrownCase { _ = try KMeans(k: 2, sizeWeight: -1) } == "invalidValue")
        #expect(thrownCase { _ = try FeatureBlocks(widths: [2, 0]) } == "invalidValue")

        let x = try Self.clouds(20, 3, on: device)
        var kmeans = try KMeans(k: 4)
        #expect(thrownCase { _ = try kmeans.predict(x) } == "invalidArgument")
        #expect(thrownCase { try kmeans.fit(x.slice(rows: 0..<3)) } == "dataMismatch")
        #expect(thrownCase { try kmeans.partialFit(x.slice(rows: 0..<0)) } == "dataMismatch")
        let same = try Matrix(filledWith: 3, Shape(20, 5), on: device)
        #expect(thrownCase { try kmeans.fit(same) } == "dataMismatch")
        #expect(thrownCase { _ = try FeatureBlocks(widths: [1, 4], normalisedBy: same) } == "dataMismatch")

        try kmeans.fit(x)
        let before = try kmeans.centroids!.values
        for wrong in [Float.nan, .infinity, -.infinity] {
            var values = try x.values
            values[13 * 5 + 2] = wrong
            let bad = try Matrix(values, 20, 5, on: device)
            do {
                try kmeans.partialFit(bad)
                Issue.record("\(wrong) was taken")
            } catch {
                #expect("\(error)".contains("Row 13, column 2"))
            }
            var fresh = try KMeans(k: 4)
            #expect(thrownCase { try fresh.fit(bad) } == "dataMismatch")
        }
        #expect(thrownCase { try kmeans.partialFit(x.slice(columns: 0..<3)) } == "shapeMismatch")
        #expect(try bitDifference(kmeans.centroids!.values, before) == nil)
    }
}

/// Ten passes over MNIST (pixels/255) from the same 256 images as scikit-learn 1.8: its MiniBatchKMeans with batches of
/// 10,000 comes to 25.07 an image, its KMeans to 24.85.
@Suite(.enabled(if: hasMNIST, "CLMAT_DATA names no folder with MNIST"))
struct KMeansMNISTTests {
    private static func images() throws -> Matrix {
        let train = try ImageDataSet.load("mnist").train
        return try Matrix(train.pixels.map { Float($0) / 255 }, train.count, 784, on: .cpu)
    }

    private static func inertia(_ rule: KMeans.Rule, batch: Int) throws -> Double {
        let x = try images()
        let start = try x.gatherRows(IntVector(MNISTStart.images, on: .cpu))
        var kmeans = try KMeans(k: 256, rule: rule, initialisation: .given(start))
        try kmeans.start(from: x, of: x.rows)
        let batches = try stride(from: 0, to: x.rows, by: batch).map { try x.slice(rows: $0..<$0 + batch) }
        for _ in 0..<10 { for part in batches { try kmeans.partialFit(part, of: x.rows) } }
        let distances = try kmeans.assign(x).squaredDistances.values
        return distances.reduce(0.0) { $0 + Double($1) } / Double(distances.count)
    }

    @Test func minibatchesComeAsFarAsScikitLearns() throws {
        let found = try Self.inertia(.counts, batch: 10_000)
        #expect(found <= 1.01 * 25.07, "\(found)")
    }

    @Test func fullBatchesComeAsFarAsScikitLearns() throws {
        let found = try Self.inertia(.fullBatch, batch: 60_000)
        #expect(found <= 1.001 * 24.85, "\(found)")
    }
}
