import CLMat
import Formats
import Foundation

/// CIFAR-10 in its binary version: `data_batch_1.bin` to `data_batch_5.bin` and `test_batch.bin`, of records of a label and the red, green
/// and blue planes of 32 × 32 pixels. In a folder, in `cifar-10-batches-bin` there, or in `cifar-10-binary.tar.gz`.
///
/// - Source: A. Krizhevsky, "Learning multiple layers of features from tiny images", 2009; the format: its home page, "Binary version".
public struct CIFAR10: Sendable {
    /// The names of the classes, by their labels.
    public static let classNames = [
        "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
    ]

    private static let archive = "cifar-10-binary.tar.gz"
    private static let folder = "cifar-10-batches-bin"
    private static let training = (1...5).map { "data_batch_\($0).bin" }
    private static let test = "test_batch.bin"
    private static let shape = ImageShape(channels: 3, height: 32, width: 32)

    private let path: String
    private let isArchive: Bool

    /// Nil if a folder holds no such files.
    init?(_ path: String) {
        func holds(_ name: String, in folder: String) -> Bool {
            FileManager.default.fileExists(atPath: "\(folder)/\(name)")
        }
        if let folder = [path, "\(path)/\(Self.folder)"].first(where: { holds(Self.training[0], in: $0) }) {
            (self.path, isArchive) = (folder, false)
        } else if holds(Self.archive, in: path) {
            (self.path, isArchive) = ("\(path)/\(Self.archive)", true)
        } else {
            return nil
        }
    }

    /// The data set.
    ///
    /// - Throws: ``/CLMat/CLMatError/fileMissing(path:hint:)`` for a batch that is not there; ``/CLMat/CLMatError/fileDamaged(path:place:problem:)``
    ///   for one that ends within an image, or has a label that is none.
    func read(name: String, title: String) throws(CLMatError) -> ImageDataSet {
        let files = isArchive ? try filesOfArchive() : [:]
        func part(_ names: [String], _ what: String) throws(CLMatError) -> LabelledImages {
            var (pixels, labels): ([UInt8], [UInt16]) = ([], [])
            for name in names {
                let batch = "\(path)/\(name)"
                let hint = "CIFAR-10's binary version has six such files."
                guard let bytes = isArchive ? files[name] : try GzipFile.read(batch, hint: hint) else {
                    throw .fileMissing(path: batch, hint: hint)
                }
                try Self.append(bytes, path: batch, to: &pixels, &labels)
            }
            return try LabelledImages(
                name: "\(title), \(what)", shape: Self.shape, pixels: pixels, labels: labels,
                classNames: Self.classNames)
        }
        return try ImageDataSet(
            name: name, title: title, train: part(Self.training, "training"), test: part([Self.test], "test"))
    }

    private func filesOfArchive() throws(CLMatError) -> [String: [UInt8]] {
        let bytes = try GzipFile.read(path)
        var files: [String: [UInt8]] = [:]
        for file in try TarArchive.files(bytes, path: path) {
            files[String(file.name.split(separator: "/").last ?? "")] = [UInt8](bytes[file.content])
        }
        return files
    }

    private static func append(
        _ bytes: [UInt8], path: String, to pixels: inout [UInt8], _ labels: inout [UInt16]
    ) throws(CLMatError) {
        let record = shape.count + 1
        guard !bytes.isEmpty, bytes.count % record == 0 else {
            throw .fileDamaged(
                path: path, place: "byte \(bytes.count / record * record)",
                problem: "it ends within an image; each takes \(record) bytes, its label and \(shape.count) pixels")
        }
        for start in stride(from: 0, to: bytes.count, by: record) {
            let label = bytes[start]
            guard label < classNames.count else {
                throw .fileDamaged(
                    path: path, place: "byte \(start)",
                    problem: "label \(label) is not one of the 10 classes, 0 to 9")
            }
            labels.append(UInt16(label))
            pixels += bytes[start + 1..<start + record]
        }
    }
}
