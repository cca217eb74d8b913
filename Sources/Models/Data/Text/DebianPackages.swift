import CLMat
import Formats
import Foundation

/// Debian's packages: the description and the tags of each are a document, and its name is the package's.
///
/// Read are the lists that apt keeps, in the form of `apt-cache dumpavail`: paragraphs of fields such as `Package`,
/// `Description` (or `Description-en`) and `Tag`. Of a package that is listed twice the first is read.
/// - Source: Debian Policy Manual, section 5.1, "Syntax of control files"; E. Zini, "Debtags", 2005.
enum DebianPackages {
    /// What apt knows of.
    ///
    /// - Parameter environment: `PATH` is where `apt-cache` is looked for.
    /// - Throws: ``/CLMat/CLMatError/fileMissing(path:hint:)`` if there is no `apt-cache`; ``/CLMat/CLMatError/dataMismatch(_:)`` if it
    ///   fails, or lists no packages; what ``TextCorpusBuilder`` throws.
    static func readAvailable(
        _ options: TextOptions, environment: [String: String]
    ) throws(CLMatError) -> Corpus {
        let others =
            "or choose other data with --data: \(Corpus.knownNames.dropFirst().joined(separator: ", ")), or a path"
        let output = try ProgramOutput.read(
            "apt-cache", ["dumpavail"], environment: environment,
            hint: "It lists Debian's packages. Install apt, \(others).")
        guard let corpus = try read(output, options) else {
            throw .dataMismatch(
                "'apt-cache dumpavail' lists no packages with a description. Get apt's lists with 'apt-get update', \(others)."
            )
        }
        return corpus
    }

    /// A file in that form: apt's `…_Packages` or dpkg's `status`, plain or packed with gzip.
    ///
    /// - Throws: ``/CLMat/CLMatError/fileMissing(path:hint:)``; ``/CLMat/CLMatError/fileDamaged(path:place:problem:)``; what
    ///   ``TextCorpusBuilder`` throws.
    static func read(_ path: String, _ options: TextOptions) throws(CLMatError) -> Corpus {
        guard let corpus = try read(GzipFile.read(path), options) else {
            throw .fileDamaged(
                path: path, place: "line 1", problem: "no paragraph in it has the fields 'Package:' and 'Description:'")
        }
        return corpus
    }

    /// Nil if there are no packages with a description.
    private static func read(_ bytes: [UInt8], _ options: TextOptions) throws(CLMatError) -> Corpus? {
        var builder = try TextCorpusBuilder(options)
        var names: [String] = []
        var known: Set<String> = []
        var package: ArraySlice<UInt8> = []
        var (description, tags): (ArraySlice<UInt8>, ArraySlice<UInt8>) = ([], [])
        var field = Field.other

        func endPackage() throws(CLMatError) {
            defer { (package, description, tags, field) = ([], [], [], .other) }
            guard !package.isEmpty, !description.isEmpty else { return }
            let name = String(decoding: package, as: UTF8.self).trimmingCharacters(in: .whitespaces)
            guard known.insert(name).inserted else { return }
            builder.add(description)
            builder.add(tags)
            try builder.endDocument()
            names.append(name)
        }
        var start = 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
            let line = bytes[start..<end]
            if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) {
                try endPackage()
            } else if let first = line.first, first == 0x20 || first == 0x09 {
                // A field goes on: it lies in one piece.
                switch field {
                case .description: description = bytes[description.startIndex..<end]
                case .tags: tags = bytes[tags.startIndex..<end]
                case .other: break
                }
            } else if let value = value(of: "Package:", line) {
                (package, field) = (value, .other)
            } else if description.isEmpty,
                let value = value(of: "Description:", line) ?? value(of: "Description-en:", line)
            {
                (description, field) = (value, .description)
            } else if let value = value(of: "Tag:", line) {
                (tags, field) = (value, .tags)
            } else {
                field = .other
            }
            start = end + 1
        }
        try endPackage()
        guard !names.isEmpty else { return nil }
        return try builder.finish(name: "Debian packages", names: .listed(names))
    }

    private enum Field { case description, tags, other }

    private static func value(of name: StaticString, _ line: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        let length = name.utf8CodeUnitCount
        guard line.count > length else { return nil }
        for place in 0..<length where line[line.startIndex + place] != name.utf8Start[place] { return nil }
        return line.dropFirst(length)
    }
}
