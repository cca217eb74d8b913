import CLMat
import Foundation

/// A folder of text files, one document each, in the folders inside as well, in the order of their paths.
///
/// A file that is not UTF-8 is read as Latin-1. Binary files (with a zero byte) and those whose names start with a dot are
/// passed over; files packed with gzip are unpacked. The corpus's notes say how many were read so.
enum TextFolder {
    /// - Throws: ``CLMatError/fileMissing(path:hint:)`` for a folder or file that cannot be opened;
    ///   ``CLMatError/dataMismatch(_:)`` if there is no text file; what a file and ``TextCorpusBuilder`` throw.
    static func read(_ folder: String, _ options: TextOptions) throws(CLMatError) -> Corpus {
        var builder = try TextCorpusBuilder(options)
        var names: [String] = []
        var (latin, binary) = (0, 0)
        for name in try files(in: folder) {
            let bytes = try GzipFile.read("\(folder)/\(name)")
            if bytes.contains(0) {
                binary += 1
                continue
            }
            let isUTF8 = bytes.withUnsafeBytes { UTF8Check.firstInvalid($0) == nil }
            if !isUTF8 { latin += 1 }
            builder.add(isUTF8 ? bytes : TextDecoding.fromWindows1252(bytes))
            try builder.endDocument()
            names.append(name)
        }
        if latin > 0 { builder.notes.append("\(files(latin)) not UTF-8, and read as Latin-1") }
        if binary > 0 { builder.notes.append("\(files(binary)) binary, and passed over") }
        guard !names.isEmpty else {
            throw .dataMismatch("\(folder) holds no text files\(binary > 0 ? ": \(files(binary)) binary" : "").")
        }
        let title = URL(fileURLWithPath: folder).standardizedFileURL.lastPathComponent
        return try builder.finish(name: title, names: .listed(names))
    }

    private static func files(_ count: Int) -> String { count == 1 ? "1 file is" : "\(count) files are" }

    /// The paths of plain files inside, in the order of their characters' numbers.
    ///
    /// - Throws: ``CLMatError/fileMissing(path:hint:)`` for a folder that cannot be opened: none of what it holds is left out
    ///   without a word.
    static func files(in folder: String) throws(CLMatError) -> [String] {
        var found: [String] = []
        var folders = [""]
        while let path = folders.popLast() {
            let inner = path.isEmpty ? folder : "\(folder)/\(path)"
            guard let names = try? FileManager.default.contentsOfDirectory(atPath: inner) else {
                throw .fileMissing(path: inner, hint: "It is a folder, but it cannot be opened; check its permissions.")
            }
            for name in names where !name.hasPrefix(".") {
                let inside = path.isEmpty ? name : "\(path)/\(name)"
                // A link to a folder could lead round in a circle: links are followed to files alone.
                var status = stat()
                guard lstat("\(folder)/\(inside)", &status) == 0 else { continue }
                if status.st_mode & S_IFMT == S_IFDIR { folders.append(inside) }
                if status.st_mode & S_IFMT == S_IFLNK, stat("\(folder)/\(inside)", &status) != 0 { continue }
                if status.st_mode & S_IFMT == S_IFREG { found.append(inside) }
            }
        }
        return found.sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }
    }
}
