import CLMatKernels

/// Centres as the search for the nearest one wants them: scaled by the features' weights, and packed.
///
/// The distance of a point x to centre k is Σ_d w_d (x_d − m_kd)²; what is minimised is that plus a penalty p_k.
public struct CentreIndex: Sendable {
    /// K × D.
    public let centres: Matrix
    private let weights: Matrix
    private let penalties: Matrix
    private let packed: Matrix
    private let biases: Matrix

    /// - Parameters:
    ///   - centres: K × D, K > 0.
    ///   - weights: w, 1 × D; all 1 if nil.
    ///   - penalties: p, one a centre; all 0 if nil.
    /// - Cost: some 3KD operations, and as much memory as the centres.
    /// - Throws: ``CLMatError/shapeMismatch(operation:left:right:rule:)``, or
    ///   ``CLMatError/invalidArgument(operation:problem:)`` if there is no centre.
    public init(_ centres: Matrix, weights: Matrix? = nil, penalties: [Float]? = nil) throws(CLMatError) {
        let (count, columns, device) = (centres.rows, centres.columns, centres.device)
        guard count > 0 else {
            throw .invalidArgument(operation: "CentreIndex", problem: "There is no centre to be near to.")
        }
        if let weights {
            try requireSameDevice(device, weights.device, "CentreIndex")
            guard weights.shape == Shape(1, columns) else {
                throw .shapeMismatch(
                    operation: "CentreIndex", left: centres.shape, right: weights.shape,
                    rule: "There must be a row of weights, one for each column of the centres.")
            }
        }
        guard penalties?.count ?? count == count else {
            throw .shapeMismatch(
                operation: "CentreIndex", left: centres.shape, right: Shape(1, penalties?.count ?? 0),
                rule: "There must be one penalty a centre.")
        }
        let strip = Int(CLMAT_KMEANS_STRIP)
        let padded = (count + strip - 1) / strip * strip
        if let weights {
            self.weights = weights
        } else {
            self.weights = try Matrix(filledWith: 1, Shape(1, columns), on: device)
        }
        self.centres = centres
        self.penalties = try Matrix(penalties ?? [Float](repeating: 0, count: count), 1, count, on: device)
        packed = try Matrix(uninitialised: Shape(padded, columns), on: device)
        biases = try Matrix(uninitialised: Shape(1, padded), on: device)
        try device.launch(
            .kmeansPack,
            [
                .int(count), .int(columns), self.weights.argument, centres.argument, self.penalties.argument,
                packed.argument, biases.argument,
            ],
            over: .groups(padded, bytes: 8 * columns, operations: 3 * columns))
    }

    /// How the nearest centre is searched; the numbers agree within rounding.
    enum Method: CaseIterable {
        /// One kernel, which multiplies itself: what the CPU does, tile by tile in its cache.
        case fused
        /// A matrix product for a block of points at a time, then the least of each row.
        case product
    }

    /// The centre k with the least Σ_d w_d (x_d − m_kd)² + p_k for each point; the first of equal ones.
    ///
    /// A point that holds a number that is none is at no distance (NaN), and gets centre 0.
    /// - Shapes: points N × D.
    /// - Accuracy: distances within some D·ε·(‖x‖² + ‖m‖²), as they are differences of squares; with penalties, ε·p more.
    /// - Cost: 2NKD operations; no N × K matrix is kept.
    /// - Throws: ``CLMatError/shapeMismatch(operation:left:right:rule:)``.
    /// - Source: Jiang, "Exploratory model analysis for machine learning", UCB/EECS-2018-34, eq. 2.4 and 2.6.
    public func nearest(to points: Matrix) throws(CLMatError) -> Assignment {
        try nearest(to: points, by: points.device.kind == .cpu ? .fused : .product)
    }

    func nearest(to points: Matrix, by method: Method) throws(CLMatError) -> Assignment {
        let (count, columns, device) = (centres.rows, centres.columns, centres.device)
        try requireSameDevice(points.device, device, "nearest")
        guard points.columns == columns else {
            throw .shapeMismatch(
                operation: "nearest", left: points.shape, right: centres.shape,
                rule: "Points and centres must have the same number of columns.")
        }
        let nearest = try IntVector(uninitialised: points.rows, bounds: 0...Int32(count - 1), on: device)
        let distances = try Matrix(uninitialised: Shape(points.rows, 1), on: device)
        guard points.rows > 0 else { return Assignment(nearest: nearest, squaredDistances: distances) }
        switch method {
        case .fused:
            try device.launch(
                .kmeansAssign,
                [
                    .int(count), .int(columns), points.argument, weights.argument, packed.argument, biases.argument,
                    penalties.argument, nearest.argument, distances.argument,
                ],
                over: .groups(points.rows, bytes: 4 * columns, operations: 2 * count * columns))
        case .product:
            let squares = try Matrix(uninitialised: Shape(points.rows, 1), on: device)
            try device.launch(
                .kmeansSquares, [.int(columns), points.argument, weights.argument, squares.argument],
                over: .groups(points.rows, bytes: 4 * columns, operations: 3 * columns))
            let scaled = try centres * weights
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
                        .int(first), .int(count), products.argument, squares.argument, biases.argument,
                        penalties.argument, nearest.argument, distances.argument,
                    ],
                    over: .groups(rows, bytes: 4 * count, operations: 3 * count))
            }
        }
        return Assignment(nearest: nearest, squaredDistances: distances)
    }
}

/// Which centre each point is nearest to, and how far it is from there.
public struct Assignment: Sendable {
    /// N indices of centres.
    public let nearest: IntVector
    /// N × 1: Σ_d w_d (x_d − m_kd)² to that centre, without its penalty.
    public let squaredDistances: Matrix
}

/// Points added up by cluster.
public struct ClusterSums: Sendable {
    /// K × D.
    public let sums: Matrix
    /// How many points each cluster has.
    public let counts: [Int]
    private let starts: IntVector

    /// - Parameters:
    ///   - points: N × D.
    ///   - labels: the cluster of each point.
    /// - Cost: reads the points once; the labels go over the host, where they are counted and sorted. Sums are made in the
    ///   order of the points, in blocks, so they repeat bit for bit.
    /// - Throws: ``CLMatError/shapeMismatch(operation:left:right:rule:)``, or
    ///   ``CLMatError/invalidArgument(operation:problem:)`` for a label outside the clusters.
    public init(of points: Matrix, by labels: IntVector, clusters: Int) throws(CLMatError) {
        try self.init(of: points, by: labels.values, clusters: clusters)
    }

    /// The same with labels that are on the host already.
    public init(of points: Matrix, by labels: [Int32], clusters: Int) throws(CLMatError) {
        guard labels.count == points.rows else {
            throw .shapeMismatch(
                operation: "ClusterSums", left: points.shape, right: Shape(labels.count, 1),
                rule: "There must be one label a point.")
        }
        guard clusters >= 0, clusters < Int(Int32.max) else {
            throw .invalidArgument(operation: "ClusterSums", problem: "There cannot be \(clusters) clusters.")
        }
        // Counting sort: points by cluster, in their own order within.
        var counts = [Int](repeating: 0, count: clusters)
        for label in labels {
            guard counts.indices.contains(Int(label)) else {
                throw .invalidArgument(operation: "ClusterSums", problem: "Label \(label) is outside 0..<\(clusters).")
            }
            counts[Int(label)] += 1
        }
        var starts: [Int32] = [0]
        starts.reserveCapacity(clusters + 1)
        for count in counts { starts.append(starts[starts.count - 1] + Int32(count)) }
        var next = starts
        var order = [Int32](repeating: 0, count: labels.count)
        for (point, label) in labels.enumerated() {
            order[Int(next[Int(label)])] = Int32(point)
            next[Int(label)] += 1
        }
        let device = points.device
        self.counts = counts
        self.starts = try IntVector(starts, on: device)
        let sorted = try IntVector(order, on: device)
        sums = try Matrix(uninitialised: Shape(clusters, points.columns), on: device)
        guard sums.count > 0 else { return }
        let chunk = Int(CLMAT_KMEANS_CHUNK)
        let chunks = (points.columns + chunk - 1) / chunk
        let share = points.rows / clusters + 1
        try device.launch(
            .kmeansSums,
            [
                .int(chunks), .int(points.columns), points.argument, sorted.argument, self.starts.argument,
                sums.argument,
            ],
            over: .groups(clusters * chunks, bytes: 4 * share * min(chunk, points.columns), operations: share * chunk))
    }

    /// m_k ← (1 − η_k) m_k + η_k · mean of the points of cluster k; a centre without points stays where it is.
    ///
    /// - Throws: ``CLMatError/shapeMismatch(operation:left:right:rule:)`` if centres or rates are not of as many clusters.
    /// - Source: Jiang, UCB/EECS-2018-34, eq. 2.5.
    public func move(_ centres: inout Matrix, rates: [Float]) throws(CLMatError) {
        try requireSameShape(centres, sums, "move")
        guard rates.count == counts.count else {
            throw .shapeMismatch(
                operation: "move", left: centres.shape, right: Shape(rates.count, 1),
                rule: "There must be one rate a centre.")
        }
        let factors = try Matrix(rates, 1, rates.count, on: centres.device)
        try centres.makeUnique()
        try centres.device.launch(
            .kmeansMove,
            [
                .int(centres.rows), .int(centres.columns), starts.argument, factors.argument, sums.argument,
                centres.argument,
            ],
            over: .elements(centres.count, bytes: 12, operations: 4))
    }
}
