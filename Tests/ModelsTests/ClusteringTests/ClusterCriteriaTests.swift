import CLMat
import Exploration
import Models
import TestSupport
import Testing

/// f = ½‖μ‖², g = μ: draws centroids towards the origin.
private struct Shrinkage: Mixin {
    let weight = Control("shrinkage", title: "shrinkage", range: 0...10, initial: 0.5, help: "draws centroids to 0")
    let score = Metric("centroid-size", title: "Size of centroids", help: "½‖μ‖²")
    func value(of clusters: Clusters, _ context: MixinContext) throws(CLMatError) -> Double? {
        Double(try clusters.centroids.sumOfSquares()) / 2
    }
    func gradient(of clusters: Clusters, _ context: MixinContext) throws(CLMatError) -> Matrix? {
        try clusters.centroids
    }
}

/// Costs that are not numbers.
private struct BadCosts: ClusterMixin {
    let weight = Control("bad", title: "bad", range: 0...1, initial: 1, help: "fails")
    let score = Metric("bad-score", title: "Bad", help: "fails")
    func costs(ofSizes sizes: [Double], weight: Double) -> [Double]? { sizes.map { _ in .nan } }
}

/// f = ½‖h‖², by a gradient for each code.
private struct CodeRidge: Mixin {
    let weight = Control("code-ridge", title: "ridge", range: 0...10, initial: 0, help: "keeps codes small")
    let score = Metric("code-size", title: "Size of codes", help: "½‖h‖², mean over points")
    func value(of codes: Codes, _ context: MixinContext) throws(CLMatError) -> Double? {
        Double(try codes.values.sumOfSquares()) / 2 / Double(codes.count)
    }
    func gradient(of codes: Codes, _ context: MixinContext) throws(CLMatError) -> CodeGradient? {
        .each(try codes.values)
    }
}

@Suite struct ClusterCriteriaTests {
    /// Two groups of 30 and 10 points around (4, 0) and (−2, 3), far from the origin by `offset`.
    private struct Groups: PointData {
        let name = "groups"
        let count = 40
        let columns = 2
        var offset: Float = 0
        func rows(_ indices: [Int32], on device: Device) throws(CLMatError) -> Matrix {
            try Matrix(indices.flatMap { place($0) }, indices.count, 2, on: device)
        }
        func place(_ index: Int32) -> [Float] {
            let (x, y): (Float, Float) = index % 4 == 0 ? (-2, 3) : (4, 0)
            // Small differences, whose mean is 0 over each group.
            let shift: Float = index / 4 % 2 == 0 ? 0.25 : -0.25
            return [x + shift + offset, y - shift + offset]
        }
    }

    private func learned(
        _ data: Groups, _ mixins: [any Mixin<Clusters>], _ settings: [String: Double], steps: Int = 200
    ) throws -> Learner {
        var defaults = KMeansTrainer.Defaults()
        defaults.seed = 1
        var experiment = try Experiment(
            KMeansTrainer(data, k: 2, defaults: defaults, on: .cpu), data: PointBatches(data, batchSize: 40, on: .cpu))
        for mixin in mixins {
            try experiment.register(mixin)
            try experiment.add(mixin: mixin.id)
        }
        try experiment.set(["rule": 2].merging(settings) { $1 })
        let learner = try Learner(experiment, options: .init(maximumSteps: steps))
        learner.start()
        learner.wait()
        #expect(learner.status.error == nil)
        return learner
    }

    /// At rest 2 N_i/N (μ_i − mean_i) + λ μ_i = 0, so μ_i = mean_i / (1 + λ N / 2 N_i).
    @Test(arguments: [0, 1e-3, 0.4]) func centroidsRestWhereTheWholeObjectiveDoes(weight: Double) throws {
        let learner = try learned(Groups(), [Shrinkage()], ["shrinkage": weight])
        let kmeans = try #require(learner.model(as: KMeansTrainer.self)).kmeans
        let found = stride(from: 0, to: 4, by: 2).map { i in
            (try? kmeans.centroidValues).map { ($0[i], $0[i + 1]) } ?? (0, 0)
        }
        .sorted { $0.0 < $1.0 }
        for (centroid, (mean, share)) in zip(found, [((-2.0, 3.0), 0.25), ((4.0, 0.0), 0.75)]) {
            let factor = 1 / (1 + weight / (2 * share))
            #expect(abs(centroid.0 - mean.0 * factor) < 1e-4 && abs(centroid.1 - mean.1 * factor) < 1e-4, "\(found)")
        }
        let size = found.reduce(0) { $0 + $1.0 * $1.0 + $1.1 * $1.1 } / 2
        #expect(abs(try #require(learner.timeline.lastValues["centroid-size"]) - size) < 1e-3 * size)
        // At rest the criterion's gradient is as long as all others together: the whole update is 0, or nothing moves at λ = 0.
        #expect(learner.timeline.lastValues["pull-shrinkage"] != nil)
    }

    /// In the coordinates of the data, also where K-means counts from elsewhere.
    @Test func centroidsAreThoseOfTheData() throws {
        struct Mean: Mixin {
            let weight = Control("mean", title: "mean", range: 0...1, initial: 0, help: "looks on")
            let score = Metric("mean-of-centroids", title: "Mean", help: "of all coordinates")
            func value(of clusters: Clusters, _ context: MixinContext) throws(CLMatError) -> Double? {
                Double(try clusters.centroids.mean())
            }
        }
        let learner = try learned(Groups(offset: 10_000), [Mean()], [:], steps: 40)
        #expect(abs(try #require(learner.timeline.lastValues["mean-of-centroids"]) - 10_001.25) < 0.01)
    }

    @Test func costsThatAreNoNumbersAreSetAside() throws {
        let learner = try learned(Groups(), [BadCosts()], ["size-weight": 0], steps: 30)
        #expect(learner.status.warnings.map(\.id) == ["set-aside-bad"])
        #expect(learner.status.warnings.first?.text.contains("its costs are not 2 finite numbers") == true)
        let plain = try learned(Groups(), [], [:], steps: 30)
        #expect(learner.timeline.series("inertia").values == plain.timeline.series("inertia").values)
    }

    @Test func theSizeWeightHasAPull() throws {
        let learner = try learned(Groups(), [], ["size-weight": 0.02], steps: 60)
        // The mean cost of a point is λ Σ s²/N = 0.02 · (30² + 10²) / 40, over a mean squared distance of ⅛.
        let pull = try #require(learner.timeline.lastValues["pull-size-weight"])
        #expect(abs(pull - 0.5 / 0.125) < 0.05, "\(pull)")
        #expect(learner.dashboard.mixins.map(\.id) == ["size-weight"])
    }

    @Test func criteriaOfClustersCanBeAddedAndRemovedAgain() throws {
        let changes: [ListDirector.Entry] = [
            .init(2, .removeMixin("size-weight")), .init(4, .addMixin("shrinkage")),
            .init(6, .set(control: "shrinkage", to: 2)), .init(9, .addMixin("size-weight")),
            .init(10, .set(control: "size-weight", to: 0.05)), .init(13, .removeMixin("shrinkage")),
        ]
        try expectRepeatable(changes: changes, steps: 18, on: .cpu) { options in
            let data = Groups()
            var experiment = try Experiment(
                KMeansTrainer(data, k: 3, on: .cpu), data: PointBatches(data, batchSize: 20, on: .cpu))
            try experiment.register(Shrinkage())
            return try Learner(experiment, options: options)
        }
    }

    // MARK: - Codes

    private struct Parts: PointData {
        let name = "parts"
        let count = 60
        let columns = 4
        func rows(_ indices: [Int32], on device: Device) throws(CLMatError) -> Matrix {
            let values = indices.flatMap { index -> [Float] in
                let (a, b) = (Float(index % 5) + 1, Float(index % 3))
                return [a, a / 2, b, b * 2]
            }
            return try Matrix(values, indices.count, 4, on: device)
        }
    }

    private func factorised(_ settings: [String: Double], add: Bool = true) throws -> Learner {
        var experiment = try Experiment(
            NMF(Parts(), parts: 2, seed: 1, on: .cpu), data: PointBatches(Parts(), batchSize: 60, on: .cpu))
        try experiment.register(CodeRidge())
        if add { try experiment.add(mixin: "code-ridge") }
        try experiment.set(["memory-rate": 1, "code-updates": 50].merging(settings) { $1 })
        let learner = try Learner(experiment, options: .init(maximumSteps: 500))
        learner.start()
        learner.wait()
        #expect(learner.status.error == nil && learner.status.warnings.isEmpty)
        return learner
    }

    /// Where ridge makes the two parts orthogonal, h = x · w / (1 + λ) and ½‖h‖² = ½ / (1 + λ)² of a point of mean square length 1.
    @Test func aGradientForEachCodeShrinksCodes() throws {
        let sizes = try [0, 0.5, 2].map { weight in
            try #require(try factorised(["code-ridge": weight]).timeline.lastValues["code-size"])
        }
        for (size, weight) in zip(sizes, [0, 0.5, 2]).dropFirst() {
            #expect(abs(size - 0.5 / ((1 + weight) * (1 + weight))) < 0.01 * size, "\(sizes)")
        }
        // Beside sparseness, whose gradient is one number.
        let both = try factorised(["code-ridge": 0.5, "sparseness": 0.1])
        #expect(try #require(both.timeline.lastValues["code-size"]) < sizes[1])
        #expect(try #require(both.timeline.lastValues["pull-sparseness"]) > 0)
        let (none, off) = (try factorised([:], add: false), try factorised(["code-ridge": 0]))
        #expect(none.timeline.series("loss").values == off.timeline.series("loss").values)
    }
}
