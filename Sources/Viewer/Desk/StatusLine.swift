import CImGui
import CLMat
import Exploration
import Foundation

// The strip at the bottom: on what it runs, how fast, what drawing costs, the keys.

extension Desk {
    /// What an error of the run says above the line.
    var errorLines: [String] {
        Array((status.error.map { UI.wrapped("The run stopped: \($0)", to: size.x - 28) } ?? []).prefix(6))
    }

    /// Returns how many extra lines an error of the run takes.
    @discardableResult func drawStatusLine() -> Int {
        let lines = errorLines
        let height = Self.statusHeight + Float(lines.count) * 17
        let bar = Box(0, size.y - height, size.x, height)
        gui_begin_window(
            "status", bar.x, bar.y, bar.width, bar.height, theme.panel.packed, theme.panel.packed, 0,
            !Layout.scrolls(size),
            Layout.scrolls(size) && !hasAbove)
        UI.rule(Point(0, bar.y), length: bar.width, theme.edge)
        for (index, line) in lines.enumerated() {
            UI.text(line, Point(14, bar.y + 7 + Float(index) * 17), theme.text, index == 0 ? .bold : .text)
        }

        let y = size.y - Self.statusHeight + 6
        let keys = "space \(status.isPaused ? "resume" : "pause")    . step    ctrl-z undo    s picture    ? keys"
        let keysWidth = UI.width(keys)
        UI.text(keys, Point(size.x - 14 - keysWidth, y), theme.secondary)
        let room = size.x - keysWidth - 50
        if let notice, notice.until > clock.now {
            let line = notice.text.split(separator: "\n").first.map(String.init) ?? notice.text
            UI.text(UI.shortened(line, to: room), Point(14, y), theme.text)
        } else {
            notice = nil
            meter.refresh(status, device: learner.options.device, isFinished: status.isFinished)
            let count = notes.isEmpty ? "" : notes.count == 1 ? " · 1 note" : " · \(notes.count) notes"
            let words = UI.shortened(meter.words, to: room - UI.width(count)) + count
            UI.text(UI.shortened(words, to: room), Point(14, y), theme.secondary)
        }
        if UI.item("status", Box(14, y - 3, max(1, room), 20)).contains(.hovered) {
            let now = notice?.text ?? meter.words
            let isNote = notes.contains { now.hasPrefix($0) }
            tooltip = Tooltip(text: ((isNote ? [] : [now]) + notes).joined(separator: "\n"))
        }
        gui_end_window()
        return lines.count
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
    private var spent = 0.0
    private var share = 0.0
    private var lastRefresh: ContinuousClock.Instant?
    private let clock = ContinuousClock()
    private let cores = Double(max(1, ProcessInfo.processInfo.activeProcessorCount))

    /// Notes one frame's processor time.
    mutating func add(_ seconds: Double) {
        spent += seconds
        secondsPerFrame = secondsPerFrame == 0 ? seconds : secondsPerFrame * 0.9 + seconds * 0.1
    }

    /// The time between two frames while nobody touches the window: that at which drawing takes a 25th of the machine,
    /// between 1/60 and 1/6 s. A model that learns on all cores loses about twice what drawing takes: who shows the
    /// window's pixels copies them once more, and a thread that was put aside keeps the others waiting.
    var frameInterval: Double { min(max(secondsPerFrame * 25 / cores, 1.0 / 60), 1.0 / 6) }

    /// The time between two frames while a person moves the mouse or types: at most 40 % of a core.
    var answerInterval: Double { min(max(secondsPerFrame * 2.5, 1.0 / 60), 1.0 / 25) }

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
        if let memory = Self.residentBytes { parts.append("memory \(grouped(memory >> 20)) MB") }
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

    static var residentBytes: Int? {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return nil }
        let fields = text.split(separator: " ")
        return fields.count > 1 ? Int(fields[1]).map { $0 * sysconf(Int32(_SC_PAGESIZE)) } : nil
    }
}
