/// The ids of a text.
typealias TokenStore = StoredColumn<Int32>
/// Takes the ids of a text as they come.
typealias TokenSpool = ColumnSpool<Int32>

extension StoredColumn<Int32> {
    /// Gives each id the new one that stands at its place.
    func renumber(_ new: [Int32]) {
        forEachPiece { piece in for place in piece.indices { piece[place] = new[Int(piece[place])] } }
    }

    /// Adds 1 for each id at its place.
    func count(into counts: inout [Int]) {
        forEachPiece { piece in for id in piece { counts[Int(id)] += 1 } }
    }
}
