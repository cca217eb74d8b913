import CLMat
import Exploration
import Foundation

/// Non-negative matrix factorisation: points X ≈ H W, with a dictionary W of parts and codes H, both without negative numbers.
///
/// Multiplicative updates of ½‖X − HW‖² + Σ λᵢ fᵢ(H), gᵢ = ∂fᵢ/∂H; online, the sums over all points go on from batch to batch:
///
///     H ← H ∘ (X Wᵀ + Σ λᵢ gᵢ⁻) / (H W Wᵀ + Σ λᵢ gᵢ⁺),   A ← (1 − ρ) A + ρ HᵀH / n,   B ← (1 − ρ) B + ρ HᵀX / n,   W ← W ∘ B / (A W)
///
/// After each step the parts are made of length 1, since else λ would only make codes small and parts long. λ counts in units
/// of the points' root mean square length: from 1 on hardly a point has a code left, as no code is above 0 where
/// x · w < λ for all parts. The points are reckoned with in a unit that is taken from the first of them that are not all
/// zero, so that results do not depend on the unit of the data.
/// - Source: D. Lee, S. Seung, "Algorithms for non-negative matrix factorization", NIPS 2001, theorem 1; the running sums, and
///   parts of bounded length: J. Mairal, F. Bach, J. Ponce, G. Sapiro, "Online learning for matrix factorization and sparse
///   coding", JMLR 11, 2010; λ: P. Hoyer, "Non-negative sparse coding", IEEE Workshop on Neural Networks for Signal
///   Processing, 2002.
public struct NMF: Model, MixinHost {
    /// "NMF · 64 parts"
    public let title: String
    /// W, parts × D: each row is of length 1, so that codes are in the unit of the data.
    public private(set) var dictionary: Matrix
    private var (codeProducts, pointProducts): (Matrix, Matrix)
    /// How much each part is used: the mean of its codes, in ``scale``.
    private var use: Later<[Float]>
    private var scale = Scale()
    /// Criteria of the codes, which are made small with the loss.
    public var mixins = Mixins(CodeCriteria.all)
    private let data: any PointData

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

    /// - Throws: ``/CLMat/CLMatError/invalidValue(setting:value:accepted:)`` if there are no parts.
    public init(_ data: any PointData, parts: Int, seed: UInt64, on device: Device) throws(CLMatError) {
        guard (1...65_536).contains(parts) else {
            throw .invalidValue(setting: "parts", value: "\(parts)", accepted: "1 to 65,536")
        }
        (self.data, title) = (data, "NMF · \(parts) parts")
        let key = RandomKey(seed: seed, stream: Streams.startCentroids)
        let start = try Matrix(uniform: 0.1...1, key, Shape(parts, data.columns), on: device)
        dictionary = try start / start.rowSumsOfSquares().sqrt()
        codeProducts = try Matrix(zeros: Shape(parts, parts), on: device)
        pointProducts = try Matrix(zeros: Shape(parts, data.columns), on: device)
        use = Later([Float](repeating: 0, count: parts))
    }

    private static let memoryRate = Control(
        "memory-rate", title: "rate ρ", range: 0.001...1, scale: .log, initial: 0.1,
        help: "the share of each batch in what the dictionary remembers", affects: ["loss", "explained"])
    private static let codeUpdates = Control(
        "code-updates", title: "updates of the codes", kind: .integer(1...100, .log), initial: 10,
        help: "how often a batch's codes are refined before the dictionary follows",
        affects: [.down("loss"), .up("explained"), .down("density")])

    public var controls: [Control] { [Self.memoryRate] + mixins.controls + [Self.codeUpdates] }

    static let density = Metric(
        "density", title: "Density of codes", unit: "share above a hundredth of the largest",
        help: "how many parts an image is made of", range: 0...1)

    /// Loss, what the parts explain, density of codes, and what the criteria measure.
    public var metrics: [Metric] {
        [
            Metric(
                "loss", title: "Loss", unit: "‖x − hW‖, root mean square", help: "what the parts leave out",
                better: .lower),
            Metric(
                "explained", title: "Explained", unit: "share of ‖x‖²", help: "what the parts make up", better: .higher
            ),
            Self.density,
        ] + mixins.metrics
    }

    public mutating func update(_ context: StepContext<PointBatch>) throws(CLMatError) -> Measurements {
        var measured = Measurements()
        guard let batch = context.batch else { return measured }
        let start = ContinuousClock.now
        let (position, count) = (batch.position, batch.count)
        let (points, indices) = try batch.draw()
        let (least, largest) = (try points.minLater(), try points.maxLater())
        let name = data.name
        let refusal: @Sendable () throws(CLMatError) -> CLMatError = { () throws(CLMatError) in
            try Self.refusal(of: points, at: indices, name)
        }
        if scale.exponent == nil {
            try Reading.start(least.readings + largest.readings)
            guard try least.value >= 0, try largest.value.isFinite else { throw try refusal() }
            if try largest.value > 0 {
                try scale.take(from: points, largest: largest.value)
                guard scale.exponent != nil else { throw try refusal() }
            }
        }
        // What there is to learn of zeros is nothing, but other points may come.
        guard scale.exponent != nil || position + count < data.count else {
            throw .dataMismatch("All \(data.count) points of \(data.name) are zero: NMF has nothing to take apart.")
        }
        let x = try scale.normalised(points)
        let sum = try x.sumOfSquaresLater()
        // Σx², if there are no numbers among the points that cannot be taken apart.
        let squares = Later(least.readings + largest.readings + sum.readings) { () throws(CLMatError) -> Double in
            guard try least.value >= 0, try largest.value.isFinite, try sum.value.isFinite else { throw try refusal() }
            return Double(try sum.value)
        }
        // Where a look costs no time the step is not even begun.
        if x.device.kind == .cpu {
            try Reading.start(squares.readings)
            _ = try squares.value
        }
        let w = dictionary

        let h = try codes(of: x, context, &measured)
        let loss = try (x - h.matmul(w)).sumOfSquaresLater().map { Double($0) }
        // Not its square, which would lie beyond the numbers for points of 10²⁰.
        measured.note("loss", loss.map { [scale] loss in scale.inDataUnit((loss / Double(count)).squareRoot()) })
        measured.warn(ifLost: "loss", titled: "the loss", "The parts left the numbers", advice: Warning.undo)
        measured.after(squares.readings) { (measured) throws(CLMatError) in
            let squares = try squares.value
            if squares > 0 { measured["explained"] = 1 - (try loss.value) / squares }
        }
        measured.note("density", try h.greater(than: h.largest() / 100).meanLater().map { Double($0) })
        use = try h.columnMeans().valuesLater()
        measured.after(use.readings) { _ in }

        // A and B forget at rate ρ; the first batch is all that there is to remember.
        let rate = position == 0 ? 1 : Float(try context.settings[Self.memoryRate])
        let all = Float(count * context.reducer.machines)
        let hh = try context.reducer.sum(h.matmul(h, transposing: .left)) / all
        let hx = try context.reducer.sum(h.matmul(x, transposing: .left)) / all
        codeProducts = try codeProducts * (1 - rate) + hh * rate
        pointProducts = try pointProducts * (1 - rate) + hx * rate
        try learnDictionary()
        let seconds = (ContinuousClock.now - start).seconds
        measured.count("training-steps", 1, seconds: seconds)
        measured.count("training-images", Double(count), seconds: seconds)
        return measured
    }

    /// H ← H ∘ (X Wᵀ + Σ λᵢ gᵢ⁻) / (H W Wᵀ + Σ λᵢ gᵢ⁺), from codes that make up points of the usual length.
    private mutating func codes(
        of x: Matrix, _ context: StepContext<PointBatch>, _ measured: inout Measurements
    ) throws(CLMatError) -> Matrix {
        let w = dictionary
        let xw = try x.matmul(w, transposing: .right)
        let ww = try w.matmul(w, transposing: .right)
        let length = Float(scale.length)
        var h = try Matrix(filledWith: length / Float(w.rows), Shape(x.rows, w.rows), on: x.device)
        try mixins.follow(context.settings)
        let mixed = context.forMixins
        for _ in 0..<(try context.settings.int(Self.codeUpdates)) {
            let regularisers = mixins.areActive ? try mixins.gradient(of: Codes(h, unit: length), mixed) : nil
            h = try Self.updated(h, xw, ww, regularisers, unit: scale.length)
        }
        // The relative pull is one of means over all codes.
        var whole = Later(0.0)
        if mixins.areActive {
            let (count, unit) = (Double(max(1, h.count)), scale.length)
            whole = try h.matmul(ww).sumOfSquaresLater().map { (Double($0) / count).squareRoot() / unit }
        }
        try mixins.measure(of: Codes(h, unit: length), whole: whole, mixed, into: &measured)
        return h
    }

    private static func updated(
        _ h: Matrix, _ xw: Matrix, _ ww: Matrix, _ regularisers: CodeGradient?, unit: Double
    ) throws(CLMatError) -> Matrix {
        switch regularisers {
        case nil: try h.scaled(byRatioOf: xw, to: h.matmul(ww), below: tiny)
        case .everywhere(let value) where value >= 0:
            try h.scaled(byRatioOf: xw, to: h.matmul(ww), below: Float(value * unit) + tiny)
        case .everywhere(let value):
            try h.scaled(byRatioOf: xw, to: h.matmul(ww), above: Float(-value * unit), below: tiny)
        case .each(let values):
            try h * (xw + (values * Float(-unit)).relu()) / (h.matmul(ww) + (values * Float(unit)).relu() + tiny)
        }
    }

    /// W ← W ∘ B / (A W), then each part is made of length 1; A and B follow, since the codes that they remember do.
    private mutating func learnDictionary() throws(CLMatError) {
        let next = try dictionary.scaled(
            byRatioOf: pointProducts, to: codeProducts.matmul(dictionary), above: Self.unused, below: Self.unused)
        let lengths = try next.rowSumsOfSquares().sqrt()
        // A part that vanished stays zero.
        let divisors = try lengths + lengths.equal(to: 0)
        dictionary = try next / divisors
        codeProducts = try codeProducts * divisors * divisors.transposed()
        pointProducts = try pointProducts * divisors
    }

    /// Why points cannot be taken apart, with the place of the first number that is to blame.
    private static func refusal(
        of points: Matrix, at indices: [Int32], _ name: String
    ) throws(CLMatError) -> CLMatError {
        let values = try points.values
        guard let place = values.firstIndex(where: { !($0 >= 0 && $0.isFinite) }) else {
            return .dataMismatch(
                "The points of \(name) differ too much in size: some are more than 10¹⁵ times as long as the first ones."
            )
        }
        let (row, column) = place.quotientAndRemainder(dividingBy: points.columns)
        return .dataMismatch(
            "\(name) has \(values[place]) at row \(indices[row]), column \(column), counted from 0. "
                + "NMF needs finite numbers that are not negative.")
    }

    /// The dictionary, and a map of its parts.
    public var figures: [Figure<NMF>] {
        [
            Figure("dictionary", title: "Dictionary", help: "the parts that images are made of", isShownAtStart: true) {
                nmf, _ in
                guard let image = nmf.data.image else { return NothingToShow("these points are no images") }
                let (values, d, use) = (try nmf.dictionary.values, nmf.data.columns, try nmf.use.value)
                let order = use.indices.sorted { use[$0] > use[$1] }
                let cells = order.map { part in
                    let own = values[part * d..<(part + 1) * d]
                    let most = max(own.max() ?? 0, .leastNormalMagnitude)
                    return ImageGrid.Cell(
                        values: own.map { $0 / most }, title: "part \(part)",
                        facts: [("mean code", nmf.scale.inDataUnit(Double(use[part])))])
                }
                let across = max(1, Int((Double(cells.count) * 1.6).squareRoot().rounded(.up)))
                return ImageGrid(
                    channels: image.channels, height: image.height, width: image.width, columns: across,
                    cells: cells,
                    caption: "by use · each as bright as can be", flows: true)
            },
            Figure("part-map", title: "Map of the parts", help: "parts in the plane in which they differ most") {
                nmf, _ in try nmf.mapFigure()
            },
        ]
    }

    private func mapFigure() throws -> any FigureContent {
        guard let plane = try PrincipalPlane(of: dictionary) else { return NothingToShow("the parts are all the same") }
        let (values, d, use) = (try dictionary.values, data.columns, try use.value)
        return plane.figure(
            discs: plane.points.enumerated().map { part, point in
                Scatter.Disc(
                    x: point.x, y: point.y, weight: Double(use[part]), title: "part \(part)",
                    facts: [("mean code", scale.inDataUnit(Double(use[part])))])
            }, caption: "\(use.count) parts · area is use", imagesOf: data.image
        ) { part in
            let own = values[part * d..<(part + 1) * d]
            let most = max(own.max() ?? 0, .leastNormalMagnitude)
            return own.map { $0 / most }
        }
    }

    private static let noExponent = 9999

    public mutating func archive(_ archive: Archive) throws(CLMatError) {
        try archive.keep("dictionary", &dictionary)
        try archive.keep("code-products", &codeProducts)
        try archive.keep("point-products", &pointProducts)
        var known = archive.isCounting ? [Float](repeating: 0, count: dictionary.rows) : try use.value
        try archive.keep("use", &known)
        if archive.isReading { use = Later(known) }
        try archive.group("mixins") { () throws(CLMatError) in try mixins.archive(archive) }
        // A unit far beyond those of Float stands for none.
        var exponent = scale.exponent ?? Self.noExponent
        try archive.keep("scale", &exponent)
        try archive.keep("length", &scale.length)
        scale.exponent = exponent == Self.noExponent ? nil : exponent
        guard known.count == dictionary.rows else {
            throw archive.damaged("use", "it is not that of the dictionary's parts")
        }
        guard exponent == Self.noExponent || abs(exponent) <= 400, scale.length > 0, scale.length < 1e6 else {
            throw archive.damaged("scale", "it is no unit of points")
        }
    }
}
