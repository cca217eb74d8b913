import CLMat
import Exploration
import Foundation

/// Non-negative matrix factorisation: points X ≈ H W, with a dictionary W of parts and codes H, both without negative numbers.
///
/// Multiplicative updates of ½‖X − HW‖² + λ Σ h; online, the sums over all points go on from batch to batch:
///
///     H ← H ∘ X Wᵀ / (H W Wᵀ + λ),   A ← (1 − ρ) A + ρ HᵀH / n,   B ← (1 − ρ) B + ρ HᵀX / n,   W ← W ∘ B / (A W)
///
/// After each step the parts are made of length 1, since else λ would only make codes small and parts long. λ counts in units
/// of the points' root mean square length: from 1 on hardly a point has a code left, as no code is above 0 where
/// x · w < λ for all parts. The points are reckoned with in a unit that is taken from the first of them that are not all
/// zero, so that results do not depend on the unit of the data.
/// - Source: D. Lee, S. Seung, "Algorithms for non-negative matrix factorization", NIPS 2001, theorem 1; the running sums, and
///   parts of bounded length: J. Mairal, F. Bach, J. Ponce, G. Sapiro, "Online learning for matrix factorization and sparse
///   coding", JMLR 11, 2010; λ: P. Hoyer, "Non-negative sparse coding", IEEE Workshop on Neural Networks for Signal
///   Processing, 2002.
public struct NMF: Model {
    public let title: String
    /// W, parts × D: each row is of length 1, so that codes are in the unit of the data.
    public private(set) var dictionary: Matrix
    private var (codeProducts, pointProducts): (Matrix, Matrix)
    /// How much each part is used: the mean of its codes, in ``scale``.
    private var use: [Float]
    private var position = 0
    private var scale = Scale()
    private let data: any PointData
    private let batchSize: Int

    /// The unit in which points are reckoned with: a power of two near their length, so that scaling rounds nothing.
    private struct Scale {
        /// Nil until a point was met that is not zero.
        var exponent: Int?
        /// The root mean square of the points' lengths, in this unit: 1 to 2 for those that it was taken from.
        var length = 1.0

        /// `x` in this unit. The factor can lie beyond the largest number, for points of the smallest: it is applied in two.
        func normalised(_ x: Matrix) throws(CLMatError) -> Matrix { try Self.shifted(x, by: -(exponent ?? 0)) }

        static func shifted(_ x: Matrix, by exponent: Int) throws(CLMatError) -> Matrix {
            let half = exponent / 2
            if abs(exponent) <= 100 { return try x * Float(sign: .plus, exponent: exponent, significand: 1) }
            return try x * Float(sign: .plus, exponent: half, significand: 1)
                * Float(sign: .plus, exponent: exponent - half, significand: 1)
        }

        /// Takes the unit from points of which the largest number is `largest`, above 0 and finite.
        mutating func take(from x: Matrix, largest: Float) throws(CLMatError) {
            let exponent = Int(largest.exponent)
            // Numbers are 2 at most now, so that their squares can be added up.
            let squares = try Self.shifted(x, by: -exponent).sumOfSquares()
            let own = (Double(squares) / Double(x.rows)).squareRoot()
            guard own.isFinite, own > 0 else { return }
            (self.exponent, length) = (exponent + Int(own.exponent), own.significand)
        }

        /// From this unit to that of the data.
        func inDataUnit(_ value: Double) -> Double { scalbn(value, exponent ?? 0) }
    }

    /// Added to both sides of a quotient in the dictionary's update: a part that no code uses stays as it is.
    private static let unused: Float = 1e-20
    /// What keeps a denominator above 0.
    private static let tiny: Float = 1e-30

    /// - Throws: ``CLMatError/invalidValue(setting:value:accepted:)`` if there are no parts.
    public init(_ data: any PointData, parts: Int, batchSize: Int, seed: UInt64, on device: Device) throws(CLMatError) {
        guard (1...65_536).contains(parts) else {
            throw .invalidValue(setting: "parts", value: "\(parts)", accepted: "1 to 65,536")
        }
        (self.data, self.batchSize, title) = (data, min(batchSize, data.count), "NMF · \(parts) parts")
        let key = RandomKey(seed: seed, stream: Streams.startCentres)
        let start = try Matrix(uniform: 0.1...1, key, Shape(parts, data.columns), on: device)
        dictionary = try start / start.rowSumsOfSquares().squareRoots()
        codeProducts = try Matrix(zeros: Shape(parts, parts), on: device)
        pointProducts = try Matrix(zeros: Shape(parts, data.columns), on: device)
        use = [Float](repeating: 0, count: parts)
    }

    public var controls: [Control] {
        [
            Control(
                "memory-rate", title: "rate ρ", range: 0.001...1, scale: .log, initial: 0.1,
                means: "the share of each batch in what the dictionary remembers", moves: ["loss"]),
            Control(
                "sparseness", title: "sparseness λ", unit: "lengths of a point", range: 0.003...1, scale: .logWithOff,
                initial: 0,
                means: "pulls codes to zero, so that few parts make an image; at 1 hardly a code is left",
                moves: ["density", "loss"]),
            Control(
                "code-updates", title: "updates of the codes", kind: .integer(1...100, .log), initial: 10,
                means: "how often a batch's codes are refined before the dictionary follows", moves: ["loss"]),
            Control(
                "batch-size", title: "batch size", unit: "points",
                kind: .integer(min(100, batchSize)...min(data.count, 1_000_000), .log), initial: Double(batchSize),
                means: "points that each step learns from", moves: ["loss"]),
        ]
    }

    public var metrics: [Metric] {
        [
            Metric(
                "loss", title: "Loss", unit: "‖x − hW‖, root mean square", means: "what the parts leave out",
                better: .lower),
            Metric(
                "explained", title: "Explained", unit: "share of ‖x‖²", means: "what the parts make up", better: .higher
            ),
            Metric(
                "density", title: "Density of codes", unit: "share above a hundredth of the largest",
                means: "how many parts an image is made of", range: 0...1),
        ]
    }

    public mutating func update(
        _ batch: PointBatch?, _ settings: Settings, at step: Step
    ) throws(CLMatError) -> Measurements {
        var measured = Measurements()
        guard let batch else { return measured }
        let start = ContinuousClock.now
        let count = min(data.count, settings.int("batch-size"))
        let (points, indices) = try batch.draw(from: position, count: count)
        let (least, largest) = (try points.min(), try points.max())
        guard least >= 0, largest.isFinite else { throw try refusal(of: points, at: indices) }
        if scale.exponent == nil, largest > 0 {
            try scale.take(from: points, largest: largest)
            guard scale.exponent != nil else { throw try refusal(of: points, at: indices) }
        }
        // What there is to learn of zeros is nothing, but other points may come.
        guard scale.exponent != nil || position + count < data.count else {
            throw .dataMismatch("All \(data.count) points of \(data.name) are zero: NMF has nothing to take apart.")
        }
        let x = try scale.normalised(points)
        let all = Double(try x.sumOfSquares())
        guard all.isFinite else { throw try refusal(of: points, at: indices) }
        let w = dictionary

        // H ← H ∘ X Wᵀ / (H W Wᵀ + λ), from codes that make up points of the usual length.
        let xw = try x.matmul(w, transposing: .right)
        let ww = try w.matmul(w, transposing: .right)
        var h = try Matrix(filledWith: Float(scale.length) / Float(w.rows), Shape(count, w.rows), on: x.device)
        let penalty = Float(settings["sparseness"] * scale.length) + Self.tiny
        for _ in 0..<settings.int("code-updates") { h = try h * xw / (h.matmul(ww) + penalty) }

        let loss = Double(try (x - h.matmul(w)).sumOfSquares())
        // Not its square, which would lie beyond the numbers for points of 10²⁰.
        measured["loss"] = scale.inDataUnit((loss / Double(count)).squareRoot())
        measured.warn(ifLost: "loss", titled: "the loss", "The parts left the numbers", advice: Warning.undo)
        if all > 0 { measured["explained"] = 1 - loss / all }
        let limit = try Matrix(filledWith: h.max() / 100, Shape(1, 1), on: x.device)
        measured["density"] = Double(try h.greater(than: limit).mean())
        use = try h.columnMeans().values

        // A and B forget at rate ρ; the first batch is all that there is to remember.
        let rate = position == 0 ? 1 : Float(settings["memory-rate"])
        let hh = try h.matmul(h, transposing: .left) / Float(count)
        let hx = try h.matmul(x, transposing: .left) / Float(count)
        codeProducts = try codeProducts * (1 - rate) + hh * rate
        pointProducts = try pointProducts * (1 - rate) + hx * rate
        try learnDictionary()
        position += count
        let seconds = (ContinuousClock.now - start).seconds
        measured.count("training-steps", 1, seconds: seconds)
        measured.count("training-images", Double(count), seconds: seconds)
        return measured
    }

    /// W ← W ∘ B / (A W), then each part is made of length 1; A and B follow, since the codes that they remember do.
    private mutating func learnDictionary() throws(CLMatError) {
        let next = try dictionary * (pointProducts + Self.unused) / (codeProducts.matmul(dictionary) + Self.unused)
        let lengths = try next.rowSumsOfSquares().squareRoots()
        // A part that vanished stays zero.
        let divisors = try lengths + lengths.equal(to: 0)
        dictionary = try next / divisors
        codeProducts = try codeProducts * divisors * divisors.transposed()
        pointProducts = try pointProducts * divisors
    }

    /// Why points cannot be taken apart, with the place of the first number that is to blame.
    private func refusal(of points: Matrix, at indices: [Int32]) throws(CLMatError) -> CLMatError {
        let values = try points.values
        guard let place = values.firstIndex(where: { !($0 >= 0 && $0.isFinite) }) else {
            return .dataMismatch(
                "The points of \(data.name) differ too much in size: some are more than 10¹⁵ times as long as the first ones."
            )
        }
        let (row, column) = place.quotientAndRemainder(dividingBy: points.columns)
        return .dataMismatch(
            "\(data.name) has \(values[place]) at row \(indices[row]), column \(column), counted from 0. "
                + "NMF needs finite numbers that are not negative.")
    }

    public var figures: [Figure<NMF>] {
        [
            Figure("dictionary", title: "Dictionary", means: "the parts that images are made of", startsOpen: true) {
                nmf, _ in
                guard let image = nmf.data.image else { return NothingToShow("these points are no images") }
                let (values, d) = (try nmf.dictionary.values, nmf.data.columns)
                let order = nmf.use.indices.sorted { nmf.use[$0] > nmf.use[$1] }
                let cells = order.map { part in
                    let own = values[part * d..<(part + 1) * d]
                    let most = max(own.max() ?? 0, .leastNormalMagnitude)
                    return ImageGrid.Cell(
                        values: own.map { $0 / most }, title: "part \(part)",
                        facts: [("mean code", nmf.scale.inDataUnit(Double(nmf.use[part])))])
                }
                let across = max(1, Int((Double(cells.count) * 1.6).squareRoot().rounded(.up)))
                return ImageGrid(
                    channels: image.channels, height: image.height, width: image.width, columns: across,
                    cells: cells,
                    caption: "by use · each as bright as can be")
            }
        ]
    }

    private static let noExponent = 9999

    public mutating func archive(_ archive: Archive) throws(CLMatError) {
        try archive.keep("dictionary", &dictionary)
        try archive.keep("code-products", &codeProducts)
        try archive.keep("point-products", &pointProducts)
        try archive.keep("use", &use)
        try archive.keep("position", &position)
        // A unit far beyond those of Float stands for none.
        var exponent = scale.exponent ?? Self.noExponent
        try archive.keep("scale", &exponent)
        try archive.keep("length", &scale.length)
        scale.exponent = exponent == Self.noExponent ? nil : exponent
        guard use.count == dictionary.rows, position >= 0, position < Int.max / 2 else {
            throw archive.damaged("use", "it is not that of the dictionary's parts")
        }
        guard exponent == Self.noExponent || abs(exponent) <= 400, scale.length > 0, scale.length < 1e6 else {
            throw archive.damaged("scale", "it is no unit of points")
        }
    }
}
