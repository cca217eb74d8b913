import ArgumentParser
import CLMat
import Formats
import Foundation
import ModelProgram
import Models

/// Options of the models that learn from points of any kind.
struct PointOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Make this many coloured, distorted images from the data, as they are needed.", valueName: "n"))
    var augment: Int?

    func validate() throws {
        if let augment, !(1..<Int(Int32.max)).contains(augment) {
            throw ValidationError("--augment is a number of images, from 1 on; the dissertation had 8000000.")
        }
    }

    var arguments: [ModelArgument] { [.init("--augment", augment.map(String.init))] }

    /// Reads what `--data` names: images, an NPY file, or a table of numbers.
    func load(_ data: String, seed: UInt64, on device: Device) throws -> any PointData {
        let kind = Kind(data)
        guard augment == nil || kind == .images else {
            throw ValidationError("--augment makes images from images, not from a table.")
        }
        switch kind {
        case .array: return try NPYFile(data)
        case .table: return try CSVTable(data)
        case .unknown:
            throw CLMatError.invalidValue(
                setting: "--data", value: data,
                accepted: """
                    a name (\(ImageDataSet.knownNames.joined(separator: ", "))), a folder of images, an IDX file of images, a NumPy \
                    array (.npy), or a table of numbers (.csv, .tsv, .txt, .dat, plain or .gz)
                    """)
        case .images:
            let (images, title, notes) = try LabelledImages.loadForPoints(data)
            guard let augment else { return try ImagePoints(images, name: title, notes: notes, on: device) }
            return try AugmentedImages(images, name: "\(title), made up", count: augment, seed: seed, notes: notes)
        }
    }

    /// What a file holds, by its name's ending; if that says nothing, by its first bytes.
    private enum Kind {
        case array, table, images, unknown

        init(_ path: String) {
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue,
                !ImageDataSet.knownNames.contains(path)
            else {
                // A file that is missing is named as what it would have been.
                let isArray = path.lowercased().hasSuffix(".npy") && !isFolder.boolValue
                self = isArray ? .array : !isFolder.boolValue && Self.isTable(path) ? .table : .images
                return
            }
            let name = path.lowercased()
            let start = (try? GzipFile(path).read(6)) ?? []
            if name.hasSuffix(".npy") || name.hasSuffix(".npy.gz") || name.hasSuffix(".npz")
                || start == [0x93] + Array("NUMPY".utf8)
            {
                self = .array
            } else if Self.isTable(path) {
                self = .table
            } else {
                let isIDX = start.count >= 4 && start.starts(with: [0, 0]) && (0x08...0x0E).contains(start[2])
                self = isIDX || name.contains("idx") || name.contains("ubyte") ? .images : .unknown
            }
        }

        private static func isTable(_ path: String) -> Bool {
            var name = path.lowercased()
            if name.hasSuffix(".gz") { name.removeLast(3) }
            return [".csv", ".tsv", ".tab", ".txt", ".dat"].contains { name.hasSuffix($0) }
        }
    }
}
