import Foundation
import ModelProgram
import Models

/// A command whose model learns from images by name, or from what a path leads to.
protocol ImageCommand: ModelCommand {}

extension ImageCommand {
    var defaultData: String? { "fashion-mnist" }
    var knownData: [String] { ImageDataSet.knownNames }

    /// The files of an IDX data set have their names; all else in their folder is passed over.
    func readsEveryFile(of folder: String) -> Bool {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return !names.contains { $0.lowercased().contains("idx") || $0.lowercased().contains("ubyte") }
    }
}
