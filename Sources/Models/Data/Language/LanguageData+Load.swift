import CLMat
import Formats
import Foundation

extension LanguageData {
    /// The names that ``load(_:_:environment:)`` knows.
    public static let knownNames = ["ptb", "novels"]

    /// Reads the data of a language model; ``notes`` say how.
    ///
    /// - Parameters:
    ///   - nameOrPath: one of these; a name wins over a file of that name, which `./name` reaches.
    ///     - `ptb`: `$CLMAT_DATA/ptb/ptb.train.txt`, `ptb.valid.txt` and `ptb.test.txt`, the Penn Treebank as prepared by T. Mikolov;
    ///     - `novels`: `$CLMAT_DATA/novels`, with `novels.tar.xz` or the texts themselves;
    ///     - prepared text, whose words stand between blanks: a folder with NAME.train.txt, NAME.valid.txt and NAME.test.txt (`.tokens`
    ///       and other endings as well), or the path of the training text;
    ///     - the 1-billion-word benchmark: a folder with shards `news.en-00001-of-00100` and, for the scores, `news.en.heldout-00000-of-00050`,
    ///       or with the benchmark's two folders. It is read shard by shard; the first held-out shard is the test, the second validation;
    ///     - other text: a `.txt` or `.md`, a folder of them, or an archive `.tar`, `.tar.gz` or `.tar.xz`. Of each file the end is
    ///       for validation and test (``LanguageOptions/validationShare``, ``LanguageOptions/testShare``);
    ///     - ids: an `.npy` of whole numbers in one dimension, or a folder with NAME.train.npy and so on; they are ranked by their counts.
    ///
    ///     Each text may be packed with gzip. Ids of more than 64 million tokens are kept in a file without a name in `TMPDIR`.
    ///   - options: how texts become words, and which are kept.
    ///   - environment: where `CLMAT_DATA`, and the program `xz` are looked up (`PATH`).
    /// - Throws: ``/CLMat/CLMatError/unknownName(kind:name:known:)``; ``/CLMat/CLMatError/invalidValue(setting:value:accepted:)`` for a
    ///   path to something else, or options that make no sense; ``/CLMat/CLMatError/fileMissing(path:hint:)``, which says how to get the
    ///   data; ``/CLMat/CLMatError/fileDamaged(path:place:problem:)`` with the place; ``/CLMat/CLMatError/dataMismatch(_:)`` for texts
    ///   that are too short; ``/CLMat/CLMatError/fileNotWritable(path:reason:)`` if the ids of a large text do not fit on the disk.
    public static func load(
        _ nameOrPath: String, _ options: LanguageOptions = LanguageOptions(),
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(CLMatError) -> LanguageData {
        try options.check()
        let folder = environment["CLMAT_DATA"].flatMap { $0.isEmpty ? nil : "\($0)/\(nameOrPath)" }
        switch nameOrPath {
        case "ptb":
            let hint = "Set CLMAT_DATA to a folder that holds ptb/ with ptb.train.txt, ptb.valid.txt and ptb.test.txt."
            guard let folder, Files.isFolder(folder) else { throw .fileMissing(path: folder ?? nameOrPath, hint: hint) }
            let sets = try LanguageSet.sets(in: folder)
            guard let set = sets.first(where: { $0.name == "ptb" }) else {
                throw .fileMissing(path: "\(folder)/ptb.train.txt", hint: hint)
            }
            return try read(set, name: "ptb", options)
        case "novels":
            let hint = "Set CLMAT_DATA to a folder that holds novels/ with novels.tar.xz, or the texts."
            guard let folder, Files.isFolder(folder) else { throw .fileMissing(path: folder ?? nameOrPath, hint: hint) }
            let archive = "\(folder)/novels.tar.xz"
            return FileManager.default.fileExists(atPath: archive)
                ? try readArchive(archive, name: "novels", options, environment)
                : try readFolder(folder, name: "novels", options)
        default: return try load(path: nameOrPath, options, environment)
        }
    }

    private static func load(
        path: String, _ options: LanguageOptions, _ environment: [String: String]
    ) throws(CLMatError) -> LanguageData {
        guard FileManager.default.fileExists(atPath: path) else {
            let hint = "Check the path, or name one of \(knownNames.joined(separator: ", "))."
            if path.contains("/") || BytePath.hint(path, else: hint) != hint {
                throw .fileMissing(path: path, hint: BytePath.hint(path, else: hint))
            }
            throw .unknownName(kind: "text", name: path, known: knownNames)
        }
        let url = URL(fileURLWithPath: path).standardizedFileURL
        let name = url.lastPathComponent
        if Files.isFolder(path) {
            if let shards = try LanguageShards(in: path) { return try read(shards, name: name, options) }
            let sets = try LanguageSet.sets(in: path)
            if sets.count == 1 { return try read(sets[0], name: sets[0].name.isEmpty ? name : sets[0].name, options) }
            guard sets.isEmpty else {
                throw .invalidValue(
                    setting: "data", value: path,
                    accepted: "one training text of this folder: "
                        + sets.compactMap { $0.files[.train] }.joined(separator: ", "))
            }
            return try readFolder(path, name: name, options)
        }
        if let (set, part, ending) = LanguageSet.part(of: name), part == .train {
            let folder = path.contains("/") ? String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]) : "."
            var found =
                try LanguageSet.sets(in: folder.isEmpty ? "/" : folder).first { $0.name == set && $0.ending == ending }
                ?? LanguageSet(name: set, ending: ending)
            found.files[.train] = path
            return try read(found, name: set.isEmpty ? name : set, options)
        }
        let lower = name.lowercased()
        if lower.hasSuffix(".npy") {
            return try read(LanguageSet(name: name, ending: "npy", files: [.train: path]), name: name, options)
        }
        if [".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz"].contains(where: lower.hasSuffix) {
            return try readArchive(path, name: name, options, environment)
        }
        let plain = lower.hasSuffix(".gz") ? String(lower.dropLast(3)) : lower
        let ending = URL(fileURLWithPath: plain).pathExtension
        let isShard = LanguageShards.kind(name).isShard
        guard isShard || ["txt", "text", "md", "markdown", "rst", "tokens", ""].contains(ending) else {
            throw .invalidValue(
                setting: "data", value: path,
                accepted: """
                    \(knownNames.joined(separator: ", ")), or the path of: NAME.train.txt beside NAME.valid.txt, a folder with them, a \
                    .txt or .md, a folder or an archive (.tar.gz, .tar.xz) of them, the 1-billion-word benchmark's folder, or \
                    ids as .npy
                    """)
        }
        let filled = options.filled(isShard || ending == "tokens" ? .blanks : .words)
        var builder = LanguageBuilder(filled)
        let reading = try readFile(path, name: name, into: &builder)
        builder.notes.append("\(name) is read as one text: \(filled.described)")
        builder.notes.append(splitNote(filled))
        try builder.split(reading, withTest: filled.testShare > 0)
        return try builder.finish(name: name)
    }

    // MARK: - Kinds of data

    private static func read(
        _ set: LanguageSet, name: String, _ options: LanguageOptions
    ) throws(CLMatError) -> LanguageData {
        let options = options.filled(.blanks)
        var builder = LanguageBuilder(options)
        var files = LanguagePart.allCases.compactMap { part in set.files[part].map { (part: part, path: $0) } }
        files.sort { $0.part.rawValue < $1.part.rawValue }
        let names = files.map { URL(fileURLWithPath: $0.path).lastPathComponent }
        let isIDs = set.ending == "npy"
        builder.notes.append(
            "\(name) is \(names.joined(separator: ", ")): "
                + (isIDs ? "ids, ranked by how often the training text has them." : options.described))
        if !set.surplus.isEmpty {
            builder.notes.append(
                "\(set.surplus.joined(separator: ", ")): passed over, since another file is this part.")
        }
        var ids: TokenIDs?
        if isIDs {
            var note: String?
            ids = try TokenIDs(options, files: files.map(\.path)) { note = $0 }
            if let note { builder.notes.append(note) }
        }
        for ((part, path), shown) in zip(files, names) {
            let reading =
                if let ids {
                    try builder.read(path, name: shown, ids: ids)
                } else {
                    try readFile(path, name: shown, into: &builder)
                }
            guard part == .train, set.files[.validation] == nil else {
                try builder.add(reading, to: part)
                continue
            }
            let withTest = set.files[.test] == nil && options.testShare > 0
            builder.notes.append(
                "There is no validation text beside \(shown). " + splitNote(options, withTest: withTest))
            try builder.split(reading, withTest: withTest)
        }
        return try builder.finish(name: name, ids: ids)
    }

    private static func read(
        _ shards: LanguageShards, name: String, _ options: LanguageOptions
    ) throws(CLMatError) -> LanguageData {
        let options = options.filled(.blanks)
        var builder = LanguageBuilder(options)
        func shown(_ path: String) -> String { URL(fileURLWithPath: path).lastPathComponent }
        builder.notes.append(
            "\(name) is \(shards.train.count) shards, \(shown(shards.train[0])) and so on: \(options.described)")
        for path in shards.train {
            let reading = try readFile(path, name: shown(path), into: &builder)
            if shards.heldOut.isEmpty {
                try builder.split(reading, withTest: options.testShare > 0)
            } else {
                try builder.add(reading, to: .train)
            }
        }
        if let first = shards.heldOut.first {
            let second = shards.heldOut.count > 1 ? shards.heldOut[1] : nil
            try builder.add(readFile(second ?? first, name: shown(second ?? first), into: &builder), to: .validation)
            if second != nil { try builder.add(readFile(first, name: shown(first), into: &builder), to: .test) }
            let used =
                if let second { "\(shown(second)) is for validation, \(shown(first)) for the test" } else {
                    "\(shown(first)) is for validation"
                }
            let rest = shards.heldOut.count - 2
            builder.notes.append(used + (rest > 0 ? "; \(rest) more held-out shards are passed over." : "."))
        } else {
            builder.notes.append("There are no held-out shards. " + splitNote(options))
        }
        return try builder.finish(name: name)
    }

    private static func readFolder(
        _ folder: String, name: String, _ options: LanguageOptions
    ) throws(CLMatError) -> LanguageData {
        let options = options.filled(.words)
        var builder = LanguageBuilder(options)
        var passedOver = PassedOver()
        var (texts, marked) = (0, 0)
        for file in try TextFolder.files(in: folder, passingOver: &passedOver) {
            guard access(file.path.cString, R_OK) == 0 else {
                passedOver.add(file.name, .unreadable)
                continue
            }
            guard try !TextKinds.isBinary(GzipFile(file.path).read(1 << 16)) else {
                passedOver.add(file.name, .binary)
                continue
            }
            let reading = try builder.read(file.path, name: file.name)
            guard reading.words > 0 else {
                passedOver.add(file.name, .empty)
                continue
            }
            texts += 1
            if TextKinds.markup.contains(file.ending) { marked += 1 }
            try builder.split(reading, withTest: options.testShare > 0)
        }
        if marked > 0 {
            builder.notes.append("\(marked) of \(texts) texts are HTML, JSON or the like: their markup is learned too.")
        }
        return try finish(&builder, name: name, texts: texts, passedOver, options)
    }

    private static func readArchive(
        _ path: String, name: String, _ options: LanguageOptions, _ environment: [String: String]
    ) throws(CLMatError) -> LanguageData {
        let options = options.filled(.words)
        var builder = LanguageBuilder(options)
        let archive = try PackedArchive(path, environment)
        var passedOver = PassedOver()
        var texts = 0
        for file in archive.files {
            let shown = BytePath.shown([UInt8](file.name.utf8))
            let last = URL(fileURLWithPath: file.name).lastPathComponent
            guard !file.name.split(separator: "/").contains(where: { $0.hasPrefix(".") && $0 != "." && $0 != ".." })
            else {
                passedOver.add(shown, .hidden)
                continue
            }
            guard LanguageSet.part(of: last)?.part != .train else {
                throw .invalidValue(
                    setting: "data", value: path,
                    accepted: "an archive of texts; this one has \(shown): unpack it, and give the path of that file")
            }
            let content = Array(archive.bytes[file.content])
            guard !TextKinds.isBinary(content) else {
                passedOver.add(shown, .binary)
                continue
            }
            let reading = try builder.read(content, name: shown)
            guard reading.words > 0 else {
                passedOver.add(shown, .empty)
                continue
            }
            texts += 1
            try builder.split(reading, withTest: options.testShare > 0)
        }
        return try finish(&builder, name: name, texts: texts, passedOver, options)
    }

    private static func finish(
        _ builder: inout LanguageBuilder, name: String, texts: Int, _ passedOver: PassedOver, _ options: LanguageOptions
    ) throws(CLMatError) -> LanguageData {
        guard texts > 0 else {
            let passed = passedOver.listed
            throw .dataMismatch("\(name) holds no text with words.\(passed.isEmpty ? "" : " Passed over: \(passed).")")
        }
        builder.notes.insert("\(name) is \(texts == 1 ? "1 text" : "\(texts) texts"): \(options.described)", at: 0)
        builder.notes.insert(splitNote(options), at: 1)
        if let note = passedOver.note { builder.notes.append(note) }
        return try builder.finish(name: name)
    }

    // MARK: - Files

    /// Reads a file that has to be a text with words.
    private static func readFile(
        _ path: String, name: String, into builder: inout LanguageBuilder
    ) throws(CLMatError) -> LanguageBuilder.Reading {
        let start = try GzipFile(path).read(1 << 16)
        guard !start.isEmpty else { throw .fileDamaged(path: path, place: "byte 0", problem: "the file is empty") }
        guard !TextKinds.isBinary(start) else {
            throw .fileDamaged(path: path, place: "byte 0", problem: "it is binary, not a text")
        }
        let reading = try builder.read(BytePath(path), name: name)
        guard reading.words > 0 else {
            throw .fileDamaged(
                path: path, place: "line \(max(1, reading.lines))",
                problem:
                    "the file ends, and none of its \(reading.lines == 1 ? "1 line" : "\(reading.lines) lines") has a word"
            )
        }
        return reading
    }

    private static func splitNote(_ options: LanguageOptions, withTest: Bool = true) -> String {
        func percent(_ share: Double) -> String { "\((1000 * share).rounded() / 10)".replacing(".0", with: "") + " %" }
        return "The last \(percent(options.validationShare)) of each text is for validation"
            + (withTest && options.testShare > 0 ? ", the \(percent(options.testShare)) before it for the test." : ".")
    }
}
