import CLMat
import Formats

/// Ids that are read from files as they are: how many words they are of.
struct TokenIDs {
    let words: Int

    /// The numbers of an array come as 32-bit floats, which have all whole numbers up to here.
    private static let most = 1 << 24

    /// - Parameters:
    ///   - files: where no number of words is given, the largest of their ids says how many there are.
    ///   - note: is told so.
    /// - Throws: ``/CLMat/CLMatError/invalidValue(setting:value:accepted:)`` for a number of words that ids cannot be of; as
    ///   ``read(_:_:)``.
    init(_ options: LanguageOptions, files: [String], note: (String) -> Void) throws(CLMatError) {
        if let words = options.vocabularySize {
            guard words <= Self.most else {
                throw .invalidValue(
                    setting: "vocabularySize", value: "\(words)",
                    accepted: "the number of words that the ids are of, 3 to \(Self.most)")
            }
            self.words = words
            return
        }
        let any = TokenIDs(words: Self.most)
        var largest: Int32 = 0
        for file in files {
            try any.read(file) { ids throws(CLMatError) in largest = max(largest, ids.max() ?? 0) }
        }
        words = Int(largest) + 1
        note("The largest id is \(largest), so the vocabulary is taken to have \(words) words.")
    }

    private init(words: Int) { self.words = words }

    /// Calls `body` with the ids of an array in a file, some at a time.
    ///
    /// - Throws: ``/CLMat/CLMatError/fileDamaged(path:place:problem:)`` with the position of what is no id;
    ///   ``/CLMat/CLMatError/dataMismatch(_:)`` for an array of another shape.
    func read(_ path: String, _ body: ([Int32]) throws(CLMatError) -> Void) throws(CLMatError) {
        let file = try NPYFile(path)
        guard file.columns == 1 else {
            throw .dataMismatch(
                "\(path) has rows of \(file.columns) numbers, where ids are in one dimension: save the array as array.reshape(-1)."
            )
        }
        for start in stride(from: 0, to: file.count, by: 1 << 16) {
            let positions = start..<min(file.count, start + 1 << 16)
            let values = try file.values(positions.map(Int32.init), from: [])
            var ids: [Int32] = []
            ids.reserveCapacity(values.count)
            for (offset, value) in values.enumerated() {
                guard value >= 0, value < Float(words), value == value.rounded() else {
                    throw .fileDamaged(
                        path: path, place: "position \(start + offset)",
                        problem:
                            "\(value == value.rounded() ? "\(Int(value))" : "\(value)") is no id of the \(words) words, 0 to \(words - 1)"
                    )
                }
                ids.append(Int32(value))
            }
            try body(ids)
        }
    }
}
