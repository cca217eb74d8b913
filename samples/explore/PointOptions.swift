import ArgumentParser
import CLMat
import Foundation
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

    var arguments: [(name: String, value: String)] { [("--augment", augment.map(String.init) ?? "")] }

    /// Reads what `--data` names: a data set of images, an NPY file, or a table of numbers.
    func load(_ options: RunOptions, seed: UInt64, on device: Device) throws -> any PointData {
        let name = options.data.lowercased()
        let isTable = [".csv", ".tsv", ".csv.gz", ".tsv.gz"].contains { name.hasSuffix($0) }
        if name.hasSuffix(".npy") || isTable {
            guard augment == nil else { throw ValidationError("--augment makes images from images, not from a table.") }
            return isTable ? try CSVTable(options.data) : try NPYFile(options.data)
        }
        let images = try loadImages(options.data)
        guard let augment else {
            return try ImagePoints(images.points, name: images.title, notes: images.notes, on: device)
        }
        return try AugmentedImages(
            images.points, name: "\(images.title), made up", count: augment, seed: seed, notes: images.notes)
    }

    /// A path to something else can be to more kinds of data than images.
    private func loadImages(_ path: String) throws(CLMatError) -> ImageDataSet {
        do throws(CLMatError) {
            return try ImageDataSet.load(path)
        } catch {
            guard augment == nil, case .invalidValue("data", let value, let accepted) = error else { throw error }
            throw .invalidValue(
                setting: "data", value: value,
                accepted: "\(accepted), an NPY file (.npy), or a table of numbers (.csv, .tsv, also packed as .gz)")
        }
    }
}
