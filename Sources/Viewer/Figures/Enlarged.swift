import CImGui
import CLMat
import Exploration

// One image of a grid, large: its facts, the pixel under the mouse, and what can be done to it.

extension Desk {
    func drawEnlarged(in area: Box, _ textures: TextureMaker) {
        for panel in layout.openPanels(dashboard) {
            guard case .figure(let id) = panel, let view = figures[id], let index = view.enlarged,
                case .ready(let content, _) = view.state, let grid = content as? ImageGrid,
                grid.cells.indices.contains(index),
                let texture = view.texture
            else { continue }
            drawEnlarged(id, index, grid, texture, in: area)
        }
    }

    private func drawEnlarged(_ id: String, _ index: Int, _ grid: ImageGrid, _ texture: Texture, in area: Box) {
        let cell = grid.cells[index]
        let facts = cell.factTexts
        let zoom = max(1, (min(308, area.height - 230) / Float(max(grid.width, grid.height))).rounded(.down))
        let image = (width: Float(grid.width) * zoom, height: Float(grid.height) * zoom)
        let buttons = cell.actions.map(actionHeight).reduce(0, +)
        let width = max(image.width, 240) + 28
        let height = 40 + image.height + 24 + Float(facts.count) * 17 + buttons + 14
        let place = figures[id]?.place ?? Point(area.midX, area.midY)
        let box = Box(place.x, place.y, min(width, area.width), height).within(area)
        enlargedBox = box

        gui_begin_window(
            "enlarged \(id)", box.x, box.y, box.width, box.height, theme.panel.packed, theme.secondary.packed, 6, false,
            figures[id]?.isNew == true)
        figures[id]?.isNew = false
        UI.text(
            UI.shortened(title(of: index, in: grid), to: box.width - 50, .bold), Point(box.x + 14, box.y + 10),
            theme.text,
            .bold)
        let bar = UI.item("bar", Box(box.x, box.y, box.width - 34, 32))
        if bar.contains(.pressed) { grabOffset = Point(UI.mouse.x - box.x, UI.mouse.y - box.y) }
        if bar.contains(.held) {
            figures[id]?.place = Point(UI.mouse.x - grabOffset.x, UI.mouse.y - grabOffset.y)
        }
        if closeButton(box) { figures[id]?.enlarged = nil }

        let picture = Box(box.x + 14, box.y + 38, image.width, image.height)
        texture.draw(cell: index, of: grid, in: picture)
        UI.text(pixelWords(cell, grid, picture, zoom), Point(box.x + 14, picture.maxY + 6), theme.secondary, .smallMono)
        var y = picture.maxY + 26
        for fact in facts {
            UI.text(fact.name, Point(box.x + 14, y), theme.secondary)
            UI.text(fact.value, Point(box.maxX - 14, y), theme.text, .mono, align: .right)
            y += 17
        }
        y += 4
        for (number, action) in cell.actions.enumerated() {
            var answer = figures[id]?.answers[number]
            _ = drawAction(action, number, &answer, Box(box.x + 14, y, box.width - 28, 26))
            figures[id]?.answers[number] = answer
            y += actionHeight(action)
        }
        gui_end_window()
    }

    private func pixelWords(_ cell: ImageGrid.Cell, _ grid: ImageGrid, _ picture: Box, _ zoom: Float) -> String {
        guard picture.contains(UI.mouse), gui_window_is_hovered() else {
            return "\(grid.width) × \(grid.height) pixels" + (grid.channels > 1 ? ", \(grid.channels) channels" : "")
        }
        let x = min(grid.width - 1, Int((UI.mouse.x - picture.x) / zoom))
        let y = min(grid.height - 1, Int((UI.mouse.y - picture.y) / zoom))
        let values = (0..<max(1, grid.channels)).compactMap { channel -> String? in
            let place = (channel * grid.height + y) * grid.width + x
            guard cell.values.indices.contains(place) else { return nil }
            let value = Double(cell.values[place])
            return value.isFinite && abs(value) < 1e6 ? fixed(value, 3) : format(value)
        }
        return "(\(x), \(y))  " + values.joined(separator: "  ")
    }

    /// The room that an action takes: a button, or a field with its question and a button.
    func actionHeight(_ action: Action) -> Float { action.asks == nil ? 30 : 52 }

    /// A button for what can be done, with a field for what it asks. Returns whether it was done.
    func drawAction(_ action: Action, _ number: Int, _ answer: inout TextField?, _ box: Box) -> Bool {
        guard let question = action.asks else {
            let isDone = button("action \(number)", action.title, box, isEnabled: !status.isFinished)
            if isDone { learner.send(.act(action)) }
            return isDone
        }
        var field = answer ?? TextField("\(question.range.lowerBound)", takesFocus: false)
        defer { answer = field }
        let accepted = "\(question.range.lowerBound)…\(question.range.upperBound)"
        UI.text(
            UI.shortened("\(question.title), \(accepted)", to: box.width, .small), Point(box.x, box.y), theme.secondary,
            .small)
        if let problem = field.problem { problemNote = (problem, Box(box.x, box.y + 30, box.width, 12)) }
        let outcome = field.show("answer \(number)", Point(box.x, box.y + 18), width: 64)
        let isAsked = button(
            "action \(number)", action.title, Box(box.x + 72, box.y + 15, box.width - 72, 26),
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
