import CLMat
import Exploration
import Foundation

/// Points projected on the two directions in which they vary most.
struct PrincipalPlane {
    let points: [(x: Double, y: Double)]
    /// Of the total variance.
    let shares: (Double, Double)

    /// Orthogonal iteration on the covariance, which is never formed: V ← orth(Xᵀ(X V)).
    ///
    /// - Returns: nil if all points are the same.
    /// - Source: G. Golub, C. Van Loan, "Matrix computations", 3rd ed., section 8.2.4.
    init?(of points: Matrix) throws(CLMatError) {
        let x = try points - points.columnMeans()
        let total = Double(try x.sumOfSquares())
        guard total > 0, total.isFinite, points.columns > 0 else { return nil }
        let d = points.columns
        var (v, w) = ([Double](repeating: 0, count: d), [Double](repeating: 0, count: d))
        for (index, uniform) in RandomKey(seed: 1, stream: Streams.sample).uniforms(2 * d).enumerated() {
            if index < d { v[index] = uniform - 0.5 } else { w[index - d] = uniform - 0.5 }
        }
        var scores = (x: [Double](), y: [Double]())
        for _ in 0..<60 {
            Self.orthonormalise(&v, &w)
            var both: [Float] = []
            both.reserveCapacity(2 * d)
            for i in 0..<d { both += [Float(v[i]), Float(w[i])] }
            let projected = try x.matmul(Matrix(both, d, 2, on: x.device))
            let flat = try projected.values.map(Double.init)
            scores = (
                stride(from: 0, to: flat.count, by: 2).map { flat[$0] },
                stride(from: 1, to: flat.count, by: 2).map { flat[$0] }
            )
            let next = try x.matmul(projected, transposing: .left).values
            for i in 0..<d { (v[i], w[i]) = (Double(next[2 * i]), Double(next[2 * i + 1])) }
        }
        // An axis may point either way: the one in which most is positive, so that the map does not flip.
        let signs = (Self.sign(scores.x), Self.sign(scores.y))
        self.points = zip(scores.x, scores.y).map { (signs.0 * $0, signs.1 * $1) }
        func share(_ values: [Double]) -> Double { values.reduce(0) { $0 + $1 * $1 } / total }
        shares = (share(scores.x), share(scores.y))
    }

    private static func orthonormalise(_ v: inout [Double], _ w: inout [Double]) {
        func scale(_ x: inout [Double]) {
            let norm = x.reduce(0) { $0 + $1 * $1 }.squareRoot()
            if norm > 0 { for i in x.indices { x[i] /= norm } }
        }
        scale(&v)
        let along = zip(v, w).reduce(0) { $0 + $1.0 * $1.1 }
        for i in w.indices { w[i] -= along * v[i] }
        scale(&w)
    }

    private static func sign(_ values: [Double]) -> Double {
        values.reduce(0) { $0 + $1 * $1 * $1 } < 0 ? -1 : 1
    }
}

extension PrincipalPlane {
    /// The plane as a map.
    ///
    /// - Parameters:
    ///   - discs: one for each point.
    ///   - image: the pixels of a point, where the data are images.
    func figure(
        discs: [Scatter.Disc], caption: String, imagesOf shape: ImageShape?, image: (Int) -> [Float]
    ) -> Scatter {
        let thumbnails = shape.map { shape in
            ImageGrid(
                channels: shape.channels, height: shape.height, width: shape.width,
                columns: max(1, Int(Double(points.count).squareRoot())),
                cells: points.indices.map { ImageGrid.Cell(values: image($0)) })
        }
        return Scatter(
            xTitle: "principal component 1 · \(format(100 * shares.0)) % of the variance",
            yTitle: "principal component 2 · \(format(100 * shares.1)) %", discs: discs, caption: caption,
            thumbnails: thumbnails)
    }
}
