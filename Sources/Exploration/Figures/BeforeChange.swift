/// What a figure showed just before the controls were last moved: the state of a figure that compares with it.
///
/// ```swift
/// Figure("sizes", title: "Sizes", help: "…", from: BeforeChange<[Double]>()) { before, model, context in
///     before.take(model.sizes, settings: context.settings, at: context.step)
///     return FigureProgress(Histogram(of: model.sizes, xTitle: "size", before: before.value ?? []))
/// }
/// ```
/// Each computation of the figure is one look. Of a control that is being dragged each look finds another value: all of that is one
/// change. What is looked at (``ViewState``) is no change; who goes back has none before them.
public struct BeforeChange<Value: Sendable>: Sendable {
    /// What was there before the last change; nil before the first one.
    public private(set) var value: Value?
    private var last: Value?
    private var settings: [String: Double]?
    /// The step of the last look that found another value.
    private var changed: Int?
    private var lastStep = 0

    /// Looks that are no further apart belong to one drag.
    private static var drag: Int { 20 }

    /// Nothing yet.
    public init() {}

    /// - Parameter ignored: ids of controls that only concern what is shown.
    public mutating func take(_ now: Value, settings: Settings, ignoring ignored: Set<String> = [], at step: Int) {
        let current = settings.values.filter { !ignored.contains($0.key) }
        // Who went back has not made the change yet, or has made another one.
        if step < lastStep { self = BeforeChange() }
        lastStep = step
        if let known = self.settings, known != current {
            let goesOn = changed.map { abs(step - $0) <= Self.drag } ?? false
            if !goesOn { value = last }
            changed = step
        }
        (last, self.settings) = (now, current)
    }
}
