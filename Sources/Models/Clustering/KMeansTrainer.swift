import CLMat
import Exploration
import Foundation
import ModelOperations

/// K-means that learns minibatch by minibatch while its weights are moved: of the sizes of clusters, and of blocks of
/// features.
///
/// - Source: Jiang, "Exploratory model analysis for machine learning", UCB/EECS-2018-34, section 2.5.
public struct KMeansTrainer: Model, MixinHost {
    /// "KMeans · 256 clusters"
    public let title: String
    /// The clusters as they are now.
    public private(set) var kmeans: KMeans
    let data: any PointData
    let device: Device
    private let defaults: Defaults
    /// A fixed sample, for what is too costly on all points.
    let silhouettes: Silhouettes

    /// Criteria of the clusters.
    public var mixins: Mixins<Clusters> {
        get { kmeans.mixins }
        set { kmeans.mixins = newValue }
    }

    /// The cluster of each point when it was last seen, −1 before; of the first million points.
    private(set) var labels: [Int32]

    /// Initial values of the controls, and how the centroids start.
    public struct Defaults: Sendable {
        /// η, how far a centroid goes to the mean of its points in each batch.
        public var rate = 0.1
        /// α, the share of each batch in the running sizes.
        public var sizeRate = 0.1
        /// λ, in units of a squared distance for each point of the cluster's size; 0 is plain K-means.
        public var sizeWeight = 0.0
        /// Where the centroids start; k-means++ if nil, the parallel one beyond 1,024 clusters.
        public var initialisation: KMeans.Initialisation?
        /// Widths of blocks of features that have weights of their own.
        public var blockWidths: [Int] = []
        /// What is drawn at random follows from it.
        public var seed: UInt64 = 1

        /// The usual values.
        public init() {}
    }

    private static let sampleSize = 2000
    private static let rememberedLabels = 1 << 20
    private static let rules: [KMeans.Rule] = [.constant(rate: 0), .counts, .fullBatch]

    /// - Throws: as ``KMeans/init(k:rule:initialisation:sizeWeight:sizeRate:reseeds:blocks:seed:)`` and
    ///   ``KMeans/start(from:of:)``, and what reading the data throws.
    public init(
        _ data: any PointData, k: Int, defaults: Defaults = Defaults(), on device: Device
    ) throws(CLMatError) {
        guard k <= data.count else {
            throw .dataMismatch(
                "There are \(data.count) points, fewer than \(k) clusters. Ask for fewer clusters, or give more points."
            )
        }
        (self.data, self.device, self.defaults) = (data, device, defaults)
        title = "KMeans · \(k) clusters"
        // Centroids start from a part of the data that is large enough to be like it.
        let key = RandomKey(seed: defaults.seed, stream: Streams.sample)
        let sample = Self.sample(max(10 * k, 10_000), of: data.count, key)
        let frame = try PointFrame(of: data, at: sample, on: device)
        let points = try frame.inUnits(data.rows(sample, from: frame.origin, on: device))
        silhouettes = Silhouettes(try points.slice(rows: 0..<min(points.rows, Self.sampleSize)))
        let blocks =
            defaults.blockWidths.isEmpty
            ? nil : try FeatureBlocks(widths: defaults.blockWidths, normalisedBy: points)
        kmeans = try KMeans(
            k: k, rule: .constant(rate: defaults.rate),
            initialisation: defaults.initialisation ?? (k <= 1024 ? .plusPlus : .parallelPlusPlus),
            sizeRate: defaults.sizeRate, blocks: blocks, seed: defaults.seed)
        kmeans.mixins = Mixins(ClusterCriteria.all(sizeWeight: defaults.sizeWeight, points: data.count))
        try kmeans.start(fromFramed: points, in: frame, of: data.count)
        labels = [Int32](repeating: -1, count: min(data.count, Self.rememberedLabels))
    }

    /// Different places among `count`, at most as many as there are.
    private static func sample(_ size: Int, of count: Int, _ key: RandomKey) -> [Int32] {
        if count <= 1 << 20 { return Array(key.permutation(of: count).prefix(size)) }
        var seen = Set<Int32>()
        return key.uniforms(2 * size).map { Int32($0 * Double(count)) }.filter { seen.insert($0).inserted }.prefix(size)
            .map { $0 }
    }

    // MARK: - What can be moved and seen

    private var centroidRate: Control {
        Control(
            "centre-rate", title: "centroid rate η", group: "clusters", range: 0.001...1, scale: .log,
            initial: defaults.rate, help: "how far a centroid goes to the mean of its points in each batch",
            affects: ["main-loss", .up("moved-share"), "size-variance"])
    }

    private var sizeRate: Control {
        Control(
            "size-rate", title: "size rate α", group: "clusters", range: 0.001...1, scale: .log,
            initial: defaults.sizeRate, help: "how fast the running sizes follow the batches",
            affects: ["size-variance", "size-entropy"])
    }

    private static let rule = Control.choice(
        "rule", title: "rates", group: "clusters", options: ["constant η", "1/count", "full batch"],
        help: "constant forgets, 1/count weighs all points alike, full batch is Lloyd's",
        affects: ["main-loss", "moved-share", "size-variance"])

    private static let reseeding = Control.toggle(
        "reseeding", title: "reseeding", group: "clusters", initial: true,
        help: "whether clusters that lost their points start again elsewhere",
        affects: [.down("empty-clusters"), .up("reseeded-clusters")])

    private static func blockWeight(_ block: Int) -> Control {
        Control(
            "block-weight-\(block + 1)", title: "weight s\(block + 1) of block \(block + 1)", group: "features",
            range: 0...4, initial: 1, help: "how much these features count in distances",
            affects: [.up("inertia"), .up("main-loss"), "silhouette", "size-variance"])
    }

    public var controls: [Control] {
        mixins.controls + [centroidRate, sizeRate, Self.rule, Self.reseeding]
            + (kmeans.blocks?.widths ?? []).indices.map(Self.blockWeight)
    }

    /// Loss, inertia, sizes, silhouettes and what moved.
    public var metrics: [Metric] {
        [
            Metric(
                "main-loss", title: "Main loss", unit: "mean distance to the own centroid",
                help: "how far points are from their centroids", better: .lower),
            Metric(
                "inertia", title: "Inertia", unit: "mean squared distance", help: "what K-means minimises",
                better: .lower),
            SizeWeight.variance,
            Metric(
                "size-entropy", title: "Entropy of sizes",
                unit: "nats; \(format(Foundation.log(Double(kmeans.k)))) if all are equal",
                help: "how even clusters are", better: .higher),
            Metric(
                "silhouette", title: "Silhouette", unit: "mean over \(grouped(silhouettes.points.rows)) points",
                help: "how much nearer points are to their own cluster than to the next", better: .higher),
            Metric(
                "moved-share", title: "Moved points", unit: "share of points seen before",
                help: "points that changed their cluster since they were last seen", better: .lower),
            Metric(
                "empty-clusters", title: "Empty clusters", unit: "clusters",
                help: "clusters that have lost their points",
                better: .lower),
            Metric(
                "reseeded-clusters", title: "Reseeded clusters", unit: "since the start",
                help: "clusters that started again at another point"),
        ] + mixins.metrics
    }

    public var notes: [String] {
        guard let different = kmeans.differentPoints else { return [] }
        return [
            "There are only \(grouped(different)) different points: \(grouped(kmeans.k - different)) of \(grouped(kmeans.k)) clusters stay empty."
        ]
    }

    // MARK: - Learning

    /// Silhouettes are measured at the first step, and then every so many.
    private static let silhouetteInterval = 20

    public mutating func update(_ context: StepContext<PointBatch>) throws(CLMatError) -> Measurements {
        var measured = Measurements()
        guard let batch = context.batch else { return measured }
        let (start, step) = (ContinuousClock.now, context.step)
        try follow(context.settings)
        kmeans.seed = step.seed
        let count = batch.count
        let (points, indices) = try batch.draw(origin: kmeans.frame.origin)
        let result = try kmeans.learn(kmeans.frame.inUnits(points), of: data.count, context.forMixins)
        measured["moved-share"] = note(result.labels, of: indices)
        measured["main-loss"] = result.meanDistance
        measured["inertia"] = result.inertia
        measured.warn(
            ifLost: "main-loss", titled: "the main loss", "The centroids left the numbers", advice: Warning.undo)
        let mean = Double(data.count) / Double(kmeans.k)
        measured["size-variance"] = kmeans.sizes.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(kmeans.k)
        let total = kmeans.sizes.reduce(0, +)
        measured["size-entropy"] = kmeans.sizes.reduce(0) { sum, size in
            size > 0 ? sum - size / total * Foundation.log(size / total) : sum
        }
        // Of all points at once nothing has to be remembered.
        measured["empty-clusters"] = Double(
            count == data.count ? result.counts.count { $0 == 0 } : result.emptyClusters.count)
        measured["reseeded-clusters"] = Double(kmeans.reseedings)
        try measureMixins(context, &measured)
        let seconds = (ContinuousClock.now - start).seconds
        measured.count("training-steps", 1, seconds: seconds)
        measured.count("training-images", Double(count), seconds: seconds)
        if step.number % Self.silhouetteInterval == 1 { measured["silhouette"] = try silhouette().mean }
        return measured
    }

    private mutating func measureMixins(
        _ context: StepContext<PointBatch>, _ measured: inout Measurements
    ) throws(CLMatError) {
        guard !mixins.ids.isEmpty else { return }
        let clusters = Clusters(of: kmeans)
        try kmeans.mixins.measure(of: clusters, whole: kmeans.wholeUpdate, context.forMixins, into: &measured)
    }

    /// Takes over what the controls say.
    private mutating func follow(_ settings: Settings) throws(CLMatError) {
        let rule = Self.rules[min(max(0, try settings.int(Self.rule)), Self.rules.count - 1)]
        if case .constant = rule {
            kmeans.rule = .constant(rate: try settings[centroidRate])
        } else {
            kmeans.rule = rule
        }
        try kmeans.mixins.follow(settings)
        kmeans.sizeRate = try settings[sizeRate]
        kmeans.reseeds = try settings.isOn(Self.reseeding)
        for block in kmeans.blockWeights.indices { kmeans.blockWeights[block] = try settings[Self.blockWeight(block)] }
    }

    /// Notes the labels, and returns the share that is another than before; nil if no point was seen before.
    private mutating func note(_ found: [Int32], of indices: [Int32]) -> Double? {
        var (seen, moved) = (0, 0)
        for (label, index) in zip(found, indices) where Int(index) < labels.count {
            let before = labels[Int(index)]
            if before >= 0 {
                seen += 1
                if before != label { moved += 1 }
            }
            labels[Int(index)] = label
        }
        return seen > 0 ? Double(moved) / Double(seen) : nil
    }

    /// Silhouettes of the sample, grouped by cluster.
    func silhouette() throws(CLMatError) -> (mean: Double, values: [Double], labels: [Int32]) {
        let labels = try kmeans.assign(framed: silhouettes.points).nearest.values
        let values = try silhouettes.values(labels, clusters: kmeans.k, of: kmeans)
        return (values.reduce(0, +) / Double(max(1, values.count)), values, labels)
    }

    /// The losses on all points, where that takes a moment.
    public func conclude(_ context: StepContext<PointBatch>) throws(CLMatError) -> Measurements {
        var measured = Measurements()
        guard data.count <= 200_000 else { return measured }
        // A run that was resumed at its last step has not taken over its settings yet.
        var current = self
        try current.follow(context.settings)
        var (inertia, loss) = (0.0, 0.0)
        let (kmeans, frame) = (current.kmeans, current.kmeans.frame)
        for first in stride(from: 0, to: data.count, by: 10_000) {
            if context.leavesOff() { return measured }
            let indices = (first..<min(data.count, first + 10_000)).map(Int32.init)
            let points = try frame.inUnits(data.rows(indices, from: frame.origin, on: device))
            for distance in try kmeans.assign(framed: points).squaredDistances.values {
                inertia += frame.squaredDistance(distance)
                loss += frame.squaredDistance(distance).squareRoot()
            }
        }
        measured["inertia"] = inertia / Double(data.count)
        measured["main-loss"] = loss / Double(data.count)
        measured["silhouette"] = try current.silhouette().mean
        return measured
    }

    // MARK: - Keeping

    public mutating func archive(_ archive: Archive) throws(CLMatError) {
        try archive.group("kmeans") { () throws(CLMatError) in try kmeans.archive(archive) }
        try archive.group("mixins") { () throws(CLMatError) in try mixins.archive(archive) }
        try archive.keep("labels", &labels)
        guard archive.isReading else { return }
        guard kmeans.framedCentroids?.columns == data.columns else {
            throw archive.damaged("kmeans.centres", "they have not the \(data.columns) columns of the data")
        }
        guard labels.count == min(data.count, Self.rememberedLabels),
            labels.allSatisfy({ (-1..<Int32(kmeans.k)).contains($0) })
        else { throw archive.damaged("labels", "they are not those of the data's points") }
    }
}

extension Streams {
    /// A part of the points that stands for all.
    static let sample: UInt32 = 6
}
