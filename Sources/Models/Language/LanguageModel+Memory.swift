import CLMat
import Exploration

// Whether a model fits into memory, and which one would.

extension LanguageModelShape {
    /// Rows of logits that are reckoned with: the fewest that a slice has of many words, and no more than a score takes.
    private static let logitRows = 256

    /// Numbers that are in memory when the model is used; if it learns, with a gradient of all but the input embedding, of which only the rows
    /// that were read have one.
    func numbersInMemory(learning: Bool) -> Int {
        let layers = parameterCount - embeddingParameters - (adaptive == nil ? vocabulary : 0)
        let gradient = layers + output.parameterCount + vocabulary + (adaptive?.projectionParameters ?? 0)
        let logits =
            Self.logitRows
            * (adaptive.map { max($0.headCount, $0.bands.dropFirst().map(\.count).max() ?? 0) } ?? vocabulary)
        return parameterCount + (learning ? gradient : 0) + logits
    }

    /// - Throws: ``/CLMat/CLMatError/modelTooLarge(model:device:needed:available:remedy:)``.
    func requireMemory(on device: Device, learning: Bool) throws(CLMatError) {
        try MemoryNeed(numbers: numbersInMemory(learning: learning)).require(
            on: device,
            """
            A language model of \(grouped(vocabulary)) words and \(layers == 1 ? "1 layer" : "\(layers) layers") of \
            \(grouped(units)) units (\(grouped(parameterCount)) parameters)
            """
        ) { bytes in
            alternatives(in: bytes, learning: learning)
        }
    }

    private func alternatives(in bytes: Int, learning: Bool) -> [String] {
        func fits(_ shape: LanguageModelShape?) -> Bool {
            shape.map { MemoryNeed(numbers: $0.numbersInMemory(learning: learning)).bytes <= bytes } ?? false
        }
        func dense(_ words: Int, _ units: Int) -> LanguageModelShape? {
            try? .dense(vocabulary: words, units: units, layers: layers, isTied: isTied)
        }
        var found: [String] = []
        if let fitting = MemoryNeed.largest(1...units, where: { fits(dense(vocabulary, $0)) }) {
            found.append("\(grouped(fitting)) units (units)")
        }
        // A power law is no help where dense embeddings of this width fit, which they do not.
        if let law = widestPowerLaw(where: fits) { found.append("embeddings of the power-law shape \(law) (shape)") }
        if vocabulary > 3, let fitting = MemoryNeed.largest(3...vocabulary, where: { fits(dense($0, units)) }),
            fitting < vocabulary
        {
            found.append("a vocabulary of \(grouped(fitting)) words (vocabularySize)")
        }
        return found
    }

    /// The power law of about this many units that leaves most to the rarest words, as "32x4".
    private func widestPowerLaw(where fits: (LanguageModelShape?) -> Bool) -> String? {
        var blocks = 2
        while vocabulary >> (blocks - 1) > 0, units >> (blocks - 1) > 0 {
            let h = units >> (blocks - 1)
            let law = try? PowerLawShape.halving(features: vocabulary, h: h, blocks: blocks)
            if let law, fits(try? .powerLaw(law, layers: layers, isTied: isTied)) { return "\(h)x\(blocks)" }
            blocks += 1
        }
        return nil
    }
}
