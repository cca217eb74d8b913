import Exploration
import Foundation
import TestSupport
import Testing

@testable import Viewer

/// The grid of panels: no two ever overlap, none leaves the area.
@Suite struct GridTests {
    typealias Node = PanelGrid.Node
    static let area = Box(12, 58, 1576, 903)

    static func row(_ parts: (Node, Float)...) -> Node {
        .split(.across, parts.map { PanelGrid.Part(node: $0.0, share: $0.1) })
    }
    static func column(_ parts: (Node, Float)...) -> Node {
        .split(.down, parts.map { PanelGrid.Part(node: $0.0, share: $0.1) })
    }

    /// a | b over c | d, in an area of 1224 × 624.
    static let three = PanelGrid(
        row((.panel("a"), 300), (column((.panel("b"), 400), (.panel("c"), 212)), 600), (.panel("d"), 300)))

    static func room(_ names: [String], _ area: Box = Box(0, 0, 1224, 624), least: Point = Point(100, 80))
        -> PanelGrid.Room
    {
        PanelGrid.Room(area: area, least: Dictionary(uniqueKeysWithValues: names.map { ($0, least) }), gap: 12)
    }

    static func boxes(_ grid: PanelGrid, _ room: PanelGrid.Room) -> [String: Box] { grid.laid(in: room)?.boxes ?? [:] }

    // MARK: Boxes

    @Test func partsHaveTheirSharesOfTheArea() {
        let boxes = Self.boxes(Self.three, Self.room(["a", "b", "c", "d"]))
        #expect(
            boxes == [
                "a": Box(0, 0, 300, 624), "b": Box(312, 0, 600, 400), "c": Box(312, 412, 600, 212),
                "d": Box(924, 0, 300, 624),
            ])
    }

    @Test func closedPanelsKeepTheirPlace() {
        var grid = Self.three
        let all = Self.boxes(grid, Self.room(["a", "b", "c", "d"]))
        let without = Self.boxes(grid, Self.room(["a", "c", "d"]))
        #expect(without["c"] == Box(312, 0, 600, 624) && without["b"] == nil)
        // What is resized meanwhile changes nothing of that.
        let room = Self.room(["a", "c", "d"])
        grid.resize("a", to: Point(200, 624), in: grid.laid(in: room)!)
        let again = Self.boxes(grid, Self.room(["a", "b", "c", "d"]))
        #expect(again["a"] == Box(0, 0, 200, 624) && again["b"] == Box(212, 0, 700, 400))
        #expect(all["d"] == again["d"])
    }

    @Test func whereThereIsNoRoomAllAreSmaller() {
        let lengths = PanelGrid.lengths(of: [1, 1, 1], least: [100, 100, 200], filling: 200)
        #expect(lengths == [50, 50, 100])
        #expect(PanelGrid.lengths(of: [1, 1, 1], least: [100, 100, 200], filling: 600) == [200, 200, 200])
        #expect(PanelGrid.lengths(of: [1, 1, 8], least: [100, 100, 100], filling: 600) == [100, 100, 400])
        #expect(PanelGrid.lengths(of: [1, 1, 1], least: [0, 0, 0], filling: 100) == [34, 33, 33])
    }

    // MARK: Dragging

    /// Which arrangement comes of it, as text: rows in brackets, columns in parentheses.
    static func text(_ node: Node?) -> String {
        switch node {
        case .panel(let name): name
        case .split(.across, let parts): "[" + parts.map { text($0.node) }.joined(separator: " ") + "]"
        case .split(.down, let parts): "(" + parts.map { text($0.node) }.joined(separator: " ") + ")"
        case nil: ""
        }
    }

    @Test(arguments: [
        // On the lower half of a panel: below it; on its upper half: above it.
        (Point(600, 380), "[a (b d c)]"), (Point(600, 20), "[a (d b c)]"),
        // Left and right of one.
        (Point(340, 200), "[a ([d b] c)]"), (Point(880, 200), "[a ([b d] c)]"),
        (Point(30, 300), "[d a (b c)]"),
        // At the very edge, or between: beside all that end there.
        (Point(314, 100), "[a d (b c)]"), (Point(306, 200), "[a d (b c)]"), (Point(600, 2), "(d [a (b c)])"),
        (Point(600, 406), "[a (b d c)]"), (Point(600, 622), "([a (b c)] d)"), (Point(1, 300), "[d a (b c)]"),
        // Outside: the nearest.
        (Point(-90, 300), "[d a (b c)]"),
    ])
    func aDraggedPanelTakesAPlace(_ point: Point, _ expected: String) throws {
        let room = Self.room(["a", "b", "c", "d"])
        let grid = try #require(Self.three.dropping("d", at: point, in: room))
        #expect(Self.text(grid.root) == expected)
        #expect(Self.boxes(grid, room).count == 4)
    }

    @Test func overItselfAndWhereThereIsNoRoomItStays() {
        let room = Self.room(["a", "b", "c", "d"])
        #expect(Self.three.dropping("d", at: Point(1070, 300), in: room) == nil)
        // Three columns and no more, but as many rows as one likes.
        let narrow = Self.room(["a", "b", "c", "d"], Box(0, 0, 424, 624))
        #expect(Self.text(Self.three.dropping("d", at: Point(10, 300), in: narrow)?.root) == "[d a (b c)]")
        let tight = Self.room(["a", "b", "c", "d"], Box(0, 0, 324, 624))
        let grid = Self.three.dropping("c", at: Point(5, 300), in: tight)
        #expect(Self.text(grid?.root) == "[(c a) b d]" || Self.text(grid?.root) == "[(a c) b d]")
    }

    @Test func withinItsColumnAPanelKeepsItsHeight() throws {
        let grid = PanelGrid(Self.column((.panel("a"), 100), (.panel("b"), 200), (.panel("c"), 300)))
        let room = Self.room(["a", "b", "c"])
        let next = try #require(grid.dropping("c", at: Point(600, 20), in: room))
        let boxes = Self.boxes(next, room)
        #expect(Self.text(next.root) == "(c a b)" && boxes["c"]?.height == 300 && boxes["a"]?.height == 100)
    }

    // MARK: Resizing

    @Test func neighboursGiveWayDownToTheirLeastSizes() throws {
        let room = Self.room(["a", "b", "c", "d"])
        func resized(_ name: String, _ size: Point) throws -> [String: Box] {
            var grid = Self.three
            grid.resize(name, to: size, in: try #require(grid.laid(in: room)))
            return Self.boxes(grid, room)
        }
        let wide = try resized("a", Point(5000, 624))
        #expect(wide["a"]?.width == 1000 && wide["b"]?.width == 100 && wide["d"]?.width == 100)
        let less = try resized("a", Point(-50, 624))
        #expect(less["a"]?.width == 100 && less["b"]?.width == 800 && less["d"]?.width == 300)
        let both = try resized("b", Point(700, 500))
        #expect(both["b"] == Box(312, 0, 700, 500) && both["c"]?.height == 112 && both["d"]?.width == 200)
        // The last of a row has its neighbour at the other side.
        let last = try resized("d", Point(200, 624))
        #expect(last["d"] == Box(1024, 0, 200, 624) && last["b"]?.width == 700)
        let lowest = try resized("c", Point(600, 300))
        #expect(lowest["c"] == Box(312, 324, 600, 300) && lowest["b"]?.height == 312)
    }

    /// A panel that is last in its row grows into the next column, and what is beside it stays.
    @Test func theCornerFollowsTheMouseOutOfARow() throws {
        var grid = PanelGrid(
            Self.row(
                (Self.column((Self.row((.panel("a"), 200), (.panel("b"), 188)), 300), (.panel("c"), 312)), 400),
                (.panel("d"), 812)))
        let room = Self.room(["a", "b", "c", "d"])
        grid.resize("b", to: Point(288, 300), in: try #require(grid.laid(in: room)))
        let boxes = Self.boxes(grid, room)
        #expect(boxes["a"] == Box(0, 0, 200, 300) && boxes["b"] == Box(212, 0, 288, 300) && boxes["c"]?.width == 500)
    }

    // MARK: Opening

    @Test func panelsOpenBesideTheirLike() throws {
        let panels: [Panel] = [.controls(""), .figure("a"), .figure("b"), .metric("x"), .metric("y"), .add]
        let room = Layout.Room(area: Self.area)
        var layout = Layout()
        let before = layout.boxes(panels, in: room)
        layout.take(Layout.standard(panels, in: room))
        #expect(layout.boxes(panels, in: room) == before)
        func opened(_ panel: Panel) throws -> (box: Box, all: [Panel: Box]) {
            let all = layout.boxes(panels + [panel], in: room)
            return (try #require(all[panel]), all)
        }
        let graph = try opened(.metric("z"))
        #expect(graph.box.x == before[.metric("x")]?.x && graph.box.y > graph.all[.metric("y")]?.y ?? .infinity)
        let controls = try opened(.controls("more"))
        #expect(controls.box.x == 12 && controls.all[.figure("a")] == before[.figure("a")])
        let figure = try opened(.figure("c"))
        let middle = try #require(before[.figure("a")])
        #expect(figure.box.x >= middle.x && figure.box.maxX <= middle.maxX)
        let branches = try opened(.branches)
        #expect(branches.box.x == middle.x && branches.box.maxY == Self.area.maxY)
        // What is mended or opened once stays where it is.
        layout.admit(panels + [.metric("z")], in: room)
        #expect(try opened(.metric("z")).box == graph.box)
    }

    @Test func theFirstOfAKindHasItsColumn() {
        let room = Layout.Room(area: Self.area)
        for (panels, new, isLeft) in [
            ([Panel.figure("a"), .metric("x")], Panel.add, true), ([.add, .figure("a")], .metric("x"), false),
            ([.add, .metric("x")], .figure("a"), false),
        ] {
            var layout = Layout()
            layout.take(Layout.standard(panels, in: room))
            let boxes = layout.boxes(panels + [new], in: room)
            let other = boxes[panels[isLeft ? 0 : 0]] ?? Box(0, 0, 0, 0)
            #expect(isLeft ? boxes[new]?.x == Self.area.x : (boxes[new]?.x ?? 0) > other.x, "\(new)")
            #expect(boxes[new]?.height == Self.area.height)
        }
    }

    // MARK: Enlarging

    @Test func anEnlargedPanelHasTheRoomOfAllButTheControls() {
        let panels: [Panel] = [.controls(""), .add, .figure("a"), .figure("b"), .metric("x")]
        let room = Layout.Room(area: Self.area)
        var layout = Layout()
        let before = layout.boxes(panels, in: room)
        layout.enlarged = .metric("x")
        let boxes = layout.boxes(panels, in: room)
        #expect(Set(boxes.keys) == [.controls(""), .add, .metric("x")])
        #expect(boxes[.controls("")] == before[.controls("")] && boxes[.add] == before[.add])
        let left = before[.add]?.maxX ?? 0
        #expect(boxes[.metric("x")] == Box(left + 12, 58, Self.area.maxX - left - 12, 903))
        layout.enlarged = nil
        #expect(layout.boxes(panels, in: room) == before)
    }

    // MARK: The left column

    @Test(arguments: [Point(1576, 903), Point(1256, 623), Point(2536, 1340), Point(976, 503)])
    func theAddPanelStaysBesideManyControls(_ size: Point) {
        let area = Box(12, 58, size.x, size.y)
        // More than that do not fit into the smallest window.
        for count in 1...(size.y < 600 ? 5 : 6) {
            let controls = (0..<count).map { Panel.controls("group \($0)") }
            let panels = controls + [.add, .figure("a"), .metric("x"), .metric("y")]
            let room = Layout.Room(
                area: area,
                need: { panel, density in panel == .add ? (density == 0 ? 400 : 210) : 500 - Float(density) * 60 })
            let boxes = Layout().boxes(panels, in: room)
            let add = boxes[.add] ?? Box(0, 0, 0, 0)
            #expect(add.height >= 150, "\(count) panels of controls at \(size)")
            for panel in controls {
                let box = boxes[panel] ?? Box(0, 0, 0, 0)
                #expect(box.height >= 130 && box.width >= 220, "\(panel) of \(count) at \(size): \(box)")
            }
        }
    }

    // MARK: Old layouts

    @Test func overlapsAreMended() {
        // As after a drag in an older version: the graph lies over the figure, the others where they were.
        let grid = PanelGrid(nearestTo: [
            "controls:": Box(0, 0, 0.2, 0.6), "add": Box(0, 0.61, 0.2, 0.39), "figure:a": Box(0.21, 0, 0.5, 0.6),
            "figure:b": Box(0.21, 0.61, 0.5, 0.39), "metric:x": Box(0.72, 0, 0.28, 0.49),
            "metric:y": Box(0.3, 0.3, 0.28, 0.49),
        ])
        #expect(Self.text(grid.root).hasPrefix("[(controls: add) ("))
        #expect(Self.text(grid.root).hasSuffix(" metric:x]"))
        #expect(Set(grid.panels).count == 6)
        let boxes = Self.boxes(grid, Self.room(grid.panels, Self.area))
        #expect(abs((boxes["add"]?.width ?? 0) - 0.2 * 1576) < 20)
        // All in one place, too.
        let heap = PanelGrid(
            nearestTo: Dictionary(uniqueKeysWithValues: (0..<20).map { ("p\($0)", Box(0.2, 0.2, 0.3, 0.3)) }))
        #expect(Set(heap.panels).count == 20)
    }

    @Test func whatDoesNotOverlapStaysAsItWas() {
        let boxes = Self.boxes(Self.three, Self.room(["a", "b", "c", "d"]))
        let again = Self.boxes(PanelGrid(nearestTo: boxes), Self.room(["a", "b", "c", "d"]))
        for (name, box) in boxes {
            let other = again[name] ?? Box(0, 0, 0, 0)
            #expect(abs(box.x - other.x) < 6 && abs(box.maxX - other.maxX) < 6, "\(name)")
            #expect(abs(box.y - other.y) < 6 && abs(box.maxY - other.maxY) < 6, "\(name)")
        }
    }

    // MARK: Files

    @Test func aGridIsTheSameFromItsFile() throws {
        let data = try JSONEncoder().encode(Self.three)
        let again = try JSONDecoder().decode(PanelGrid.self, from: data)
        let room = Self.room(["a", "b", "c", "d"])
        #expect(Self.boxes(again, room) == Self.boxes(Self.three, room))
    }

    @Test(arguments: [
        "{}", "{\"across\":[]}", "{\"panel\":\"a\",\"down\":[]}", "{\"across\":[{\"panel\":\"a\"}]}",
        "{\"across\":[{\"panel\":\"a\",\"share\":0.5},{\"panel\":\"a\",\"share\":0.5}]}",
        "{\"across\":[{\"panel\":\"a\",\"share\":-1},{\"panel\":\"b\",\"share\":2}]}",
        "{\"across\":[{\"panel\":\"a\",\"share\":0},{\"panel\":\"b\",\"share\":1}]}", "[1]",
    ])
    func aDamagedGridIsRefused(_ text: String) {
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(PanelGrid.self, from: Data(text.utf8)) }
    }

    // MARK: Anything

    /// Whatever is dragged, resized, opened and closed, in windows of any size.
    @Test func nothingEverOverlapsOrLeavesTheArea() throws {
        var random = SplitMix64(seed: 14)
        func number(_ limit: Int) -> Int { Int(random.next() % UInt64(limit)) }
        let all: [Panel] =
            (0..<3).map { .controls("group \($0)") } + [.add] + (0..<5).map { .figure("figure \($0)") }
            + (0..<6).map { .metric("metric \($0)") } + [.branches, .plot(Plot(x: "a", y: "b"))]
        func area() -> Box {
            Box(12, 58, Float(976 + number(1600)) + (number(3) == 0 ? 0.6 : 0), Float(503 + number(900)))
        }
        func need(_ panel: Panel, _ density: Int) -> Float { panel == .add ? 210 : 400 - Float(density) * 60 }
        var room = Layout.Room(area: area(), need: need)
        var open = Array(all.prefix(7))
        var layout = Layout()
        var (moves, fits) = (0, 0)
        for operation in 0..<2000 {
            func anyPoint() -> Point {
                Point(
                    room.area.x - 20 + Float(number(Int(room.area.width) + 40)),
                    room.area.y - 20 + Float(number(Int(room.area.height) + 40)))
            }
            let panel = all[number(all.count)]
            switch number(10) {
            case 0...2:
                if let index = open.firstIndex(of: panel) {
                    if open.count > 1 { open.remove(at: index) }
                } else {
                    open.append(panel)
                }
            case 3...5:
                let panel = open[number(open.count)]
                if let grid = layout.dropping(panel, at: anyPoint(), open, in: room) {
                    layout.take(grid)
                    moves += 1
                }
            case 6...7:
                let panel = open[number(open.count)]
                var grid = layout.arrangement(of: open, in: room)
                let laid = try #require(grid.laid(in: layout.places(of: open, in: room)))
                grid.resize(panel.name, to: Point(Float(number(1200)) - 100, Float(number(900)) - 100), in: laid)
                layout.take(grid)
            case 8: room = Layout.Room(area: area(), need: need)
            default:
                layout.enlarged = number(2) == 0 ? open[number(open.count)] : nil
                if number(20) == 0 { layout.arrange() }
            }
            if number(2) == 0 { layout.admit(open, in: room) }
            // As a window does that opens or closes panels.
            if let enlarged = layout.enlarged, !open.contains(enlarged) || enlarged.kind == .controls {
                layout.enlarged = nil
            }
            let laid = try #require(layout.laid(open, in: room))
            let boxes = layout.boxes(open, in: room)
            let shown = open.filter(layout.shows)
            try #require(Set(boxes.keys) == Set(shown), "operation \(operation)")
            let sorted = shown.compactMap { boxes[$0] }
            for (index, box) in sorted.enumerated() {
                try #require(
                    box.x >= room.area.x && box.y >= room.area.y && box.maxX <= room.area.maxX + 0.01
                        && box.maxY <= room.area.maxY + 0.01 && box.width >= 1 && box.height >= 1,
                    "operation \(operation): \(box) in \(room.area)")
                for other in sorted[(index + 1)...] {
                    try #require(!box.overlaps(other), "operation \(operation): \(box) and \(other)")
                }
            }
            guard laid.isFitting else { continue }
            fits += 1
            guard layout.enlarged == nil else { continue }
            for panel in open {
                let (box, least) = (boxes[panel] ?? Box(0, 0, 0, 0), panel.least(need: need))
                try #require(
                    box.width >= least.x.rounded(.down) && box.height >= least.y.rounded(.down),
                    "operation \(operation): \(panel) is \(box)")
            }
            // It is the same from its file.
            if operation % 50 == 0, let grid = layout.grid {
                let again = try JSONDecoder().decode(PanelGrid.self, from: JSONEncoder().encode(grid))
                #expect(again.panels == grid.panels)
            }
        }
        #expect(moves > 200 && fits > 1000, "\(moves) moves, \(fits) fit")
    }
}
