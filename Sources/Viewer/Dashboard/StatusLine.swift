import CImGui
import CLMat
import Exploration
import Foundation

/// The strip at the bottom: on what it runs, how fast, what drawing costs, the keys.
final class StatusLine: DashboardPart {
    static let height: Float = 27

    /// What it says for a while: a picture was saved, a value was refused.
    var notice: (text: String, until: ContinuousClock.Instant)?
    /// How data were read, which letters are not drawn: what it keeps.
    private(set) var notes: [String] = []
    /// What drawing costs.
    lazy var meter = DrawingMeter(clock)
    private var lastRefusal: String?

    func say(_ words: String) { notice = (words, clock.now + .seconds(8)) }

    override func refresh() {
        if let refusal = status.lastRefusal, refusal != lastRefusal { say(refusal) }
        lastRefusal = status.lastRefusal
    }

    override func hasNews() -> Bool { notice.map { $0.until < clock.now } ?? false }

    /// What an error of the run says above the line.
    var errorLines: [String] {
        Array((status.error.map { UI.wrapped("The run stopped: \($0)", to: size.x - 28) } ?? []).prefix(6))
    }

    private static let warningRow: Float = 28

    /// What is wrong with the model, as far as it can be shown.
    private var shownWarnings: ArraySlice<Learner.RaisedWarning> { status.warnings.prefix(3) }

    /// What an error and warnings take above the line.
    var noticesHeight: Float {
        Float(errorLines.count) * 17 + Float(shownWarnings.count) * Self.warningRow
            + Float(captionLines.count) * Self.captionRow + (captionLines.isEmpty ? 0 : 8)
    }

    private static let captionRow: Float = 18

    /// What a script last said of the run, in two lines at most.
    var captionLines: [String] {
        guard let caption = status.caption else { return [] }
        let lines = UI.wrapped(caption.text, to: size.x - 28 - captionStepWidth)
        return lines.count <= 2 ? lines : [lines[0], lines[1] + " …"]
    }

    private var captionStep: String { status.caption.map { "since step \(grouped($0.since))" } ?? "" }
    private var captionStepWidth: Float { UI.width(captionStep, .small) + 20 }

    private func drawCaption(_ top: Float) {
        let lines = captionLines
        guard let caption = status.caption, !lines.isEmpty else { return }
        let row = Box(14, top + 5, size.x - 28, Float(lines.count) * Self.captionRow)
        UI.fill(Box(0, top + 2, 3, row.height + 6), theme.secondary)
        for (index, line) in lines.enumerated() {
            UI.text(line, Point(row.x, row.y + Float(index) * Self.captionRow), theme.text)
        }
        UI.text(captionStep, Point(row.maxX, row.y + 1), theme.secondary, .small, align: .right)
        if UI.item("caption", row).contains(.hovered) { tooltip = Tooltip(text: caption.text) }
    }

    /// Returns what is above the line.
    @discardableResult func draw() -> Float {
        let lines = errorLines
        let notices = noticesHeight
        let height = Self.height + notices
        let bar = Box(0, size.y - height, size.x, height)
        UI.beginWindow(
            "status", bar, fill: theme.panel, edge: theme.panel, staysBehind: !Layout.scrolls(size),
            comesToFront: Layout.scrolls(size) && !dashboardView.hasAbove)
        UI.rule(Point(0, bar.y), length: bar.width, theme.edge)
        for (index, line) in lines.enumerated() {
            UI.text(line, Point(14, bar.y + 7 + Float(index) * 17), theme.text, index == 0 ? .bold : .text)
        }
        for (index, warning) in shownWarnings.enumerated() {
            let top = bar.y + 4 + Float(lines.count) * 17 + Float(index) * Self.warningRow
            draw(warning, Box(14, top, size.x - 28, Self.warningRow - 4))
        }
        drawCaption(bar.y + Float(lines.count) * 17 + Float(shownWarnings.count) * Self.warningRow)

        let y = size.y - Self.height + 6
        let keys = "space \(status.isPaused ? "resume" : "pause")    . step    ctrl-z undo    s picture    ? keys"
        let keysWidth = UI.width(keys)
        UI.text(keys, Point(size.x - 14 - keysWidth, y), theme.secondary)
        let room = size.x - keysWidth - 50
        if let way = dashboardView.steering.wayWords {
            UI.text(UI.shortened(way + "; Escape stops it", to: room), Point(14, y), theme.moving)
        } else if let notice, notice.until > clock.now {
            let line = notice.text.split(separator: "\n").first.map(String.init) ?? notice.text
            UI.text(UI.shortened(line, to: room), Point(14, y), theme.text)
        } else {
            notice = nil
            meter.refresh(status, device: learner.options.device, isFinished: status.isFinished)
            let count = notes.isEmpty ? "" : notes.count == 1 ? " · 1 note" : " · \(notes.count) notes"
            let words = UI.shortened(meter.words, to: room - UI.width(count)) + count
            UI.text(UI.shortened(words, to: room), Point(14, y), theme.secondary)
        }
        if UI.item("words", Box(14, y - 3, max(1, room), 20)).contains(.hovered) {
            let now = notice?.text ?? meter.words
            let isNote = notes.contains { now.hasPrefix($0) }
            tooltip = Tooltip(text: ((isNote ? [] : [now]) + notes).joined(separator: "\n"))
        }
        UI.endWindow()
        return notices
    }

    /// What is wrong, and what can be done about it by one click.
    private func draw(_ raised: Learner.RaisedWarning, _ row: Box) {
        var buttons: [(id: String, words: String, act: @MainActor () -> Void)] = []
        if !status.isFinished {
            buttons += raised.warning.actions.map { action in
                (action.id, action.title, { [learner] in learner.send(.act(action)) })
            }
            if status.canUndo {
                buttons.append(("undo", "undo the last change", { [self] in dashboardView.steering.undo() }))
            }
            let before = raised.since - 1
            if before >= begin {
                buttons.append(
                    ("back", "back to step \(grouped(before))", { [self] in dashboardView.steering.goBack(to: before) })
                )
            }
        }
        let widths = buttons.map { UI.width($0.words, .small) + 20 }
        let room = row.width - 22 - widths.reduce(0) { $0 + $1 + 6 }
        UI.cross(Point(row.x + 5, row.midY), theme.moving, size: 4)
        let words = UI.shortened(raised.text, to: max(0, room))
        let end = UI.text(words, Point(row.x + 18, row.midY - 7.5), theme.text)
        if UI.item("warning/\(raised.id)", Box(row.x, row.y, max(1, end - row.x), row.height)).contains(.hovered) {
            tooltip = Tooltip(text: raised.text)
        }
        var x = end + 14
        for (action, width) in zip(buttons, widths) {
            let place = Box(x, row.y + 1, width, row.height - 2)
            if button("warning/\(raised.id)/\(action.id)", action.words, place, face: .small) { action.act() }
            x = place.maxX + 6
        }
    }

    /// Says those of `sentences` that are new, and keeps them for whoever points at the status line. Returns whether
    /// there were any.
    @discardableResult func note(_ sentences: [String]) -> Bool {
        let fresh = sentences.filter { !notes.contains($0) }
        guard let first = fresh.first else { return false }
        notes += fresh
        say(fresh.count == 1 ? first : "\(first) (\(fresh.count - 1) more: point here)")
        return true
    }
}

/// What drawing costs, and the words of the status line, which change twice a second so that they can be read.
struct DrawingMeter {
    private(set) var words = ""
    /// Processor time of the last frames, smoothed, in seconds.
    private(set) var secondsPerFrame = 0.0
    /// How many there were, what they took in all, in seconds, and how much of the window they drew.
    private(set) var frames = 0
    private(set) var seconds = 0.0
    private(set) var windows = 0.0
    private var spent = 0.0
    private var share = 0.0
    private var lastRefresh: ContinuousClock.Instant?
    private let clock: any WindowClock
    private let cores = Double(max(1, ProcessInfo.processInfo.activeProcessorCount))

    init(_ clock: any WindowClock) { self.clock = clock }

    /// Notes one frame's processor time, and the share of the window that it drew again.
    mutating func add(_ seconds: Double, drawn: Double) {
        frames += 1
        self.seconds += seconds
        windows += drawn
        spent += seconds
        secondsPerFrame = secondsPerFrame == 0 ? seconds : secondsPerFrame * 0.9 + seconds * 0.1
    }

    /// How long after the last event a person still counts as acting.
    static let attention = 2.0
    /// The time between two frames while a person acts, if the processor draws.
    static let followingInterval = 1.0 / 25

    /// The time between two frames of what the run changes while nobody acts, if the processor draws: that at which drawing
    /// takes 1.5 % of the machine, between a tenth and half a second. A model that learns on all cores loses up to twice what
    /// drawing takes, since a thread that was put aside keeps the others waiting; the figures take another 1 %
    /// (`FigureBoard`), and with both it is to keep 95 % of its speed (`make bench ONLY=window`).
    var restingInterval: Double { min(max(secondsPerFrame / (0.015 * cores), 0.1), 0.5) }

    /// The time until a frame that answers an event: at most 40 % of a core.
    var answerInterval: Double { min(max(secondsPerFrame * 2.5, 1.0 / 60), Self.followingInterval) }

    /// With CLMAT_LOG=1 a window says when it closes what its frames took.
    func tell() {
        guard Surface.logLevel >= 1, frames > 0 else { return }
        let (each, drawn) = (seconds / Double(frames) * 1000, windows / Double(frames) * 100)
        warn("clmat: \(frames) frames, each \(fixed(each, 2)) ms of processor time, \(fixed(drawn, 1)) % of the window")
    }

    mutating func refresh(_ status: Learner.Status, device: String, isFinished: Bool) {
        if let lastRefresh {
            let passed = (clock.now - lastRefresh).seconds
            guard passed > 0.5 else { return }
            share = spent / passed / cores
            spent = 0
        }
        lastRefresh = clock.now
        var parts = device.isEmpty ? [] : [device]
        if isFinished {
            parts.append("finished after \(grouped(status.step)) steps")
        } else if status.isPaused {
            parts.append("paused")
        } else {
            parts += Self.rates(status.rates)
        }
        parts.append("drawing \(share < 0.005 ? "under 1" : String(Int((share * 100).rounded()))) %")
        if let memory = HostMemory.resident { parts.append("memory \(grouped(memory >> 20)) MB") }
        words = parts.joined(separator: " · ")
    }

    /// "65 training steps/s" from `training-steps`; the engine's own steps only where the model says nothing. What else
    /// a model counts, such as images, goes along with its steps and is left to the summary.
    static func rates(_ rates: [String: Double]) -> [String] {
        let own = rates.keys.filter { $0.hasSuffix("-steps") }.sorted { a, b in
            // What trains comes first.
            (a.hasPrefix("training") ? 0 : 1, a) < (b.hasPrefix("training") ? 0 : 1, b)
        }
        return (own.isEmpty ? rates.keys.sorted() : own).map { id in
            let rate = rates[id] ?? 0
            let number = rate >= 10 ? grouped(Int(rate.rounded())) : format(rate, digits: 2)
            return "\(number) \(id.replacingOccurrences(of: "-", with: " "))/s"
        }
    }

}
