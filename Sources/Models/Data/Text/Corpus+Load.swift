import CLMat
import Formats
import Foundation

extension Corpus {
    /// The names that ``load(_:_:environment:)`` knows.
    public static let knownNames = ["debian", "20newsgroups", "kos", "nips"]

    /// Reads a corpus.
    ///
    /// - Parameters:
    ///   - nameOrPath: one of these; a name wins over a file of that name, which `./name` reaches.
    ///     - `debian`: the descriptions and tags of the packages that apt knows, one document each;
    ///     - `20newsgroups`: `$CLMAT_DATA/20newsgroups`, posts to Usenet, as `20news-bydate-train.tar.xz` and
    ///       `20news-bydate-test.tar.xz` or unpacked;
    ///     - `kos`, `nips`: `$CLMAT_DATA/uci-bow/docword.NAME.txt.gz`, blog entries and papers;
    ///     - a file `docword.NAME.txt` with `vocab.NAME.txt` beside it, in UCI's format, or a folder with one such pair;
    ///     - a folder of text files, one document each;
    ///     - a file `.txt`, `.md` or without an ending, with a document on each line;
    ///     - a file `.csv` or `.tsv`, whose column ``TextOptions/column`` holds a document in each record;
    ///     - apt's or dpkg's list of packages: `…_Packages` or `status`. Each file may be packed with gzip (`.gz`).
    ///   - options: how texts become words; if nil, those of ``TextOptions/standard(for:)``.
    ///   - environment: where `CLMAT_DATA`, and the programs `apt-cache` and `xz` are looked up (`PATH`).
    /// - Throws: ``/CLMat/CLMatError/unknownName(kind:name:known:)``; ``/CLMat/CLMatError/invalidValue(setting:value:accepted:)`` for
    ///   a path to something else, or options that make no sense; ``/CLMat/CLMatError/fileMissing(path:hint:)``, which says how to
    ///   get the data; ``/CLMat/CLMatError/fileDamaged(path:place:problem:)`` with the line; ``/CLMat/CLMatError/dataMismatch(_:)`` if no
    ///   document or no word is left, with the option to loosen; ``/CLMat/CLMatError/fileNotWritable(path:reason:)`` if the counts
    ///   of a large corpus do not fit on the disk.
    public static func load(
        _ nameOrPath: String, _ options: TextOptions? = nil,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(CLMatError) -> Corpus {
        let options = options ?? .standard(for: nameOrPath)
        switch nameOrPath {
        case "debian": return try DebianPackages.readAvailable(options, environment: environment)
        case "20newsgroups":
            let hint =
                "Set CLMAT_DATA to a folder that holds 20newsgroups/ with 20news-bydate-train.tar.xz and …-test.tar.xz."
            let folder = try dataFolder("20newsgroups", environment, hint: hint)
            guard Newsgroups.isThere(folder) else { throw .fileMissing(path: folder, hint: hint) }
            return try Newsgroups.read(folder, options, environment: environment)
        case "kos", "nips":
            let hint =
                "Set CLMAT_DATA to a folder that holds uci-bow/docword.\(nameOrPath).txt.gz and vocab.\(nameOrPath).txt."
            let plain = try dataFolder("uci-bow", environment, hint: hint) + "/docword.\(nameOrPath).txt"
            for path in [plain + ".gz", plain] where FileManager.default.fileExists(atPath: path) {
                return try UCIBagOfWords.read(path)
            }
            throw .fileMissing(path: plain + ".gz", hint: hint)
        default: return try load(path: nameOrPath, options, environment)
        }
    }

    private static func dataFolder(
        _ name: String, _ environment: [String: String], hint: String
    ) throws(CLMatError) -> String {
        guard let data = environment["CLMAT_DATA"], !data.isEmpty else { throw .fileMissing(path: name, hint: hint) }
        return "\(data)/\(name)"
    }

    private static func load(
        path: String, _ options: TextOptions, _ environment: [String: String]
    ) throws(CLMatError) -> Corpus {
        guard FileManager.default.fileExists(atPath: path) else {
            let hint = "Check the path, or name one of \(knownNames.joined(separator: ", "))."
            if path.contains("/") || BytePath.hint(path, else: hint) != hint {
                throw .fileMissing(path: path, hint: BytePath.hint(path, else: hint))
            }
            throw .unknownName(kind: "corpus", name: path, known: knownNames)
        }
        if Files.isFolder(path) {
            let pairs = try UCIBagOfWords.files(in: path)
            if pairs.count == 1 { return try UCIBagOfWords.read(pairs[0]) }
            guard pairs.isEmpty else {
                throw .invalidValue(
                    setting: "data", value: path,
                    accepted: "one corpus of this folder: \(pairs.joined(separator: ", "))")
            }
            if Newsgroups.isThere(path) { return try Newsgroups.read(path, options, environment: environment) }
            return try TextFolder.read(path, options)
        }
        let file = URL(fileURLWithPath: path).lastPathComponent
        let name = file.lowercased().hasSuffix(".gz") ? String(file.dropLast(3)) : file
        if UCIBagOfWords.corpusName(path) != nil { return try UCIBagOfWords.read(path) }
        if name.hasSuffix("_Packages") || name == "Packages" || name == "status" {
            return try DebianPackages.read(path, options)
        }
        let ending = URL(fileURLWithPath: name).pathExtension.lowercased()
        if ending == "csv" || ending == "tsv" { return try TextTable.read(path, options) }
        if ["txt", "text", "md", "markdown", "rst", ""].contains(ending), !file.hasPrefix("vocab.") {
            return try TextLines.read(path, options)
        }
        if ["jsonl", "ndjson", "json"].contains(ending) {
            throw .invalidValue(
                setting: "data", value: path,
                accepted: """
                    a text with a document a line: take the texts out of the JSON first, as by jq -r .text FILE > texts.txt with the \
                    key that holds them
                    """)
        }
        throw .invalidValue(
            setting: "data", value: path,
            accepted: """
                \(knownNames.joined(separator: ", ")), or the path of: docword.NAME.txt beside vocab.NAME.txt, a folder of \
                text files, a .txt or .md with a document a line, a .csv or .tsv, or a list of packages (…_Packages, status)
                """)
    }
}
