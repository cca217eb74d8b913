import Foundation
import TestSupport
import Testing

@testable import Exploration
@testable import Viewer

/// What graphs are made of: axes, smoothing, places of labels.
@Suite struct GraphPartsTests {
    // MARK: - Logarithmic axes

    @Test(arguments: [1e-8...3e-5, 0.02...70, 1...9, 5...5, 4.8...5.2, 1e-300...1e300, 0.5...1_000_000, 7e-10...7e-10])
    func logarithmicTicksAreRoundAndSpanTheirRange(_ range: ClosedRange<Double>) {
        for count in 2...6 {
            let ticks = Ticks(logarithmic: range, count: count)
            #expect(ticks.range.lowerBound > 0)
            #expect(ticks.range.lowerBound <= range.lowerBound * (1 + 1e-9))
            #expect(ticks.range.upperBound >= range.upperBound * (1 - 1e-9))
            #expect((1...count + 1).contains(ticks.values.count), "\(ticks.values)")
            for (one, next) in zip(ticks.values, ticks.values.dropFirst()) {
                #expect(one > 0 && one < next && ticks.label(one) != ticks.label(next))
            }
        }
    }

    @Test func aMetricMayBeginWithALogarithmicAxis() {
        func dashboard(_ ids: [String]) -> Dashboard {
            Dashboard(
                controls: [],
                metrics: ids.map { Metric($0, title: $0, help: "", isLogarithmic: $0 == "perplexity") })
        }
        var layout = Layout()
        layout.update(dashboard(["loss", "perplexity"]))
        #expect(layout.look(of: "perplexity").isLogarithmic && !layout.look(of: "loss").isLogarithmic)
        // What a person chose stays, whatever comes to the dashboard.
        layout.setLook(of: "perplexity") { $0.isLogarithmic = false }
        layout.update(dashboard(["loss", "perplexity", "other"]))
        #expect(!layout.look(of: "perplexity").isLogarithmic)
    }

    @Test func powersOfTenAreEquallyFarApart() throws {
        let axis = ValueAxis(0.01...100, isLogarithmic: true)
        for (value, share) in [(0.01, 0), (0.1, 0.25), (1, 0.5), (10, 0.75), (100, 1)] {
            #expect(abs(try #require(axis.share(of: value)) - share) < 1e-12)
            #expect(abs(axis.value(at: share) - value) < 1e-9 * value)
        }
        for value in [0, -1, Double.nan, .infinity] { #expect(axis.share(of: value) == nil) }
        // Nothing at or below 0 can be an end of one.
        #expect(ValueAxis(0...1, isLogarithmic: true) == ValueAxis(0...1))
        #expect(ValueAxis(-1...3).share(of: 1) == 0.5)
    }

    // MARK: - Smoothing

    /// Σ wⁿ⁻ⁱ xᵢ / Σ wⁿ⁻ⁱ: the first value is itself, and the weights of all values so far add up to 1.
    @Test(arguments: [0, 0.6, 0.9, 0.99]) func aMeanForgetsAndBeginsAtTheFirstValue(weight: Double) {
        var random = SplitMix64(seed: 5)
        let values = random.floats(60, in: 3...5).map(Double.init)
        var smoothing = Smoothing(weight)
        for (n, value) in values.enumerated() {
            let weights = (0...n).map { pow(weight, Double(n - $0)) }
            let expected = zip(weights, values).reduce(0) { $0 + $1.0 * $1.1 } / weights.reduce(0, +)
            #expect(abs(smoothing.take(value) - expected) < 1e-9)
        }
        #expect(smoothing.take(.nan).isNaN)
        #expect(abs(smoothing.take(4) - 4) < 1)
    }

    @Test func aSmoothedHistoryGrowsWithItsMetric() throws {
        let timeline = Timeline()
        func append(_ steps: ClosedRange<Int>) {
            for step in steps {
                var measured = Measurements()
                // Measured at every third step.
                if step % 3 == 0 { measured["m"] = Double(step) }
                timeline.append(measured, at: Position(step: step))
            }
        }
        append(1...30)
        var grown = SmoothedHistory(0.9, version: 0)
        grown.follow("m", branch: nil, timeline, to: 30)
        append(31...90)
        grown.follow("m", branch: nil, timeline, to: 90)
        var whole = SmoothedHistory(0.9, version: 0)
        whole.follow("m", branch: nil, timeline, to: 90)
        #expect(grown.values == whole.values && grown.steps == Array(stride(from: 3, through: 90, by: 3)))
        #expect(whole.value(at: 2) == nil && whole.value(at: 3) == 3 && whole.value(at: 5) == 3)
        #expect(whole.value(at: 1000) == whole.values.last)
        #expect(!whole.isOf(0.9, version: 1) && !whole.isOf(0.6, version: 0))
    }

    // MARK: - What is measured

    @Test func theNearestMeasuredValueIsFound() throws {
        let timeline = Timeline()
        for step in 1...100 {
            var measured = Measurements()
            measured["own"] = 1
            if step % 40 == 0 { measured["rare"] = Double(step) }
            timeline.append(measured, at: Position(step: step))
        }
        let buckets = timeline.buckets("rare", in: 0...100, count: 1000)
        for (step, nearest) in [(1, 40), (59.0, 40), (61, 80), (100, 80)] {
            let bucket = try #require(buckets.nearest(to: step))
            #expect(bucket.lastStep == nearest && bucket.last == Float(nearest))
        }
        let line = SideLine(
            name: "b", buckets: buckets, pattern: [1, 1], colour: Colour(0), thickness: 1, axis: nil, metric: nil)
        // Beyond its ends another branch has nothing to say.
        #expect(line.nearest(to: 20) == nil && line.nearest(to: 90) == nil)
        #expect(line.nearest(to: 70)?.lastStep == 80)
    }

    // MARK: - Labels

    @Test func labelsNeverLieOverEachOther() {
        var random = SplitMix64(seed: 8)
        for trial in 0..<200 {
            let count = 1 + trial % 10
            let wishes = (0..<count).map { rank in
                LabelColumn.Wish(y: random.floats(1, in: -20...140)[0], height: rank == 0 ? 27 : 14, rank: rank)
            }
            let places = LabelColumn.places(wishes, from: 0, to: 120)
            let shown = zip(wishes, places).compactMap { wish, place in place.map { ($0, wish.height) } }
                .sorted { $0.0 < $1.0 }
            for (one, next) in zip(shown, shown.dropFirst()) { #expect(one.0 + one.1 <= next.0 + 1e-3) }
            #expect(shown.allSatisfy { $0.0 >= -1e-3 && $0.0 + $0.1 <= 120 + 1e-3 })
            // Those that are left out are the last ones, and only where there is no room for them.
            let fitting = (0...count).last { n in wishes.prefix(n).reduce(0) { $0 + $1.height } <= 120 }
            #expect(places.count { $0 != nil } == fitting)
            #expect(places.prefix(fitting ?? 0).allSatisfy { $0 != nil })
        }
        // Where there is room each is where it wants to be.
        let apart = LabelColumn.places([.init(y: 80, height: 14), .init(y: 10, height: 14)], from: 0, to: 120)
        #expect(apart == [80, 10])
    }

    // MARK: - What a control moves

    @Test func whatDoesNotFitIsCounted() {
        var random = SplitMix64(seed: 2)
        for trial in 0..<300 {
            let widths = random.floats(1 + trial % 8, in: 20...120)
            let (width, lines) = (random.floats(1, in: 60...320)[0], 1 + trial % 3)
            let fitted = FittedWords(widths, indent: 12, gap: 4, width: width, lines: lines, moreWidth: 18)
            #expect((fitted.more == nil) == (fitted.places.count == widths.count))
            for (place, own) in zip(fitted.places, widths) {
                #expect(place.line < lines && place.x + own <= width)
            }
            for ((one, own), next) in zip(zip(fitted.places, widths), fitted.places.dropFirst()) {
                #expect(next.line > one.line || next.x >= one.x + own + 4 - 1e-3)
            }
            if let more = fitted.more, !fitted.places.isEmpty { #expect(more.x + 18 <= width + 1e-3, "\(trial)") }
        }
        let two = FittedWords([100, 100, 100], indent: 10, gap: 4, width: 220, lines: 2, moreWidth: 18)
        #expect(two.places.map(\.line) == [0, 0, 1] && two.more == nil)
    }

    @Test func coloursOfSlidersStayInTheNextWindow() {
        var colours = SliderColours()
        let ids = (0..<12).map { "s\($0)" }
        colours.update(ids)
        // The eleventh takes the colour of one that was never moved.
        colours.noteMove(of: "s0")
        colours.noteMove(of: "s10")
        let before = ids.map { colours[$0] }
        var next = SliderColours(owners: colours.owned)
        // They come one after the other, as with an attachment.
        next.update(Array(ids.suffix(3)))
        next.update(ids)
        #expect(ids.map { next[$0] } == before)
        #expect(
            SliderColours(owners: []).owned.isEmpty && SliderColours(owners: ["a"])["a"] == SliderColours.palette[0])
    }
}
