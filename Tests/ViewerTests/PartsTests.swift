import Foundation
import Testing

@testable import Exploration
@testable import Viewer

/// Parts of the viewer that need no window.
@Suite struct PartsTests {
    @Test(arguments: [
        (0.0...1.0, 5, ["0.00", "0.25", "0.50", "0.75", "1.00"]),
        (0.0...2.3, 6, ["0.0", "0.5", "1.0", "1.5", "2.0", "2.5"]),
        (-3.0...17, 4, ["-10", "0", "10", "20"]), (0.0...4_650, 4, ["0", "2,000", "4,000", "6,000"]),
    ])
    func ticksAreRound(_ range: ClosedRange<Double>, _ count: Int, _ labels: [String]) {
        let ticks = Ticks(around: range, count: count)
        #expect(ticks.values.map(ticks.label) == labels)
        #expect(ticks.range.lowerBound <= range.lowerBound && ticks.range.upperBound >= range.upperBound)
    }

    @Test(arguments: [-0.4...352, 0...1, 0.71...0.807, -9.3 ... -8.1, 0...4_650, 123_456...123_999, 1e-7...3e-7])
    func axesEndNearTheData(_ range: ClosedRange<Double>) {
        for count in 3...6 {
            let ticks = Ticks(near: range, count: count)
            #expect((2...7).contains(ticks.values.count), "\(ticks.values)")
            #expect(ticks.range.lowerBound <= range.lowerBound && ticks.range.upperBound >= range.upperBound)
            #expect(range.lowerBound - ticks.range.lowerBound <= ticks.step / 10 + 1e-12)
            #expect(ticks.range.upperBound - range.upperBound <= ticks.step / 10 + 1e-12)
            for value in ticks.values {
                #expect(abs(value / ticks.step - (value / ticks.step).rounded()) < 1e-6)
                #expect(value >= ticks.range.lowerBound - ticks.step * 1e-6)
                #expect(value <= ticks.range.upperBound + ticks.step * 1e-6)
            }
        }
    }

    @Test(arguments: [1e-30...1.0000001e-30, 0...1e38, 1e9...1e9 + 1e-6, 5...5])
    func ticksOfStrangeRangesAreFew(_ range: ClosedRange<Double>) {
        for ticks in [Ticks(around: range, count: 5), Ticks(near: range, count: 5)] {
            #expect((1...8).contains(ticks.values.count))
            #expect(ticks.range.lowerBound < ticks.range.upperBound)
            for value in ticks.values { #expect(!ticks.label(value).isEmpty) }
        }
    }

    @Test(arguments: [0.1962...0.2031, -8.5512 ... -8.5371, 0.71...0.807, 123_456...123_999])
    func numbersBesideAnAxisFit(_ range: ClosedRange<Double>) {
        let ticks = Ticks(near: range, count: 5) { $0.count <= 5 }
        #expect(ticks.values.count >= 1 && ticks.values.allSatisfy(ticks.range.contains))
        // Where no count makes them short enough, there are the fewest.
        let fewest = Ticks(near: range, count: 2)
        #expect(
            ticks.values.allSatisfy { ticks.label($0).count <= 5 } || ticks.values == fewest.values, "\(ticks.values)")
    }

    @Test func coloursGoInOrderAndToWhatIsMoved() {
        var colours = SliderColours()
        let sliders = (0..<10).map { "slider \($0)" }
        colours.update(sliders)
        #expect(sliders.prefix(8).map { colours[$0] } == SliderColours.palette)
        #expect(colours["slider 8"] == nil)
        colours.noteMove(of: "slider 7")
        colours.noteMove(of: "slider 8")  // takes from the last that was never moved
        #expect(colours["slider 8"] == SliderColours.palette[6])
        #expect(colours["slider 6"] == nil && colours["slider 7"] == SliderColours.palette[7])
        for i in 0..<6 { colours.noteMove(of: "slider \(i)") }
        colours.noteMove(of: "slider 9")  // now slider 7 was moved least recently
        #expect(colours["slider 9"] == SliderColours.palette[7])
    }

    /// The contrast of WCAG 2.1: 4.5 for text, 3 for lines and large signs.
    @Test func bothThemesCanBeRead() {
        func luminance(_ colour: Colour) -> Double {
            func linear(_ value: UInt8) -> Double {
                let x = Double(value) / 255
                return x <= 0.04045 ? x / 12.92 : pow((x + 0.055) / 1.055, 2.4)
            }
            return 0.2126 * linear(colour.red) + 0.7152 * linear(colour.green) + 0.0722 * linear(colour.blue)
        }
        func contrast(_ a: Colour, _ b: Colour) -> Double {
            let (x, y) = (luminance(a), luminance(b))
            return (max(x, y) + 0.05) / (min(x, y) + 0.05)
        }
        for (theme, palette) in [(Theme.dark, SliderColours.palette), (.light, SliderColours.lightPalette)] {
            for colour in [theme.text, theme.secondary, theme.moving, theme.settled] {
                #expect(contrast(colour, theme.panel) >= 4.5)
            }
            for colour in palette { #expect(contrast(colour, theme.panel) >= 3) }
            #expect(palette.count == 8 && Set(palette.map(\.packed)).count == 8)
        }
    }

    @Test func aSliderThatWentKeepsItsColourUntilItIsNeeded() {
        var colours = SliderColours()
        colours.update(["a", "b"])
        colours.update(["b"])
        #expect(colours["a"] == SliderColours.palette[0])
        colours.update(["b"] + (0..<7).map { "\($0)" })
        // The eighth is grey until it is moved: who comes back finds its colour.
        #expect(colours["a"] == SliderColours.palette[0] && colours["6"] == nil)
        colours.noteMove(of: "6")
        #expect(colours["a"] == nil && colours["6"] == SliderColours.palette[0])
    }

    @Test func zoomKeepsTheStepUnderTheMouse() {
        var axis = TimeAxis()
        axis.zoom(by: 0.5, about: 400, .init(now: 1000))
        #expect(axis.range(.init(now: 1000)) == 200...700)
        axis.pan(by: 5000, .init(now: 1000))
        #expect(axis.range(.init(now: 1000)) == 500...1000)
        #expect(axis.range(.init(now: 1100)) == 600...1100)  // at the end it follows the run
        axis.zoom(by: 100, about: 800, .init(now: 1100))
        #expect(axis.span == .whole)
    }

    @Test(arguments: [(0.3, "0.300"), (0.02, "0.0200"), (1, "1.00"), (12.5, "12.5"), (0, "0"), (1e-6, "1e-06")])
    func valuesOfSlidersHaveThreeDigits(_ value: Double, _ text: String) {
        let control = Control("a", title: "a", range: 0...100, initial: 0, help: "")
        #expect(control.steadyText(value) == text)
    }

    @Test func tablesAreQuotedInCSV() {
        let table = Table(columns: ["word", "n"], rows: [["a, b", "1"], ["say \"c\"", "2"]])
        #expect(table.csv == "word,n\n\"a, b\",1\n\"say \"\"c\"\"\",2\n")
        let bars = Bars(labels: ["x", "y"], series: [("one", [1, 2]), ("two", [3])])
        #expect(bars.csv == "label,one,two\nx,1.0,3.0\ny,2.0,\n")
    }

    @Test(arguments: [
        ("1", 1), ("0.5", 0.5), ("4", 4), ("1.5", 1.5), ("4.1", nil), ("0", nil), ("big", nil), ("nan", nil),
    ])
    func scalesAreParsed(_ text: String, _ scale: Float?) { #expect(DisplayScale.parse(text) == scale) }

    @Test(
        arguments: [(96, 1), (110, 1), (0, 1), (.nan, 1), (144, 1.5), (192, 2), (163, 1.75), (1000, 4)]
            as [(Float, Float)])
    func scaleFollowsTheDisplay(_ dpi: Float, _ scale: Float) { #expect(DisplayScale.scale(dpi: dpi) == scale) }

    /// After a rewind, the value at the end of what is past is not one of what is ahead, however thin the curve is.
    @Test(arguments: [0, 1, 17, 500, 999, 1000])
    @MainActor func valuesOfTheFutureAreNotOfThePresent(step: Int) {
        let timeline = Timeline()
        for step in 1...1000 {
            var measured = Measurements()
            measured["m"] = Double(step)
            timeline.append(measured, at: Position(step: step))
        }
        timeline.withRecord { $0.position.step = step }
        var cache = CurveCache()
        let drawn = cache.curve("m", timeline, in: 0...1000, width: 40, lastChange: -1)
        #expect(drawn.value(at: step)?.last == (step == 0 ? nil : Float(step)))
        #expect(drawn.buckets.last?.lastStep == 1000)
    }

    @Test func settlingIsFoundInADecay() throws {
        let timeline = Timeline()
        func measure(_ step: Int, _ value: Double) {
            var measured = Measurements()
            measured["m"] = value
            timeline.append(measured, at: Position(step: step))
        }
        for step in 1...100 { measure(step, 10) }
        for step in 101...900 { measure(step, 5 + 5 * exp(-Double(step - 100) / 40) + 0.01 * sin(Double(step) * 1.7)) }
        // Within 1 % of the span of 5 after 40 ln 100 = 184 steps.
        guard case .after(let steps) = Settling("m", timeline, after: 100, to: 900, span: 5) else {
            Issue.record("not settled")
            return
        }
        #expect((150...200).contains(steps), "\(steps)")
        #expect(Settling("m", timeline, after: 100, to: 160, span: 5) == .notYet)
        #expect(Settling("m", timeline, after: 895, to: 900, span: 5) == nil)
        #expect(Settling("m", timeline, after: 900, to: 900, span: 5) == nil)
        for step in 901...1000 { measure(step, Double(step) / 100) }
        #expect(Settling("m", timeline, after: 900, to: 1000, span: 5) == .notYet)
    }

    @Test func ratesReadAsWords() {
        let rates = DrawingMeter.rates(["steps": 65, "training-steps": 65.4, "sampling-steps": 71])
        #expect(rates == ["65 training steps/s", "71 sampling steps/s"])
        #expect(DrawingMeter.rates(["steps": 12]) == ["12 steps/s"])
    }
}
