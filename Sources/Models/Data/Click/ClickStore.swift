import CLMat

/// Encoded records in memory or in a mapped file: 4 bytes per feature, 4 per value where one is not 1, 9 per record.
struct ClickStore: Sendable {
    let labels: StoredColumn<UInt8>
    /// One more than there are records.
    let starts: StoredColumn<Int>
    let features: StoredColumn<Int32>
    let values: StoredColumn<Float>?

    var count: Int { labels.entries.count }

    /// The features of some records.
    func places(_ records: Range<Int>) -> Range<Int> {
        withExtendedLifetime(starts) { starts.entries[records.lowerBound]..<starts.entries[records.upperBound] }
    }

    func release() {
        labels.release()
        starts.release()
        features.release()
        values?.release()
    }
}

/// Records of a file that were encoded.
struct StoredClicks: ClickRecords {
    let name: String
    let store: ClickStore
    /// Those of the store that these are.
    let part: Range<Int>

    var count: Int { part.count }

    func batch(_ range: Range<Int>) throws(CLMatError) -> ClickBatch {
        try check(range)
        let records = part.lowerBound + range.lowerBound..<part.lowerBound + range.upperBound
        let places = store.places(records)
        guard places.count <= Int32.max else {
            throw .invalidArgument(
                operation: name, problem: "Records \(range) have \(places.count) features: take fewer than 2³¹ at once."
            )
        }
        return ClickBatch(
            labels: store.labels[records].map(Float.init),
            starts: store.starts[records.lowerBound..<records.upperBound + 1].map {
                Int32(truncatingIfNeeded: $0 - places.lowerBound)
            },
            features: store.features[places], values: store.values?[places])
    }

    /// - Cost: it reads all of the records.
    var checksum: String {
        let places = store.places(part)
        var checksum = store.labels.checksum(part, after: 0)
        checksum = store.features.checksum(places, after: checksum)
        if let values = store.values { checksum = values.checksum(places, after: checksum) }
        return "\(count)x\(places.count)-" + String(checksum, radix: 16)
    }
}
