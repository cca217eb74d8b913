import CLMat
import Exploration

// Whether a model fits into memory, and which one would.

extension ClickModelShape {
    /// Numbers that are in memory when the model is used; if it learns, with what AdaGrad remembers, which is as much as the model. Of the
    /// embedding only the rows that occur have a gradient.
    func numbersInMemory(learning: Bool) -> Int { (learning ? 2 : 1) * parameterCount }

    /// - Throws: ``/CLMat/CLMatError/modelTooLarge(model:device:needed:available:remedy:)``, with the widest embedding that halves with rank and
    ///   fits.
    func requireMemory(on device: Device, learning: Bool) throws(CLMatError) {
        try MemoryNeed(numbers: numbersInMemory(learning: learning)).require(
            on: device,
            "A model of clicks of \(grouped(features)) features (\(grouped(parameterCount)) parameters)"
        ) { bytes in
            alternatives(in: bytes, learning: learning)
        }
    }

    private func alternatives(in bytes: Int, learning: Bool) -> [String] {
        func fits(_ shape: ClickModelShape?) -> Bool {
            shape.map { MemoryNeed(numbers: $0.numbersInMemory(learning: learning)).bytes <= bytes } ?? false
        }
        /// The same of other sizes.
        func sized(_ features: Int, _ columns: Int) -> ClickModelShape? {
            switch head {
            case .linear: try? .linear(features: features)
            case .pairs: try? .pairs(features: features, dimension: columns - 1)
            case .network(let network): try? .powerNet(features: features, width: columns, network)
            }
        }
        func counted(_ columns: Int) -> String { columns == 1 ? "1 column" : "\(grouped(columns)) columns" }
        var found: [String] = []
        let least = head == .pairs ? 2 : 1
        if head != .linear,
            let most = MemoryNeed.largest(least...embedding.columns, where: { fits(sized(features, $0)) })
        {
            found.append(
                head == .pairs
                    ? "a dimension of \(grouped(most - 1)) (width)"
                    : "an embedding that begins with \(counted(most)) (width) and has half as many for twice as many features, 1 at least"
            )
        }
        if let most = MemoryNeed.largest(1...features, where: { fits(sized($0, embedding.columns)) }), most < features {
            found.append("\(grouped(most)) features (buckets)")
        }
        return found
    }
}
