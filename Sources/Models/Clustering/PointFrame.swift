import CLMat

/// Where points are counted from, and in which unit, so that 32-bit floats hold their distances: time stamps, degrees or metres
/// on a map lie far from 0 and near each other. K-means works in the frame, whose results do not depend on it, and gives back
/// coordinates and distances of the data.
struct PointFrame: Sendable, Equatable {
    /// One number for each column; empty if all are 0. Each is a 32-bit float, so that it can be taken off on the device too.
    private(set) var origin: [Double] = []
    /// A power of two: 1 unless squared distances would leave the range of 32-bit floats.
    private(set) var unit = 1.0

    static let none = PointFrame()

    /// Columns whose mean is farther from 0 than so many standard deviations are counted from their mean. Nearer ones lose
    /// nothing: the origin stays where it is.
    private static let farness = 4.0

    init() {}

    /// What was read from a file; nil if it is no frame.
    init?(origin: [Double], unit: Double) {
        guard origin.allSatisfy({ $0.isFinite && Double(Float($0)) == $0 }), unit > 0, unit.isFinite,
            unit.significand == 1
        else { return nil }
        (self.origin, self.unit) = (origin, unit)
    }

    /// The frame that suits data of these means and standard deviations, one of each per column.
    init(means: [Double], deviations: [Double]) {
        let isFar = zip(means, deviations).map { abs($0) > Self.farness * $1 }
        if isFar.contains(true) { origin = zip(means, isFar).map { $1 ? Double(Float($0)) : 0 } }
        // Within these squares are far from overflow, and those of small differences from underflow.
        let spread = deviations.reduce(0) { $0 + $1 * $1 }.squareRoot()
        if spread.isFinite, spread > 0, !(0x1p-40...0x1p40).contains(spread) {
            unit = Double(sign: .plus, exponent: spread.exponent, significand: 1)
        }
    }

    /// The frame for `points`, N × D.
    init(of points: Matrix) throws(CLMatError) {
        let (means, deviations) = try Self.moments(of: points)
        self.init(means: means, deviations: deviations)
    }

    /// The frame for the points of `data` at `indices`.
    init(of data: any PointData, at indices: [Int32], on device: Device) throws(CLMatError) {
        // Images lie between 0 and full scale.
        guard data.image == nil else {
            self.init()
            return
        }
        let means = try data.mean(of: indices, on: device)
        let (rest, deviations) = try Self.moments(
            of: data.rows(indices, from: means.map { Double(Float($0)) }, on: device))
        self.init(means: zip(means, rest).map { Double(Float($0)) + $1 }, deviations: deviations)
    }

    /// Mean and standard deviation of each column.
    static func moments(of points: Matrix) throws(CLMatError) -> (means: [Double], deviations: [Double]) {
        guard points.rows > 0 else { return ([], []) }
        // Scaled by the largest magnitude, so that no square leaves the floats.
        let most = Swift.max(Double(try points.max()), -Double(try points.min()))
        let scale = most > 0 && most.isFinite ? Double(sign: .plus, exponent: most.exponent, significand: 1) : 1
        let scaled = try scaled(points, by: 1 / scale)
        let means = try scaled.columnMeans()
        let differences = try scaled - means
        // What rounding left of the means.
        let rest = try differences.columnMeans().values
        let squares = try differences.columnSumsOfSquares().values
        let deviations = squares.map { (Double($0) / Double(points.rows)).squareRoot() * scale }
        return (zip(try means.values, rest).map { (Double($0) + Double($1)) * scale }, deviations)
    }

    /// x · factor, in two steps where the factor itself is no float.
    private static func scaled(_ x: Matrix, by factor: Double) throws(CLMatError) -> Matrix {
        guard factor != 1 else { return x }
        let half = Double(sign: .plus, exponent: factor.exponent / 2, significand: 1)
        return try x * Float(half) * Float(factor / half)
    }

    // MARK: - In and out

    /// `points` as they are in the frame.
    func inside(_ points: Matrix) throws(CLMatError) -> Matrix {
        guard !origin.isEmpty else { return try inUnits(points) }
        return try inUnits(points - Matrix(constantRow: origin.map(Float.init), on: points.device))
    }

    /// Points that are counted from ``origin`` already.
    func inUnits(_ points: Matrix) throws(CLMatError) -> Matrix { try Self.scaled(points, by: 1 / unit) }

    /// The coordinates in the data of `points` of the frame, N × D, row by row.
    func outside(_ points: Matrix) throws(CLMatError) -> [Double] {
        let columns = points.columns
        return try points.values.enumerated().map { index, value in
            Double(value) * unit + (origin.isEmpty ? 0 : origin[index % columns])
        }
    }

    /// A squared distance of the frame in the data's units.
    func squaredDistance(_ value: Float) -> Double { Double(value) * unit * unit }
}
