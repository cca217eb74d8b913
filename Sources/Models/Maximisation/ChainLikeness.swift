/// What the chains of a column have in common.
enum ChainLikeness {
    /// The mean cosine between the images of one column, each with its mean taken off, over all pairs and columns. Nil if there is no
    /// pair; columns with an image that is not of numbers, or of one grey, are left out.
    ///
    /// Between m unit vectors u, Σ_{i≠j} uᵢ·uⱼ = ‖Σu‖² − m.
    ///
    /// - Parameter images: row by row; row c·columns + k is chain c of column k.
    static func meanCosine(_ images: [Float], rows: Int, columns: Int) -> Double? {
        let chains = columns > 0 ? rows / columns : 0
        guard chains > 1 else { return nil }
        let size = images.count / rows
        let means = (0..<columns).compactMap { column -> Double? in
            var sum = [Double](repeating: 0, count: size)
            for chain in 0..<chains {
                let start = (chain * columns + column) * size
                guard let unit = centredUnit(images[start..<start + size]) else { return nil }
                for i in 0..<size { sum[i] += unit[i] }
            }
            let m = Double(chains)
            return (sum.reduce(0) { $0 + $1 * $1 } - m) / (m * (m - 1))
        }
        return means.isEmpty ? nil : means.reduce(0, +) / Double(means.count)
    }

    private static func centredUnit(_ image: ArraySlice<Float>) -> [Double]? {
        let mean = image.reduce(0) { $0 + Double($1) } / Double(image.count)
        let length = image.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) }.squareRoot()
        guard length > 0, length.isFinite else { return nil }
        return image.map { (Double($0) - mean) / length }
    }

    /// The mean image of each column, column by column.
    static func columnMeans(_ images: [Float], rows: Int, columns: Int) -> [Float] {
        let chains = columns > 0 ? rows / columns : 0
        guard chains > 0 else { return [] }
        let whole = images.count / chains
        var means = [Float](repeating: 0, count: whole)
        for chain in 0..<chains {
            for i in 0..<whole { means[i] += images[chain * whole + i] / Float(chains) }
        }
        return means
    }
}
