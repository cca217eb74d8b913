import CLMat
import Exploration
import ModelOperations

/// What a language model of an ``AdaptiveShape`` has beside the rows of its words.
public struct AdaptiveLayers: Sendable {
    /// The bands and their dimensions.
    public let shape: AdaptiveShape
    /// Clusters × units: the row of each cluster's entry in the head.
    public internal(set) var clusters: Matrix
    /// By cluster, units × dimension: from the last layer to what the rows of the output embedding are multiplied by.
    public internal(set) var outputProjections: [Matrix]
    /// By cluster, dimension × width: from the rows of the input embedding to what the first layer reads; nil where they are as wide.
    public internal(set) var inputProjections: [Matrix?]

    /// Parts made one by one.
    private init(
        _ shape: AdaptiveShape, clusters: Matrix, projection: (Shape, UInt32, Int) throws(CLMatError) -> Matrix
    ) throws(CLMatError) {
        (self.shape, self.clusters, outputProjections, inputProjections) = (shape, clusters, [], [])
        for cluster in 0..<shape.clusters {
            let (input, output) = (shape.inputDimensions[cluster + 1], shape.outputDimensions[cluster + 1])
            outputProjections.append(try projection(Shape(shape.units, output), UInt32(2 * cluster + 1), output))
            inputProjections.append(
                shape.projectsInput(cluster + 1)
                    ? try projection(Shape(input, shape.inputDimensions[0]), UInt32(2 * cluster + 2), input) : nil)
        }
    }

    /// Rows of clusters uniform in ±`range`, as those of words are. Projections of dimension d uniform in ±√(3/d): what is multiplied by a
    /// row, or looked up, then varies as much as without them.
    init(
        _ shape: AdaptiveShape, range: Float, seed: UInt64, on device: Device
    ) throws(CLMatError) {
        func key(_ part: UInt32) -> RandomKey { RandomKey(seed: seed, stream: Streams.adaptiveLayers + part) }
        try self.init(
            shape,
            clusters: Matrix(uniform: -range...range, key(0), Shape(shape.clusters, shape.units), on: device)
        ) { (size, part, dimension) throws(CLMatError) in
            let limit = (3 / Float(dimension)).squareRoot()
            return try Matrix(uniform: -limit...limit, key(part), size, on: device)
        }
    }

    /// Zeros: a gradient to begin with.
    init(zeros shape: AdaptiveShape, on device: Device) throws(CLMatError) {
        try self.init(shape, clusters: Matrix(zeros: Shape(shape.clusters, shape.units), on: device)) {
            (size, _, _) throws(CLMatError) in try Matrix(zeros: size, on: device)
        }
    }

    /// All of them.
    var parts: [Matrix] { [clusters] + outputProjections + inputProjections.compactMap { $0 } }
    /// All elements.
    public var parameterCount: Int { parts.reduce(0) { $0 + $1.count } }

    mutating func sgdStep(_ gradient: AdaptiveLayers, rate: Float, factor: Matrix) throws(CLMatError) {
        try clusters.sgdStep(gradient.clusters, rate: rate, factor: factor)
        for index in outputProjections.indices {
            try outputProjections[index].sgdStep(gradient.outputProjections[index], rate: rate, factor: factor)
            guard let own = gradient.inputProjections[index] else { continue }
            try inputProjections[index]?.sgdStep(own, rate: rate, factor: factor)
        }
    }

    /// Hands over what learning changes.
    mutating func archive(_ archive: Archive) throws(CLMatError) {
        try archive.keep("clusters", &clusters)
        for index in outputProjections.indices {
            try archive.keep("output-projection-\(index + 1)", &outputProjections[index])
            if inputProjections[index] != nil {
                try archive.keep("input-projection-\(index + 1)", &inputProjections[index])
            }
        }
    }
}

/// Rows of a window sorted by the band of each one's word, within a band in their own order: the rows of a band are a block then, and a product
/// or a gather takes them where they lie.
struct BandOrder {
    /// The row that stands at each place.
    let rows: [Int32]
    /// The place where each row stands.
    let places: [Int32]
    /// The word at each place.
    let words: [Int32]
    /// The places of each band.
    let bands: [Range<Int>]

    /// A counting sort. A word that is none counts to the nearest band; who looks it up refuses it.
    init(_ words: [Int32], _ shape: AdaptiveShape) {
        let cutoffs = shape.cutoffs.map { Int32(clamping: $0) }
        let own = words.map { word in cutoffs.count { $0 <= word } }
        var counts = [Int](repeating: 0, count: shape.clusters + 1)
        for band in own { counts[band] += 1 }
        var (next, bands) = (0, [Range<Int>]())
        for count in counts {
            bands.append(next..<next + count)
            next += count
        }
        var (free, rows) = (bands.map(\.lowerBound), [Int32](repeating: 0, count: words.count))
        var places = rows
        for (row, band) in own.enumerated() {
            rows[free[band]] = Int32(row)
            places[row] = Int32(free[band])
            free[band] += 1
        }
        (self.rows, self.places, self.bands) = (rows, places, bands)
        self.words = rows.map { words[Int($0)] }
    }

    /// What the head has to foretell: the words of the first band, and for the others the entry of their cluster.
    func headTargets(_ shape: AdaptiveShape) -> [Int32] {
        var targets = Array(words[bands[0]])
        for (cluster, places) in bands.dropFirst().enumerated() {
            targets += [Int32](repeating: Int32(shape.cutoffs[0] + cluster), count: places.count)
        }
        return targets
    }

    /// The words of some places, counted from the first one of their band.
    func targets(_ places: Range<Int>, from first: Int) -> [Int32] { words[places].map { $0 - Int32(first) } }
}

// MARK: - The output

extension LanguageModel {
    /// Logits of the head: of its words, then of the clusters.
    private func headLogits(_ x: MatrixBlock, _ own: AdaptiveLayers) throws(CLMatError) -> Matrix {
        let (words, all) = (own.shape.cutoffs[0], 0..<x.shape.rows)
        var logits = try Matrix(uninitialised: Shape(all.count, own.shape.headCount), on: device)
        try logits.multiply(
            x, block: 0, of: output, transposing: .right, into: MatrixRange(rows: all, columns: 0..<words))
        try logits.multiply(
            x, own.clusters.block(), transposing: .right,
            into: MatrixRange(rows: all, columns: words..<own.shape.headCount))
        return logits
    }

    /// Logits of a cluster's words, from projected rows.
    private func tailLogits(_ z: MatrixBlock, _ cluster: Int) throws(CLMatError) -> Matrix {
        var logits = try Matrix(
            uninitialised: Shape(z.shape.rows, output.shape.blocks[cluster + 1].ranks.count), on: device)
        try logits.multiply(z, block: cluster + 1, of: output, transposing: .right)
        return logits
    }

    /// What the rows of a cluster are multiplied by: x · its projection.
    private func projected(
        _ x: MatrixBlock, _ cluster: Int, _ own: AdaptiveLayers
    ) throws(CLMatError) -> Matrix {
        let projection = own.outputProjections[cluster]
        var z = try Matrix(uninitialised: Shape(x.shape.rows, projection.columns), on: device)
        try z.multiply(x, projection.block(), into: z.all)
        return z
    }

    /// −ln of the chance that each target had, in nats, in the order of the rows: that of its cluster in the head, and its own within.
    ///
    /// log p(w) = log p_head(cluster of w) + log p_cluster(w)
    func adaptiveLosses(
        of top: MatrixBlock, _ targets: [Int32], _ own: AdaptiveLayers
    ) throws(CLMatError) -> Matrix {
        let order = BandOrder(targets, own.shape)
        let x = try top.gatherRows(order.rows)
        var losses = try Matrix(zeros: Shape(targets.count, 1), on: device)
        let (headTargets, noBiases) = (order.headTargets(own.shape), try zeros(own.shape.headCount))
        for slice in slices(of: x.rows, columns: own.shape.headCount) {
            let labels = try IntVector(Array(headTargets[slice]), on: device)
            let part = try headLogits(x.block(rows: slice), own).softmaxLosses(labels, biases: noBiases)
            try losses.replace(row: slice.lowerBound, with: part)
        }
        var tails = try Matrix(zeros: losses.shape, on: device)
        for cluster in 0..<own.shape.clusters where !order.bands[cluster + 1].isEmpty {
            let (places, words) = (order.bands[cluster + 1], own.shape.bands[cluster + 1])
            let z = try projected(x.block(rows: places), cluster, own)
            let noBiases = try zeros(words.count)
            for slice in slices(of: places.count, columns: words.count) {
                let first = places.lowerBound + slice.lowerBound
                let labels = try IntVector(
                    order.targets(first..<first + slice.count, from: words.lowerBound), on: device)
                let part = try tailLogits(z.block(rows: slice), cluster).softmaxLosses(labels, biases: noBiases)
                try tails.replace(row: first, with: part)
            }
        }
        try losses.add(tails)
        return try losses.gatherRows(IntVector(order.places, on: device))
    }

    /// Loss and gradient of a window, as ``headGradient`` has them without clusters. The loss is that of PyTorch's
    /// `AdaptiveLogSoftmaxWithLoss`, which has no biases: the gradient of ``biases`` is 0.
    func adaptiveGradient(
        _ top: MatrixBlock, _ window: TokenWindow, _ own: AdaptiveLayers
    ) throws(CLMatError) -> (loss: Later<Double>, top: Matrix, output: PowerLawMatrix, layers: AdaptiveLayers) {
        let (order, scale) = (BandOrder(window.targets, own.shape), 1 / Float(window.batch))
        let x = try top.gatherRows(order.rows)
        var dx = try Matrix(uninitialised: x.shape, on: device)
        // A product with nothing before it sets all elements; a cluster without a target in the window keeps its zeros.
        var dOutput = try PowerLawMatrix(zerosLike: output)
        var gradient = try AdaptiveLayers(zeros: own.shape, on: device)
        var losses: [Later<Double>] = []

        let (headTargets, noBiases) = (order.headTargets(own.shape), try zeros(own.shape.headCount))
        let (words, entries) = (0..<own.shape.cutoffs[0], own.shape.cutoffs[0]..<own.shape.headCount)
        for slice in slices(of: x.rows, columns: own.shape.headCount) {
            let beta: Float = slice.lowerBound == 0 ? 0 : 1
            let rows = x.block(rows: slice)
            var g = try headLogits(rows, own)
            let labels = try IntVector(Array(headTargets[slice]), on: device)
            losses.append(try g.softmaxLoss(labels, biases: noBiases, scale: scale).sumLater().map { Double($0) })
            let into = MatrixRange(rows: slice, columns: 0..<x.columns)
            try dx.multiply(g.block(columns: words), block: 0, of: output, into: into)
            try dx.multiply(g.block(columns: entries), own.clusters.block(), beta: 1, into: into)
            try dOutput.multiply(g.block(columns: words), rows, transposing: .left, beta: beta, intoBlock: 0)
            try gradient.clusters.multiply(
                g.block(columns: entries), rows, transposing: .left, beta: beta, into: gradient.clusters.all)
        }

        for cluster in 0..<own.shape.clusters where !order.bands[cluster + 1].isEmpty {
            let (places, words) = (order.bands[cluster + 1], own.shape.bands[cluster + 1])
            let rows = x.block(rows: places)
            let z = try projected(rows, cluster, own)
            var dz = try Matrix(uninitialised: z.shape, on: device)
            let noBiases = try zeros(words.count)
            for slice in slices(of: places.count, columns: words.count) {
                let first = places.lowerBound + slice.lowerBound
                var g = try tailLogits(z.block(rows: slice), cluster)
                let labels = try IntVector(
                    order.targets(first..<first + slice.count, from: words.lowerBound), on: device)
                losses.append(try g.softmaxLoss(labels, biases: noBiases, scale: scale).sumLater().map { Double($0) })
                try dz.multiply(
                    g.block(), block: cluster + 1, of: output, into: MatrixRange(rows: slice, columns: 0..<z.columns))
                try dOutput.multiply(
                    g.block(), z.block(rows: slice), transposing: .left, beta: slice.lowerBound == 0 ? 0 : 1,
                    intoBlock: cluster + 1)
            }
            try gradient.outputProjections[cluster].multiply(
                rows, dz.block(), transposing: .left, into: gradient.outputProjections[cluster].all)
            try dx.multiply(
                dz.block(), own.outputProjections[cluster].block(), transposing: .right, beta: 1,
                into: MatrixRange(rows: places, columns: 0..<x.columns))
        }
        return (.sum(losses), try dx.gatherRows(IntVector(order.places, on: device)), dOutput, gradient)
    }

    /// The log of each word's chance, rows × V: logits as good as any, since their softmax is the chances themselves.
    func adaptiveLogits(of top: MatrixBlock, _ own: AdaptiveLayers) throws(CLMatError) -> Matrix {
        var logits = try Matrix(uninitialised: Shape(top.shape.rows, shape.vocabulary), on: device)
        let (words, head) = (own.shape.cutoffs[0], try headLogits(top, own).logSoftmaxRows())
        try logits.replace(with: head.slice(columns: 0..<words))
        for cluster in 0..<own.shape.clusters {
            let tail = try tailLogits(projected(top, cluster, own).block(), cluster).logSoftmaxRows()
            let entry = try head.slice(columns: words + cluster..<words + cluster + 1)
            try logits.replace(column: own.shape.cutoffs[cluster], with: tail + entry)
        }
        return logits
    }

    private func zeros(_ count: Int) throws(CLMatError) -> Matrix { try Matrix(zeros: Shape(1, count), on: device) }
}

// MARK: - The input

/// The rows of a window's words, sorted by band, before projection.
struct AdaptiveWords {
    let order: BandOrder
    /// The words, sorted.
    let ids: IntVector
    /// Words × width, 0 where a row has no element.
    let rows: Matrix
}

extension LanguageModel {
    /// What the first layer reads, in the order of the words, and what the way back needs.
    func adaptiveWords(
        _ words: [Int32], _ own: AdaptiveLayers
    ) throws(CLMatError) -> (words: Matrix, trace: AdaptiveWords) {
        let order = BandOrder(words, own.shape)
        let ids = try IntVector(order.words, on: device)
        let rows = try input.gatherRows(ids)
        var projected = rows
        for (cluster, projection) in own.inputProjections.enumerated() {
            let places = order.bands[cluster + 1]
            guard let projection, !places.isEmpty else { continue }
            try projected.multiply(
                rows.block(rows: places, columns: 0..<projection.rows), projection.block(),
                into: MatrixRange(rows: places, columns: 0..<rows.columns))
        }
        return (
            try projected.gatherRows(IntVector(order.places, on: device)),
            AdaptiveWords(order: order, ids: ids, rows: rows)
        )
    }

    /// The gradient of the rows that were looked up, sorted by band, from that of what the first layer read; the projections' go to
    /// `gradient`.
    func adaptiveWordGradient(
        _ dWords: Matrix, _ trace: AdaptiveWords, into gradient: inout AdaptiveLayers, _ own: AdaptiveLayers
    ) throws(CLMatError) -> Matrix {
        let sorted = try dWords.gatherRows(IntVector(trace.order.rows, on: device))
        // Beyond a band's dimension there is something left in its rows; there are no elements that it could be added to.
        var dRows = sorted
        for (cluster, projection) in own.inputProjections.enumerated() {
            let places = trace.order.bands[cluster + 1]
            guard let projection, !places.isEmpty else { continue }
            let block = MatrixRange(rows: places, columns: 0..<projection.rows)
            try gradient.inputProjections[cluster]?.multiply(
                trace.rows.block(rows: block.rows, columns: block.columns), sorted.block(rows: places),
                transposing: .left,
                into: MatrixRange(rows: 0..<projection.rows, columns: 0..<projection.columns))
            try dRows.multiply(sorted.block(rows: places), projection.block(), transposing: .right, into: block)
        }
        return dRows
    }
}

extension Matrix {
    /// All of it, as the target of a product.
    fileprivate var all: MatrixRange { MatrixRange(rows: 0..<rows, columns: 0..<columns) }
}

extension Streams {
    /// Clusters and projections of an adaptive softmax and input, sixteen clusters at most.
    static let adaptiveLayers: UInt32 = 0x440
}
