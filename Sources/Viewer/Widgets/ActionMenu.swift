import CImGui
import CLMat
import Exploration
import Foundation

/// A small menu of what can be done to a part of a figure.
struct ActionMenu {
    let title: String
    let actions: [Action]
    let place: Point
    /// What is typed for an action that asks, by the action's place in the list.
    var answers: [Int: TextField] = [:]
    /// It is drawn first in the frame after the click.
    var isNew = true

    /// The width of a menu with a question whose answers have names or groups.
    static let leastWidth: Float = 330

    /// The room that an action takes: a button, or a field with its question and a button, and below it answers by name.
    @MainActor static func height(of action: Action) -> Float {
        guard let question = action.asks else { return 30 }
        return 52 + (question.isPlain ? 0 : AnswerChips(question, "").height(width: leastWidth - 16))
    }
}

/// The menu of what can be done to a part of a figure, and the same buttons in a figure's window.
final class ActionMenus: DashboardPart {
    var menu: ActionMenu?

    override var isInFront: Bool { menu != nil }
    override func dismiss() { menu = nil }

    func open(_ actions: [Action], named name: String, at place: Point) {
        menu = ActionMenu(title: name, actions: actions, place: place)
    }

    func draw(in area: Box) {
        guard let menu else { return }
        let asks = menu.actions.compactMap(\.asks)
        let least: Float = asks.contains { !$0.isPlain } ? ActionMenu.leastWidth : asks.isEmpty ? 150 : 236
        let width = max(least, (menu.actions.map { UI.width($0.title) }.max() ?? 0) + 28)
        let height = menu.actions.map(ActionMenu.height).reduce(0, +) + 36
        let box = Box(menu.place.x, menu.place.y + 2, width, height).within(area)
        UI.beginWindow(
            "action-menu", box, fill: theme.tooltip, edge: theme.edge, radius: 5, comesToFront: menu.isNew)
        UI.text(UI.shortened(menu.title, to: width - 20, .bold), Point(box.x + 10, box.y + 8), theme.text, .bold)
        var answers = menu.answers
        let chosen = drawActions(menu.actions, &answers, Box(box.x + 8, box.y + 29, box.width - 16, 26))
        UI.endWindow()
        self.menu?.answers = answers
        self.menu?.isNew = false
        if chosen || (gui_mouse_was_pressed() && !menu.isNew && !box.contains(UI.mouse)) { self.menu = nil }
    }

    /// Buttons below each other, the first one in `box`. Returns whether one was done.
    func drawActions(_ actions: [Action], _ answers: inout [Int: TextField], _ box: Box) -> Bool {
        var isDone = false
        var box = box
        for (number, action) in actions.enumerated() {
            if draw(action, number, &answers[number], box) { isDone = true }
            box.y += ActionMenu.height(of: action)
        }
        return isDone
    }

    /// A button for what can be done, with a field for what it asks. Returns whether it was done.
    private func draw(_ action: Action, _ number: Int, _ answer: inout TextField?, _ box: Box) -> Bool {
        guard let question = action.asks else {
            let isDone = button("action/\(number)", action.title, box, isEnabled: !status.isFinished)
            if isDone { learner.send(.act(action)) }
            return isDone
        }
        var field =
            answer ?? TextField(question.isPlain ? "\(question.range.lowerBound)" : "", takesFocus: !question.isPlain)
        defer { answer = field }
        UI.text(
            UI.shortened("\(question.title), \(question.hint)", to: box.width, .small), Point(box.x, box.y),
            theme.secondary, .small)
        if let problem = field.problem {
            dashboardView.hints.problem = (problem, Box(box.x, box.y + 30, box.width, 12))
        }
        let width: Float = question.isPlain ? 64 : 150
        let outcome = field.show("action/\(number)/field", Point(box.x, box.y + 18), width: width)
        let isAsked = button(
            "action/\(number)", action.title, Box(box.x + width + 8, box.y + 15, box.width - width - 8, 26),
            isEnabled: !status.isFinished)
        var typed = isAsked || outcome == .entered ? field.text : nil
        if !question.isPlain {
            let chips = AnswerChips(question, field.text)
            let room = Box(box.x, box.y + 48, box.width, 0)
            switch drawChips(chips, number, room) {
            case .answer(let text)?: typed = text
            case .group(let name)?: field = TextField(name + " ")
            case nil: break
            }
        }
        guard let typed else { return false }
        do {
            var asked = action
            asked.arguments += try question.answer(typed)
            learner.send(.act(asked))
            return true
        } catch {
            field.problem = "\(error)"
            // What is typed next belongs to the field, not to the window's keys.
            field.focus()
            return false
        }
    }

    /// Answers by name and groups, as small buttons in lines. Returns which was clicked.
    private func drawChips(_ chips: AnswerChips, _ number: Int, _ room: Box) -> AnswerChips.Chip? {
        var clicked: AnswerChips.Chip?
        for part in chips.laid(width: room.width) {
            let box = Box(room.x + part.box.x, room.y + part.box.y, part.box.width, part.box.height)
            guard let chip = part.chip else {
                UI.text(part.words, Point(box.x, box.y + 3), theme.secondary, .small)
                continue
            }
            let id = "action/\(number)/\(chip.words)"
            if button(id, chip.words, box, isEnabled: !status.isFinished, face: .small) { clicked = chip }
        }
        return clicked
    }
}

/// What can be answered to a question by a click: names that begin as what is typed, and groups.
struct AnswerChips {
    enum Chip {
        /// Answers the question.
        case answer(String)
        /// Begins an answer.
        case group(String)

        var words: String {
            switch self {
            case .answer(let text), .group(let text): text
            }
        }
    }

    let answers: [Chip]
    let groups: [Chip]
    /// Which numbers the first group has, or the one that is typed.
    let note: String
    let groupNote: String

    private static let line: Float = 21
    /// Lines of each of both kinds at most.
    private static let most = 3

    init(_ question: Action.Question, _ typed: String) {
        let named = question.group(namedBy: typed)
        let group = named ?? question.groups[0]
        note = "\(group.name) \(group.range.lowerBound) to \(group.range.upperBound)"
        // Numbers as names are what the note says already.
        let names = group.names == group.range.map(String.init) ? [] : question.completions(of: typed, most: 24)
        answers = names.map { .answer($0) }
        let others = question.groups.filter { $0 != group }
        let word = typed.trimmingCharacters(in: .whitespaces).lowercased()
        let begun = named == nil && !word.isEmpty ? others.filter { $0.name.lowercased().hasPrefix(word) } : []
        groups = (begun.isEmpty ? others : begun).map { .group($0.name) }
        groupNote = groups.isEmpty ? "" : "other \(question.groupTitle)s"
    }

    /// Where all of it stands, from the top left of its room: words, and chips in as many lines as they need.
    @MainActor func laid(width: Float) -> [(words: String, chip: Chip?, box: Box)] {
        var laid: [(words: String, chip: Chip?, box: Box)] = []
        var y: Float = 0
        for (words, chips) in [(note, answers), (groupNote, groups)] where !words.isEmpty {
            let noteWidth = UI.width(words, .small)
            laid.append((words, nil, Box(0, y, noteWidth, Self.line - 3)))
            var (x, line) = (noteWidth + 8, 0)
            for chip in chips {
                let own = min(UI.width(chip.words, .small) + 12, width)
                if x + own > width, x > 0 { (x, line) = (0, line + 1) }
                guard line < Self.most else { break }
                laid.append((chip.words, chip, Box(x, y + Float(line) * Self.line, own, Self.line - 3)))
                x += own + 4
            }
            y += Float(min(line + 1, Self.most)) * Self.line + 4
        }
        return laid
    }

    @MainActor func height(width: Float) -> Float { (laid(width: width).map(\.box.maxY).max() ?? 0) + 6 }
}

extension Action.Question {
    /// What is said beside its title.
    fileprivate var hint: String {
        if isPlain { return accepted }
        let first = groups[0].names.isEmpty ? "number" : "number or name"
        return first + (groups.count > 1 ? "; or \(groupTitle) and number" : "")
    }
}
