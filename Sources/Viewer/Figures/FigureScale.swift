/// What the axes and scales of a figure span, by name. Both sides of a comparison are drawn by the union of theirs, so that the
/// same length, area or shade is the same number on both.
public struct FigureScale: Sendable, Equatable {
    private var ranges: [String: ClosedRange<Double>] = [:]

    /// A scale that spans nothing.
    public init() {}

    /// A scale of given ranges, by name.
    public init(_ ranges: [String: ClosedRange<Double>]) { self.ranges = ranges }

    /// The range of this name; nil if there is none.
    public subscript(_ name: String) -> ClosedRange<Double>? {
        get { ranges[name] }
        set { ranges[name] = newValue }
    }

    /// The upper end of a range, 0 if there is none: for counts and widths.
    public func most(_ name: String) -> Double { ranges[name]?.upperBound ?? 0 }

    /// Widens a range to include values; those that are not finite do not count.
    public mutating func include(_ values: some Sequence<Double>, in name: String) {
        for value in values where value.isFinite {
            guard let known = ranges[name] else {
                ranges[name] = value...value
                continue
            }
            if !known.contains(value) { ranges[name] = min(known.lowerBound, value)...max(known.upperBound, value) }
        }
    }

    /// The union of both, range by range.
    public func merged(with other: FigureScale) -> FigureScale {
        var merged = self
        for (name, range) in other.ranges { merged.include([range.lowerBound, range.upperBound], in: name) }
        return merged
    }
}

/// A range that an axis holds while what it shows moves: it grows at once, and shrinks only after what is shown has needed
/// much less for long. So what shrinks is seen to shrink.
struct HeldRange {
    private(set) var range: ClosedRange<Double>
    /// The content that it was asked for last, how many have needed much less one after the other, and all that they needed.
    private var version: Int
    private var calm = 0
    private var needed: ClosedRange<Double>

    /// So many contents; a third of them where less than half of the range is needed, as after a start.
    static let patience = 45
    /// Much less: this share of the range.
    private static let share = 0.75

    init(_ wanted: ClosedRange<Double>, version: Int) {
        (range, needed, self.version) = (wanted, wanted, version)
    }

    mutating func follow(_ wanted: ClosedRange<Double>, version: Int) {
        range = Self.union(range, wanted)
        guard version != self.version else { return }
        self.version = version
        func span(_ range: ClosedRange<Double>) -> Double { range.upperBound - range.lowerBound }
        guard span(wanted) < Self.share * span(range) else {
            calm = 0
            return
        }
        needed = calm == 0 ? wanted : Self.union(needed, wanted)
        calm += span(wanted) < 0.5 * span(range) ? 3 : 1
        if calm >= Self.patience { (range, calm) = (needed, 0) }
    }

    private static func union(_ a: ClosedRange<Double>, _ b: ClosedRange<Double>) -> ClosedRange<Double> {
        min(a.lowerBound, b.lowerBound)...max(a.upperBound, b.upperBound)
    }
}

/// What part of a figure a person looks at, and the axes that it holds: one for both sides of a comparison, so that what is zoomed
/// or moved on one side is on the other too.
@MainActor public final class FigureLens {
    /// 1 shows all; 2 half of it, across and down.
    public private(set) var zoom = 1.0
    /// How far the middle of what is seen lies from the middle of all, in shares of all.
    public private(set) var shift = (x: 0.0, y: 0.0)
    private var held: [String: HeldRange] = [:]

    /// All of the figure.
    public init() {}

    /// Whether nothing is zoomed or moved.
    public var showsAll: Bool { zoom == 1 }

    /// Zooms so that what lies at `place`, in shares of what is seen from its middle, stays there.
    public func zoom(by factor: Double, at place: (x: Double, y: Double)) {
        let wanted = min(max(zoom * factor, 1), 200)
        shift.x += place.x / zoom - place.x / wanted
        shift.y += place.y / zoom - place.y / wanted
        zoom = wanted
        keepInside()
    }

    /// Moves what is seen, in shares of it.
    public func pan(by share: (x: Double, y: Double)) {
        shift.x -= share.x / zoom
        shift.y -= share.y / zoom
        keepInside()
    }

    /// Ends zooming and moving.
    public func showAll() { (zoom, shift) = (1, (0, 0)) }

    private func keepInside() {
        let most = 0.5 - 0.5 / zoom
        shift = (min(max(shift.x, -most), most), min(max(shift.y, -most), most))
    }

    /// The range that an axis shows for content that needs `wanted`.
    func held(_ name: String, _ wanted: ClosedRange<Double>, version: Int) -> ClosedRange<Double> {
        held[name, default: HeldRange(wanted, version: version)].follow(wanted, version: version)
        return held[name]?.range ?? wanted
    }
}
