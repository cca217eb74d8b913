// Which values black, white and the colours of a grid stand for.

extension ImageGrid {
    /// How values become light, after what makes no sense for images with colours of their own.
    public var shownDisplay: Display { display == .diverging && channels >= 3 ? .signed : display }

    /// Columns per group; 1 where each column is by itself.
    public var memberCount: Int {
        columns > 0 && columns.isMultiple(of: max(1, members.count)) ? max(1, members.count) : 1
    }

    /// The name of what a cell shares its scale of light with: cells of one name have one.
    public func scope(of cell: Int) -> String {
        let (row, column) = cell.quotientAndRemainder(dividingBy: max(1, columns))
        return switch contrast {
        case .image: "image \(cell)"
        case .row: "row \(row)"
        case .column: "column \(column / memberCount)"
        case .grid: "grid"
        }
    }

    /// The largest value of an image that counts for its scale: |value| where signs are shown. What is not finite does not count.
    public func largest(of cell: Cell) -> Float {
        shownDisplay == .stretched
            ? cell.values.reduce(0) { $1.isFinite ? max($0, $1) : $0 }
            : cell.values.reduce(0) { $1.isFinite ? max($0, abs($1)) : $0 }
    }

    /// The values at both ends of each cell's scale of light: black and white, or the full hues.
    public var ends: [ClosedRange<Float>] {
        guard shownDisplay != .unit else { return cells.map { _ in 0...1 } }
        let own = cells.map(largest)
        var shared = own
        if contrast != .image {
            var most: [String: Float] = [:]
            let scopes = cells.indices.map(scope)
            for (scope, value) in zip(scopes, own) { most[scope] = max(most[scope] ?? 0, value) }
            shared = scopes.map { most[$0] ?? 0 }
        }
        return shared.map(ends)
    }

    /// The ends of a scale whose largest value is `largest`.
    public func ends(upTo largest: Float) -> ClosedRange<Float> {
        switch shownDisplay {
        case .unit: 0...1
        case .stretched: 0...max(0, largest)
        case .signed, .diverging: -max(0, largest)...max(0, largest)
        }
    }

    /// How light is to be read, for a caption: "signed, each image by itself".
    public var lightWords: String {
        switch shownDisplay {
        case .unit: "black 0, white 1"
        case .stretched: "stretched, \(contrast.words)"
        case .diverging: "two colours, \(contrast.words)"
        case .signed where display == .diverging: "colour images: signed, \(contrast.words)"
        case .signed: "signed, \(contrast.words)"
        }
    }
}
