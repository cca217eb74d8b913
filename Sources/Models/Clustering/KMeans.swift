import CLMat
import Exploration
import Foundation
import ModelOperations

/// K-means clustering, in full batches or minibatch by minibatch, with a weight on the sizes of clusters.
///
/// Minimises Σ_i (Σ_{j in cluster i} ‖x_j − μ_i‖² + λ|s_i|²) over the centroids and the assignment by turns (eq. 2.3). A point
/// goes to
///
///     id(x) = argmin_i ‖μ_i − x‖² + λ|s_i|                                   (2.4)
///
/// and centroids and sizes follow the points of a batch (2.5):
///
///     μ_i ← (1 − η_i) μ_i + η_i · mean of its points,   size_i ← (1 − α) size_i + α · count · N / batch
///
/// Sizes are counted in the N points of all data, so that λ means the same at every batch size.
/// ```swift
/// var kmeans = try KMeans(k: 256)
/// try kmeans.fit(x)                       // x: N × D
/// let clusters = try kmeans.predict(y)
/// ```
/// - Source: Jiang, "Exploratory model analysis for machine learning", UCB/EECS-2018-34, section 2.5. Lloyd, "Least squares
///   quantization in PCM", IEEE Trans. Inf. Theory 28(2), 1982. The rates 1/count: Sculley, "Web-scale k-means clustering",
///   WWW 2010, algorithm 1.
public struct KMeans: Sendable {
    /// How far centroids move.
    public enum Rule: Sendable, Equatable {
        /// η_i = η: older batches are forgotten.
        case constant(rate: Double)
        /// η_i = points of the batch over all points that the centroid has had: each counts the same.
        case counts
        /// η_i = 1: Lloyd's iteration, where a batch is all data.
        case fullBatch
    }

    /// Where the centroids start.
    public enum Initialisation: Sendable {
        /// Points drawn at random.
        case points
        /// Points drawn one by one, by their squared distance to the centroids so far (Arthur and Vassilvitskii, "k-means++:
        /// the advantages of careful seeding", SODA 2007). Reads the points K times.
        case plusPlus
        /// Many candidates drawn at once in five rounds, then k-means++ among them (Bahmani et al., "Scalable k-means++",
        /// VLDB 2012, algorithm 2): for large K.
        case parallelPlusPlus
        /// K × D.
        case given(Matrix)
    }

    /// The number of clusters.
    public let k: Int
    /// How far centroids move with a batch.
    public var rule: Rule
    /// Where the centroids start, if ``fit(_:passes:tolerance:batchSize:)`` or the first batch starts them.
    public var initialisation: Initialisation
    /// Criteria of the clusters, which are made small with the inertia. ``SizeWeight`` is one of them.
    public var mixins: Mixins<Clusters>
    /// λ of ``SizeWeight``, in units of a squared distance for each point of the cluster's size; 0 if it was removed.
    public var sizeWeight: Double {
        get { mixins.active.first { $0.mixin is SizeWeight }?.weight ?? 0 }
        set { for id in mixins.ids where id == SizeWeight.id { try? mixins.weigh(id, newValue) } }
    }
    /// α, the share of each batch in the running sizes; 0.1 to 0.2 is usual.
    public var sizeRate: Double
    /// Whether a cluster that has lost its points starts again at a point of the batch, drawn by its squared distance.
    public var reseeds: Bool
    /// Blocks of features, and s_b for each.
    public var blocks: FeatureBlocks?
    /// s_b, one per block; 1 at the start.
    public var blockWeights: [Double]
    /// What is drawn at random follows from it.
    public var seed: UInt64

    /// Where points are counted from. Set at the start.
    private(set) var frame = PointFrame.none
    /// μ in the frame, K × D; nil before the first points.
    private(set) var framedCentroids: Matrix?
    /// How many different points there were at the start, if they were fewer than clusters: so many clusters can have points.
    public private(set) var differentPoints: Int?
    /// The running sizes, in points of all data; at the start all are N / K.
    public internal(set) var sizes: [Double] = []
    /// Points that each centroid has been given since it was placed, for ``Rule/counts``.
    var totals: [Double] = []
    /// The norm of the last whole update, as criteria's gradients are measured against it.
    var wholeUpdate = 0.0
    /// Batches learned.
    public internal(set) var steps = 0
    /// Clusters that have been started again.
    public internal(set) var reseedings = 0

    /// μ, K × D, in the coordinates of the data; nil before the first points. ``centroidValues`` has more digits.
    public var centroids: Matrix? {
        get throws(CLMatError) {
            guard let framedCentroids else { return nil }
            guard frame != .none else { return framedCentroids }
            return try Matrix(
                frame.outside(framedCentroids).map(Float.init), k, framedCentroids.columns, on: framedCentroids.device)
        }
    }
    /// μ row by row, K · D numbers in the coordinates of the data; empty before the first points.
    public var centroidValues: [Double] {
        get throws(CLMatError) {
            guard let framedCentroids else { return [] }
            return try frame.outside(framedCentroids)
        }
    }

    /// A cluster counts as empty if its running size is below this share of the mean.
    static let emptyShare = 0.02

    /// - Throws: ``/CLMat/CLMatError/invalidValue(setting:value:accepted:)`` for k below 2, or rates outside 0 to 1.
    public init(
        k: Int, rule: Rule = .fullBatch, initialisation: Initialisation = .plusPlus, sizeWeight: Double = 0,
        sizeRate: Double = 0.1, reseeds: Bool = true, blocks: FeatureBlocks? = nil, seed: UInt64 = 1
    ) throws(CLMatError) {
        guard k >= 2, k < 1 << 24 else {
            throw .invalidValue(
                setting: "clusters", value: "\(k)", accepted: "2 or more: one cluster is the mean of all points")
        }
        guard (0...1).contains(sizeRate) else {
            throw .invalidValue(setting: "sizeRate", value: "\(sizeRate)", accepted: "0 to 1")
        }
        if case .constant(let rate) = rule, !(0...1).contains(rate) {
            throw .invalidValue(setting: "rate", value: "\(rate)", accepted: "0 to 1")
        }
        guard sizeWeight >= 0, sizeWeight.isFinite else {
            throw .invalidValue(setting: "sizeWeight", value: "\(sizeWeight)", accepted: "0 or more")
        }
        (self.k, self.rule, self.initialisation) = (k, rule, initialisation)
        (self.sizeRate, self.reseeds, self.seed) = (sizeRate, reseeds, seed)
        mixins = Mixins(ClusterCriteria.all(sizeWeight: sizeWeight))
        self.blocks = blocks
        blockWeights = blocks?.widths.map { _ in 1 } ?? []
    }

    // MARK: - Learning

    /// What one batch came to.
    public struct BatchResult: Sendable {
        /// The cluster of each point, by the centroids as they were before the batch.
        public let labels: [Int32]
        /// ‖x − μ‖² of each point to that centroid, without the penalty.
        public let squaredDistances: [Double]
        /// Points of the batch in each cluster.
        public let counts: [Int]
        /// Clusters that had lost their points.
        public let emptyClusters: [Int]
        /// How many of them were started again.
        public let reseeded: Int

        /// The mean of ‖x − μ‖².
        public var inertia: Double {
            squaredDistances.reduce(0, +) / Double(max(1, squaredDistances.count))
        }
        /// The mean of ‖x − μ‖: the dissertation's main loss.
        public var meanDistance: Double {
            squaredDistances.reduce(0) { $0 + $1.squareRoot() } / Double(max(1, squaredDistances.count))
        }
    }

    /// Learns from all points: starts at ``initialisation``, then passes over them until the mean squared distance falls by
    /// less than `tolerance` of itself, or for `passes`.
    ///
    /// - Parameters:
    ///   - points: N × D, N ≥ k.
    ///   - batchSize: points in a minibatch, for rules other than ``Rule/fullBatch``; each pass has an order of its own.
    /// - Throws: ``/CLMat/CLMatError/dataMismatch(_:)`` for fewer points than clusters, for numbers that are not finite (with row
    ///   and column), or if all points are the same.
    @discardableResult
    public mutating func fit(
        _ points: Matrix, passes: Int = 100, tolerance: Double = 1e-4, batchSize: Int = 10_000
    ) throws(CLMatError) -> Double {
        let points = try framing(points, of: points.rows)
        var before = Double.infinity
        for pass in 0..<max(0, passes) {
            var total = 0.0
            if rule == .fullBatch {
                total = try learn(points, of: points.rows).inertia * Double(points.rows)
            } else {
                let order = RandomKey(seed: seed, step: pass, stream: Streams.order).permutation(of: points.rows)
                let size = max(1, batchSize)
                for first in stride(from: 0, to: points.rows, by: size) {
                    let chosen = Array(order[first..<min(points.rows, first + size)])
                    let batch = try points.gatherRows(IntVector(chosen, on: points.device))
                    total += try learn(batch, of: points.rows).inertia * Double(chosen.count)
                }
            }
            let inertia = total / Double(points.rows)
            if before - inertia < tolerance * inertia, before.isFinite { return inertia }
            before = inertia
        }
        return before
    }

    /// Learns from one batch; starts at ``initialisation`` within it if there are no centroids yet.
    ///
    /// - Parameters:
    ///   - points: N × D.
    ///   - count: the points of all data, in which sizes are counted; if nil, the batch is all.
    /// - Cost: 2NKD operations for the assignment; the points are read once more for the means.
    /// - Throws: as ``fit(_:passes:tolerance:batchSize:)``; ``/CLMat/CLMatError/shapeMismatch(operation:left:right:rule:)`` if the
    ///   points have other columns than the centroids. The model is then as it was.
    @discardableResult
    public mutating func partialFit(_ points: Matrix, of count: Int? = nil) throws(CLMatError) -> BatchResult {
        guard points.rows > 0 else { throw .dataMismatch("A batch without points teaches nothing.") }
        guard framedCentroids != nil else {
            return try learn(framing(points, of: count ?? points.rows), of: count ?? points.rows)
        }
        try requireColumns(of: points)
        return try learn(frame.inside(points), of: count ?? points.rows)
    }

    /// Learns from a batch of points of the frame.
    ///
    /// - Parameter context: of the run, for criteria; if nil one of its own.
    mutating func learn(
        _ points: Matrix, of count: Int, _ context: MixinContext? = nil
    ) throws(CLMatError) -> BatchResult {
        guard var centroids = framedCentroids else { throw .dataMismatch("There are no centroids.") }
        let total = Double(count)

        // id(x) = argmin_i ‖μ_i − x‖² + λ|s_i|
        let costs = try costsByMixin()
        let assignment = try index(of: centroids, costs: Self.sum(costs.map(\.costs)), on: points.device)
            .nearest(to: points)
        let (ofPoints, fromPoints) = (
            try assignment.nearest.valuesLater(), try assignment.squaredDistances.valuesLater()
        )
        try Reading.start(ofPoints.readings + fromPoints.readings)
        let (labels, distances) = (try ofPoints.value, try fromPoints.value)
        try Self.check(distances, of: points)

        // μ_i ← (1 − η_i) μ_i + η_i average_i
        let sums = try ClusterSums(of: points, by: labels, around: centroids)
        let counts = sums.counts
        let totals = zip(totals, counts).map { $0 + Double($1) }
        let rates: [Float] =
            switch rule {
            case .constant(let rate): [Float](repeating: Float(rate), count: k)
            case .counts: zip(counts, totals).map { $1 > 0 ? Float(Double($0) / $1) : 0 }
            case .fullBatch: [Float](repeating: 1, count: k)
            }
        let before = centroids
        try sums.move(&centroids, rates: rates)
        if mixins.areActive {
            try applyMixins(
                &centroids, from: before, rates: rates, counts: counts, costs: costs,
                meanDistance: distances.reduce(0) { $0 + frame.squaredDistance($1) } / Double(max(1, distances.count)),
                context ?? MixinContext(step: Step(steps, seed: seed)))
        }

        // size_i ← (1 − α) size_i + α count_i N / batch
        let scale = total / Double(points.rows)
        var sizes = zip(sizes, counts).map { (1 - sizeRate) * $0 + sizeRate * Double($1) * scale }
        var newTotals = totals

        let emptyClusters = sizes.indices.filter { cluster in
            rule == .fullBatch
                ? counts[cluster] == 0 : sizes[cluster] < Self.emptyShare * total / Double(k)
        }
        var reseeded = 0
        if reseeds, !emptyClusters.isEmpty {
            // Where there are fewer different points than clusters, some clusters have to stay without points.
            let most = max(0, (differentPoints ?? k) - (k - emptyClusters.count))
            let places = Self.draw(
                min(emptyClusters.count, most), by: distances,
                RandomKey(seed: seed, step: steps, stream: Streams.reseeding))
            for (cluster, place) in zip(emptyClusters, places) {
                try centroids.replace(row: cluster, with: points.slice(rows: place..<place + 1))
                sizes[cluster] = total / Double(k)
                newTotals[cluster] = 0
                reseeded += 1
            }
        }
        (framedCentroids, self.sizes, self.totals) = (centroids, sizes, newTotals)
        steps += 1
        reseedings += reseeded
        return BatchResult(
            labels: labels, squaredDistances: distances.map(frame.squaredDistance), counts: counts,
            emptyClusters: emptyClusters,
            reseeded: reseeded)
    }

    // MARK: - Using

    /// The cluster of each point, by eq. 2.4 with the sizes as they are.
    ///
    /// - Throws: ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` before anything was learned;
    ///   ``/CLMat/CLMatError/shapeMismatch(operation:left:right:rule:)``; ``/CLMat/CLMatError/dataMismatch(_:)`` for a number that is not
    ///   finite, with its row and column.
    public func predict(_ points: Matrix) throws(CLMatError) -> IntVector {
        try requireColumns(of: points)
        let framed = try frame.inside(points)
        let assignment = try assign(framed: framed)
        try Self.check(assignment.squaredDistances.values, of: points)
        return assignment.nearest
    }

    /// The cluster of each point and its squared distance to the centroid. A point with NaN has the distance NaN.
    ///
    /// - Throws: ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` before anything was learned;
    ///   ``/CLMat/CLMatError/shapeMismatch(operation:left:right:rule:)``.
    public func assign(_ points: Matrix) throws(CLMatError) -> Assignment {
        try requireColumns(of: points)
        let found = try assign(framed: frame.inside(points))
        guard frame.unit != 1 else { return found }
        return Assignment(
            nearest: found.nearest, squaredDistances: try found.squaredDistances * Float(frame.unit) * Float(frame.unit)
        )
    }

    /// The same for points of the frame, with distances in the frame.
    func assign(framed points: Matrix) throws(CLMatError) -> Assignment {
        guard let centroids = framedCentroids else { throw Self.hasNoCentroids }
        return try index(of: centroids, costs: costs, on: points.device).nearest(to: points)
    }

    static let hasNoCentroids = CLMatError.invalidArgument(
        operation: "KMeans", problem: "It has no centroids yet; fit it first.")

    private func requireColumns(of points: Matrix) throws(CLMatError) {
        guard let centroids = framedCentroids else { throw Self.hasNoCentroids }
        guard points.columns == centroids.columns else {
            throw .shapeMismatch(
                operation: "KMeans", left: points.shape, right: centroids.shape,
                rule: "Points and centroids must have the same number of columns.")
        }
    }

    /// w_d, 1 × D; nil without blocks.
    func columnWeights(on device: Device) throws(CLMatError) -> Matrix? {
        guard let blocks else { return nil }
        return try blocks.columnWeights(blockWeights, on: device)
    }

    /// - Parameter costs: what a point pays for joining each cluster; nil if nothing.
    private func index(of centroids: Matrix, costs: [Double]?, on device: Device) throws(CLMatError) -> CentroidIndex {
        try CentroidIndex(
            centroids.copied(to: device), weights: columnWeights(on: device),
            penalties: costs.map { $0.map { Float($0 / (frame.unit * frame.unit)) } })
    }

    /// Takes over a start: centroids of the frame, and what is known of the data.
    mutating func place(_ centroids: Matrix, in frame: PointFrame, differentPoints: Int?, of count: Int) {
        (framedCentroids, self.frame, self.differentPoints) = (centroids, frame, differentPoints)
        sizes = [Double](repeating: Double(count) / Double(k), count: k)
        totals = [Double](repeating: 0, count: k)
        (steps, reseedings) = (0, 0)
    }

    // MARK: - Keeping

    /// Hands over what learning changes.
    mutating func archive(_ archive: Archive) throws(CLMatError) {
        try archive.keep("centres", &framedCentroids)
        try archive.keep("sizes", &sizes)
        try archive.keep("totals", &totals)
        try archive.keep("steps", &steps)
        try archive.keep("reseedings", &reseedings)
        // Files of version 0.1.0 have no frame: there it was the data's own.
        if !archive.isReading || archive.has("origin") {
            var (origin, unit, different) = (frame.origin, frame.unit, differentPoints ?? 0)
            try archive.keep("origin", &origin)
            try archive.keep("unit", &unit)
            try archive.keep("different-points", &different)
            guard let read = PointFrame(origin: origin, unit: unit), different >= 0 else {
                throw archive.damaged("origin", "it is not where points can be counted from")
            }
            (frame, differentPoints) = (read, different > 0 ? different : nil)
        } else {
            (frame, differentPoints) = (.none, nil)
        }
        guard archive.isReading else { return }
        guard let centroids = framedCentroids, centroids.rows == k, centroids.columns > 0, sizes.count == k,
            totals.count == k,
            (sizes + totals).allSatisfy({ (0...1e15).contains($0) }), (0...1 << 50).contains(steps),
            (0...1 << 50).contains(reseedings), frame.origin.isEmpty || frame.origin.count == centroids.columns
        else { throw archive.damaged("centres", "centroids and sizes are not those of \(k) clusters") }
    }

    // MARK: - Checks and draws

    /// Fewer points than clusters, or NaN stops here.
    static func check(_ distances: [Float], of points: Matrix) throws(CLMatError) {
        guard let row = distances.firstIndex(where: { !$0.isFinite }) else { return }
        let values = try points.slice(rows: row..<row + 1).values
        guard let column = values.firstIndex(where: { !$0.isFinite }) else {
            throw .dataMismatch(
                "Point \(row) of the batch is too far from every centroid for 32-bit floats; scale the data.")
        }
        throw .dataMismatch(
            "Row \(row), column \(column) of the points is \(values[column]): K-means needs finite numbers.")
    }

    /// Up to `count` different places, each with a probability by its weight: fewer if fewer have a weight above 0.
    static func draw(_ count: Int, by weights: [Float], _ key: RandomKey) -> [Int] {
        let count = min(count, weights.count { $0 > 0 })
        var sums: [Double] = []
        sums.reserveCapacity(weights.count)
        var sum = 0.0
        for weight in weights {
            sum += Double(max(0, weight))
            sums.append(sum)
        }
        var chosen: [Int] = []
        var isTaken = Set<Int>()
        for uniform in key.uniforms(count) {
            // The first place whose sum is above; where it is taken already, the next free one that has a weight.
            var (low, high) = (0, weights.count - 1)
            while low < high {
                let middle = (low + high) / 2
                if sums[middle] > uniform * sum { high = middle } else { low = middle + 1 }
            }
            while !(weights[low] > 0) || !isTaken.insert(low).inserted { low = (low + 1) % weights.count }
            chosen.append(low)
        }
        return chosen
    }
}

extension Streams {
    /// Where empty clusters start again.
    static let reseeding: UInt32 = 5
}
