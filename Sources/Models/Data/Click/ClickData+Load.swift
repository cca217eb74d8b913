import CLMat
import Formats
import Foundation

extension ClickData {
    /// The names that ``load(_:_:environment:)`` knows; a generator's go on with numbers.
    public static let knownNames = ["criteo", "criteo-terabyte", "avazu", "synthetic:RECORDS", "zipf:FEATURES:RECORDS"]

    /// Reads or draws records of clicks; ``notes`` say how.
    ///
    /// - Parameters:
    ///   - nameOrPath: one of these; a name wins over a file of that name, which `./name` reaches.
    ///     - `criteo`: `$CLMAT_DATA/criteo/train.txt.gz` (or `train.txt`), of the Display Advertising Challenge; `sample5000.txt.gz` beside it,
    ///       other rows of the same data, is what models are scored on, if it is there;
    ///     - `criteo-terabyte`: `$CLMAT_DATA/criteo/terabyte_day0.txt.gz`, of the 1TB click logs, whose categories are hashed in another way;
    ///     - `avazu`: `$CLMAT_DATA/avazu/train.csv.gz`;
    ///     - the path of a file in one of the formats of ``ClickFormat``, plain or packed with gzip;
    ///     - `synthetic:RECORDS` or `synthetic:RECORDS:SEED`: ``SyntheticClicks``;
    ///     - `zipf:FEATURES:RECORDS` or `zipf:FEATURES:RECORDS:SEED`: ``ZipfClicks``.
    ///
    ///     The last records of a file are held out, by ``ClickOptions/testShare``. Records of more than 64 MiB are kept in files without a
    ///     name in `TMPDIR`.
    ///   - options: how records are read, and which features are kept.
    ///   - environment: where `CLMAT_DATA` is looked up.
    /// - Throws: ``/CLMat/CLMatError/unknownName(kind:name:known:)``; ``/CLMat/CLMatError/invalidValue(setting:value:accepted:)`` for
    ///   options that make no sense, or a file of no known format; ``/CLMat/CLMatError/fileMissing(path:hint:)``, which says how to get the
    ///   data; ``/CLMat/CLMatError/fileDamaged(path:place:problem:)`` with the line; ``/CLMat/CLMatError/dataMismatch(_:)`` for too few records;
    ///   ``/CLMat/CLMatError/fileNotWritable(path:reason:)`` if the records do not fit on the disk.
    public static func load(
        _ nameOrPath: String, _ options: ClickOptions = ClickOptions(),
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(CLMatError) -> ClickData {
        try options.check()
        var options = options
        switch nameOrPath {
        case "criteo":
            let path = try stored("criteo", ["train.txt.gz", "train.txt"], environment)
            options.format = options.format ?? .criteo
            let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
            let others = ["sample5000.txt.gz", "sample5000.txt"].map { "\(folder)/\($0)" }
            if options.test == nil { options.test = others.first(where: FileManager.default.fileExists) }
            return try read(path, name: nameOrPath, options)
        case "criteo-terabyte":
            options.format = options.format ?? .criteo
            return try read(
                try stored("criteo", ["terabyte_day0.txt.gz", "terabyte_day0.txt"], environment), name: nameOrPath,
                options)
        case "avazu":
            options.format = options.format ?? .avazu
            return try read(try stored("avazu", ["train.csv.gz", "train.csv"], environment), name: nameOrPath, options)
        default:
            let pieces = nameOrPath.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            if pieces[0] == "synthetic" { return try SyntheticClicks.data(pieces, options) }
            if pieces[0] == "zipf" { return try ZipfClicks.data(pieces, options) }
            try checkPath(nameOrPath)
            return try read(nameOrPath, name: URL(fileURLWithPath: nameOrPath).lastPathComponent, options)
        }
    }

    /// A file of a known name.
    private static func stored(
        _ name: String, _ files: [String], _ environment: [String: String]
    ) throws(CLMatError) -> String {
        let hint = "Set CLMAT_DATA to a folder that holds \(name)/ with \(files.joined(separator: " or "))."
        guard let folder = environment["CLMAT_DATA"], !folder.isEmpty else {
            throw .fileMissing(path: "\(name)/\(files[0])", hint: hint)
        }
        let paths = files.map { "\(folder)/\(name)/\($0)" }
        guard let path = paths.first(where: FileManager.default.fileExists) else {
            throw .fileMissing(path: paths[0], hint: hint)
        }
        return path
    }

    private static func checkPath(_ path: String) throws(CLMatError) {
        guard FileManager.default.fileExists(atPath: path) else {
            let hint = "Check the path, or name one of \(knownNames.joined(separator: ", "))."
            if path.contains("/") || BytePath.hint(path, else: hint) != hint {
                throw .fileMissing(path: path, hint: BytePath.hint(path, else: hint))
            }
            throw .unknownName(kind: "click log", name: path, known: knownNames)
        }
        guard !Files.isFolder(path) else {
            throw .invalidValue(
                setting: "data", value: path, accepted: "a file; this is a folder: give the path of one in it")
        }
    }

    private static func read(_ path: String, name: String, _ options: ClickOptions) throws(CLMatError) -> ClickData {
        var builder = try ClickBuilder(options)
        try builder.read(path)
        var (train, testName) = (builder.count, name)
        if let test = options.test {
            try checkPath(test)
            try builder.read(test)
            testName = URL(fileURLWithPath: test).lastPathComponent
            builder.notes.append("\(testName) is held out: its \(builder.count - train) records are not learned from.")
        } else {
            // Not one record less because a share is no binary fraction.
            train -= Int(Double(train) * options.testShare + 1e-6)
            let held = builder.count - train
            builder.notes.append(
                held == 0
                    ? "\(name): no record is held out."
                    : "The last \(held) of the \(builder.count) records of \(name) are held out: logs are in the order of time."
            )
        }
        return try builder.finish(name: name, train: train, test: testName)
    }
}

// MARK: - Generators

extension ClickData {
    /// The numbers behind a generator's name; the last one is the seed, 1 if it is not said.
    fileprivate static func numbers(
        _ pieces: [String], _ wanted: [String]
    ) throws(CLMatError) -> (numbers: [Int], seed: UInt64) {
        let form = "\(pieces[0]):" + wanted.joined(separator: ":")
        let given = pieces.dropFirst()
        let numbers = given.prefix(wanted.count).compactMap(Int.init).filter { (1...1 << 48).contains($0) }
        let seed = given.count > wanted.count ? UInt64(given[wanted.count + 1]) : 1
        guard numbers.count == wanted.count, given.count <= wanted.count + 1, let seed else {
            throw .invalidValue(
                setting: "data", value: pieces.joined(separator: ":"),
                accepted:
                    "\(form) or \(form):SEED, with whole numbers from 1 on, as \(pieces[0])\(wanted.map { _ in ":1000000" }.joined())"
            )
        }
        return (numbers, seed)
    }

    fileprivate static func testCount(_ records: Int, _ options: ClickOptions) -> Int {
        options.testRecords ?? min(200_000, max(1, records / 10))
    }

    fileprivate static func refuseTest(_ options: ClickOptions) throws(CLMatError) {
        if let test = options.test {
            throw .invalidValue(
                setting: "test", value: test,
                accepted: "nothing beside a generator, whose records to score on follow the others")
        }
    }
}

extension SyntheticClicks {
    /// Records to learn from, and the ones after them to be scored on.
    ///
    /// - Parameters:
    ///   - records: to learn from.
    ///   - seed: of the records; the law is the same for all.
    ///   - options: ``ClickOptions/testRecords``, and which features are kept.
    /// - Throws: ``/CLMat/CLMatError/invalidValue(setting:value:accepted:)``.
    public static func data(
        records: Int, seed: UInt64 = 1, _ options: ClickOptions = ClickOptions()
    ) throws(CLMatError) -> ClickData {
        try options.check()
        try ClickData.refuseTest(options)
        guard (1...1 << 48).contains(records) else {
            throw .invalidValue(setting: "records", value: "\(records)", accepted: "1 or more")
        }
        let name = "synthetic \(records)"
        let held = ClickData.testCount(records, options)
        var notes = [
            "\(name) is drawn by a known law, with \(fields) fields and \(features) features; the \(held) records after them are held out."
        ]
        let vocabulary = try vocabulary(records, seed, options, name, &notes)
        func part(_ first: Int, _ count: Int, _ title: String) -> SyntheticClicks {
            SyntheticClicks(name: "\(name), \(title)", first: first, count: count, seed: seed, vocabulary: vocabulary)
        }
        return ClickData(
            name: name, train: part(0, records, "training"), test: part(records, held, "held out"),
            vocabulary: vocabulary,
            notes: notes)
    }

    static func data(_ pieces: [String], _ options: ClickOptions) throws(CLMatError) -> ClickData {
        let (numbers, seed) = try ClickData.numbers(pieces, ["RECORDS"])
        return try data(records: numbers[0], seed: seed, options)
    }

    private static func vocabulary(
        _ records: Int, _ seed: UInt64, _ options: ClickOptions, _ name: String, _ notes: inout [String]
    ) throws(CLMatError) -> ClickVocabulary {
        if let given = options.vocabulary { return given }
        let isCounted = options.countsGenerated || options.minimumCount > 1 || options.largest != nil
        guard isCounted || options.buckets != nil else {
            notes.append("Features are ranked by the counts that the law expects.")
            return ClickVocabulary(unchecked: SyntheticLaw.shared.expectedCounts(records), unseenRoom: 0)
        }
        let all = SyntheticClicks(
            name: name, first: 0, count: records, seed: seed, vocabulary: ClickVocabulary(unchecked: [], unseenRoom: 0))
        if let buckets = options.buckets {
            var counts = [UInt32](repeating: 0, count: buckets)
            all.forEachRecord(0..<records) { ids in
                for id in ids {
                    let bucket = ClickVocabulary.bucket(of: UInt64(id), buckets)
                    if counts[bucket] < .max { counts[bucket] += 1 }
                }
            }
            notes.append("Features are hashed into \(buckets) buckets, ranked by their counts in the training records.")
            return try ClickVocabulary(bucketCounts: counts)
        }
        var (table, counts) = (ClickKeyTable(), [UInt32]())
        all.forEachRecord(0..<records) { ids in
            for id in ids {
                let number = Int(table.number(of: UInt64(id)))
                if number == counts.count { counts.append(0) }
                if counts[number] < .max { counts[number] += 1 }
            }
        }
        let ranking = ClickRanking(counts, minimumCount: options.minimumCount, largest: options.largest)
        guard !ranking.order.isEmpty else {
            throw .dataMismatch(
                "\(name) has no feature that occurs \(options.minimumCount) times: ask for fewer (minimumCount).")
        }
        notes.append(
            """
            Features are ranked by their counts in the training records: \(ranking.order.count) are kept; \(ranking.cut.features) rarer \
            ones (\(ranking.cut.occurrences) occurrences) and those that do not occur \
            \(options.unseenRoom == 0 ? "are left out" : "share \(options.unseenRoom) rows behind them").
            """)
        return try ClickVocabulary(
            keys: ranking.order.map { table.keys[Int($0)] }, counts: ranking.counts, unseenRoom: options.unseenRoom)
    }
}

extension ZipfClicks {
    static func data(_ pieces: [String], _ options: ClickOptions) throws(CLMatError) -> ClickData {
        try ClickData.refuseTest(options)
        guard options.buckets == nil, options.minimumCount == 1, options.largest == nil else {
            throw .invalidValue(
                setting: "data", value: pieces.joined(separator: ":"),
                accepted:
                    "options without a least count, a largest number and buckets: the features of this generator are ids"
            )
        }
        let (numbers, seed) = try ClickData.numbers(pieces, ["FEATURES", "RECORDS"])
        let (features, records) = (numbers[0], numbers[1])
        let held = ClickData.testCount(records, options)
        let train = try ZipfClicks(features: features, count: records, seed: seed)
        return ClickData(
            name: train.name, train: train,
            test: try ZipfClicks(features: features, count: held, first: records, seed: seed),
            vocabulary: options.vocabulary ?? train.vocabulary(records: records),
            notes: [
                "\(train.name) draws \(fields) of \(features) features per record from one law; the \(held) records after the \(records) to learn from are held out."
            ])
    }
}
