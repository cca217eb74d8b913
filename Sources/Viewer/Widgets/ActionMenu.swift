import CImGui
import CLMat
import Exploration

/// A small menu of what can be done to a part of a figure.
struct ActionMenu {
    let title: String
    let actions: [Action]
    let place: Point
    /// What is typed for an action that asks, by the action's place in the list.
    var answers: [Int: TextField] = [:]
    /// It is drawn first in the frame after the click.
    var isNew = true

    /// The room that an action takes: a button, or a field with its question and a button.
    static func height(of action: Action) -> Float { action.asks == nil ? 30 : 52 }
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
        let asks = menu.actions.contains { $0.asks != nil }
        let width = max(asks ? 236 : 150, (menu.actions.map { UI.width($0.title) }.max() ?? 0) + 28)
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
        var field = answer ?? TextField("\(question.range.lowerBound)", takesFocus: false)
        defer { answer = field }
        let accepted = "\(question.range.lowerBound)…\(question.range.upperBound)"
        UI.text(
            UI.shortened("\(question.title), \(accepted)", to: box.width, .small), Point(box.x, box.y), theme.secondary,
            .small)
        if let problem = field.problem {
            dashboardView.hints.problem = (problem, Box(box.x, box.y + 30, box.width, 12))
        }
        let outcome = field.show("action/\(number)/field", Point(box.x, box.y + 18), width: 64)
        let isAsked = button(
            "action/\(number)", action.title, Box(box.x + 72, box.y + 15, box.width - 72, 26),
            isEnabled: !status.isFinished)
        guard isAsked || outcome == .entered else { return false }
        guard let number = Int(field.text), question.range.contains(number) else {
            field.problem = "\(CLMatError.invalidValue(setting: question.title, value: field.text, accepted: accepted))"
            return false
        }
        var asked = action
        asked.arguments.append(number)
        learner.send(.act(asked))
        return true
    }
}
