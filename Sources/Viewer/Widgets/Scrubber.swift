import CImGui
import Exploration

/// The timeline's handle in a person's hand.
struct Scrub {
    var step: Int
    /// The timeline's last step while it is held: a run that goes on does not move it away from the hand.
    let end: Int
    /// How far from the handle it was taken.
    let offset: Float
    let start: Float
    var hasMoved: Bool
}

/// The timeline in the toolbar: where the run is, what was changed, and where to rewind to.
final class Scrubber: DashboardPart {
    private(set) var scrub: Scrub?

    override var isInFront: Bool { scrub != nil }
    override func dismiss() { letGo() }

    func letGo() { scrub = nil }

    /// The steps that the timeline spans.
    private var scrubberEnd: Int {
        scrub?.end ?? max(extent.end, learner.maximumSteps ?? 0, begin + 1)
    }

    /// From the first step to the last, or to the end where one is set: a dot for each snapshot, a triangle for each
    /// change, a tick where another branch leaves, and the handle where the run is.
    func draw(_ strip: Box) {
        let (first, last) = (Double(extent.start), Double(scrubberEnd))
        func x(_ step: Double) -> Float {
            strip.x + Float(min(max((step - first) / max(last - first, 1), 0), 1)) * strip.width
        }
        func step(_ x: Float) -> Int {
            let share = Double((x - strip.x) / max(strip.width, 1))
            return min(max(Int((first + share * (last - first)).rounded()), begin), lastStep)
        }
        let y = strip.y + 21
        UI.note("timeline/track", Box(strip.x, y - 1.5, strip.width, 3))
        let item = UI.item("timeline", Box(strip.x - 8, strip.y + 4, strip.width + 16, 26))
        let changes = changes
        hold(
            item, handle: x(Double(here)),
            places: changes.filter { $0.first >= begin }.map { (x(Double($0.first)), $0.first) }, step: step)

        // The track: what was made, what lies ahead of here, and what is still to come.
        let place = x(Double(here))
        UI.fill(Box(strip.x, y - 1.5, strip.width, 3), theme.track, radius: 1.5)
        UI.fill(Box(strip.x, y - 1.5, x(Double(lastStep)) - strip.x, 3), theme.secondary.faded(0.5), radius: 1.5)
        UI.fill(Box(strip.x, y - 1.5, place - strip.x, 3), theme.secondary, radius: 1.5)
        if dashboardView.graphs.axis.span != .whole {
            let range = dashboardView.graphs.axis.range(extent)
            let (from, to) = (x(range.lowerBound), x(range.upperBound))
            UI.fill(Box(from, y - 2.5, max(2, to - from), 5), theme.text, radius: 2)
        }
        for fork in forks { UI.rule(Point(x(Double(fork.step)), y - 5), length: 11, vertical: true, theme.text) }
        // Dots that would touch are one.
        var free = -Float.infinity
        for snapshot in learner.timeline.snapshotsOnPath where x(Double(snapshot)) > free {
            UI.disc(Point(x(Double(snapshot)), y + 5), radius: 1.5, theme.secondary)
            free = x(Double(snapshot)) + 4
        }
        let groups = MarkGroup.groups(changes.map { x(Double($0.step)) }) { UI.width("\($0)", .small) }
        for group in groups {
            let members = changes[group.members]
            // Of several sliders it has none's colour.
            let isOne = Set(members.map(\.control)).count == 1
            let colour = isOne ? members.first?.colour ?? theme.text : theme.text.faded(0.85)
            let isAhead = members.allSatisfy { $0.first >= here }
            UI.marker(Point(group.x, y - 4), isAhead ? colour.faded(0.5) : colour, size: MarkGroup.half)
            guard group.count > 1 else { continue }
            UI.text(
                "\(group.count)", Point(group.x + MarkGroup.half + 1, y - 17), isAhead ? theme.secondary : theme.text,
                .small)
        }
        UI.disc(Point(place, y), radius: scrub == nil ? 6 : 8, theme.text)
        write(below: Point(place, y + 7), strip)
        explain(item, changes, groups, strip, x: x)
    }

    /// Takes the handle, moves it, lets it go.
    private func hold(
        _ item: Happened, handle: Float, places: [(x: Float, step: Int)], step: (Float) -> Int
    ) {
        guard !status.isFinished else {
            scrub = nil
            return
        }
        let mouse = UI.mouse.x
        if item.contains(.pressed) {
            let offset = abs(mouse - handle) <= 9 ? mouse - handle : 0
            scrub = Scrub(step: here, end: scrubberEnd, offset: offset, start: mouse, hasMoved: offset == 0)
        }
        guard var held = scrub else { return }
        if !held.hasMoved, abs(mouse - held.start) > 2 { held.hasMoved = true }
        if held.hasMoved {
            let at = mouse - held.offset
            // Near the beginning of a change it is that.
            let near = places.min { abs($0.x - at) < abs($1.x - at) }
            held.step = near.flatMap { abs($0.x - at) < 4 ? $0.step : nil } ?? step(at)
            // One cross-hair through all graphs.
            dashboardView.graphs.hover(Double(held.step))
        }
        scrub = held
        if !item.contains(.held) {
            scrub = nil
            if held.hasMoved, held.step != now { steering.goBack(to: held.step) }
        }
    }

    /// The steps below the track, or how far a rewind still is.
    private func write(below place: Point, _ strip: Box) {
        let start = extent.start == 0 ? "step 0" : "step \(grouped(extent.start))"
        UI.text(start, Point(strip.x, place.y), theme.secondary, .small)
        let least = strip.x + UI.width(start, .small) + 14
        var right = strip.maxX
        if scrubberEnd != here {
            UI.text(grouped(scrubberEnd), Point(right, place.y), theme.secondary, .smallMono, align: .right)
            right -= UI.width(grouped(scrubberEnd), .smallMono) + 14
        }
        var words = "step \(grouped(here))"
        if scrub == nil, steering.pendingRewind == nil, status.stepsPerEpoch > 1 { words += " · epoch \(epochText)" }
        if let way = dashboardView.steering.wayWords {
            words = way
            // The status line has all of it.
            if UI.width(words, .smallMono) > right - least { words = words.components(separatedBy: ", ")[0] }
        } else if here == extent.start {
            return
        }
        if UI.width(words, .smallMono) > right - least { words = words.components(separatedBy: " · ")[0] }
        let width = UI.width(words, .smallMono)
        guard width <= right - strip.x else { return }
        let left = max(min(max(place.x - width / 2, least), right - width), strip.x)
        if left < least { UI.fill(Box(strip.x, place.y, least - strip.x, 14), theme.panel) }
        UI.text(words, Point(left, place.y), theme.text, .smallMono)
    }

    private func explain(
        _ item: Happened, _ changes: [Change], _ groups: [MarkGroup], _ strip: Box, x: (Double) -> Float
    ) {
        guard item.contains(.hovered), scrub == nil else { return }
        gui_set_cursor(Int32(GUI_CURSOR_HAND))
        func distance(_ step: Int) -> Float { abs(x(Double(step)) - UI.mouse.x) }
        // Below the strip, whose words it would cover.
        let about = Box(strip.x, 0, strip.width, Toolbar.height)
        let group = groups.min { abs($0.x - UI.mouse.x) < abs($1.x - UI.mouse.x) }
        let fork = forks.min { distance($0.step) < distance($1.step) }
        if let group, abs(group.x - UI.mouse.x) < 8 + (group.count > 1 ? 8 : 0), UI.mouse.y < 24 {
            let words = changes[group.members].map(\.words)
            let more = words.count > 8 ? ["and \(words.count - 8) more: see the history"] : []
            tooltip = Tooltip(text: (words.suffix(8).reversed() + more).joined(separator: "\n"), about: about)
        } else if let fork, distance(fork.step) < 5 {
            tooltip = Tooltip(text: "\(fork.branch.name) leaves at step \(grouped(fork.step))", about: about)
        } else {
            tooltip = Tooltip(
                text: "Drag to go back. Triangles: changes, in their sliders' colours; dots: snapshots, from which "
                    + "the way is short; ticks: where other branches leave.", about: about)
        }
    }

    private var steering: Steering { dashboardView.steering }

    private var epochText: String {
        let tenths = (status.epoch * 10).rounded() / 10
        return tenths >= 100 ? grouped(Int(tenths)) : "\(tenths)"
    }
}
