import TestSupport
import Testing

@testable import CLMat
@testable import ModelOperations

/// The nearest centroid, sums by cluster and moving centroids, against their definitions.
@Suite struct KMeansKernelTests {
    struct Sizes: Sendable, CustomTestStringConvertible {
        let points, centroids, columns: Int
        init(_ points: Int, _ centroids: Int, _ columns: Int) {
            (self.points, self.centroids, self.columns) = (points, centroids, columns)
        }
        var testDescription: String { "\(points) points, \(centroids) centroids, \(columns) columns" }
    }

    /// Around a tile of 12 points, a block of 96, a strip of 32 centroids, a group of 64, a part of 256 columns.
    static let sizes = [
        Sizes(0, 1, 3), Sizes(1, 1, 1), Sizes(1, 7, 0), Sizes(2, 31, 1), Sizes(11, 32, 2), Sizes(13, 33, 5),
        Sizes(95, 63, 7), Sizes(96, 64, 31), Sizes(97, 65, 33), Sizes(193, 2, 255), Sizes(101, 97, 257),
        Sizes(TestSize.large(401, small: 29), 100, TestSize.large(601, small: 261)),
    ]

    private static func weights(_ columns: Int) -> [Float] {
        (0..<columns).map { $0 % 3 == 0 ? 1 : 0.25 * Float($0 % 5) }
    }

    @Test(arguments: sizes, Device.all)
    func theNearestCentroidIsTheNearest(_ size: Sizes, on device: Device) throws {
        var random = SplitMix64(seed: 7)
        let (n, k, d) = (size.points, size.centroids, size.columns)
        let (x, m) = (random.floats(n * d), random.floats(k * d))
        let w = Self.weights(d)
        let p = random.floats(k, in: 0...Float(max(1, d)) / 20)
        let index = try CentroidIndex(
            Matrix(m, k, d, on: device), weights: Matrix(w, 1, d, on: device), penalties: p)
        for method in CentroidIndex.Method.allCases {
            let found = try index.nearest(to: Matrix(x, n, d, on: device), by: method)
            let (nearest, distances) = (try found.nearest.values, try found.squaredDistances.values)
            #expect(nearest.count == n && distances.count == n)
            for i in 0..<n {
                let exact = (0..<k).map { c in
                    (0..<d).reduce(0.0) { sum, j in
                        let difference = Double(x[i * d + j]) - Double(m[c * d + j])
                        return sum + Double(w[j]) * difference * difference
                    }
                }
                let own = Int(nearest[i])
                guard (0..<k).contains(own) else {
                    Issue.record("centroid \(own)")
                    return
                }
                // Both are sums of d + 1 positive numbers of three roundings each.
                let least = (0..<k).map { exact[$0] + Double(p[$0]) }.min()!
                let bound = Double(d + 4) * epsilon
                #expect(exact[own] + Double(p[own]) <= least * (1 + 2 * bound), "point \(i), \(method)")
                #expect(abs(Double(distances[i]) - exact[own]) <= bound * exact[own], "point \(i), \(method)")
            }
        }
    }

    /// Two groups of centroids, 1 apart, at ±10⁵: scores are of some 10¹⁰, and 32-bit floats leave them steps of 1024.
    @Test(arguments: Device.all)
    func farGroupsOfNearCentroidsAreToldApart(on device: Device) throws {
        var random = SplitMix64(seed: 11)
        let (k, d) = (70, 3)
        let centroids = (0..<k).flatMap { c -> [Float] in
            let side: Float = c % 2 == 0 ? 1e5 : -1e5
            return [side + Float(c / 2 % 6), side - Float(c / 12), side]
        }
        let labels = random.integers(400, below: k)
        let points = labels.flatMap { c in
            (0..<d).map { centroids[Int(c) * d + $0] + (random.floats(1)[0] < 0 ? -0.25 : 0.25) }
        }
        let index = try CentroidIndex(Matrix(centroids, k, d, on: device))
        for method in CentroidIndex.Method.allCases {
            let found = try index.nearest(to: Matrix(points, 400, d, on: device), by: method)
            #expect(try found.nearest.values == labels, "\(method)")
            // Each is 1/4 away in each of three directions: all differences and squares are exact.
            #expect(try found.squaredDistances.values.allSatisfy { $0 == 0.1875 }, "\(method)")
        }
    }

    @Test(arguments: sizes, Device.all)
    func distancesAreThoseOfTheDifferences(_ size: Sizes, on device: Device) throws {
        var random = SplitMix64(seed: 12)
        let (n, d) = (size.points, size.columns)
        // Half of the rows lie far from the origin, near each other.
        let x = random.floats(n * d).enumerated().map { $1 + ($0 / max(1, d) % 2 == 0 ? 0 : 3e4) }
        let w = Self.weights(d)
        let points = try Matrix(x, n, d, on: device)
        let weights = try Matrix(w, 1, d, on: device)
        func exact(_ i: Int, _ j: Int) -> Double {
            (0..<d).reduce(0.0) { sum, c in
                let difference = Double(x[i * d + c]) - Double(x[j * d + c])
                return sum + Double(w[c]) * difference * difference
            }
        }
        let pairs = try points.pairwiseDistances(weights: weights).values
        #expect(pairs.count == n * n)
        for i in 0..<n {
            for j in 0..<n
            where abs(Double(pairs[i * n + j]) - exact(i, j).squareRoot()) > 1e-3 * exact(i, j).squareRoot() {
                Issue.record("pair \(i), \(j): \(pairs[i * n + j]) instead of \(exact(i, j).squareRoot())")
                return
            }
        }
        guard n > 0 else { return }
        let to = try points.squaredDistances(to: points.slice(rows: n - 1..<n), weights: weights).values
        try expectNone(difference(to, (0..<n).map { exact($0, n - 1) }) { Double(d + 4) * epsilon * exact($0, n - 1) })
    }

    @Test(arguments: Device.all)
    func ofEqualCentroidsTheFirstIsTaken(on device: Device) throws {
        // Whole numbers: every sum is exact.
        let centroids = (0..<200).flatMap { k -> [Float] in k % 67 == 5 ? [1, 2, 3] : [9, Float(k % 3), 9] }
        let index = try CentroidIndex(Matrix(centroids, 200, 3, on: device))
        let points = try Matrix([1, 2, 3, 9, 2, 9, 9, 0, 9], 3, 3, on: device)
        for method in CentroidIndex.Method.allCases {
            let found = try index.nearest(to: points, by: method)
            #expect(try found.nearest.values == [5, 2, 0])
            #expect(try found.squaredDistances.values == [0, 0, 0])
        }
    }

    @Test(arguments: Device.all)
    func whatIsNoNumberIsAtNoDistance(on device: Device) throws {
        let index = try CentroidIndex(Matrix([0, 0, 1, 1, .nan, 1], 3, 2, on: device))
        let points = try Matrix([.nan, 0, 1, 1, .infinity, 0], 3, 2, on: device)
        for method in CentroidIndex.Method.allCases {
            let found = try index.nearest(to: points, by: method)
            let distances = try found.squaredDistances.values
            #expect(try found.nearest.values[0] == 0 && found.nearest.values[1] == 1)
            #expect(distances[0].isNaN && distances[1] == 0 && !distances[2].isFinite)
        }
    }

    /// Centroids and points of any magnitude, and of none: whatever the distance, the label is a centroid's.
    @Test(arguments: Device.all)
    func labelsAreThoseOfCentroids(on device: Device) throws {
        let strange: [Float] = [0, 1, -1, 1e20, -1e20, 3e38, -3e38, 1e-40, .infinity, -.infinity, .nan]
        var random = SplitMix64(seed: 13)
        for k in [1, 5, 33, 70] {
            let centroids = random.integers(k * 2, below: strange.count).map { strange[Int($0)] }
            let points = random.integers(200, below: strange.count).map { strange[Int($0)] }
            let index = try CentroidIndex(Matrix(centroids, k, 2, on: device))
            for method in CentroidIndex.Method.allCases {
                let labels = try index.nearest(to: Matrix(points, 100, 2, on: device), by: method).nearest.values
                #expect(labels.allSatisfy { (0..<Int32(k)).contains($0) }, "\(k) centroids, \(method): \(labels)")
            }
        }
    }

    @Test(arguments: sizes, Device.all)
    func sumsAndMeansAreThoseOfTheClusters(_ size: Sizes, on device: Device) throws {
        var random = SplitMix64(seed: 8)
        let (n, k, d) = (size.points, size.centroids, size.columns)
        let (x, m) = (random.floats(n * d), random.floats(k * d))
        // The last cluster stays empty, where there is more than one.
        let labels = random.integers(n, below: max(1, k - 1))
        let rates = random.floats(k, in: 0...1)
        var (sums, counts) = (Reference.Sums(zeros: k * d), [Int](repeating: 0, count: k))
        for i in 0..<n {
            counts[Int(labels[i])] += 1
            for j in 0..<d { sums.add(Double(x[i * d + j]), to: Int(labels[i]) * d + j) }
        }
        let points = try Matrix(x, n, d, on: device)
        let found = try ClusterSums(of: points, by: IntVector(labels, on: device), clusters: k)
        #expect(found.counts == counts)
        // Blocks of 64, then the blocks.
        try expectNone(
            difference(found.sums.values, sums.values) { (64 + Double(n) / 64 + 1) * epsilon * sums.magnitudes[$0] })
        try expectNone(
            bitDifference(
                ClusterSums(of: points, by: labels, clusters: k).sums.values, found.sums.values))

        var centroids = try Matrix(m, k, d, on: device)
        let before = centroids
        try found.move(&centroids, rates: rates)
        let expected = m.indices.map { i -> Double in
            let cluster = i / d
            guard counts[cluster] > 0 else { return Double(m[i]) }
            return Double(m[i]) + Double(rates[cluster]) * (sums.values[i] / Double(counts[cluster]) - Double(m[i]))
        }
        try expectNone(
            difference(centroids.values, expected) {
                (64 + Double(n) / 64 + 4) * epsilon
                    * (1 + sums.magnitudes[$0] / Double(max(1, counts[$0 / d])))
            })
        try expectNone(bitDifference(before.values, m), "the copy")

        // Around the centroids themselves, and far from the origin.
        let far = try ClusterSums(of: points + 3e4, by: labels, around: before + 3e4)
        let shifted = (x.map { $0 + 3e4 }, m.map { $0 + 3e4 })
        var differences = Reference.Sums(zeros: k * d)
        for i in 0..<n {
            for j in 0..<d {
                let place = Int(labels[i]) * d + j
                differences.add(Double(shifted.0[i * d + j]) - Double(shifted.1[place]), to: place)
            }
        }
        try expectNone(
            difference(far.sums.values, differences.values) {
                (64 + Double(n) / 64 + 2) * epsilon * differences.magnitudes[$0]
            })
    }

    @Test(arguments: Device.all)
    func whatDoesNotFitIsRefused(on device: Device) throws {
        let (x, m) = (try Matrix(zeros: Shape(4, 3), on: device), try Matrix(zeros: Shape(2, 3), on: device))
        #expect(thrownCase { _ = try CentroidIndex(Matrix(zeros: Shape(0, 3), on: device)) } == "invalidArgument")
        #expect(thrownCase { _ = try CentroidIndex(m, penalties: [1]) } == "shapeMismatch")
        #expect(
            thrownCase { _ = try CentroidIndex(m, weights: Matrix(zeros: Shape(1, 2), on: device)) } == "shapeMismatch")
        #expect(
            thrownCase { _ = try CentroidIndex(m).nearest(to: Matrix(zeros: Shape(4, 2), on: device)) }
                == "shapeMismatch"
        )
        #expect(thrownCase { _ = try ClusterSums(of: x, by: [0, 1, 0], clusters: 2) } == "shapeMismatch")
        #expect(thrownCase { _ = try ClusterSums(of: x, by: [0, 1, 0, 2], clusters: 2) } == "invalidArgument")
        #expect(thrownCase { _ = try ClusterSums(of: x, by: [0, 1, 0, -1], clusters: 2) } == "invalidArgument")
        #expect(
            thrownCase { _ = try ClusterSums(of: x, by: [0, 1, 0, 1], around: m.slice(columns: 0..<2)) }
                == "shapeMismatch")
        #expect(thrownCase { _ = try x.squaredDistances(to: m) } == "shapeMismatch")
        #expect(thrownCase { _ = try x.squaredDistances(to: x.slice(rows: 0..<1), weights: m) } == "shapeMismatch")
        #expect(thrownCase { _ = try x.pairwiseDistances(weights: m) } == "shapeMismatch")
        let sums = try ClusterSums(of: x, by: [0, 1, 0, 1], clusters: 2)
        var wrong = try Matrix(zeros: Shape(3, 3), on: device)
        #expect(thrownCase { try sums.move(&wrong, rates: [1, 1]) } == "shapeMismatch")
        var right = m
        #expect(thrownCase { try sums.move(&right, rates: [1]) } == "shapeMismatch")
    }
}
