import CLMat
import Foundation

/// Makes data of files of clicks, each of which is read once: features get numbers as they come, and ranks once all training records are
/// counted. Memory holds the key of each feature; records are in a file where they are many.
struct ClickBuilder {
    private let options: ClickOptions
    private var table = ClickKeyTable()
    private var labels: ColumnSpool<UInt8>
    private var starts: ColumnSpool<Int>
    private var features: ColumnSpool<Int32>
    /// nil as long as all values are 1.
    private var values: ColumnSpool<Float>?
    /// The ids of a record.
    private var ids: [Int32] = []
    private var format: ClickFormat?
    var notes: [String] = []

    /// - Parameter options: they are checked.
    init(_ options: ClickOptions) throws(CLMatError) {
        self.options = options
        let limit = options.memoryLimit
        (labels, starts, features) = (.init(memoryLimit: limit), .init(memoryLimit: limit), .init(memoryLimit: limit))
        try starts.append(0)
    }

    /// The records so far.
    var count: Int { labels.count }

    /// Reads a file behind what was read already.
    ///
    /// - Throws: ``/CLMat/CLMatError/fileMissing(path:hint:)``; ``/CLMat/CLMatError/fileDamaged(path:place:problem:)`` with the line;
    ///   ``/CLMat/CLMatError/dataMismatch(_:)`` for too many features, or files of different formats;
    ///   ``/CLMat/CLMatError/fileNotWritable(path:reason:)``.
    mutating func read(_ path: String) throws(CLMatError) {
        let text = try ClickText(path, options.format)
        if let format, format != text.format {
            throw .dataMismatch(
                """
                \(path) looks like \(text.format.rawValue), but the training records are \(format.rawValue): their features would have \
                nothing in common. Give files of one format, or say it.
                """)
        }
        format = text.format
        while try text.next() { try add(text.parser) }
        try text.checkForRecords()
        notes += text.notes
    }

    private mutating func add(_ parser: borrowing ClickParser) throws(CLMatError) {
        ids.removeAll(keepingCapacity: true)
        if let vocabulary = options.vocabulary {
            for key in parser.keys { ids.append(vocabulary.id(of: key)) }
        } else if let buckets = options.buckets {
            for key in parser.keys { ids.append(Int32(truncatingIfNeeded: ClickVocabulary.bucket(of: key, buckets))) }
        } else {
            for key in parser.keys {
                let number = table.number(of: key)
                guard number >= 0 else {
                    throw .dataMismatch(
                        "There are more than \(1 << 29) different features: hash them into fewer buckets, or give fewer records."
                    )
                }
                ids.append(number)
            }
        }
        if values == nil, !parser.isAllOne {
            var all = ColumnSpool<Float>(memoryLimit: options.memoryLimit)
            let ones = [Float](repeating: 1, count: min(features.count, 1 << 16))
            while all.count < features.count { try all.append(Array(ones.prefix(features.count - all.count))) }
            values = all
        }
        try features.append(ids)
        try values?.append(parser.values)
        try labels.append(parser.label > 0 ? 1 : 0)
        try starts.append(features.count)
    }

    /// The records with the ids of features.
    ///
    /// - Parameters:
    ///   - train: how many, from the first one on, are learned from.
    ///   - names: of the training records, and of the others.
    mutating func finish(name: String, train: Int, test testName: String) throws(CLMatError) -> ClickData {
        let columns = (try labels.finish(), try starts.finish(), try features.finish(), try values?.finish())
        let store = ClickStore(labels: columns.0, starts: columns.1, features: columns.2, values: columns.3)
        let occurrences = (train: store.places(0..<train).count, test: store.places(train..<store.count).count)
        let vocabulary: ClickVocabulary
        if let given = options.vocabulary {
            vocabulary = given
            if given.unseenRoom == 0 { renumber(store, nil) }
            noteUnseen(store, 0..<train, vocabulary, "training", of: occurrences.train)
        } else {
            var counts = [UInt32](repeating: 0, count: options.buckets ?? table.count)
            for feature in store.features.entries[store.places(0..<train)] where counts[Int(feature)] < .max {
                counts[Int(feature)] += 1
            }
            store.features.release()
            vocabulary = try rank(counts, store, name)
        }
        noteUnseen(store, train..<store.count, vocabulary, "held-out", of: occurrences.test)
        store.release()
        let clicks = store.labels.entries.reduce(0) { $0 + Int($1) }
        notes.append(
            "\(name) has \(store.count) records, \(clicks) of them clicked, and \(vocabulary.counted) features.")
        return ClickData(
            name: name, train: StoredClicks(name: "\(name), training", store: store, part: 0..<train),
            test: StoredClicks(name: "\(testName), held out", store: store, part: train..<store.count),
            vocabulary: vocabulary,
            notes: notes)
    }

    /// Ranks what was counted, and gives the records these ids.
    private mutating func rank(
        _ counts: [UInt32], _ store: ClickStore, _ name: String
    ) throws(CLMatError) -> ClickVocabulary {
        if options.buckets != nil {
            let vocabulary = try ClickVocabulary(bucketCounts: counts)
            var new = [Int32](repeating: 0, count: counts.count)
            for (rank, bucket) in vocabulary.keys.enumerated() { new[Int(bucket)] = Int32(rank) }
            renumber(store, new)
            return vocabulary
        }
        let ranking = ClickRanking(counts, minimumCount: options.minimumCount, largest: options.largest)
        guard !ranking.order.isEmpty else {
            throw .dataMismatch(
                """
                \(name) has no feature that occurs \(options.minimumCount == 1 ? "once" : "\(options.minimumCount) times") in the \
                training records: ask for fewer (minimumCount), or give more records.
                """)
        }
        let keys = ranking.order.map { table.keys[Int($0)] }
        let vocabulary = try ClickVocabulary(keys: keys, counts: ranking.counts, unseenRoom: options.unseenRoom)
        let new = table.keys.map { vocabulary.id(of: $0) }
        table = ClickKeyTable()
        renumber(store, new)
        let cut = ranking.cut
        if cut.features > 0 {
            notes.append(
                """
                \(name): \(cut.features) features of the training records (\(cut.occurrences) occurrences) are rarer than the \
                \(vocabulary.counted) that are kept, and \(Self.unseenRule(options.unseenRoom)).
                """)
        }
        return vocabulary
    }

    /// Gives each feature the new number that stands at its place, and leaves out those below 0.
    private func renumber(_ store: ClickStore, _ new: [Int32]?) {
        let (features, starts) = (store.features.entries, store.starts.entries)
        var (from, to) = (0, 0)
        for record in 0..<store.count {
            let end = starts[record + 1]
            while from < end {
                let id = new.map { $0[Int(features[from])] } ?? features[from]
                if id >= 0 {
                    features[to] = id
                    if let values = store.values?.entries { values[to] = values[from] }
                    to += 1
                }
                from += 1
            }
            starts[record + 1] = to
        }
    }

    /// Says how many features of some records were not counted.
    ///
    /// - Parameter all: how many the records had before some were left out.
    private mutating func noteUnseen(
        _ store: ClickStore, _ records: Range<Int>, _ vocabulary: ClickVocabulary, _ title: String, of all: Int
    ) {
        let places = store.places(records)
        let unseen = store.features.entries[places].reduce(all - places.count) {
            $0 + (Int($1) >= vocabulary.counted ? 1 : 0)
        }
        guard unseen > 0 else { return }
        notes.append(
            """
            \(unseen) of the \(all) features in the \(title) records are not among those that were counted, and \
            \(Self.unseenRule(vocabulary.unseenRoom)).
            """)
    }

    private static func unseenRule(_ room: Int) -> String {
        room == 0
            ? "are left out"
            : room == 1 ? "share 1 row behind them" : "share \(room) rows behind them, by a hash of the feature"
    }
}
