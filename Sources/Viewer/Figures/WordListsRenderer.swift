import Exploration

extension WordLists: DrawnByViewer {
    typealias Renderer = WordListsRenderer
}

/// The strongest words of each group, one after another across the panel, as many as fit: heavy words are bright, light ones
/// grey.
struct WordListsRenderer: FigureRenderer {
    /// Where the words stand, and what they were measured for.
    private(set) var layout: WordListsLayout?

    func height(of lists: WordLists, width: Float) -> Float? {
        Float(lists.groups.count) * WordListsLayout.lineHeight + 8
    }

    func pictureHeight(of lists: WordLists, width: Float) -> Float {
        let most =
            lists.groups.map { WordListsLayout.lines(of: $0, WordListsLayout.indent(lists), width).last ?? 0 }.max()
            ?? 0
        return Float(lists.groups.count * (most + 1)) * WordListsLayout.lineHeight + 30
    }

    func scale(of lists: WordLists) -> FigureScale {
        var scale = FigureScale()
        scale.include([Double(WordListsLayout.indent(lists))], in: "name")
        scale.include([Double(lists.groups.count)], in: "groups")
        scale.include(lists.groups.lazy.map { Double($0.words.count) }, in: "words")
        return scale
    }

    mutating func draw(_ lists: WordLists, in frame: FigureFrame) {
        let note = drawMarkNote(lists, frame)
        let body = frame.body.inset(0, 0, 0, note)
        guard body.width > 60, body.height >= WordListsLayout.lineHeight else { return }
        let wanted = WordListsLayout.Key(
            version: frame.version, width: body.width, height: body.height, fonts: UI.fontsVersion, scale: frame.scale)
        if layout?.key != wanted { layout = WordListsLayout(lists, wanted) }
        guard let layout else { return }
        if layout.height > body.height + 1 {
            frame.scroll("groups", Box(body.x, body.y, body.width + 11, body.height)) { content in
                draw(lists, layout, content.y, body, frame)
                return layout.height
            }
        } else {
            draw(lists, layout, body.y, body, frame)
        }
    }

    private func draw(_ lists: WordLists, _ layout: WordListsLayout, _ top: Float, _ body: Box, _ frame: FigureFrame) {
        let theme = frame.theme
        for (index, group) in lists.groups.enumerated() {
            let y = top + Float(index) * layout.groupHeight
            guard y + layout.groupHeight > body.y, y < body.maxY else { continue }
            let isChosen = group.choice?.isChosen == true
            let box = Box(body.x - 4, y, layout.indent - 4, layout.groupHeight)
            let item = frame.item("group \(index)", box)
            let isHovered = item.contains(.hovered)
            if isHovered { frame.fill(box, theme.button, radius: 3) }
            if isChosen {
                frame.outline(
                    Box(body.x - 5, y, body.width + (layout.height > body.height + 1 ? 1 : 9), layout.groupHeight),
                    frame.markColour,
                    radius: 3)
            }
            frame.text(
                group.name, Point(body.x + layout.indent - 14, y + 2),
                isHovered || isChosen ? theme.text : theme.secondary,
                .smallMono, align: .right)
            if let choice = group.choice, !item.contains(.rightClicked) {
                frame.choose(choice, item)
            } else {
                frame.act(on: group.actions, named: "\(lists.groupTitle) \(group.name)", item, menuAt: frame.mouse)
            }
            if isHovered {
                frame.tooltip(
                    title: "\(lists.groupTitle) \(group.name)" + (group.note.isEmpty ? "" : " · \(group.note)"),
                    text: frame.words(for: group.choice, group.actions))
            }
            draw(group, index, lists, layout.places[index], Point(body.x, y), frame)
        }
    }

    private func draw(
        _ group: WordLists.Group, _ index: Int, _ lists: WordLists, _ places: [WordListsLayout.Place], _ origin: Point,
        _ frame: FigureFrame
    ) {
        let theme = frame.theme
        // One item for all words of a group: an item for each would be a thousand.
        let mouse = frame.mouse
        let area = Box(origin.x, origin.y, frame.body.width, layout?.groupHeight ?? 0)
        let item = frame.item("words \(index)", area)
        for place in places {
            let word = group.words[place.word]
            let (x, y) = (origin.x + place.x, origin.y + Float(place.line) * WordListsLayout.lineHeight + 1)
            let box = Box(x - 3, y, place.width + 6, WordListsLayout.lineHeight - 1)
            let isHovered = item.contains(.hovered) && box.contains(mouse)
            if isHovered { frame.fill(box, theme.button, radius: 3) }
            frame.text(place.text, Point(x, y + 1), colour(of: word, theme))
            if word.isPinned { frame.rule(Point(x, y + 16), length: place.width, theme.secondary) }
            guard isHovered else { continue }
            var words = [word.mark?.note ?? "", frame.words(for: word.actions)]
            words.removeAll(where: \.isEmpty)
            frame.tooltip(
                title: word.text, facts: word.facts.map { ($0.name, format($0.value, digits: 3)) },
                text: words.joined(separator: "\n"))
            frame.act(on: word.actions, named: word.text, item, menuAt: mouse)
        }
    }

    /// Amber is what moves, here as elsewhere; else the light says how heavy a word is.
    private func colour(of word: WordLists.Word, _ theme: Theme) -> Colour {
        let strength = word.strength.isFinite ? min(max(word.strength, 0), 1) : 0
        let plain = theme.secondary.mixed(with: theme.text, strength.squareRoot())
        switch word.mark?.kind {
        case nil: return plain
        case .new, .moved: return theme.moving
        case .gone: return theme.secondary
        }
    }

    /// What amber means, below the words. Returns the room that it takes.
    private func drawMarkNote(_ lists: WordLists, _ frame: FigureFrame) -> Float {
        let (body, theme) = (frame.body, frame.theme)
        guard body.height > 80, lists.groups.contains(where: { $0.words.contains { $0.mark != nil } }) else { return 0 }
        frame.rule(Point(body.x, body.maxY - 17), length: body.width, theme.edge)
        let end = frame.text("new", Point(body.x, body.maxY - 12), theme.moving, .small)
        let note = UI.shortened("since the last change of a control", to: max(0, body.maxX - end - 5), .small)
        frame.text(note, Point(end + 5, body.maxY - 12), theme.secondary, .small)
        return 22
    }
}

/// Where the words of each group stand.
@MainActor struct WordListsLayout {
    /// What it was worked out for.
    struct Key: Equatable {
        let version: Int
        let width: Float
        let height: Float
        /// The fonts by which words were measured.
        let fonts: Int32
        let scale: FigureScale?
    }

    struct Place {
        /// Its index in the group.
        let word: Int
        let text: String
        /// From the panel's left edge.
        let x: Float
        let line: Int
        let width: Float
    }

    static let lineHeight: Float = 18
    /// Between two words.
    private static let gap: Float = 10

    let key: Key
    let indent: Float
    /// Lines that each group has.
    let linesPerGroup: Int
    /// By group.
    let places: [[Place]]
    let groupHeight: Float
    let height: Float

    init(_ lists: WordLists, _ key: Key) {
        self.key = key
        indent = key.scale.map { Float($0.most("name")) } ?? Self.indent(lists)
        let count = max(lists.groups.count, Int(key.scale?.most("groups") ?? 0))
        // No more lines than the longest list takes.
        let fitting = max(1, Int(key.height / (Float(count) * Self.lineHeight)))
        let lines = lists.groups.map { Self.lines(of: $0, Self.indent(lists), key.width) }
        let needed = lines.map { ($0.last ?? 0) + 1 }.max() ?? 1
        let mostLines = key.scale == nil ? min(fitting, needed) : fitting
        linesPerGroup = mostLines
        // What is left between the lines is spread, so that groups stand apart.
        let plain = Float(mostLines) * Self.lineHeight
        groupHeight = max(plain, min(plain + 8, (key.height / Float(count)).rounded(.down)))
        height = groupHeight * Float(lists.groups.count)
        let indent = indent
        places = lists.groups.map { Self.place($0, indent, key.width, lines: mostLines) }
    }

    /// The room of the groups' names.
    static func indent(_ lists: WordLists) -> Float {
        (lists.groups.map { UI.width($0.name, .smallMono) }.max() ?? 0).rounded(.up) + 18
    }

    /// The line of each word of a group that has as many lines as it needs.
    static func lines(of group: WordLists.Group, _ indent: Float, _ width: Float) -> [Int] {
        place(group, indent, width, lines: .max).map(\.line)
    }

    /// Words are set in whole; one that is wider than a line alone is cut. The first that does not fit ends the list, so that
    /// none is left out of the order.
    private static func place(_ group: WordLists.Group, _ indent: Float, _ width: Float, lines: Int) -> [Place] {
        var places: [Place] = []
        var (x, line) = (indent, 0)
        for (index, word) in group.words.enumerated() where !word.text.isEmpty {
            var text = word.text
            var length = UI.width(text)
            if length > width - indent {
                text = UI.shortened(text, to: width - indent)
                length = UI.width(text)
            }
            if x > indent, x + length > width {
                (x, line) = (indent, line + 1)
                if line >= lines { break }
            }
            places.append(Place(word: index, text: text, x: x, line: line, width: length))
            x += length + gap
        }
        return places
    }
}
