import CLMat
import Formats
import Foundation

/// 20 Newsgroups: 18,846 posts to Usenet of 1993, in the version "bydate".
///
/// Of a post its body is read, from the first empty line on, without quoted lines (those that start with > or |, and those
/// that end in "writes:"). It is Latin-1.
/// - Source: K. Lang, "NewsWeeder: learning to filter netnews", 1995; J. Rennie's version by date, in qwone.com's archive.
enum Newsgroups {
    private static let parts = ["20news-bydate-train", "20news-bydate-test"]

    /// Whether a folder holds both parts, packed or not.
    static func isThere(_ folder: String) -> Bool {
        parts.allSatisfy { part in
            Files.isFolder("\(folder)/\(part)") || FileManager.default.fileExists(atPath: "\(folder)/\(part).tar.xz")
        }
    }

    /// - Parameters:
    ///   - folder: it holds `20news-bydate-train.tar.xz` and `20news-bydate-test.tar.xz`, or what is in them.
    ///   - environment: `PATH` is where the program `xz` is looked for.
    /// - Throws: ``/CLMat/CLMatError/fileMissing(path:hint:)``, also if there is no `xz`;
    ///   ``/CLMat/CLMatError/fileDamaged(path:place:problem:)``; ``/CLMat/CLMatError/dataMismatch(_:)``; what ``TextCorpusBuilder`` throws.
    static func read(
        _ folder: String, _ options: TextOptions, environment: [String: String]
    ) throws(CLMatError) -> Corpus {
        var builder = try TextCorpusBuilder(options)
        var names: [String] = []
        var passedOver = PassedOver()
        for part in parts {
            if Files.isFolder("\(folder)/\(part)") {
                for file in try TextFolder.files(in: "\(folder)/\(part)", passingOver: &passedOver) {
                    let bytes = try GzipFile.read(file.path)
                    bytes.withUnsafeBytes { add($0, to: &builder) }
                    try builder.endDocument()
                    names.append(file.name)
                }
            } else {
                try addArchive("\(folder)/\(part).tar.xz", to: &builder, &names, environment)
            }
        }
        if let note = passedOver.note { builder.notes.append(note) }
        return try builder.finish(name: "20 Newsgroups", names: .listed(names))
    }

    private static func addArchive(
        _ path: String, to builder: inout TextCorpusBuilder, _ names: inout [String], _ environment: [String: String]
    ) throws(CLMatError) {
        guard FileManager.default.fileExists(atPath: path) else {
            throw .fileMissing(path: path, hint: "The data set has two parts, \(parts.joined(separator: " and ")).")
        }
        let archive = try PackedArchive(path, environment)
        for file in archive.files {
            archive.bytes.withUnsafeBytes { add(UnsafeRawBufferPointer(rebasing: $0[file.content]), to: &builder) }
            try builder.endDocument()
            names.append(String(file.name.drop { $0 != "/" }.dropFirst()))
        }
    }

    /// The words of a post's body.
    private static func add(_ post: UnsafeRawBufferPointer, to builder: inout TextCorpusBuilder) {
        var text: [UInt8] = []
        text.reserveCapacity(post.count)
        for byte in post {
            if byte == newline, text.last == UInt8(ascii: "\r") { text.removeLast() }
            text.append(byte)
        }
        var start = 0
        for place in text.indices.dropFirst() where text[place] == newline && text[place - 1] == newline {
            start = place + 1
            break
        }
        for line in text[start...].split(separator: newline) where !isQuoted(line) {
            builder.add(line.contains { $0 >= 0x80 } ? TextDecoding.fromWindows1252(Array(line))[...] : line)
        }
    }

    private static let newline = UInt8(ascii: "\n")
    private static let writes = Array("writes:".utf8)

    private static func isQuoted(_ line: ArraySlice<UInt8>) -> Bool {
        if line.first == UInt8(ascii: ">") || line.first == UInt8(ascii: "|") { return true }
        // What Latin-1 has of white space.
        var end = line.endIndex
        while end > line.startIndex, [9, 10, 11, 12, 13, 28, 29, 30, 31, 32, 0x85, 0xA0].contains(line[end - 1]) {
            end -= 1
        }
        return line[..<end].suffix(7).elementsEqual(writes)
    }
}
