import CLMat
import Foundation
import Models

/// Corpora of real texts, and their way to the peer: files in UCI's format, in a folder that goes when the bench ends.
package enum BenchCorpus {
    package static let nips = load("nips")
    package static let newsgroups = load("20newsgroups")

    private static let folder = FileManager.default.temporaryDirectory.path + "/clmat-bench-\(getpid())"

    private static func load(_ name: String) -> Result<Corpus, CLMatError> {
        do { return .success(try Corpus.load(name)) } catch { return .failure(error) }
    }

    /// Why a corpus cannot be used.
    package static func obstacle(_ corpus: Result<Corpus, CLMatError>) -> String? {
        guard case .failure(let error) = corpus else { return nil }
        return error.description
    }

    /// Where the peer finds the corpus of this name.
    package static func path(_ name: String) -> String { "\(folder)/docword.\(name).txt" }

    /// A file that goes with the others.
    package static func temporaryFile(_ name: String) -> String { "\(folder)/\(name)" }

    package static func write(_ corpus: Corpus, name: String) throws {
        guard !FileManager.default.fileExists(atPath: path(name)) else { return }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try corpus.write(toUCI: folder, name: name)
    }

    package static func removeFiles() { try? FileManager.default.removeItem(atPath: folder) }
}
