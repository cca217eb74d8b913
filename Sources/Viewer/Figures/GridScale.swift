import Exploration

/// The bar below the images of a grid: which light is which value, and what shares a scale.
@MainActor struct GridScale {
    let grid: ImageGrid
    /// The values at the bar's ends; nil where images have scales of their own and none is looked at.
    let ends: ClosedRange<Float>?
    private let isStacked: Bool

    private static let (bar, label): (Float, Float) = (120, 56)
    private static let line: Float = 15

    /// - Parameter cell: the one whose scale the bar is, where cells have scales of their own; nil for none.
    init(_ grid: ImageGrid, ends: [ClosedRange<Float>], of cell: Int?, _ layout: GridLayout) {
        self.grid = grid
        isStacked = layout.isStacked
        let isCommon = grid.contrast == .grid || grid.shownDisplay == .unit
        self.ends = isCommon ? ends.first : cell.flatMap { ends.indices.contains($0) ? ends[$0] : nil }
    }

    /// The room of the bar with its words; 0 for a grid that shows none.
    static func height(of grid: ImageGrid, width: Float) -> Float {
        guard grid.showsScale else { return 0 }
        // Both ways to set groups have words of about the same length.
        let lines = Self.lines(of: grid.scaleNotes(isStacked: true), beside: width)
        return 26 + Float(lines.isBeside ? 0 : lines.lines.count) * line
    }

    /// The words beside the bar where they fit there, else below it.
    private static func lines(of notes: [String], beside width: Float) -> (lines: [String], isBeside: Bool) {
        let words = notes.joined(separator: " · ")
        if UI.width(words, .small) <= width - bar - 2 * label - 12 { return ([words], true) }
        return (UI.wrapped(words, to: width, .small), false)
    }

    /// - Parameter x: where the images begin.
    func draw(in box: Box, from x: Float, _ frame: FigureFrame) {
        let theme = frame.theme
        let (low, high): (String, String) =
            ends.map { (format(Double($0.lowerBound), digits: 3), format(Double($0.upperBound), digits: 3)) }
            ?? (grid.shownDisplay == .stretched ? "0" : "−max", "max")
        let left = max(box.x, min(x, box.maxX - Self.bar - 2 * Self.label))
        // The bar stands still while its numbers change.
        let lowWidth =
            grid.shownDisplay == .stretched || grid.shownDisplay == .unit ? UI.width("0", .smallMono) : Self.label - 8
        let bar = Box((left + lowWidth + 6).rounded(), (box.y + 4).rounded(), Self.bar, 8)
        frame.text(low, Point(bar.x - 6, bar.y - 3), theme.secondary, .smallMono, align: .right)
        for stripe in 0..<60 {
            let light = grid.light(at: (Float(stripe) + 0.5) / 60)
            frame.fill(Box(bar.x + Float(stripe) * Self.bar / 60, bar.y, Self.bar / 60, bar.height), light)
        }
        frame.outline(Box(bar.x - 1, bar.y - 1, bar.width + 2, bar.height + 2), theme.track)
        let end = frame.text(high, Point(bar.maxX + 6, bar.y - 3), theme.secondary, .smallMono)
        let notes = grid.scaleNotes(isStacked: isStacked)
        let lines = Self.lines(of: notes, beside: box.width)
        if lines.isBeside {
            let start = max(end + 12, bar.maxX + Self.label)
            frame.text(
                UI.shortened(lines.lines[0], to: box.maxX - start, .small), Point(start, bar.y - 3), theme.secondary,
                .small)
        } else {
            for (number, words) in lines.lines.enumerated() {
                frame.text(
                    words, Point(box.x, bar.maxY + 6 + Float(number) * Self.line), theme.secondary, .small)
            }
        }
    }
}

extension ImageGrid {
    /// What a bar of light does not say by itself.
    func scaleNotes(isStacked: Bool) -> [String] {
        var notes: [String] = []
        if members.count == 2, memberCount == 2 {
            notes.append(
                isStacked ? "\(members[0]) above, \(members[1]) below" : "\(members[0]) left, \(members[1]) right")
        } else if memberCount > 1 {
            notes.append(members.joined(separator: ", "))
        }
        switch shownDisplay {
        case .unit: return notes + ["as is: what lies outside is cut"]
        case .diverging: notes.append("blue below zero, orange above")
        case .signed where display == .diverging: notes.append("images in colour have no two colours: zero is mid-grey")
        case .signed: notes.append("zero is mid-grey")
        case .stretched: notes.append("what lies below zero is black")
        }
        return notes + [contrast.words]
    }

    /// The scale of a grid of one image in a few characters: "−0.31 to 0.31".
    var scaleWords: String {
        guard let ends = ends.first else { return "" }
        let (low, high) = (format(Double(ends.lowerBound), digits: 3), format(Double(ends.upperBound), digits: 3))
        return low.hasSuffix(high) && ends.lowerBound < 0 ? "±\(high)" : "\(low) to \(high)"
    }
}
