import CLMat
import Formats
import Foundation

/// A file with one document per line, plain or packed with gzip. Line k is document k, an empty one too.
///
/// A line that is not UTF-8 is read as Windows-1252, and counted in the corpus's notes.
enum TextLines {
    /// - Throws: ``/CLMat/CLMatError/fileMissing(path:hint:)``; ``/CLMat/CLMatError/fileDamaged(path:place:problem:)`` for damaged gzip data, a
    ///   file that is binary, or one of JSON lines; what ``TextCorpusBuilder`` throws.
    static func read(_ path: String, _ options: TextOptions) throws(CLMatError) -> Corpus {
        var builder = try TextCorpusBuilder(options)
        guard try !TextKinds.isBinary(GzipFile(path).read(1 << 16)) else {
            throw .fileDamaged(path: path, place: "byte 0", problem: "it is binary, not a text with a document a line")
        }
        let lines = try LineReader(path)
        var encodings = EncodingTally(unit: "line")
        while let line = try lines.next() {
            if lines.line == 1, TextKinds.isJSONObject(line) {
                throw .dataMismatch(
                    """
                    \(path) holds JSON lines, whose keys would be counted as words. Take the texts out first, as by \
                    jq -r .text FILE > texts.txt with the key that holds them.
                    """)
            }
            if UTF8Check.firstInvalid(line) == nil {
                builder.add(line)
            } else {
                let decoded = TextDecoding(unmarked: [UInt8](line))
                encodings.add(decoded, from: line, "line \(lines.line)")
                builder.add(decoded.text)
            }
            try builder.endDocument()
        }
        if lines.damagedUnits > 0 { encodings.addDamage("of \(lines.damagedUnits) characters") }
        builder.notes += encodings.notes
        return try builder.finish(name: URL(fileURLWithPath: path).lastPathComponent, names: .numbered("line"))
    }
}
