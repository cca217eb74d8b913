import Formats

/// Labelled bars, one or more series side by side.
public struct Bars: FigureContent {
    /// One per bar, or per group of bars if there are several series.
    public var labels: [String]
    /// One value per label, for each named series.
    public var series: [(name: String, values: [Double])]
    /// The unit of the values, which the caption has.
    public var unit: String
    /// The ends of the axis; by the values if nil.
    public var range: ClosedRange<Double>?
    /// What the caption says before the unit.
    public var note: String
    /// By label; those that are missing cannot be chosen.
    public var choices: [Choice?]

    /// Bars for `labels`, with a series of one value per label or more.
    public init(
        labels: [String], series: [(name: String, values: [Double])], unit: String = "",
        range: ClosedRange<Double>? = nil, caption: String = "", choices: [Choice?] = []
    ) {
        self.choices = choices
        (self.labels, self.series, self.unit, self.range, note) = (labels, series, unit, range, caption)
    }

    public var caption: String { [note, unit].filter { !$0.isEmpty }.joined(separator: " · ") }

    public var unmark: Action? { choices.unmark }

    public var csv: String? {
        csvLines(
            [["label"] + series.map(\.name)]
                + labels.enumerated().map { index, label in
                    [label] + series.map { index < $0.values.count ? "\($0.values[index])" : "" }
                })
    }
}
