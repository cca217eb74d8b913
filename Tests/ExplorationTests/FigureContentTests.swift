import Testing

@testable import Exploration

@Suite struct FigureContentTests {
    @Test func valuesAreCountedInTheBinsTheyLieIn() {
        let edges = [0.0, 1, 2, 4]
        #expect(Histogram.counts(of: [-1, 0, 0.5, 1, 1.9, 3, 4, 5], in: edges) == [2, 2, 2])
        #expect(Histogram.counts(of: [], in: edges) == [0, 0, 0] && Histogram.counts(of: [1], in: [1]) == [])
        let histogram = Histogram(of: [3, .nan, 1, 2], xTitle: "x", before: [2, .infinity, 1])
        #expect(histogram.values == [1, 2, 3] && histogram.before == [1, 2])
        #expect(Histogram(of: [Double](repeating: 1, count: 100_001), xTitle: "x").values.isEmpty)
    }

    @Test func whatWasBeforeAChangeIsKept() {
        var before = BeforeChange<Int>()
        func take(_ value: Int, _ weight: Double, at step: Int, view: Double = 0) {
            before.take(value, settings: Settings(["weight": weight, "view": view]), ignoring: ["view"], at: step)
        }
        take(1, 0.1, at: 1)
        take(2, 0.1, at: 50, view: 1)
        #expect(before.value == nil)
        take(3, 0.2, at: 60)
        #expect(before.value == 2)
        // All of a drag is one change.
        take(4, 0.3, at: 70)
        take(5, 0.4, at: 85)
        #expect(before.value == 2)
        take(6, 0.4, at: 200)
        #expect(before.value == 2)
        take(7, 0.1, at: 210)
        #expect(before.value == 6)
        // Who went back has no change before them yet.
        take(2, 0.4, at: 60)
        #expect(before.value == nil)
        take(3, 0.5, at: 62)
        #expect(before.value == 2)
    }

    @Test func oneOfSeveralCanBeChosen() {
        let choices = (0..<3).map { Choice(of: $0, chosen: 1, "cluster", choose: "choose", unchoose: "unchoose") }
        #expect(choices.map(\.isChosen) == [false, true, false])
        #expect(choices[0].action == Action("choose", title: "mark this cluster in all figures", arguments: [0]))
        #expect(choices[1].action == Action("unchoose", title: "unmark this cluster"))
        #expect(choices.map { $0 as Choice? }.unmark?.id == "unchoose")
        #expect([nil, choices[2]].unmark == nil)
    }
}
