import CLMat

/// Batches of a file's records in order, with the ids of a vocabulary that is there already: for predictions, and for one pass over a
/// stream. Memory holds a batch and a block of the file.
public final class ClickReader {
    /// The ids of features.
    public let vocabulary: ClickVocabulary
    private let text: ClickText
    private var failure: CLMatError?

    /// - Parameters:
    ///   - path: plain text, or packed with gzip.
    ///   - format: nil for what the content says.
    /// - Throws: ``/CLMat/CLMatError/fileMissing(path:hint:)``; ``/CLMat/CLMatError/fileDamaged(path:place:problem:)`` for an empty file or
    ///   an unusable header; ``/CLMat/CLMatError/invalidValue(setting:value:accepted:)`` for content of no known format.
    public init(_ path: String, vocabulary: ClickVocabulary, format: ClickFormat? = nil) throws(CLMatError) {
        self.vocabulary = vocabulary
        text = try ClickText(path, format)
    }

    /// The format that is read.
    public var format: ClickFormat { text.format }
    /// The line that was read last, from 1.
    public var line: Int { text.line }
    /// Records that were read so far.
    public var records: Int { text.records }
    /// How the file was read so far, a sentence each.
    public var notes: [String] { text.notes }

    /// The next records: so many, or what is left; nil at the end of the file.
    ///
    /// A line that is no record ends the batch before it; then the error is thrown, each time. No record before it is lost.
    /// - Throws: ``/CLMat/CLMatError/fileDamaged(path:place:problem:)`` with the line;
    ///   ``/CLMat/CLMatError/invalidValue(setting:value:accepted:)`` for a count below 1.
    public func next(_ count: Int) throws(CLMatError) -> ClickBatch? {
        guard count >= 1 else {
            throw .invalidValue(setting: "batch", value: "\(count)", accepted: "1 record or more")
        }
        if let failure { throw failure }
        var batch = ClickBatch()
        var values: [Float] = []
        // Positions in a batch are numbers of 32 bits.
        while batch.count < count, batch.features.count < 1 << 30 {
            do throws(CLMatError) {
                guard try text.next() else {
                    try text.checkForRecords()
                    break
                }
            } catch {
                failure = error
                if batch.count == 0 { throw error }
                break
            }
            append(&batch, &values)
        }
        if !values.isEmpty { batch.values = values }
        return batch.count == 0 ? nil : batch
    }

    private func append(_ batch: inout ClickBatch, _ values: inout [Float]) {
        let keys = text.parser.keys
        if !text.parser.isAllOne, values.isEmpty {
            values = [Float](repeating: 1, count: batch.features.count)
        }
        let hasValues = !text.parser.isAllOne || !values.isEmpty
        for (place, key) in keys.enumerated() {
            let id = vocabulary.id(of: key)
            guard id >= 0 else { continue }
            batch.features.append(id)
            if hasValues { values.append(text.parser.values[place]) }
        }
        batch.labels.append(text.parser.label)
        batch.starts.append(Int32(truncatingIfNeeded: batch.features.count))
    }
}
