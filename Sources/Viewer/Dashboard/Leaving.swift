import CImGui
import Exploration

/// Leaving with work that is in no file asks first.
final class Leaving: DashboardPart {
    /// How far the run is, as far as a file would hold it.
    private struct Work: Equatable {
        let position: Position
        /// All commands that took effect, as a change at the same step is work too.
        let commands: Int

        init(_ timeline: Timeline) {
            (position, commands) = (timeline.position, timeline.log.count { $0.command.mayChange })
        }
    }

    /// What is in a file, or was there at the start.
    private var kept: Work?
    /// Whether a checkpoint was written in this window.
    private var hasSaved = false
    /// Whether the question is on the window.
    private(set) var isAsking = false
    /// It is drawn first in the frame after it was asked.
    private var isNew = true
    /// Whether the window closes when the checkpoint that is being written is there.
    private var leavesWhenSaved = false
    /// Whether the window is to close.
    private(set) var hasLeft = false

    override init(_ dashboardView: DashboardView) {
        super.init(dashboardView)
        let timeline = dashboardView.learner.timeline
        // A window that opens on a run under way finds work that is in no file.
        if timeline.step == timeline.start { kept = Work(timeline) }
    }

    override var isInFront: Bool { isAsking }
    override func dismiss() { stay() }

    /// Whether steps or changes were made since the start, or since they were last saved, that no file has. Where a session is being
    /// written nothing is lost; and where nobody can save, nobody is asked.
    var hasUnsavedWork: Bool {
        guard options.save != nil, !options.closesWhenFinished else { return false }
        let status = learner.status
        if learner.options.recorder != nil, status.recordingError == nil { return false }
        return Work(learner.timeline) != kept
    }

    /// Asks, if something would be lost. Returns whether the window may close at once.
    func ask() -> Bool {
        guard hasUnsavedWork else { return true }
        (isAsking, isNew) = (true, true)
        return false
    }

    /// Notes that what there is now is being written.
    func noteSaving() -> () -> Void {
        let work = Work(learner.timeline)
        return { [weak self] in
            self?.kept = work
            self?.hasSaved = true
        }
    }

    func stay() { (isAsking, leavesWhenSaved) = (false, false) }

    /// Enter: the first answer.
    func saveAndLeave() {
        guard isAsking else { return }
        leavesWhenSaved = true
        dashboardView.checkpoints.save()
    }

    /// A checkpoint was written, or failed: then the person stays, and the status line says why.
    func noteSaved(_ succeeded: Bool) {
        guard leavesWhenSaved else { return }
        if succeeded { hasLeft = true } else { stay() }
    }

    func draw(in area: Box) {
        guard isAsking else { return }
        let lines = UI.wrapped(words, to: 360)
        let answers: [(id: String, words: String, act: () -> Void)] = [
            ("save", leavesWhenSaved ? "Saving…" : "Save and leave", { [self] in saveAndLeave() }),
            ("leave", "Leave", { [self] in hasLeft = true }),
            ("stay", "Stay", { [self] in stay() }),
        ]
        let widths = answers.map { UI.width($0.words) + 32 }
        let width = max(widths.reduce(20) { $0 + $1 + 8 }, (lines.map { UI.width($0) }.max() ?? 0) + 36)
        let height = 52 + Float(lines.count) * 18 + 46
        let box = Box((area.midX - width / 2).rounded(), (area.midY - height / 2).rounded(), width, height).within(area)
        UI.beginWindow("leaving", box, fill: theme.tooltip, edge: theme.secondary, radius: 6, comesToFront: isNew)
        UI.text("Leave without saving?", Point(box.x + 18, box.y + 14), theme.text, .bold)
        for (index, line) in lines.enumerated() {
            UI.text(line, Point(box.x + 18, box.y + 42 + Float(index) * 18), theme.secondary)
        }
        var x = box.maxX - 18 - widths.reduce(-8) { $0 + $1 + 8 }
        for (answer, width) in zip(answers, widths) {
            let place = Box(x, box.maxY - 42, width, 28)
            if button(
                answer.id, answer.words, place, isOn: answer.id == "save",
                isEnabled: !leavesWhenSaved || answer.id != "save")
            {
                answer.act()
            }
            x = place.maxX + 8
        }
        UI.endWindow()
        isNew = false
    }

    private var words: String {
        let place = hasSaved ? kept.map { "since it was saved at step \(grouped($0.position.step))" } : nil
        let hasMore = branches.count > 1 || lastStep > now
        let more = hasMore ? " A checkpoint holds it as it is there: not what lies ahead, nor other branches." : ""
        return "What this run did \(place ?? "") is in no file: it is at step \(grouped(now)) now."
            .replacing("  ", with: " ") + more + " Enter saves and leaves, Escape stays."
    }
}
