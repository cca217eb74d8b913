import Exploration

extension ColouredText: DrawnByViewer {
    typealias Renderer = ColouredTextRenderer
}

/// Texts whose words have the colours of their groups.
struct ColouredTextRenderer: FigureRenderer {
    private(set) var flow: TextFlow?
    private var colours = GroupColours()
    /// The group of the word that was under the mouse in the last frame.
    private var hoveredGroup: Int?

    func pictureHeight(of text: ColouredText, width: Float) -> Float {
        TextFlow(text, width: width - 8, version: 0).height + 60
    }

    mutating func draw(_ text: ColouredText, in frame: FigureFrame) {
        let (body, theme) = (frame.body, frame.theme)
        guard !text.paragraphs.isEmpty else { return frame.say("No texts.", in: body, theme.secondary) }
        colours.update(text.isOrdered ? Array(text.groups.indices) : text.strongestGroups)
        let named = colours.groups.filter { text.groups.indices.contains($0) }
        let legend = drawLegend(text, named, frame)
        let room = body.inset(0, legend.height, 0, 0)
        guard room.height >= 20, room.width >= 40 else { return }
        if flow?.version != frame.version || flow?.width != room.width - 8 || flow?.fonts != UI.fontsVersion {
            flow = TextFlow(text, width: room.width - 8, version: frame.version)
        }
        guard let flow else { return }
        var hovered = legend.hovered ?? hoveredGroup
        hoveredGroup = nil
        if let group = hovered, !text.groups.indices.contains(group) { hovered = nil }
        frame.scroll("text", Box(room.x, room.y, room.width + 11, room.height)) { content in
            let item = frame.item("words", Box(room.x, room.y, room.width, room.height))
            let isInside = item.contains(.hovered)
            for line in flow.lines {
                let y = content.y + line.y
                guard y + TextFlow.lineHeight > room.y, y < room.maxY else { continue }
                let paragraph = text.paragraphs[line.paragraph]
                if line.isTitle {
                    let title = UI.shortened(paragraph.title, to: flow.width, .bold)
                    let end = frame.text(title, Point(content.x, y), theme.text, .bold)
                    let fact = UI.shortened(paragraph.fact, to: content.x + flow.width - end - 10)
                    frame.text(fact, Point(end + 10, y), theme.secondary)
                    continue
                }
                for place in line.words {
                    let word = paragraph.words[place.word]
                    let colour = colour(of: word, hovered: hovered, theme)
                    frame.text(place.text, Point(content.x + place.x, y), colour)
                    let box = Box(content.x + place.x - 2, y - 2, place.width + 4, TextFlow.lineHeight)
                    if word.choice?.isChosen == true { frame.outline(box, frame.markColour, radius: 3) }
                    guard isInside, box.contains(frame.mouse) else { continue }
                    tell(of: word, text, frame)
                    frame.choose(word.choice, item)
                }
            }
            return flow.height
        }
    }

    /// Its group's hue, the stronger the more it belongs there; grey for the many other groups.
    private func colour(of word: ColouredText.Word, hovered: Int?, _ theme: Theme) -> Colour {
        let rest = theme.secondary.mixed(with: theme.panel, 0.15)
        guard let group = word.group else { return hovered == nil ? rest : rest.faded(0.55) }
        let strength = word.strength.isFinite ? min(max(word.strength, 0), 1) : 0
        let hue = colours[group].map { muted($0, theme) }
        if let hovered {
            return hovered == group ? hue?.mixed(with: theme.text, 0.25) ?? theme.text : rest.faded(0.55)
        }
        guard let hue else { return rest.mixed(with: theme.text, 0.35 * strength) }
        return rest.mixed(with: hue, 0.35 + 0.65 * strength)
    }

    /// One of the colours of the sliders, with less of its strength: here it is no slider.
    private func muted(_ index: Int, _ theme: Theme) -> Colour {
        theme.hues[index % theme.hues.count].mixed(with: theme.secondary, 0.25)
    }

    private mutating func tell(of word: ColouredText.Word, _ text: ColouredText, _ frame: FigureFrame) {
        let facts = word.facts.map { ($0.name, format($0.value)) }
        let click = frame.words(for: word.choice)
        guard let group = word.group, text.groups.indices.contains(group) else {
            let words = facts.isEmpty && click.isEmpty ? "belongs to no group" : click
            frame.tooltip(title: word.text, facts: facts, text: words)
            return
        }
        // Of ordered groups the words say enough: lighting up a third of the text at each move would not.
        if !text.isOrdered { hoveredGroup = group }
        frame.tooltip(
            title: word.text,
            facts: facts.isEmpty ? [("strength", format(Double(word.strength), digits: 2))] : facts,
            text: [text.groups[group], click].filter { !$0.isEmpty }.joined(separator: "\n"))
    }

    /// The names of the groups that have a colour. Gives the room that it takes, and the group under the mouse.
    private func drawLegend(
        _ text: ColouredText, _ groups: [Int], _ frame: FigureFrame
    ) -> (height: Float, hovered: Int?) {
        let (body, theme) = (frame.body, frame.theme)
        // In a low panel the words come first.
        guard !groups.isEmpty, body.height >= 80 else { return (0, nil) }
        var (x, y, hovered): (Float, Float, Int?) = (body.x, body.y, nil)
        let lowest = body.y + max(17, body.height * 0.25)
        func place(_ name: String, _ colour: Colour, _ group: Int?) {
            let shown = UI.shortened(name, to: min(220, body.width - 18), .small)
            let width = UI.width(shown, .small) + 14
            if x > body.x, x + width > body.maxX {
                guard y + 34 <= lowest else { return }
                (x, y) = (body.x, y + 17)
            }
            let box = Box(x, y - 1, width, 16)
            if let group, frame.item("group \(group)", box).contains(.hovered) {
                hovered = group
            }
            frame.fill(Box(x, y + 2, 9, 9), colour, radius: 2)
            frame.text(shown, Point(x + 14, y), hovered == group && group != nil ? theme.text : theme.secondary, .small)
            x += width + 14
        }
        for group in text.isOrdered ? groups.sorted() : groups {
            place(text.groups[group], muted(colours[group] ?? 0, theme), group)
        }
        if text.strongestGroups.count > groups.count { place("other groups", theme.secondary, nil) }
        frame.rule(Point(body.x, y + 19), length: body.width, theme.edge)
        return (y + 27 - body.y, hovered)
    }
}

/// Which groups have a colour: a few of the strongest. One keeps its colour for as long as it is among them, so that
/// colours stay while the model moves.
struct GroupColours {
    private var owners = [Int?](repeating: nil, count: 6)

    /// - Parameter strongest: all groups, from the strongest on.
    mutating func update(_ strongest: [Int]) {
        let chosen = strongest.prefix(owners.count)
        for index in owners.indices {
            if let owner = owners[index], !chosen.contains(owner) { owners[index] = nil }
        }
        for group in chosen where !owners.contains(group) {
            if let free = owners.firstIndex(of: nil) { owners[free] = group }
        }
    }

    subscript(_ group: Int) -> Int? { owners.firstIndex(of: group) }
    var groups: [Int] { owners.compactMap { $0 } }
}

/// Words in lines.
struct TextFlow {
    struct Place {
        /// Its index in the paragraph.
        let word: Int
        let text: String
        var x: Float
        let width: Float
    }

    struct Line {
        let paragraph: Int
        /// From the top of the first one.
        let y: Float
        var words: [Place] = []
        var isTitle = false
    }

    static let lineHeight: Float = 18
    let version: Int
    let width: Float
    /// The fonts by which it was measured.
    let fonts: Int32
    private(set) var lines: [Line] = []
    private(set) var height: Float = 0

    @MainActor init(_ text: ColouredText, width: Float, version: Int) {
        (self.width, self.version, fonts) = (width, version, UI.fontsVersion)
        let space = UI.width(" ")
        var y: Float = 0
        // A document's words are few, but often the same.
        var widths: [String: Float] = [:]
        for (index, paragraph) in text.paragraphs.enumerated() {
            if index > 0 { y += 12 }
            if !paragraph.title.isEmpty || !paragraph.fact.isEmpty {
                lines.append(Line(paragraph: index, y: y, isTitle: true))
                y += Self.lineHeight + 2
            }
            let direction = TextDirection(of: paragraph)
            var line = Line(paragraph: index, y: y)
            var x: Float = 0
            for (number, word) in paragraph.words.enumerated() where !word.text.isEmpty {
                var shown =
                    word.text.contains(where: \.isNewline)
                    ? String(word.text.map { $0.isNewline ? " " : $0 }) : word.text
                var length = widths[shown] ?? UI.width(shown)
                widths[shown] = length
                if length > width {
                    shown = UI.shortened(shown, to: width)
                    length = UI.width(shown)
                }
                if x > 0, x + length > width {
                    lines.append(line.arranged(direction, width: width, space: space))
                    y += Self.lineHeight
                    (line, x) = (Line(paragraph: index, y: y), 0)
                }
                line.words.append(Place(word: number, text: shown, x: x, width: length))
                x += length + space
            }
            if !line.words.isEmpty {
                lines.append(line.arranged(direction, width: width, space: space))
                y += Self.lineHeight
            }
        }
        height = y + 4
    }
}

extension TextFlow.Line {
    /// With its words, which stand in the order in which they are read, where they are seen: lines that run to the left
    /// begin at the right edge.
    fileprivate func arranged(_ direction: TextDirection, width: Float, space: Float) -> Self {
        let directions = words.map { TextDirection(of: $0.text) }
        guard direction == .rightToLeft || directions.contains(.rightToLeft) else { return self }
        var line = self
        let length = words.reduce(0) { $0 + $1.width } + space * Float(max(0, words.count - 1))
        var x = direction == .rightToLeft ? width - length : 0
        for index in TextDirection.order(of: directions, in: direction) {
            line.words[index].x = x
            x += line.words[index].width + space
        }
        return line
    }
}

extension TextDirection {
    /// That of most of the words.
    fileprivate init(of paragraph: ColouredText.Paragraph) {
        let directions = paragraph.words.lazy.compactMap { TextDirection(of: $0.text) }
        let balance = directions.reduce(0) { $0 + ($1 == .rightToLeft ? 1 : -1) }
        self = balance > 0 ? .rightToLeft : .leftToRight
    }
}
