import CLMat
import Formats
import Foundation

/// A folder of text files, one document each, in the folders inside as well, in the order of the paths' bytes.
///
/// ``TextDecoding`` says how a file becomes text. Binary files, those that cannot be opened, and those whose names start with a dot
/// are passed over; files packed with gzip are unpacked. The corpus's notes count what was read in another way than UTF-8, and
/// what was not read.
enum TextFolder {
    /// - Throws: ``/CLMat/CLMatError/fileMissing(path:hint:)`` for a folder that cannot be opened; ``/CLMat/CLMatError/dataMismatch(_:)`` if
    ///   there is no text file; what a file and ``TextCorpusBuilder`` throw.
    static func read(_ folder: String, _ options: TextOptions) throws(CLMatError) -> Corpus {
        var builder = try TextCorpusBuilder(options)
        var names: [String] = []
        var passedOver = PassedOver()
        var encodings = EncodingTally(unit: "file")
        var (empty, marked) = (0, 0)
        for file in try files(in: folder, passingOver: &passedOver) {
            guard access(file.path.cString, R_OK) == 0 else {
                passedOver.add(file.name, .unreadable)
                continue
            }
            let bytes = try GzipFile.read(file.path)
            if TextKinds.isBinary(bytes) {
                passedOver.add(file.name, .binary)
                continue
            }
            let decoded = TextDecoding(bytes)
            encodings.add(decoded, from: bytes, file.name)
            if bytes.isEmpty { empty += 1 }
            let line = decoded.text.prefix(1 << 16).prefix { $0 != UInt8(ascii: "\n") }
            if TextKinds.markup.contains(file.ending) || TextKinds.isJSONObject(line) { marked += 1 }
            builder.add(decoded.text)
            try builder.endDocument()
            names.append(file.name)
        }
        builder.notes += encodings.notes
        if empty > 0 {
            builder.notes.append(
                "\(empty == 1 ? "1 file is empty: a document" : "\(empty) files are empty: documents") without words.")
        }
        if marked > 0 {
            builder.notes.append(
                "\(marked) of \(names.count) files are HTML, JSON or the like: words of their markup are counted too.")
        }
        if let note = passedOver.note { builder.notes.append(note) }
        guard !names.isEmpty else {
            let passed = passedOver.listed
            throw .dataMismatch("\(folder) holds no text files.\(passed.isEmpty ? "" : " Passed over: \(passed).")")
        }
        let title = URL(fileURLWithPath: folder).standardizedFileURL.lastPathComponent
        return try builder.finish(name: title, names: .listed(names))
    }

    /// A plain file in a folder.
    struct File {
        let path: BytePath
        /// Its path from the folder, for a person.
        let name: String
        let ending: String
        fileprivate let key: [UInt8]
    }

    /// The plain files inside, in the order of their paths' bytes. Links are followed to files alone: one to a folder could lead
    /// round in a circle.
    ///
    /// - Throws: ``/CLMat/CLMatError/fileMissing(path:hint:)`` for a folder that cannot be opened: none of what it holds is left out
    ///   without a word.
    static func files(in folder: String, passingOver passedOver: inout PassedOver) throws(CLMatError) -> [File] {
        var found: [File] = []
        var folders: [(path: BytePath, name: [UInt8])] = [(BytePath(folder), [])]
        while let (path, name) = folders.popLast() {
            for entry in try Folder(path).entries {
                let inside = name.isEmpty ? entry.name : name + [UInt8(ascii: "/")] + entry.name
                let shown = BytePath.shown(inside)
                if passedOver.addUnreadable(entry, as: shown) { continue }
                let inner = path.appending(entry.name)
                switch entry.kind {
                case .folder: folders.append((inner, inside))
                case .linkToFolder: passedOver.add(shown, .linkToFolder, isFolder: true)
                default: found.append(File(path: inner, name: shown, ending: entry.ending, key: inside))
                }
            }
        }
        return found.sorted { $0.key.lexicographicallyPrecedes($1.key) }
    }
}
