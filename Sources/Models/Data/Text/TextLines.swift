import CLMat
import Foundation

/// A file with one document a line, plain or packed with gzip. Line k is document k, an empty one too.
enum TextLines {
    /// - Throws: ``CLMatError/fileMissing(path:hint:)``; ``CLMatError/fileDamaged(path:place:problem:)`` for a line that is not
    ///   UTF-8, and damaged gzip data; what ``TextCorpusBuilder`` throws.
    static func read(_ path: String, _ options: TextOptions) throws(CLMatError) -> Corpus {
        var builder = try TextCorpusBuilder(options)
        let lines = try LineReader(path)
        while let line = try lines.next() {
            try lines.checkText(line)
            builder.add(line)
            try builder.endDocument()
        }
        return try builder.finish(name: URL(fileURLWithPath: path).lastPathComponent, names: .numbered("line"))
    }
}
