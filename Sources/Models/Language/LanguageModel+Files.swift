import CLMat
import Exploration
import Formats
import Foundation
import ModelOperations

// Keeping a model in a file, and in a run's snapshots.

extension LanguageModel {
    private static let format = "clmat-lm"

    /// Writes the model and its words in safetensors, aside and renamed.
    ///
    /// - Parameter notes: what else is to be found in the file; keys of the format's own are refused.
    /// - Throws: ``/CLMat/CLMatError/fileNotWritable(path:reason:)``; ``/CLMat/CLMatError/dataMismatch(_:)`` for a vocabulary of
    ///   another size.
    public func save(
        to path: String, _ vocabulary: LanguageVocabulary, notes: [String: String] = [:]
    ) throws(CLMatError) {
        guard vocabulary.count == shape.vocabulary else {
            throw .dataMismatch(
                "The vocabulary has \(vocabulary.count) words, but the model has one of \(shape.vocabulary).")
        }
        let archive = Archive.writing()
        var copy = self
        try copy.archive(archive)
        guard let shape = try? JSONEncoder().encode(shape) else {
            throw .fileNotWritable(path: path, reason: "the model's shape could not be written as JSON")
        }
        var metadata = notes
        metadata[Self.format] = "1"
        metadata["shape"] = String(decoding: shape, as: UTF8.self)
        metadata["vocabulary"] = vocabulary.text
        try Safetensors.write(archive.tensors, metadata: metadata, to: path)
    }

    /// Reads what ``save(to:_:notes:)`` wrote: the same model gives the same numbers.
    ///
    /// - Throws: ``/CLMat/CLMatError/fileMissing(path:hint:)``; ``/CLMat/CLMatError/fileDamaged(path:place:problem:)`` for what holds no
    ///   language model, or does not fit together.
    public static func load(
        _ path: String, on device: Device
    ) throws(CLMatError) -> (model: LanguageModel, vocabulary: LanguageVocabulary, notes: [String: String]) {
        let file = try ModelFile(reading: path, marked: format, else: "holds no language model")
        guard let text = file.settings["shape"],
            let shape = try? JSONDecoder().decode(LanguageModelShape.self, from: Data(text.utf8))
        else { throw file.damaged("its shape is missing, or no shape") }
        // What was decoded may not fit together.
        do throws(CLMatError) {
            _ = try LanguageModelShape(
                layers: shape.layers, units: shape.units, input: shape.input, output: shape.output,
                isTied: shape.isTied, adaptive: shape.adaptive)
        } catch {
            throw file.damaged("its shape does not fit together: \(error)")
        }
        guard let words = file.settings["vocabulary"] else { throw file.damaged("its vocabulary is missing") }
        let vocabulary = try LanguageVocabulary(text: words, path: path)
        guard vocabulary.count == shape.vocabulary else {
            throw file.damaged("it has \(vocabulary.count) words, but a shape for \(shape.vocabulary)")
        }
        // Before memory is asked for: the file must hold embeddings of that size.
        guard let output = file.tensors["output"], output.shape == [1, shape.output.parameterCount] else {
            throw file.damaged("its output embedding is not one of \(shape.output.parameterCount) numbers")
        }
        for index in 0..<shape.layers {
            let inputs = index == 0 ? shape.input.columns : shape.units
            guard file.tensors["layer-\(index).input-weights"]?.shape == [inputs, 4 * shape.units],
                file.tensors["layer-\(index).recurrent-weights"]?.shape == [shape.units, 4 * shape.units]
            else { throw file.damaged("its layer \(index) is not one of \(inputs) inputs and \(shape.units) units") }
        }
        guard shape.isTied || file.tensors["input"]?.shape == [1, shape.input.parameterCount] else {
            throw file.damaged("its input embedding is not one of \(shape.input.parameterCount) numbers")
        }
        // What it begins with is replaced.
        var model = try LanguageModel(shape, range: 0.1, seed: 0, on: device, learning: false)
        try model.archive(.reading(file.tensors, from: path, on: device))
        let own = [format, "shape", "vocabulary"]
        return (model, vocabulary, file.settings.filter { !own.contains($0.key) })
    }

    /// Hands over what learning changes.
    mutating func archive(_ archive: Archive) throws(CLMatError) {
        try output.changeElements { w throws(CLMatError) in try archive.keep("output", &w) }
        try ownInput?.changeElements { w throws(CLMatError) in try archive.keep("input", &w) }
        try archive.keep("biases", &biases)
        try archive.group("adaptive") { () throws(CLMatError) in try adaptive?.archive(archive) }
        for index in layers.indices {
            try archive.group("layer-\(index)") { () throws(CLMatError) in
                try archive.keep("input-weights", &layers[index].inputWeights)
                try archive.keep("recurrent-weights", &layers[index].recurrentWeights)
                try archive.keep("biases", &layers[index].biases)
            }
        }
    }
}

extension LanguageState {
    /// Hands over what reading changes.
    mutating func archive(_ archive: Archive) throws(CLMatError) {
        for index in layers.indices {
            try archive.keep("hidden-\(index)", &layers[index].hidden)
            try archive.keep("cells-\(index)", &layers[index].cells)
        }
    }
}

extension LanguageScore {
    /// Hands over sums and counts.
    mutating func archive(_ archive: Archive) throws(CLMatError) {
        let count = sums.count
        try archive.keep("sums", &sums)
        try archive.keep("counts", &counts)
        guard archive.isReading else { return }
        guard sums.count == count, counts.count == count, counts.allSatisfy({ $0 >= 0 }) else {
            throw archive.damaged("sums", "they are not of \(count) words")
        }
    }
}
