import Exploration

extension KMeansTrainer {
    /// How even the sizes of clusters are, and how fast centroids move.
    public var presets: [Preset] {
        let usual = Preset.initial(
            "default", help: "as a run begins: plain K-means on minibatches, whose centroids move gradually",
            of: controls,
            named: ["size-weight", "centre-rate", "rule"])
        return [
            usual,
            usual.changed(
                "even-sizes", title: "even sizes", help: "large clusters give points away, at little cost in distance",
                ["size-weight": evenSizeWeight]),
            usual.changed(
                "means-at-once", title: "means at once",
                help: "each centroid jumps to the mean of its points in the batch: quick at first, and restless",
                ["centre-rate": 1]),
        ]
    }

    /// Enough to be seen: with 256 clusters of 60,000 points a cluster of twice the mean size is 9 squared units farther.
    private var evenSizeWeight: Double {
        let weight = ClusterCriteria.all(points: data.count)[0].weight
        // In proportion to the slider's range, which is in proportion to the number of points.
        guard case .slider(let range, _) = weight.kind else { return weight.initial }
        return range.lowerBound * 2000
    }
}
