import TestSupport
import Testing

@testable import Viewer

/// Where the words beside the mouse stand.
@Suite struct TooltipTests {
    static let window = Box(4, 4, 1272, 712)

    @Test func theyStandBesideTheMouse() {
        let size = Point(200, 60)
        #expect(Tooltip.place(size, at: Point(500, 300), in: Self.window) == Box(516, 314, 200, 60))
        // Near an edge they are moved aside no further than they must.
        #expect(Tooltip.place(size, at: Point(1200, 300), in: Self.window) == Box(1076, 314, 200, 60))
        #expect(Tooltip.place(size, at: Point(500, 700), in: Self.window) == Box(516, 656, 200, 60))
    }

    @Test func theyStandBelowOrBesideWhatTheyAreAbout() {
        let (size, strip, panel) = (Point(300, 50), Box(400, 0, 500, 46), Box(12, 58, 284, 500))
        let below = Tooltip.place(size, at: Point(600, 20), about: strip, in: Self.window)
        #expect(below == Box(588, 51, 300, 50))
        let beside = Tooltip.place(size, at: Point(100, 300), about: panel, isBeside: true, in: Self.window)
        #expect(beside == Box(301, 288, 300, 50))
        let right = Box(980, 58, 288, 500)
        #expect(
            Tooltip.place(size, at: Point(1100, 300), about: right, isBeside: true, in: Self.window)
                == Box(675, 288, 300, 50))
    }

    @Test func theyNeverCoverTheMouseOrLeaveTheWindow() {
        var random = SplitMix64(seed: 31)
        func number(_ limit: Int) -> Float { Float(random.next() % UInt64(limit)) }
        for _ in 0..<2000 {
            let size = Point(40 + number(360), 20 + number(200))
            let mouse = Point(4 + number(1270), 4 + number(710))
            let about = Box(mouse.x - number(200), mouse.y - number(30), 220, 40)
            for about in [nil, about] {
                let box = Tooltip.place(size, at: mouse, about: about, isBeside: number(2) == 0, in: Self.window)
                #expect(box == box.within(Self.window) && box.width == size.x && box.height == size.y)
                #expect(!box.contains(mouse) && (about.map { !box.overlaps($0) } ?? true), "\(box) at \(mouse)")
                #expect(box.distance(to: mouse) < 260)
            }
        }
    }
}
