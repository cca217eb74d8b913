import CLMat
import Exploration
import Foundation

extension KMeansTrainer {
    /// Centroids with their sizes, silhouettes, members, and a map of the centroids.
    public var figures: [Figure<KMeansTrainer>] {
        [
            Figure(
                "centres", title: "Centroids", help: "the mean of each cluster, the largest first, with its size",
                isShownAtStart: true
            ) { trainer, context in try trainer.centroidsFigure(context.view) },
            Figure(
                "sizes", title: "Sizes of clusters",
                help: "how many clusters have how many points; outlined as it was before a control was last moved",
                isShownAtStart: true, from: BeforeChange<[Double]>()
            ) { before, trainer, context in
                before.take(trainer.kmeans.sizes, settings: context.settings, at: context.step)
                return FigureProgress(trainer.sizesFigure(context.view, before: before.value ?? []))
            },
            Figure(
                "silhouettes", title: "Silhouettes",
                help: "how much nearer each point is to its own cluster than to the next; below 0 it is misplaced",
                isShownAtStart: true
            ) { trainer, context in try trainer.silhouetteFigure(context.view) },
            Figure(
                "members", title: "Members", help: "20 random points of each cluster, the largest first"
            ) { trainer, context in try trainer.membersFigure(context.view) },
            Figure(
                "map", title: "Map of the centroids", help: "centroids in the plane in which they differ most"
            ) { trainer, context in try trainer.mapFigure(context.view) },
        ]
    }

    // MARK: - Choosing

    private static let chosen = "chosen-cluster"

    public var viewActions: [String] { ["choose-cluster", "unchoose-cluster"] }

    /// `choose-cluster` [cluster], which is marked in all figures; `unchoose-cluster`.
    public func look(_ action: Action, _ view: inout ViewState) throws(CLMatError) {
        switch action.id {
        case "choose-cluster":
            guard let cluster = action.arguments.first, (0..<kmeans.k).contains(cluster) else {
                throw .invalidValue(
                    setting: action.id, value: "\(action.arguments)", accepted: "a cluster from 0 to \(kmeans.k - 1)")
            }
            view[Self.chosen] = [cluster]
        case "unchoose-cluster": view[Self.chosen] = []
        default: throw .unknownName(kind: "action", name: action.id, known: viewActions)
        }
    }

    /// What a file chose may be of other clusters.
    private func chosenCluster(_ view: ViewState) -> Int? { view[Self.chosen].last { (0..<kmeans.k).contains($0) } }

    private func choice(_ cluster: Int, _ view: ViewState) -> Choice {
        Choice(
            of: cluster, chosen: chosenCluster(view), "cluster", choose: "choose-cluster", unchoose: "unchoose-cluster")
    }

    // MARK: - Figures

    private func sizesFigure(_ view: ViewState, before: [Double]) -> Histogram {
        var histogram = Histogram(
            of: kmeans.sizes, xTitle: "points per cluster", yTitle: "clusters", caption: "\(kmeans.k) clusters",
            before: before)
        if let chosen = chosenCluster(view) {
            histogram.marks = [(kmeans.sizes[chosen], "cluster \(chosen)")]
            histogram.unmark = choice(chosen, view).action
        }
        return histogram
    }

    /// Clusters from the largest to the smallest.
    private var bySize: [Int] {
        let sizes = kmeans.sizes
        return sizes.indices.sorted { sizes[$0] != sizes[$1] ? sizes[$0] > sizes[$1] : $0 < $1 }
    }

    private func size(_ cluster: Int) -> String { grouped(Int(kmeans.sizes[cluster].rounded())) }

    /// A grid of points, as images. Points that are no images are shown as a table.
    private func centroidsFigure(_ view: ViewState) throws -> any FigureContent {
        let values = try kmeans.centroidValues
        guard !values.isEmpty else { return NothingToShow("no centroids yet") }
        let order = bySize
        let columns = data.columns
        guard let image = data.image else {
            let shown = min(columns, 12)
            let digits = (0..<shown).map { column in
                Self.digits(of: order.map { cluster in values[cluster * columns + column] })
            }
            // The digits of each column go as far as the centroids differ.
            func text(_ cluster: Int, _ column: Int) -> String {
                format(values[cluster * columns + column], digits: digits[column])
            }
            return Table(
                columns: ["cluster", "size"] + (0..<shown).map { "x\($0 + 1)" },
                rows: order.map { cluster in
                    ["\(cluster)", size(cluster)]
                        + (0..<shown).map { text(cluster, $0) }
                }, numeric: Set(0..<shown + 2), caption: shown < columns ? "the first \(shown) columns" : "",
                choices: order.map { choice($0, view) })
        }
        let cells = order.prefix(1024).map { cluster in
            ImageGrid.Cell(
                values: values[cluster * columns..<(cluster + 1) * columns].map(Float.init),
                title: "cluster \(cluster)",
                caption: size(cluster), facts: [("size", kmeans.sizes[cluster])], choice: choice(cluster, view))
        }
        let across = max(1, Int((Double(cells.count) * 1.6).squareRoot().rounded(.up)))
        return ImageGrid(
            channels: image.channels, height: image.height, width: image.width, columns: across, cells: cells,
            caption: "\(kmeans.k) clusters, by size", flows: true)
    }

    /// Digits that tell numbers apart which lie near each other: three of their range.
    static func digits(of values: [Double]) -> Int {
        guard let least = values.min(), let most = values.max(), most > least else { return 4 }
        let size = max(abs(least), abs(most))
        return min(15, max(3, 3 + Int(Foundation.log10(size / (most - least)).rounded(.up))))
    }

    private func silhouetteFigure(_ view: ViewState) throws -> any FigureContent {
        let (mean, values, labels) = try silhouette()
        var members = [[Double]](repeating: [], count: kmeans.k)
        for (value, label) in zip(values, labels) where members.indices.contains(Int(label)) {
            members[Int(label)].append(value)
        }
        let groups = bySize.filter { !members[$0].isEmpty }.map { cluster in
            Silhouette.Group(
                name: "cluster \(cluster), size \(size(cluster))", values: members[cluster],
                choice: choice(cluster, view))
        }
        return Silhouette(
            groups: groups,
            caption: "\(grouped(values.count { $0 < 0 })) of \(grouped(values.count)) negative · mean \(format(mean))")
    }

    /// The largest clusters in rows: the centroid is in the figure of centroids.
    private func membersFigure(_ view: ViewState) throws -> any FigureContent {
        guard let image = data.image else { return NothingToShow("these points are no images") }
        let (perCluster, most) = (20, 64)
        var places = [[Int32]](repeating: [], count: kmeans.k)
        for (index, label) in labels.enumerated() where label >= 0 { places[Int(label)].append(Int32(index)) }
        let order = Array(bySize.filter { !places[$0].isEmpty }.prefix(most))
        guard !order.isEmpty else { return NothingToShow("first points after the first step") }
        var chosen: [Int32] = []
        var owners: [Int?] = []
        for cluster in order {
            let key = RandomKey(seed: kmeans.seed, step: cluster, stream: Streams.members)
            let own = places[cluster]
            let picked = KMeans.draw(perCluster, by: [Float](repeating: 1, count: own.count), key).map { own[$0] }
            chosen += picked
            // Short rows are filled up, so that each cluster has its own.
            owners += picked.map { _ in cluster } + [Int?](repeating: nil, count: perCluster - picked.count)
        }
        let values = try data.rows(chosen, on: device).values
        var next = 0
        let cells = owners.map { owner -> ImageGrid.Cell in
            guard let owner else { return ImageGrid.Cell(values: [], title: "no more points") }
            defer { next += 1 }
            return ImageGrid.Cell(
                values: Array(values[next * data.columns..<(next + 1) * data.columns]),
                title: "point \(grouped(Int(chosen[next]))) of cluster \(owner)", choice: choice(owner, view))
        }
        return ImageGrid(
            channels: image.channels, height: image.height, width: image.width, columns: perCluster,
            rowTitles: order.map(size), cells: cells,
            caption: "as last seen" + (order.count < kmeans.k ? " · \(order.count) largest clusters" : ""))
    }

    private func mapFigure(_ view: ViewState) throws -> any FigureContent {
        guard let centroids = kmeans.framedCentroids, let plane = try PrincipalPlane(of: centroids) else {
            return NothingToShow("the centroids are all the same")
        }
        let (values, columns) = (try kmeans.centroidValues, data.columns)
        return plane.figure(
            discs: plane.points.enumerated().map { cluster, point in
                Scatter.Disc(
                    x: point.x, y: point.y, weight: kmeans.sizes[cluster], title: "cluster \(cluster)",
                    facts: [("size", kmeans.sizes[cluster])], choice: choice(cluster, view))
            }, caption: "\(kmeans.k) centroids · area is size", imagesOf: data.image
        ) { values[$0 * columns..<($0 + 1) * columns].map(Float.init) }
    }
}

extension Streams {
    /// Which members of a cluster are shown.
    static let members: UInt32 = 8
}
