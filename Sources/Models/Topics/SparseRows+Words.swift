import CLMat

extension SparseRows {
    /// The same documents in another vocabulary: word w becomes `places[w]`, and is left out if that is nil.
    ///
    /// - Throws: ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` if a place is not one of `words`.
    public func renamed(_ places: [Int?], words: Int) throws(CLMatError) -> SparseRows {
        var (newStarts, newIndices, newCounts): ([Int32], [Int32], [Int32]) = ([0], [], [])
        for row in 0..<rows {
            var found: [(word: Int32, count: Int32)] = []
            for place in Int(starts[row])..<Int(starts[row + 1]) {
                guard places.indices.contains(Int(indices[place])), let word = places[Int(indices[place])] else {
                    continue
                }
                found.append((Int32(word), counts[place]))
            }
            for (word, count) in found.sorted(by: { $0.word < $1.word }) {
                if newIndices.count > Int(newStarts[newStarts.count - 1]), newIndices[newIndices.count - 1] == word {
                    newCounts[newCounts.count - 1] += count
                } else {
                    newIndices.append(word)
                    newCounts.append(count)
                }
            }
            newStarts.append(Int32(newIndices.count))
        }
        return try SparseRows(columns: words, starts: newStarts, indices: newIndices, counts: newCounts)
    }
}
