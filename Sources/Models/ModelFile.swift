import CLMat
import Exploration
import Formats

/// A model in a safetensors file: its arrays, and in the metadata its settings as texts, beside a mark that says what it is.
struct ModelFile {
    let tensors: [String: Archive.Tensor]
    let settings: [String: String]
    private let path: String

    /// - Parameters:
    ///   - mark: the setting that a file of this kind of model has, with the value "1".
    ///   - lacks: what a file without it is said to be: "no clustering".
    /// - Throws: ``/CLMat/CLMatError/fileMissing(path:hint:)``; ``/CLMat/CLMatError/fileDamaged(path:place:problem:)``.
    init(reading path: String, marked mark: String, else lacks: String) throws(CLMatError) {
        let file = try SafetensorsFile(path)
        (self.path, settings) = (path, file.metadata)
        guard file.metadata[mark] == "1" else {
            throw Self.damaged(path, "it is a safetensors file, but \(lacks) of CLMat")
        }
        tensors = try file.tensors()
    }

    /// A setting that is a number.
    ///
    /// - Throws: ``/CLMat/CLMatError/fileDamaged(path:place:problem:)`` if it is missing, or none.
    func number<Number: LosslessStringConvertible>(_ name: String) throws(CLMatError) -> Number {
        guard let number = settings[name].flatMap({ Number($0) }) else {
            throw damaged("a setting is missing, or no number")
        }
        return number
    }

    /// What is wrong with the settings.
    func damaged(_ problem: String) -> CLMatError { Self.damaged(path, problem) }

    private static func damaged(_ path: String, _ problem: String) -> CLMatError {
        .fileDamaged(path: path, place: "its header", problem: problem)
    }
}
