import CLMat
import Exploration

// Keeping a clustering in a file.

extension KMeans {
    private static let format = "clmat-kmeans"

    /// Writes centres, sizes and settings in safetensors, aside and renamed.
    ///
    /// - Throws: ``CLMatError/fileNotWritable(path:reason:)``; ``CLMatError/invalidArgument(operation:problem:)`` before
    ///   anything was learned.
    public func save(to path: String) throws(CLMatError) {
        guard centres != nil else {
            throw .invalidArgument(operation: "KMeans", problem: "It has no centres yet; there is nothing to save.")
        }
        let archive = Archive.writing()
        var copy = self
        try copy.archive(archive)
        var notes = [
            Self.format: "1", "clusters": "\(k)", "size-weight": "\(sizeWeight)", "size-rate": "\(sizeRate)",
            "reseeds": "\(reseeds)", "seed": "\(seed)",
        ]
        switch rule {
        case .constant(let rate): notes["rule"] = "constant \(rate)"
        case .counts: notes["rule"] = "counts"
        case .fullBatch: notes["rule"] = "full-batch"
        }
        if let blocks {
            notes["block-widths"] = blocks.widths.map(String.init).joined(separator: " ")
            notes["block-scales"] = blocks.scales.map { "\($0)" }.joined(separator: " ")
            notes["block-weights"] = blockWeights.map { "\($0)" }.joined(separator: " ")
        }
        try Safetensors.write(archive.tensors, metadata: notes, to: path)
    }

    /// Reads what ``save(to:)`` wrote.
    ///
    /// - Throws: ``CLMatError/fileMissing(path:hint:)``; ``CLMatError/fileDamaged(path:place:problem:)`` for what is no
    ///   clustering, or does not fit together.
    public static func load(_ path: String, on device: Device) throws(CLMatError) -> KMeans {
        let (tensors, notes) = try Safetensors.read(path)
        func damaged(_ problem: String) -> CLMatError {
            .fileDamaged(path: path, place: "its header", problem: problem)
        }
        guard notes[format] == "1" else { throw damaged("it is a safetensors file, but no clustering of CLMat") }
        func numbers(_ name: String) -> [Double] {
            (notes[name] ?? "").split(separator: " ").map { Double($0) ?? .nan }
        }
        let rule: Rule
        let words = (notes["rule"] ?? "").split(separator: " ")
        if words.count == 2, words[0] == "constant", let rate = Double(words[1]) {
            rule = .constant(rate: rate)
        } else if notes["rule"] == "counts" {
            rule = .counts
        } else if notes["rule"] == "full-batch" {
            rule = .fullBatch
        } else {
            throw damaged("there is no rule '\(notes["rule"] ?? "")'")
        }
        guard let k = notes["clusters"].flatMap({ Int($0) }),
            let sizeWeight = notes["size-weight"].flatMap({ Double($0) }),
            let sizeRate = notes["size-rate"].flatMap({ Double($0) }), let seed = notes["seed"].flatMap({ UInt64($0) })
        else { throw damaged("a setting is missing, or no number") }
        var kmeans = try KMeans(
            k: k, rule: rule, sizeWeight: sizeWeight, sizeRate: sizeRate, reseeds: notes["reseeds"] == "true",
            seed: seed)
        if notes["block-widths"] != nil {
            let widths = numbers("block-widths").map { Int(exactly: $0) ?? 0 }
            let (scales, weights) = (numbers("block-scales"), numbers("block-weights"))
            guard weights.count == widths.count, (scales + weights).allSatisfy({ $0.isFinite && $0 >= 0 }) else {
                throw damaged("its blocks do not fit together")
            }
            kmeans.blocks = try FeatureBlocks(widths: widths, scales: scales)
            kmeans.blockWeights = weights
        }
        try kmeans.archive(.reading(tensors, from: path, on: device))
        guard let columns = kmeans.centres?.columns, kmeans.blocks?.columns ?? columns == columns else {
            throw damaged("its blocks are not those of its centres")
        }
        return kmeans
    }

    /// Hands over what learning changes.
    mutating func archive(_ archive: Archive) throws(CLMatError) {
        try archive.keep("centres", &centres)
        try archive.keep("sizes", &sizes)
        try archive.keep("totals", &totals)
        try archive.keep("steps", &steps)
        try archive.keep("reseedings", &reseedings)
        guard archive.isReading else { return }
        guard let centres, centres.rows == k, centres.columns > 0, sizes.count == k, totals.count == k,
            (sizes + totals).allSatisfy({ (0...1e15).contains($0) }), (0...1 << 50).contains(steps),
            (0...1 << 50).contains(reseedings)
        else { throw archive.damaged("centres", "centres and sizes are not those of \(k) clusters") }
    }
}
