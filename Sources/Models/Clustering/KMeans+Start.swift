import CLMat
import ModelOperations

// Where centroids start.

extension KMeans {
    /// Places the centroids, by ``initialisation``, and forgets what was learned.
    ///
    /// - Parameters:
    ///   - points: N × D, N ≥ k: all data, or a sample.
    ///   - count: the points of all data.
    /// - Throws: as ``fit(_:passes:tolerance:batchSize:)``.
    public mutating func start(from points: Matrix, of count: Int) throws(CLMatError) {
        _ = try framing(points, of: count)
    }

    /// Starts from points of the data, and returns them in the frame.
    mutating func framing(_ points: Matrix, of count: Int) throws(CLMatError) -> Matrix {
        guard points.rows >= k else {
            throw .dataMismatch(
                "There are \(points.rows) points, fewer than \(k) clusters. Ask for fewer clusters, or give more points."
            )
        }
        guard points.columns > 0 else { throw .dataMismatch("The points have no columns.") }
        let frame = try PointFrame(of: points)
        let framed = try frame.inside(points)
        try start(fromFramed: framed, in: frame, of: count)
        return framed
    }

    /// The same with points of a frame.
    mutating func start(fromFramed points: Matrix, in frame: PointFrame, of count: Int) throws(CLMatError) {
        if let blocks, blocks.columns != points.columns {
            throw .shapeMismatch(
                operation: "KMeans", left: points.shape, right: Shape(1, blocks.columns),
                rule: "The blocks' widths must add up to the points' columns.")
        }
        // The first point as a centroid: all distances from it must be numbers, and one of them above 0.
        let first = try points.slice(rows: 0..<1)
        let weights = try columnWeights(on: points.device)
        let spread = try points.squaredDistances(to: first, weights: weights).values
        try Self.check(spread, of: points)
        guard spread.contains(where: { $0 > 0 }) else {
            throw .dataMismatch(
                "All \(points.rows) points are the same: every feature is constant, or differs by less than 32-bit floats hold."
            )
        }
        if frame.unit != 1 { try Self.requireSquares(of: points, weights) }

        let key = RandomKey(seed: seed, step: 0, stream: Streams.startCentroids)
        let start: Matrix
        switch initialisation {
        case .points: start = try Self.rows(Array(key.permutation(of: points.rows).prefix(k)), of: points)
        case .plusPlus: start = try Self.plusPlus(k, points, weights, nil, key)
        case .parallelPlusPlus: start = try Self.parallelPlusPlus(k, points, weights, key)
        case .given(let centroids):
            guard centroids.shape == Shape(k, points.columns) else {
                throw .shapeMismatch(
                    operation: "KMeans", left: centroids.shape, right: Shape(k, points.columns),
                    rule: "The given centroids must be as many as the clusters, with as many columns as the points.")
            }
            start = try frame.inside(centroids.copied(to: points.device))
        }
        let different = points.rows == count ? try Self.differentRows(of: points, upTo: k) : k
        place(start, in: frame, differentPoints: different < k ? different : nil, of: count)
    }

    /// Beside a number that is larger by twenty orders of magnitude, an outlier or a value that fills a gap, the squares of all
    /// other differences would be 0.
    private static func requireSquares(of points: Matrix, _ weights: Matrix?) throws(CLMatError) {
        let (values, columns) = (try points.values, points.columns)
        func row(_ index: Int) -> ArraySlice<Float> { values[index * columns..<(index + 1) * columns] }
        // One of these may be the outlier itself.
        for place in [0, points.rows / 2, points.rows - 1] {
            let distances = try points.squaredDistances(
                to: points.slice(rows: place..<place + 1), weights: weights
            ).values
            for index in distances.indices
            where distances[index] == 0 && !row(index).elementsEqual(row(place)) {
                throw .dataMismatch(
                    """
                    Points lie so near each other beside the largest number that 32-bit floats cannot hold their distances. \
                    Leave out outliers, and values that stand for a missing one, such as 1e30.
                    """)
            }
        }
    }

    /// How many different rows there are, counted up to `limit`.
    static func differentRows(of points: Matrix, upTo limit: Int) throws(CLMatError) -> Int {
        var seen = Set<ArraySlice<Float>>()
        var first = 0
        // The first rows nearly always suffice.
        var size = 2 * limit + 100
        while first < points.rows, seen.count < limit {
            let last = min(points.rows, first + size)
            let values = try points.slice(rows: first..<last).values
            for row in 0..<last - first where seen.count < limit {
                seen.insert(values[row * points.columns..<(row + 1) * points.columns])
            }
            (first, size) = (last, 4 * size)
        }
        return seen.count
    }

    private static func rows(_ indices: [Int32], of points: Matrix) throws(CLMatError) -> Matrix {
        try points.gatherRows(IntVector(indices, on: points.device))
    }

    /// k-means++: each new centroid is a point drawn by its squared distance to those before it, times its mass.
    private static func plusPlus(
        _ k: Int, _ points: Matrix, _ weights: Matrix?, _ masses: [Double]?, _ key: RandomKey
    ) throws(CLMatError) -> Matrix {
        let uniforms = key.uniforms(k)
        var least: [Double] = masses ?? [Double](repeating: 1, count: points.rows)
        let masses = least
        var distances = [Double](repeating: .infinity, count: points.rows)
        var chosen: [Int32] = []
        for uniform in uniforms {
            // The first centroid is drawn by mass alone. Where no point is left at a distance, the draw is by mass again.
            let total = least.reduce(0, +)
            let by = total > 0 ? least : masses
            var (place, rest) = (0, uniform * (total > 0 ? total : masses.reduce(0, +)))
            while place < by.count - 1, rest >= by[place] || by[place] == 0 {
                rest -= by[place]
                place += 1
            }
            chosen.append(Int32(place))
            let found = try points.squaredDistances(to: points.slice(rows: place..<place + 1), weights: weights).values
            for i in distances.indices {
                distances[i] = min(distances[i], Double(found[i]))
                least[i] = masses[i] * distances[i]
            }
        }
        return try rows(chosen, of: points)
    }

    /// k-means‖: in each of five rounds every point becomes a candidate with probability min(1, 2k d² / Σ d²); candidates
    /// then stand for the points nearest to them.
    private static func parallelPlusPlus(
        _ k: Int, _ points: Matrix, _ weights: Matrix?, _ key: RandomKey
    ) throws(CLMatError) -> Matrix {
        let uniforms = key.uniforms(6 * points.rows)
        var candidates: [Int32] = [Int32(min(points.rows - 1, Int(uniforms[0] * Double(points.rows))))]
        for round in 1...5 {
            let found = try CentroidIndex(rows(candidates, of: points), weights: weights).nearest(to: points)
            let distances = try found.squaredDistances.values.map(Double.init)
            let total = distances.reduce(0, +)
            guard total > 0 else { break }
            let taken = Set(candidates)
            for i in distances.indices
            where uniforms[round * points.rows + i] < 2 * Double(k) * distances[i] / total {
                if !taken.contains(Int32(i)) { candidates.append(Int32(i)) }
            }
        }
        // Too few where the data has few different points: random ones make up the number.
        if candidates.count < k {
            let taken = Set(candidates)
            let others = key.permutation(of: points.rows).filter { !taken.contains($0) }
            candidates += others.prefix(k - candidates.count)
        }
        let chosen = try rows(candidates, of: points)
        let labels = try CentroidIndex(chosen, weights: weights).nearest(to: points).nearest.values
        var masses = [Double](repeating: 0, count: candidates.count)
        for label in labels { masses[Int(label)] += 1 }
        // Every candidate can be drawn, also one that shares its place with another.
        for i in masses.indices where masses[i] == 0 { masses[i] = 1e-9 }
        return try plusPlus(k, chosen, weights, masses, RandomKey(seed: key.seed, step: 1, stream: key.stream))
    }
}

extension Streams {
    /// Where centroids start, and the parts of an ``NMF``.
    static let startCentroids: UInt32 = 4
}
