import Foundation
import TestSupport
import Testing

@testable import Exploration
@testable import Viewer

/// When a metric is called settled, swinging or moving.
@Suite struct MotionTests {
    /// A history of one metric over so many steps, changed after `change`.
    private func timeline(_ steps: Int, _ value: (Int) -> Double) -> Timeline {
        let timeline = Timeline()
        for step in 1...steps {
            var measured = Measurements()
            measured["m"] = value(step)
            timeline.append(measured, at: Position(step: step))
        }
        return timeline
    }

    private func motion(_ steps: Int, change: Int = -1, _ value: (Int) -> Double) -> Motion? {
        Motion("m", timeline(steps, value), since: change)
    }

    private func decay(_ step: Int, _ length: Double) -> Double { exp(-Double(step) / length) }

    @Test func whatComesToRestSettles() {
        var random = SplitMix64(seed: 3)
        let noise = (0...1000).map { _ in Double(random.floats(1)[0]) - 0.5 }
        #expect(motion(60) { 5 + 5 * decay($0, 40) } == .moving)
        #expect(motion(120) { 5 + 5 * decay($0, 40) } == .moving)
        #expect(motion(900) { 5 + 5 * decay($0, 40) } == .settled)
        #expect(motion(900) { 5 + 5 * decay($0, 40) + 0.1 * noise[$0] } == .settled)
        // After a change that shows at once.
        #expect(motion(900, change: 400) { ($0 > 400 ? 9 : 5) + 0.1 * noise[$0] } == .settled)
    }

    /// As the share of points that change their cluster at each pass: it goes up and down about 0.77 for ever.
    @Test func whatGoesUpAndDownSwings() {
        #expect(motion(900) { 0.77 + 0.1 * sin(Double($0) * 1.3) } == .swinging)
        #expect(motion(900) { ($0 < 4 ? 1 : 0.77) + 0.05 * ($0 % 2 == 0 ? 1 : -1) } == .swinging)
        // It did before the change too: that it does now is not the change's effect, nor has it come to rest.
        #expect(motion(900, change: 400) { 3 + ($0 % 3 == 0 ? 0.2 : -0.1) } == .swinging)
        // Slow swings move the mean.
        #expect(motion(900) { sin(Double($0) / 150) } == .moving)
    }

    @Test func whatDriftsMoves() {
        #expect(motion(900) { Double($0) * 0.01 } == .moving)
        #expect(motion(900) { 1000 - Double($0) * 0.5 + sin(Double($0)) } == .moving)
        #expect(motion(900, change: 500) { $0 > 500 ? 2 + Double($0) * 0.02 : 2 } == .moving)
    }

    /// Each hundred values look alike, but all of them since the change clearly rise.
    @Test func whatClearlyRisesIsNotSettled() {
        var random = SplitMix64(seed: 6)
        let noise = (0...4000).map { _ in Double(random.floats(1)[0]) - 0.5 }
        #expect(motion(4000) { log(Double($0)) + 0.1 * noise[$0] } == .moving)
        #expect(motion(4000, change: 400) { ($0 > 400 ? 1 + 2e-4 * Double($0) : 5) + 0.1 * noise[$0] } == .moving)
        // A fall through many sizes is one on a logarithmic axis, though beside its beginning it is nothing.
        func fall(_ isLogarithmic: Bool) -> Motion? {
            let fall = timeline(1500) { 1e5 * decay($0, 150) * (1 + 0.3 * noise[$0]) + 0.001 }
            return Motion("m", fall, since: -1, isLogarithmic: isLogarithmic)
        }
        #expect(fall(false) == .settled && fall(true) == .moving)
        // Without the rise it is at rest.
        #expect(motion(4000) { 5 * decay($0, 40) + 0.1 * noise[$0] } == .settled)
    }

    @Test func whatIsConstantIsSettled() {
        for value in [0, 1, -3.5, 1e-30, 1e30] { #expect(motion(200) { _ in value } == .settled, "\(value)") }
        // The last digits of a float, and one spike, are no swing.
        #expect(motion(200) { 1 + Double($0 % 2) * 1e-7 } == .settled)
        #expect(motion(200) { $0 == 180 ? 100 : 1 } == .settled)
    }

    @Test func gapsAreLeftOut() {
        #expect(motion(900) { $0 % 2 == 0 ? .nan : 5 + 5 * decay($0, 40) } == .settled)
        #expect(motion(900) { $0 % 3 == 0 ? .infinity : sin(Double($0) * 1.3) } == .swinging)
        #expect(motion(900) { _ in .nan } == nil)
        // Fifty values and no more.
        #expect(motion(900) { $0 % 19 == 0 ? 1 : .nan } == nil)
    }

    @Test func fewValuesTellNothing() {
        for count in [1, 20, 49] {
            #expect(motion(count) { Double($0) } == nil)
            #expect(motion(500, change: 500 - count) { Double($0) } == nil)
        }
        // Before a hundred only that it moves.
        #expect(motion(50) { Double($0) } == .moving && motion(99) { Double($0) } == .moving)
        #expect(motion(99) { sin(Double($0) * 1.3) } == nil)
        #expect(motion(99) { _ in 1 } == nil)
        #expect(Motion("none", timeline(200) { _ in 1 }, since: -1) == nil)
    }

    @Test func aMarkSaysThatItSwings() {
        let swinging = timeline(600) { $0 <= 100 ? 1 : 3 + ($0 % 2 == 0 ? 1 : -1) }
        #expect(Settling("m", swinging, after: 100, to: 600, span: 3) == .swinging)
    }

    @Test(arguments: [Motion.moving, .swinging, .settled]) func eachWordIsExplained(_ motion: Motion) {
        #expect(motion.help.contains("50 values") && motion.help.hasSuffix("."))
    }
}
