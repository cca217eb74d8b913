import CLMat
import Exploration
import Formats
import Foundation

// Keeping a model in a file, and in a run's snapshots.

extension ClickModel {
    private static let format = "clmat-clicks"

    /// Writes the model and its vocabulary in safetensors, aside and renamed.
    ///
    /// - Throws: ``/CLMat/CLMatError/fileNotWritable(path:reason:)``; ``/CLMat/CLMatError/dataMismatch(_:)`` for a vocabulary of
    ///   another size.
    public func save(to path: String, _ vocabulary: ClickVocabulary) throws(CLMatError) {
        guard vocabulary.count == shape.features else {
            throw .dataMismatch(
                "The vocabulary has \(vocabulary.count) features, but the model has \(shape.features).")
        }
        let archive = Archive.writing()
        var copy = self
        try copy.archive(archive)
        try archive.group("vocabulary") { () throws(CLMatError) in
            var own = vocabulary
            try own.archive(archive)
        }
        guard let shape = try? JSONEncoder().encode(shape) else {
            throw .fileNotWritable(path: path, reason: "the model's shape could not be written as JSON")
        }
        try Safetensors.write(
            archive.tensors, metadata: [Self.format: "1", "shape": String(decoding: shape, as: UTF8.self)], to: path)
    }

    /// Reads what ``save(to:_:)`` wrote: the same model gives the same numbers.
    ///
    /// - Throws: ``/CLMat/CLMatError/fileMissing(path:hint:)``; ``/CLMat/CLMatError/fileDamaged(path:place:problem:)`` for what holds no
    ///   model of clicks, or does not fit together.
    public static func load(
        _ path: String, on device: Device
    ) throws(CLMatError) -> (model: ClickModel, vocabulary: ClickVocabulary) {
        let file = try ModelFile(reading: path, marked: format, else: "holds no model of clicks")
        guard let text = file.settings["shape"],
            let shape = try? JSONDecoder().decode(ClickModelShape.self, from: Data(text.utf8))
        else { throw file.damaged("its shape is missing, or no shape") }
        do throws(CLMatError) {
            // What was decoded may not fit together.
            _ = try ClickModelShape(embedding: shape.embedding, head: shape.head)
        } catch {
            throw file.damaged("its shape does not fit together: \(error)")
        }
        // Before memory is asked for: the file must hold an embedding of that size.
        guard file.tensors["embedding"]?.shape == [1, shape.embedding.parameterCount] else {
            throw file.damaged("its embedding is not one of \(shape.embedding.parameterCount) numbers")
        }
        let archive = Archive.reading(file.tensors, from: path, on: device)
        var vocabulary = try ClickVocabulary(keys: [], counts: [], unseenRoom: 1)
        try archive.group("vocabulary") { () throws(CLMatError) in try vocabulary.archive(archive) }
        guard vocabulary.count == shape.features else {
            throw file.damaged("it has \(vocabulary.count) features, but a shape for \(shape.features)")
        }
        // What it begins with is replaced.
        var model = try ClickModel(shape, range: 0.02, seed: 0, on: device, learning: false)
        try model.archive(archive)
        return (model, vocabulary)
    }

    /// Hands over what learning changes.
    mutating func archive(_ archive: Archive) throws(CLMatError) {
        try embedding.changeElements { w throws(CLMatError) in try archive.keep("embedding", &w) }
        try archive.keep("bias", &bias)
        guard var own = network else { return }
        try archive.keep("network", &own.parameters)
        network = own
    }
}

extension ClickOptimiserState {
    /// Hands over the sums of squares.
    mutating func archive(_ archive: Archive) throws(CLMatError) {
        try embedding.changeElements { w throws(CLMatError) in try archive.keep("embedding", &w) }
        try archive.keep("bias", &bias)
        try archive.keep("network", &network)
    }
}

extension ClickVocabulary {
    /// Hands over keys and counts.
    mutating func archive(_ archive: Archive) throws(CLMatError) {
        var number = Self.kinds.firstIndex(of: kind) ?? 0
        var keys = keys.map { Int(bitPattern: UInt($0)) }
        var (counts, unseenRoom) = (counts, unseenRoom)
        try archive.keep("kind", &number)
        try archive.keep("keys", &keys)
        try archive.keep("counts", &counts)
        try archive.keep("unseen-room", &unseenRoom)
        guard archive.isReading else { return }
        guard Self.kinds.indices.contains(number) else { throw archive.damaged("kind", "\(number) is none") }
        let words = keys.map { UInt64(UInt(bitPattern: $0)) }
        do throws(CLMatError) {
            switch Self.kinds[number] {
            case .counted: self = try ClickVocabulary(keys: words, counts: counts, unseenRoom: unseenRoom)
            case .hashed: self = try ClickVocabulary(buckets: words, counts: counts)
            case .numbered: self = try ClickVocabulary(numberedByCounts: counts, unseenRoom: unseenRoom)
            }
        } catch {
            throw archive.damaged("keys", "they are no vocabulary: \(error)")
        }
    }

    /// As files number them.
    private static let kinds: [Kind] = [.counted, .hashed, .numbered]
}
