import CLMat
import Exploration

/// Non-negative matrix factorisation: points X ≈ H W, with a dictionary W of parts and codes H, both without negative numbers.
///
/// Multiplicative updates, which never make ‖X − HW‖² larger; online, the sums over all points go on from batch to batch:
///
///     H ← H ∘ X Wᵀ / (H W Wᵀ + λ),   A ← (1 − ρ) A + ρ HᵀH / n,   B ← (1 − ρ) B + ρ HᵀX / n,   W ← W ∘ B / (A W)
/// - Source: D. Lee, S. Seung, "Algorithms for non-negative matrix factorization", NIPS 2001, theorem 1; the running sums:
///   J. Mairal, F. Bach, J. Ponce, G. Sapiro, "Online learning for matrix factorization and sparse coding", JMLR 11, 2010.
public struct NMF: Model {
    public let title: String
    /// W, parts × D.
    public private(set) var dictionary: Matrix
    private var (codeProducts, pointProducts): (Matrix, Matrix)
    /// How much each part is used: the mean of its codes.
    private var use: [Float]
    private var position = 0
    private let data: any PointData
    private let batchSize: Int

    /// - Throws: ``CLMatError/invalidValue(setting:value:accepted:)`` if there are no parts.
    public init(_ data: any PointData, parts: Int, batchSize: Int, seed: UInt64, on device: Device) throws(CLMatError) {
        guard (1...65_536).contains(parts) else {
            throw .invalidValue(setting: "parts", value: "\(parts)", accepted: "1 to 65,536")
        }
        (self.data, self.batchSize, title) = (data, min(batchSize, data.count), "NMF · \(parts) parts")
        let key = RandomKey(seed: seed, stream: Streams.startCentres)
        dictionary = try Matrix(uniform: 0.1...1, key, Shape(parts, data.columns), on: device)
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
                "sparseness", title: "sparseness λ", range: 0.001...100, scale: .logWithOff, initial: 0,
                means: "pulls codes to zero, so that few parts make an image", moves: ["density", "loss"]),
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
            Metric("loss", title: "Loss", unit: "‖x − hW‖² a point", means: "what the parts leave out", better: .lower),
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
        let x = try batch.draw(from: position, count: count).points
        guard try x.min() >= 0, try x.sumOfSquares().isFinite else {
            throw .dataMismatch("NMF needs finite numbers that are not negative.")
        }
        let (w, tiny) = (dictionary, Float(1e-9))

        // H ← H ∘ X Wᵀ / (H W Wᵀ + λ)
        let xw = try x.matmul(w, transposing: .right)
        let ww = try w.matmul(w, transposing: .right)
        var h = try Matrix(filledWith: 1 / Float(w.rows), Shape(count, w.rows), on: x.device)
        let penalty = Float(settings["sparseness"]) + tiny
        for _ in 0..<settings.int("code-updates") { h = try h * xw / (h.matmul(ww) + penalty) }

        let rest = try x - h.matmul(w)
        let (loss, all) = (Double(try rest.sumOfSquares()), Double(try x.sumOfSquares()))
        measured["loss"] = loss / Double(count)
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
        // W ← W ∘ B / (A W)
        dictionary = try w * pointProducts / (codeProducts.matmul(w) + tiny)
        position += count
        let seconds = (ContinuousClock.now - start).seconds
        measured.count("training-steps", 1, seconds: seconds)
        measured.count("training-images", Double(count), seconds: seconds)
        return measured
    }

    public var figures: [Figure<NMF>] {
        [
            Figure("dictionary", title: "Dictionary", means: "the parts that images are made of", startsOpen: true) {
                nmf, _ in
                guard let image = nmf.data.image else { return .empty("these points are no images") }
                let (values, d) = (try nmf.dictionary.values, nmf.data.columns)
                let order = nmf.use.indices.sorted { nmf.use[$0] > nmf.use[$1] }
                let cells = order.map { part in
                    let own = values[part * d..<(part + 1) * d]
                    let most = max(own.max() ?? 0, .leastNormalMagnitude)
                    return ImageGrid.Cell(
                        values: own.map { $0 / most }, title: "part \(part)",
                        facts: [("mean code", Double(nmf.use[part]))])
                }
                let across = max(1, Int((Double(cells.count) * 1.6).squareRoot().rounded(.up)))
                return .imageGrid(
                    ImageGrid(
                        channels: image.channels, height: image.height, width: image.width, columns: across,
                        cells: cells,
                        caption: "by use · each as bright as can be"))
            }
        ]
    }

    public mutating func archive(_ archive: Archive) throws(CLMatError) {
        try archive.keep("dictionary", &dictionary)
        try archive.keep("code-products", &codeProducts)
        try archive.keep("point-products", &pointProducts)
        try archive.keep("use", &use)
        try archive.keep("position", &position)
        guard use.count == dictionary.rows, position >= 0, position < Int.max / 2 else {
            throw archive.damaged("use", "it is not that of the dictionary's parts")
        }
    }
}
