import CLMat
import Exploration
import ModelOperations

extension LangevinSampler {
    /// Hands over neurons, chains and criteria.
    ///
    /// - Parameter columnLimit: neurons at most.
    mutating func archive(_ archive: Archive, columnLimit: Int) throws(CLMatError) {
        var chosen = neurons.flatMap { [$0.stage, $0.unit, $0.reading.rawValue] }
        try archive.keep("neurons", &chosen)
        if archive.isReading {
            guard chosen.count % 3 == 0, chosen.count / 3 <= columnLimit else {
                throw archive.damaged("neurons", "there are more than the \(columnLimit) columns")
            }
            neurons = stride(from: 0, to: chosen.count, by: 3).map {
                Neuron(stage: chosen[$0], unit: chosen[$0 + 1], reading: .init(rawValue: chosen[$0 + 2]) ?? .centre)
            }
            seededNeurons = neurons
        }
        try archive.keep("samples", &chains.samples, anyShape: true)
        try archive.keep("velocities", &chains.velocities, anyShape: true)
        try archive.keep("mean-squares", &chains.meanSquares, anyShape: true)
        try archive.keep("image-mean-squares", &chains.imageMeanSquares, anyShape: true)
        try archive.keep("averages", &chains.averages, anyShape: true)
        try archive.keep("ages", &chains.ages)
        try scales.archive(archive, columns: columns)
        try acceptance.archive(archive)
        // Files of 0.2.0's beginnings lack it.
        if archive.isReading, !archive.has("step-count") {
            stepCount = 0
        } else {
            try archive.keep("step-count", &stepCount)
            guard (0...1 << 48).contains(stepCount) else {
                throw archive.damaged("step-count", "no run makes \(stepCount) steps")
            }
        }
        try archive.group("mixins") { () throws(CLMatError) in try criteria.archive(archive) }
        if archive.isReading { try completeChains(archive) }
    }

    /// What is not in a file follows from the rest: everything has one row per chain.
    private mutating func completeChains(_ archive: Archive) throws(CLMatError) {
        let rows = neurons.count * chainCount
        let whole = Shape(rows, input.count)
        let fits =
            [chains.samples, chains.velocities, chains.meanSquares, chains.averages].allSatisfy { $0.shape == whole }
            && chains.imageMeanSquares.shape == Shape(rows, 1) && chains.ages.count == rows
        guard fits else { throw archive.damaged("samples", "it is of other columns, chains or images") }
        var complete = try LangevinChains(startingAt: chains.samples)
        complete.velocities = chains.velocities
        complete.meanSquares = chains.meanSquares
        complete.imageMeanSquares = chains.imageMeanSquares
        complete.averages = chains.averages
        complete.ages = chains.ages
        chains = complete
        appliedRatio = 1
        guard neurons.allSatisfy(layout.has) else {
            throw archive.damaged("neurons", "they are of another network")
        }
        try refreshSeeds()
    }
}
