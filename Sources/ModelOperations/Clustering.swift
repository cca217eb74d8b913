import CLMat
import ModelKernels

extension KernelFamily {
    static let kmeans = KernelFamily("kmeans")
}

extension Kernel {
    static let kmeansDistances = Kernel("kmeans_distances", in: .kmeans)
    static let kmeansPack = Kernel("kmeans_pack", in: .kmeans)
    /// The nearest centroid, without a matrix product made before.
    static let kmeansAssign = Kernel("kmeans_assign", in: .kmeans)
    /// The nearest centroid from products that were made before.
    static let kmeansNearest = Kernel("kmeans_nearest", in: .kmeans)
    static let kmeansMove = Kernel("kmeans_move", in: .kmeans)
    static let kmeansPairs = Kernel("kmeans_pairs", in: .kmeans)
}

/// Centroids as the search for the nearest one wants them: scaled by the features' weights, and packed.
///
/// The distance of a point x to centroid k is Σ_d w_d (x_d − m_kd)²; what is minimised is that plus a penalty p_k.
public struct CentroidIndex: Sendable {
    /// K × D.
    public let centroids: Matrix
    private let weights: Matrix
    private let penalties: Matrix
    private let packed: Matrix
    private let biases: Matrix

    /// - Parameters:
    ///   - centroids: K × D, K > 0.
    ///   - weights: w, 1 × D; all 1 if nil.
    ///   - penalties: p ≥ 0, one per centroid; all 0 if nil.
    /// - Cost: some 3KD operations, and as much memory as the centroids.
    /// - Throws: ``/CLMat/CLMatError/shapeMismatch(operation:left:right:rule:)``, or
    ///   ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` if there is no centroid.
    public init(_ centroids: Matrix, weights: Matrix? = nil, penalties: [Float]? = nil) throws(CLMatError) {
        let (count, columns, device) = (centroids.rows, centroids.columns, centroids.device)
        guard count > 0 else {
            throw .invalidArgument(operation: "CentroidIndex", problem: "There is no centroid to be near to.")
        }
        if let weights {
            try requireSameDevice(device, weights.device, "CentroidIndex")
            guard weights.shape == Shape(1, columns) else {
                throw .shapeMismatch(
                    operation: "CentroidIndex", left: centroids.shape, right: weights.shape,
                    rule: "There must be a row of weights, one for each column of the centroids.")
            }
        }
        guard penalties?.count ?? count == count else {
            throw .shapeMismatch(
                operation: "CentroidIndex", left: centroids.shape, right: Shape(1, penalties?.count ?? 0),
                rule: "There must be one penalty per centroid.")
        }
        let strip = Int(CLMAT_KMEANS_STRIP)
        let padded = (count + strip - 1) / strip * strip
        if let weights {
            self.weights = weights
        } else {
            self.weights = try Matrix(filledWith: 1, Shape(1, columns), on: device)
        }
        self.centroids = centroids
        self.penalties = try Matrix(constantRow: penalties ?? [Float](repeating: 0, count: count), on: device)
        packed = try Matrix(uninitialised: Shape(padded, columns), on: device)
        biases = try Matrix(uninitialised: Shape(1, padded), on: device)
        try device.launch(
            .kmeansPack,
            [
                .int(count), .int(columns), self.weights.argument, centroids.argument, self.penalties.argument,
                packed.argument, biases.argument,
            ],
            over: .groups(padded, bytes: 8 * columns, operations: 3 * columns))
    }

    /// How the nearest centroid is searched; the numbers agree within rounding.
    enum Method: CaseIterable {
        /// One kernel, which multiplies itself: what the CPU does, tile by tile in its cache.
        case fused
        /// A matrix product for a block of points at a time, then the least of each row.
        case product
    }

    /// The centroid k with the least Σ_d w_d (x_d − m_kd)² + p_k for each point; the first of equal ones.
    ///
    /// A point that holds NaN has the distance NaN and gets centroid 0.
    /// - Shapes: points N × D.
    /// - Accuracy: each distance within (D + 3)·ε of itself, wherever the points lie, since it is summed up from the
    ///   differences. The centroid is the nearest but for centroids that are as near within those roundings: it is found by a matrix
    ///   product, and centroids that the product's roundings cannot tell apart are compared by their distances.
    /// - Cost: 2NKD operations, and 3D for each centroid that has to be looked at again: rarely more than one per point, but up to
    ///   K where groups of points lie much farther from the origin than from each other; no N × K matrix is kept.
    /// - Throws: ``/CLMat/CLMatError/shapeMismatch(operation:left:right:rule:)``.
    /// - Source: Jiang, "Exploratory model analysis for machine learning", UCB/EECS-2018-34, eq. 2.4 and 2.6.
    public func nearest(to points: Matrix) throws(CLMatError) -> Assignment {
        try nearest(to: points, by: points.device.kind == .cpu ? .fused : .product)
    }

    func nearest(to points: Matrix, by method: Method) throws(CLMatError) -> Assignment {
        let (count, columns, device) = (centroids.rows, centroids.columns, centroids.device)
        try requireSameDevice(points.device, device, "nearest")
        guard points.columns == columns else {
            throw .shapeMismatch(
                operation: "nearest", left: points.shape, right: centroids.shape,
                rule: "Points and centroids must have the same number of columns.")
        }
        let nearest = try IntVector(uninitialised: points.rows, bounds: 0...Int32(count - 1), on: device)
        let distances = try Matrix(uninitialised: Shape(points.rows, 1), on: device)
        guard points.rows > 0 else { return Assignment(nearest: nearest, squaredDistances: distances) }
        switch method {
        case .fused:
            try device.launch(
                .kmeansAssign,
                [
                    .int(count), .int(columns), points.argument, weights.argument, centroids.argument, packed.argument,
                    biases.argument, penalties.argument, nearest.argument, distances.argument,
                ],
                over: .groups(points.rows, bytes: 4 * columns, operations: 2 * count * columns))
        case .product:
            let scaled = try centroids * weights
            // The products of one block of points take at most this much memory.
            let block = max(1, min(points.rows, (32 << 20) / (4 * count)))
            var products = try Matrix(uninitialised: Shape(block, count), on: device)
            for first in stride(from: 0, to: points.rows, by: block) {
                let rows = min(block, points.rows - first)
                try products.multiply(
                    points.block(rows: first..<first + rows), scaled.block(), transposing: .right,
                    into: MatrixRange(rows: 0..<rows, columns: 0..<count))
                try device.launch(
                    .kmeansNearest,
                    [
                        .int(first), .int(count), .int(columns), products.argument, points.argument,
                        weights.argument, centroids.argument, biases.argument, penalties.argument, nearest.argument,
                        distances.argument,
                    ],
                    over: .groups(rows, bytes: 4 * (count + 2 * columns), operations: 3 * (count + columns)))
            }
        }
        return Assignment(nearest: nearest, squaredDistances: distances)
    }
}

/// Which centroid each point is nearest to, and how far it is from there.
public struct Assignment: Sendable {
    /// N indices of centroids.
    public let nearest: IntVector
    /// N × 1: Σ_d w_d (x_d − m_kd)² to that centroid, without its penalty.
    public let squaredDistances: Matrix

    /// An assignment of N points: N indices, and N × 1 distances.
    public init(nearest: IntVector, squaredDistances: Matrix) {
        (self.nearest, self.squaredDistances) = (nearest, squaredDistances)
    }
}

/// Points added up by cluster.
public struct ClusterSums: Sendable {
    /// K × D: Σ (x − c) over the points x of a cluster, c the row of ``around``.
    public let sums: Matrix
    /// K × D.
    public let around: Matrix
    /// How many points each cluster has.
    public let counts: [Int]
    private let starts: IntVector

    /// - Parameters:
    ///   - points: N × D.
    ///   - labels: the cluster of each point.
    ///   - around: c, K × D. Sums of differences from the clusters' centroids stay small, so that means far from the origin
    ///     keep their digits; sums around 0 are plain ones.
    /// - Cost: reads the points once; the labels go over the host, where they are counted and sorted. Sums are made in the
    ///   order of the points, in blocks, so they repeat bit for bit.
    /// - Throws: ``/CLMat/CLMatError/shapeMismatch(operation:left:right:rule:)``, or
    ///   ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` for a label outside the clusters.
    public init(of points: Matrix, by labels: [Int32], around: Matrix) throws(CLMatError) {
        let clusters = around.rows
        try requireSameDevice(points.device, around.device, "ClusterSums")
        guard labels.count == points.rows else {
            throw .shapeMismatch(
                operation: "ClusterSums", left: points.shape, right: Shape(labels.count, 1),
                rule: "There must be one label per point.")
        }
        guard around.columns == points.columns else {
            throw .shapeMismatch(
                operation: "ClusterSums", left: points.shape, right: around.shape,
                rule: "Points and what they are summed around must have the same number of columns.")
        }
        let segments = try RowSegments(sorting: labels, count: clusters, on: points.device, "ClusterSums", "Label")
        (counts, starts, self.around) = (segments.counts, segments.starts, around)
        sums = try points.segmentSums(segments, around: around)
    }

    /// Plain sums: those around 0.
    public init(of points: Matrix, by labels: [Int32], clusters: Int) throws(CLMatError) {
        guard clusters >= 0, clusters < Int(Int32.max) else {
            throw .invalidArgument(operation: "ClusterSums", problem: "There cannot be \(clusters) clusters.")
        }
        try self.init(
            of: points, by: labels, around: Matrix(zeros: Shape(clusters, points.columns), on: points.device))
    }

    /// The same with labels that are on the device.
    public init(of points: Matrix, by labels: IntVector, clusters: Int) throws(CLMatError) {
        try self.init(of: points, by: labels.values, clusters: clusters)
    }

    /// m_k ← (1 − η_k) m_k + η_k · mean of the points of cluster k; a centroid without points stays where it is.
    ///
    /// - Throws: ``/CLMat/CLMatError/shapeMismatch(operation:left:right:rule:)`` if centroids or rates are not of as many clusters.
    /// - Source: Jiang, UCB/EECS-2018-34, eq. 2.5.
    public func move(_ centroids: inout Matrix, rates: [Float]) throws(CLMatError) {
        try requireSameShape(centroids, sums, "move")
        guard rates.count == counts.count else {
            throw .shapeMismatch(
                operation: "move", left: centroids.shape, right: Shape(rates.count, 1),
                rule: "There must be one rate per centroid.")
        }
        // Rates that follow the counts of clusters are others in each step.
        let isConstant = rates.allSatisfy { $0 == rates[0] }
        let factors =
            isConstant
            ? try Matrix(constantRow: rates, on: centroids.device)
            : try Matrix(rates, 1, rates.count, on: centroids.device)
        try centroids.makeUnique()
        try centroids.device.launch(
            .kmeansMove,
            [
                .int(centroids.rows), .int(centroids.columns), starts.argument, factors.argument, around.argument,
                sums.argument, centroids.argument,
            ],
            over: .elements(centroids.count, bytes: 16, operations: 5))
    }
}

extension Matrix {
    /// A row of weights, all 1 if none are given.
    private func given(_ weights: Matrix?) throws(CLMatError) -> Matrix {
        if let weights { return weights }
        return try Matrix(filledWith: 1, Shape(1, columns), on: device)
    }

    /// Σ_d w_d (x_d − c_d)² of each row x to one point c.
    ///
    /// - Shapes: N × D; c and w 1 × D, w all 1 if nil; gives N × 1.
    /// - Accuracy: within (D + 3)·ε of itself, wherever the rows lie.
    /// - Throws: ``/CLMat/CLMatError/shapeMismatch(operation:left:right:rule:)``.
    public func squaredDistances(to centroid: Matrix, weights: Matrix? = nil) throws(CLMatError) -> Matrix {
        let weights = try given(weights)
        for row in [centroid, weights] {
            try requireSameDevice(device, row.device, "squaredDistances")
            guard row.shape == Shape(1, columns) else {
                throw .shapeMismatch(
                    operation: "squaredDistances", left: shape, right: row.shape,
                    rule: "The point and the weights must be rows with as many columns as the matrix.")
            }
        }
        let distances = try Matrix(uninitialised: Shape(rows, 1), on: device)
        guard rows > 0 else { return distances }
        try device.launch(
            .kmeansDistances,
            [.int(columns), argument, weights.argument, centroid.argument, distances.argument],
            over: .groups(rows, bytes: 4 * columns, operations: 4 * columns))
        return distances
    }

    /// √(Σ_d w_d (x_d − y_d)²) of all pairs of rows x and y.
    ///
    /// - Shapes: N × D; w 1 × D, all 1 if nil; gives N × N.
    /// - Accuracy: within 1/1000 of itself, wherever the rows lie: a pair that a matrix product cannot tell apart so well is
    ///   summed up from its differences.
    /// - Cost: 2N²D operations, and 3D for each pair that lies much nearer to each other than to the origin.
    /// - Throws: ``/CLMat/CLMatError/shapeMismatch(operation:left:right:rule:)``.
    public func pairwiseDistances(weights: Matrix? = nil) throws(CLMatError) -> Matrix {
        let weights = try given(weights)
        try requireSameDevice(device, weights.device, "pairwiseDistances")
        guard weights.shape == Shape(1, columns) else {
            throw .shapeMismatch(
                operation: "pairwiseDistances", left: shape, right: weights.shape,
                rule: "The weights must be a row with as many columns as the matrix.")
        }
        let weighted = try self * weights
        let squares = try rowDots(weighted)
        let distances = try matmul(weighted, transposing: .right)
        guard rows > 0 else { return distances }
        try device.launch(
            .kmeansPairs,
            [
                .int(rows), .int(columns), argument, weights.argument, squares.argument, distances.argument,
            ],
            over: .groups(rows, bytes: 8 * rows, operations: 4 * rows))
        return distances
    }
}
