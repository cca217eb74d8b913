import CLMat
import Exploration
import Foundation

/// Perplexity against the share of an embedding's weights that are set to 0, the smallest first: those of the output embedding at the
/// first look, one share of one embedding at each further one, then the same on further words.
///
/// A curve is of one model throughout. When it is whole, and the model has gone on, the next one begins; while the model rests, it gets
/// surer by more words.
struct PruningCurves: Sendable {
    /// Shares of the weights, from those that say most on.
    private static let shares = [0, 0.8, 0.95, 0.6, 0.9, 0.98, 0.4, 0.85, 0.7, 0.2]
    /// Words of the first look at each share: 400, of all of them: 2,000.
    private static let (batch, steps) = (20, 20)
    private static let mostWindows = 5

    /// A curve.
    struct Result: Sendable {
        var step: Int
        var words: Int
        /// By embedding: the share of the weights that are 0, in %, and the perplexity.
        var lines: [(name: String, points: [(x: Double, y: Double)])]
    }

    /// One share of one embedding.
    private struct Point {
        var line: Int
        var threshold: Float
        /// The share that it comes to, in %.
        var share: Double
        var sum = 0.0
        var words = 0
        var state: LanguageState
    }

    private struct Work {
        var model: LanguageModel
        var step: Int
        var names: [String]
        var points: [Point]
        var next = 0
        var window = 0
    }

    private var work: Work?
    private var result: Result?
    private var before = BeforeChange<Result>()
    /// The settings are those of the model that the curve is of.
    private var settings: Settings?

    /// Goes on by one share of one embedding.
    mutating func advance(_ trainer: LanguageTrainer, _ context: FigureContext) throws -> FigureProgress {
        let text = trainer.data.validation
        let windows = try text.scoringWindows(
            batch: max(1, min(Self.batch, text.targets / Self.steps)), steps: Self.steps)
        let last = min(Self.mostWindows, windows.count)
        // A model of earlier on, as after a rewind, has not made what was seen.
        if let result, context.step < result.step { (self.result, work, before) = (nil, nil, BeforeChange()) }
        if let work, work.window > 0, context.step != work.step { self.work = nil }
        if work == nil {
            guard try LanguageEmbeddings(of: trainer.model).isFinite else {
                return FigureProgress(NothingToShow("The model has left the numbers."))
            }
            // The same model once more would say the same.
            if let result, result.step == context.step { return FigureProgress(content(context)) }
            work = try begin(trainer, at: context.step, batch: windows.batch)
            settings = context.settings
        }
        guard var own = work else { return FigureProgress(content(context)) }
        work = nil
        // At first as much as makes a line: one point says nothing. No more, since other figures wait meanwhile.
        let count = result == nil && own.window == 0 && own.next == 0 ? Self.shares.count / 2 + 1 : 1
        for _ in 0..<count {
            try Self.measure(&own.points[own.next], of: own.model, on: windows[own.window])
            own.next += 1
        }
        if own.next == own.points.count {
            (own.next, own.window) = (0, own.window + 1)
            result = Self.result(of: own)
            if let result {
                before.take(
                    result, settings: settings ?? context.settings, ignoring: Set(trainer.viewControls.map(\.id)),
                    at: own.step)
            }
        }
        let isDone = own.window == last
        work = isDone ? nil : own
        // The first curve is seen as it grows.
        return FigureProgress(
            result == nil ? Self.content(Self.result(of: own), nil, at: context.step) : content(context),
            goesOn: !isDone)
    }

    private func begin(_ trainer: LanguageTrainer, at step: Int, batch: Int) throws -> Work {
        let model = trainer.model
        let sides = model.shape.isTied ? [model.output] : [model.output, model.input]
        var points: [Point] = []
        for (line, side) in sides.enumerated() {
            let sizes = try side.elements.values.map { abs($0) }
            // Of many weights some tell where to cut; what is cut is then counted.
            let stride = max(1, sizes.count / 100_000)
            let some = Swift.stride(from: 0, to: sizes.count, by: stride | 1).map { sizes[$0] }.sorted()
            for share in Self.shares {
                // Below all sizes for nothing.
                let threshold = share == 0 ? -1 : some[min(some.count - 1, Int(share * Double(some.count)))]
                let cut = Double(sizes.count { $0 <= threshold }) / Double(max(1, sizes.count))
                points.append(
                    Point(
                        line: line, threshold: threshold, share: 100 * cut, state: try model.state(batch: batch)))
            }
        }
        return Work(
            model: model, step: step, names: model.shape.isTied ? ["both"] : ["output", "input"], points: points)
    }

    private static func measure(
        _ point: inout Point, of model: LanguageModel, on window: TokenWindow
    ) throws(CLMatError) {
        var pruned = model
        if point.threshold >= 0 {
            if point.line == 0 {
                try pruned.output.zeroSmall(upTo: point.threshold)
            } else {
                try pruned.ownInput?.zeroSmall(upTo: point.threshold)
            }
        }
        let (losses, state) = try pruned.losses(of: window, from: point.state.prefix(window.batch))
        for part in losses { point.sum += try part.value.reduce(0) { $0 + Double($1) } }
        point.words += window.count
        point.state = state
    }

    private static func result(of work: Work) -> Result {
        Result(
            step: work.step, words: work.points.map(\.words).min() ?? 0,
            lines: work.names.enumerated().map { line, name in
                let points = work.points.filter { $0.line == line && $0.words > 0 }
                    .map { (x: $0.share, y: exp($0.sum / Double($0.words))) }
                return (name, points.sorted { $0.x < $1.x })
            })
    }

    private func content(_ context: FigureContext) -> any FigureContent {
        Self.content(result, before.value, at: context.step)
    }

    /// - Parameter step: the one that is shown, which the panel says itself.
    private static func content(_ result: Result?, _ before: Result?, at step: Int) -> any FigureContent {
        guard let result, result.lines.contains(where: { $0.points.count > Self.shares.count / 2 }) else {
            return NothingToShow("The first shares are being tried out.")
        }
        // A few points are no line yet.
        var lines = result.lines.filter { $0.points.count > Self.shares.count / 2 }
        if let before { lines += before.lines.prefix(1).map { ("\($0.name), before", $0.points) } }
        return Curve(
            xTitle: "% of the weights set to 0", yTitle: "perplexity", lines: lines,
            caption: (lines.count == 1 ? "\(lines[0].name) · " : "")
                + (result.words > 0 ? "on \(grouped(result.words)) words of the validation text" : "on the first words")
                + (result.step == step ? "" : " · of the model at step \(grouped(result.step))"),
            yAxis: .logarithmic, xRange: 0...100, yRange: scale(lines))
    }

    /// A tenth of the perplexity is told from half of it: what costs nothing lies flat.
    private static func scale(_ lines: [(name: String, points: [(x: Double, y: Double)])]) -> ClosedRange<Double>? {
        guard let whole = lines.first?.points.first?.y, whole.isFinite, whole > 0 else { return nil }
        return 0.9 * whole...1.5 * whole
    }
}
