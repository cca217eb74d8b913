import CImGui
import Exploration
import Foundation
import Testing

@testable import Viewer

extension WindowTests {
    /// No number is cut, whatever its size and however little room there is.
    @MainActor @Suite(.serialized) struct NumbersInTheWindow {
        static let values: [Double] = [300, 250, 100, 40, 12, 7, 6, 5, 3, 1, 0].flatMap { exponent -> [Double] in
            [1.954, 9.4999, 2, 3.14159].flatMap { mantissa -> [Double] in
                [mantissa * pow(10, exponent), mantissa * pow(10, -exponent)].flatMap { [$0, -$0] }
            }
        }.filter { abs($0) <= 1e300 }

        private func measured(_ body: () throws -> Void) throws {
            let surface = try Surface(width: 64, height: 64, theme: .dark)
            gui_begin_frame(surface.gui, 64, 64, 0.01)
            defer { gui_end_frame(surface.gui) }
            try body()
        }

        /// What a reader takes a text for.
        private func read(_ text: String) -> Double? {
            let units = ["k": 1e3, "M": 1e6]
            let unit = text.last.flatMap { units[String($0)] }
            let digits = text.dropLast(unit == nil ? 0 : 1).replacingOccurrences(of: ",", with: "")
            return Double(digits.replacingOccurrences(of: "−", with: "-")).map { $0 * (unit ?? 1) }
        }

        @Test func aNumberHasFewerDigitsWhereThereIsLessRoom() throws {
            let metric = Metric("m", title: "M", help: "")
            try measured {
                for value in Self.values {
                    for (face, least) in [(Face.mono, Float(56)), (.smallMono, 48)] {
                        var room: Float = 140
                        while room >= least {
                            for usual in [metric.text(value), format(value), format(value, digits: 5)] {
                                let shown = UI.number(value, usual, to: room, face)
                                #expect(UI.width(shown, face) <= room, "\(value) as \(shown) in \(room)")
                                let seen = try #require(read(shown), "\(shown)")
                                // One digit at the least: within half of it. What is usually shown as 0.000 may be that.
                                let error = max(abs(value) * 0.34, usual.contains("e") ? 0 : 0.0005)
                                #expect(abs(seen - value) <= error, "\(value) as \(shown)")
                                // Alone in a cell too.
                                let cell = UI.shortened(usual, to: room, face)
                                #expect(
                                    try abs(#require(read(cell), "\(cell)") - value) <= error, "\(value) as \(cell)")
                            }
                            room -= 9
                        }
                    }
                }
            }
        }

        @Test func textsAreCutBesideTheirNumbers() throws {
            let texts = [
                "1.95e-10 test accuracy", "takes 1e-05 to 0.01, or off", "conv12 of 20 channels",
                "12,400 of 1,000,000 tokens",
                "share above 0.125 of 3", "−0.75 to +0.25", "62 % of 28×28 pixels", "size weight 1.5e+10 → -2.5e-300",
            ]
            try measured {
                for text in texts {
                    let whole = NumberInText.all(in: Array(text)).map { String(Array(text)[$0.range]) }
                    var room = UI.width(text) + 1
                    while room > 0 {
                        let shown = UI.shortened(text, to: room)
                        #expect(UI.width(shown) <= room)
                        let rest = shown.replacingOccurrences(of: "…", with: "")
                        for number in NumberInText.all(in: Array(rest)) {
                            let seen = String(Array(rest)[number.range])
                            // Whole; or the first one, alone in fewer digits.
                            let isShorter = number.range.lowerBound == 0 && !shown.contains("…") && number.value != nil
                            #expect(whole.contains(seen) || isShorter, "\(shown) of \(text)")
                            if isShorter, shown != text, let value = read(seen), let first = read(whole[0]) {
                                #expect(abs(value - first) <= abs(first) * 0.34)
                            }
                        }
                        // An ellipsis after digits would hide more of them.
                        if let dots = shown.firstIndex(of: "…"), dots > shown.startIndex {
                            #expect(!shown[shown.index(before: dots)].isWholeNumber, "\(shown)")
                        }
                        room -= 3
                    }
                }
            }
        }

        @Test func numbersOfAnAxisAreToldApart() throws {
            try measured {
                for value in Self.values {
                    for range in [
                        min(0, value)...max(0, value), value - abs(value) * 0.3...value + abs(value) * 0.2,
                        value - abs(value) * 1e-3...value + abs(value) * 1e-3, value...value, -abs(value)...abs(value),
                    ] {
                        for ticks in [
                            Ticks(around: range, count: 5), Ticks(within: range, count: 5),
                            Graphs.valueTicks(range, height: 150),
                        ] {
                            let labels = ticks.values.map(ticks.label)
                            #expect(labels.count <= 12 && Set(labels).count == labels.count, "\(labels) of \(range)")
                            for (label, tick) in zip(labels, ticks.values) where !label.hasSuffix("k") {
                                let seen = try #require(read(label), "\(label)")
                                #expect(abs(seen - tick) <= ticks.step * 0.51, "\(label) for \(tick)")
                            }
                        }
                    }
                }
            }
        }

        /// The numbers beside a graph lie within its panel, at any width of it.
        @Test(arguments: [180, 320, 460] as [Float], [1e-30, 3e30, -2.5e-12, 12_345.678])
        func aGraphsNumbersLieWithinItsPanel(_ width: Float, _ size: Double) throws {
            let hands = try Hands()
            defer { hands.finish() }
            try hands.learner.addMetric("extreme") { (_: FakeModel, batch: Int?) in
                size * (1 + Double(batch ?? 0) / 700)
            }
            hands.learner.send(.step(60))
            #expect(hands.wait { hands.view.now == 60 })
            hands.view.setOpen(.metric("extreme"), true)
            hands.window.settle()
            // Beside something that takes the rest.
            let rest = hands.view.workingArea().width - width
            hands.view.layout.take(
                PanelGrid(
                    .split(
                        .across,
                        [
                            PanelGrid.Part(node: .panel("figure:grid"), share: rest - Layout.gap),
                            PanelGrid.Part(node: .panel("metric:extreme"), share: width),
                        ])))
            for panel in hands.view.layout.openPanels(hands.view.dashboard)
            where ![.figure("grid"), .metric("extreme")].contains(panel) {
                hands.view.setOpen(panel, false)
            }
            hands.window.settle()
            let picture = try hands.picture()
            let panel = try #require(hands.view.box(of: .metric("extreme")))
            #expect(panel.width == width)
            // Nothing is drawn in the outermost four units at either side, but the edge: no text runs out of the panel.
            for x in [Int(panel.x) + 2, Int(panel.x) + 3, Int(panel.maxX) - 4, Int(panel.maxX) - 3] {
                for y in Int(panel.y) + 40..<Int(panel.maxY) - 14 {
                    #expect(picture[x, y] == hands.view.theme.panel, "\(x - Int(panel.x)), \(y - Int(panel.y))")
                }
            }
        }
    }
}
