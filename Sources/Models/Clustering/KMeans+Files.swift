import CLMat
import Exploration
import Formats
import Foundation

// Keeping a clustering in a file.

extension KMeans {
    private static let format = "clmat-kmeans"

    /// Writes centroids, sizes and settings in safetensors, aside and renamed. `centroids`, K × D of 64 bits, are the centroids in the
    /// coordinates of the data, for other programs; `centres` are what ``load(_:on:)`` goes on from.
    ///
    /// - Throws: ``/CLMat/CLMatError/fileNotWritable(path:reason:)``; ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` before
    ///   anything was learned.
    public func save(to path: String) throws(CLMatError) {
        guard framedCentroids != nil else {
            throw .invalidArgument(operation: "KMeans", problem: "It has no centroids yet; there is nothing to save.")
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
        var tensors = archive.tensors
        let values = try centroidValues
        tensors["centroids"] = Archive.Tensor(
            kind: .float64, shape: [k, values.count / k], bytes: values.withUnsafeBytes { Data($0) })
        try Safetensors.write(tensors, metadata: notes, to: path)
    }

    /// Reads what ``save(to:)`` wrote.
    ///
    /// - Throws: ``/CLMat/CLMatError/fileMissing(path:hint:)``; ``/CLMat/CLMatError/fileDamaged(path:place:problem:)`` for what is no
    ///   clustering, or does not fit together.
    public static func load(_ path: String, on device: Device) throws(CLMatError) -> KMeans {
        let file = try ModelFile(reading: path, marked: format, else: "no clustering")
        func numbers(_ name: String) -> [Double] {
            (file.settings[name] ?? "").split(separator: " ").map { Double($0) ?? .nan }
        }
        let rule: Rule
        let name = file.settings["rule"] ?? ""
        let words = name.split(separator: " ")
        if words.count == 2, words[0] == "constant", let rate = Double(words[1]) {
            rule = .constant(rate: rate)
        } else if name == "counts" {
            rule = .counts
        } else if name == "full-batch" {
            rule = .fullBatch
        } else {
            throw file.damaged("there is no rule '\(name)'")
        }
        var kmeans = try KMeans(
            k: file.number("clusters"), rule: rule, sizeWeight: file.number("size-weight"),
            sizeRate: file.number("size-rate"), reseeds: file.settings["reseeds"] == "true", seed: file.number("seed"))
        if file.settings["block-widths"] != nil {
            let widths = numbers("block-widths").map { Int(exactly: $0) ?? 0 }
            let (scales, weights) = (numbers("block-scales"), numbers("block-weights"))
            guard weights.count == widths.count, (scales + weights).allSatisfy({ $0.isFinite && $0 >= 0 }) else {
                throw file.damaged("its blocks do not fit together")
            }
            kmeans.blocks = try FeatureBlocks(widths: widths, scales: scales)
            kmeans.blockWeights = weights
        }
        try kmeans.archive(.reading(file.tensors, from: path, on: device))
        guard let columns = kmeans.framedCentroids?.columns, kmeans.blocks?.columns ?? columns == columns else {
            throw file.damaged("its blocks are not those of its centroids")
        }
        return kmeans
    }
}
