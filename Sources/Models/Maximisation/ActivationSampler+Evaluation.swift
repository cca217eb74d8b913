import CLMat
import Exploration

/// What the network makes of the chains' averages, and how alike they are.
extension ActivationSampler {
    struct Evaluation: Sendable {
        var activations: [Float]
        /// Of every class, row by row: what the network takes the images for.
        var classProbabilities: [Float]
        /// Of the class of its column, and whether that is the most likely one; nil in rows of other neurons than outputs.
        var probabilities: [Float?]
        var isTarget: [Bool?]
        /// The image of its class that each is most like; nil in rows of other neurons than outputs.
        var nearest: [ImageExamples.Match?] = []
    }

    mutating func evaluate(_ network: Network, into measured: inout Measurements) throws(CLMatError) {
        var found = try evaluated(chains.averages, by: network)
        defer { evaluation = found }
        let averages = try chains.averages.values
        measured["chain-cosine"] = ChainLikeness.meanCosine(averages, rows: chains.averages.rows, columns: columns)
        if let smallest = try filterImages(network)?.map(\.cosine).min() { measured["filter-cosine"] = smallest }
        let (isTarget, probabilities) = (found.isTarget.compactMap { $0 }, found.probabilities.compactMap { $0 })
        if !isTarget.isEmpty {
            measured["classified-as-target"] = Double(isTarget.count { $0 }) / Double(isTarget.count)
            measured["target-probability"] = probabilities.reduce(0) { $0 + Double($1) } / Double(probabilities.count)
            let targets = self.targets
            measured["columns-kept"] = try Self.columnsKept(
                ChainLikeness.columnMeans(averages, rows: chains.averages.rows, columns: columns), targets, by: network)
            if let examples {
                found.nearest = try examples.nearest(
                    to: chains.averages, ofClasses: (0..<chains.averages.rows).map { targets[$0 % columns] })
                let cosines = found.nearest.compactMap { $0?.cosine }
                if !cosines.isEmpty { measured["likeness"] = cosines.reduce(0, +) / Double(cosines.count) }
            }
        }
    }

    /// The class of each column; nil of one whose neuron is no output.
    private var targets: [Int?] { neurons.map { $0.stage == outputStage ? $0.unit : nil } }

    /// The share of columns whose mean image the network gives probability 0.9 or more to be of the column's class.
    private static func columnsKept(
        _ means: [Float], _ targets: [Int?], by network: Network
    ) throws(CLMatError) -> Double {
        let images = try Matrix(means, targets.count, network.input.count, on: network.device)
        let probabilities = try network.forward(images).last.softmaxRows().values
        let ofTargets = targets.enumerated().compactMap { column, target in
            target.map { probabilities[column * network.output.count + $0] }
        }
        return Double(ofTargets.count { $0 >= 0.9 }) / Double(ofTargets.count)
    }

    /// What the network makes of the images, one per chain.
    func evaluated(_ images: Matrix, by network: Network) throws(CLMatError) -> Evaluation {
        let classes = network.output.count
        let probabilities = try network.predict(images).softmaxRows().values
        let ofColumns = self.targets
        let targets = (0..<images.rows).map { ofColumns[$0 % columns] }
        return Evaluation(
            activations: try sampler.activations(of: images, on: network).values, classProbabilities: probabilities,
            probabilities: targets.enumerated().map { row, target in target.map { probabilities[row * classes + $0] } },
            isTarget: targets.enumerated().map { row, target in
                let p = probabilities[row * classes..<(row + 1) * classes]
                return target.map { p.max() == probabilities[row * classes + $0] }
            })
    }
}
