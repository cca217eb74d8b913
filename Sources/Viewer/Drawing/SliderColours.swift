/// Which slider has which colour.
///
/// The colours are told apart by colour-blind people (Okabe and Ito, "Color universal design", 2008). They go to
/// the sliders in order; past eight, a slider that is moved takes the colour of the one least recently moved.
struct SliderColours {
    static let palette: [Colour] = [0x56b4e9, 0xe69f00, 0x009e73, 0xcc79a7, 0xf0e442, 0xd55e00, 0x0072b2, 0xbbbbbb]
        .map { Colour($0) }
    /// The same hues, dark enough to be read on white.
    static let lightPalette: [Colour] = [
        0x1f7fb8, 0xa86a00, 0x00835f, 0xb0508a, 0x857a00, 0xc25200, 0x004f80, 0x757d88,
    ]
    .map { Colour($0) }

    private let palette: [Colour]

    /// - Parameter owners: which slider had which colour before, as ``owned`` says it; each keeps its own.
    init(_ palette: [Colour] = Self.palette, owners: [String] = []) {
        self.palette = palette
        self.owners = palette.indices.map { owners.indices.contains($0) && !owners[$0].isEmpty ? owners[$0] : nil }
    }

    private var owners: [String?]
    /// Which slider has which colour, in the colours' order; empty for one that is free.
    var owned: [String] { owners.contains { $0 != nil } ? owners.map { $0 ?? "" } : [] }
    /// When each slider was last moved, as the number of that move; 0 for never.
    private var moves: [String: Int] = [:]
    private var moveCount = 0
    private var present: [String] = []

    subscript(_ slider: String) -> Colour? { owners.firstIndex(of: slider).map { palette[$0] } }

    /// Gives free colours to the sliders that are there now. One that went keeps its colour, and so its marks on the
    /// graphs, until another that has none is moved.
    mutating func update(_ sliders: [String]) {
        guard sliders != present else { return }
        present = sliders
        for slider in sliders where self[slider] == nil {
            guard let free = owners.firstIndex(of: nil) else { return }
            owners[free] = slider
        }
    }

    mutating func noteMove(of slider: String) {
        moveCount += 1
        moves[slider] = moveCount
        guard self[slider] == nil, present.contains(slider) else { return }
        // Of several that were never moved, the last in order gives its colour up.
        let stalest = owners.indices.min { a, b in
            (staleness(owners[a]), b) < (staleness(owners[b]), a)
        }
        if let stalest { owners[stalest] = slider }
    }

    private func staleness(_ owner: String?) -> Int {
        guard let owner, present.contains(owner) else { return -1 }
        return moves[owner] ?? 0
    }
}
