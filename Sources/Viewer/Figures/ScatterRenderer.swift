import CImGui
import Exploration

extension Scatter: DrawnByViewer {
    typealias Renderer = ScatterRenderer
}

/// Discs or small images in a plane, named where there is room. The wheel zooms, a drag pans, and a double click shows all.
struct ScatterRenderer: FigureRenderer {
    private var texture: Texture?
    private var textureVersion: Int?
    /// Where the mouse was in the last frame, while it drags.
    private var grab: Point?
    /// Whether it has moved since it went down: then its release chooses nothing.
    private var hasDragged = false
    /// How large the images were drawn last; nil where discs were.
    private(set) var side: Float?

    func pictureHeight(of scatter: Scatter, width: Float) -> Float { 620 }

    func scale(of scatter: Scatter) -> FigureScale {
        let discs = scatter.discs.filter(\.hasPlace)
        var scale = FigureScale()
        scale.include(discs.lazy.map(\.x), in: "x")
        scale.include(discs.lazy.map(\.y), in: "y")
        scale.include([Double(discs.count)], in: "count")
        if !discs.isEmpty {
            scale.include([discs.reduce(0) { $0 + $1.plainWeight } / Double(discs.count)], in: "mean weight")
        }
        return scale
    }

    /// A map may be turned and mirrored at will: the other is turned so that its points lie as near to those of the same names as
    /// they can. One whose axes have titles is mirrored only.
    ///
    /// - Source: P. Schönemann, "A generalized solution of the orthogonal Procrustes problem", 1966; in the plane, the angle is
    ///   atan2(Σ (x y′ − y x′), Σ (x x′ + y y′)).
    func aligned(_ other: Scatter, with own: Scatter) -> Scatter {
        let places = Dictionary(own.discs.filter(\.hasPlace).map { ($0.title.prefix { $0 != ":" }, $0) }) { first, _ in
            first
        }
        let pairs = other.discs.filter(\.hasPlace).compactMap { disc in
            places[disc.title.prefix { $0 != ":" }].map { (from: disc, to: $0) }
        }
        guard pairs.count > 2 else { return other }
        func middle(_ value: (Scatter.Disc, Scatter.Disc) -> Double) -> Double {
            pairs.reduce(0) { $0 + value($1.from, $1.to) } / Double(pairs.count)
        }
        let from = (x: middle { disc, _ in disc.x }, y: middle { disc, _ in disc.y })
        let to = (x: middle { _, disc in disc.x }, y: middle { _, disc in disc.y })
        // The products of all coordinates about their means: of x with x′, x with y′, and so on.
        let xx = middle { ($0.x - from.x) * ($1.x - to.x) }
        let xy = middle { ($0.x - from.x) * ($1.y - to.y) }
        let yx = middle { ($0.y - from.y) * ($1.x - to.x) }
        let yy = middle { ($0.y - from.y) * ($1.y - to.y) }
        var aligned = other
        if !other.xTitle.isEmpty || !other.yTitle.isEmpty {
            let (across, up): (Double, Double) = (xx < 0 ? -1 : 1, yy < 0 ? -1 : 1)
            for index in aligned.discs.indices {
                aligned.discs[index].x *= across
                aligned.discs[index].y *= up
            }
            return aligned
        }
        // How well a turn fits, without and with a mirror in the x axis before it.
        let plain = (cosine: xx + yy, sine: xy - yx)
        let mirrored = (cosine: xx - yy, sine: xy + yx)
        func fit(_ turn: (cosine: Double, sine: Double)) -> Double {
            (turn.cosine * turn.cosine + turn.sine * turn.sine).squareRoot()
        }
        let isMirrored = fit(mirrored) > fit(plain)
        let turn = isMirrored ? mirrored : plain
        let length = fit(turn)
        guard length > 0 else { return other }
        let (cosine, sine) = (turn.cosine / length, turn.sine / length)
        for index in aligned.discs.indices {
            let (x, y) = (other.discs[index].x - from.x, (other.discs[index].y - from.y) * (isMirrored ? -1 : 1))
            aligned.discs[index].x = to.x + cosine * x - sine * y
            aligned.discs[index].y = to.y + sine * x + cosine * y
        }
        return aligned
    }

    mutating func draw(_ scatter: Scatter, in frame: FigureFrame) {
        let body = frame.body
        let discs = scatter.discs.indices.filter { scatter.discs[$0].hasPlace }
        let lost = scatter.discs.count - discs.count
        let scale = frame.scale ?? scale(of: scatter)
        guard !discs.isEmpty else {
            return frame.say(
                lost > 0 ? "No point has numbers for a place." : "No points.", in: body, frame.theme.secondary)
        }
        guard let layout = ScatterLayout(scatter, scale, frame.lens, in: body) else { return }
        let plot = layout.plot
        if layout.hasTitles {
            frame.text(
                UI.trimmed(scatter.yTitle, to: body.width, .small), Point(body.x, body.y), frame.theme.secondary, .small
            )
            frame.text(
                UI.trimmed(scatter.xTitle, to: body.width, .small), Point(plot.midX, plot.maxY + 15),
                frame.theme.secondary, .small, align: .centre)
        }
        if lost > 0 {
            let note = "× \(grouped(lost)) without a place: not a number"
            frame.text(note, Point(body.maxX, body.y), frame.theme.moving, .small, align: .right)
        } else if !frame.lens.showsAll, body.width > 260, layout.hasTitles {
            frame.text(
                "\(format(frame.lens.zoom, digits: 2)) × · double click shows all", Point(body.maxX, body.y),
                frame.theme.secondary, .small, align: .right)
        }

        // Heavier ones first, so that lighter ones lie above them.
        let places = discs.map { (index: $0, at: layout.place(scatter.discs[$0])) }
            .filter { layout.isInView($0.at) }
            .sorted {
                (-scatter.discs[$0.index].plainWeight, $0.index) < (-scatter.discs[$1.index].plainWeight, $1.index)
            }
        side = layout.side(ofThumbnails: scatter.thumbnails, inView: places.count)
        if let images = scatter.thumbnails, side != nil, textureVersion != frame.version {
            textureVersion = frame.version
            texture = frame.textures.texture(of: images, replacing: texture)
        }
        func box(_ place: (index: Int, at: Point)) -> Box {
            layout.box(of: scatter.discs[place.index], at: place.at, side, scatter.thumbnails)
        }
        let item = frame.item("map", plot)
        let hovered = item.contains(.hovered) && !hasDragged ? places.last { box($0).contains(frame.mouse) } : nil
        frame.clipped(to: plot.inset(-8, -8, -8, -8)) {
            for place in places where place.index != hovered?.index {
                draw(place.index, box(place), of: scatter, isHovered: false, frame)
            }
            if let hovered { draw(hovered.index, box(hovered), of: scatter, isHovered: true, frame) }
            if scatter.discs.contains(where: { !$0.label.isEmpty }) {
                drawNames(scatter, places.map { ($0.index, box($0)) }, layout, frame)
            }
        }
        if let hovered {
            let disc = scatter.discs[hovered.index]
            frame.tooltip(
                title: disc.title, facts: disc.facts.map { ($0.name, format($0.value, digits: 4)) },
                text: frame.words(for: disc.choice))
            if disc.choice != nil, frame.canAct { frame.showHand() }
        }
        move(item, plot, chosen: hovered.flatMap { scatter.discs[$0.index].choice }, frame)
    }

    /// Wheel, drag, double click and click.
    private mutating func move(_ item: Happened, _ plot: Box, chosen: Choice?, _ frame: FigureFrame) {
        let lens = frame.lens
        if item.contains(.hovered), frame.wheel != 0 {
            let place = (
                x: Double((frame.mouse.x - plot.midX) / plot.width),
                y: Double((plot.midY - frame.mouse.y) / plot.height)
            )
            lens.zoom(by: Double(frame.wheel > 0 ? 1.25 : 0.8), at: place)
        }
        if item.contains(.doubleClicked) { lens.showAll() }
        if item.contains(.pressed) { (grab, hasDragged) = (frame.mouse, false) }
        if item.contains(.held), let from = grab {
            let (dx, dy) = (frame.mouse.x - from.x, frame.mouse.y - from.y)
            // A hand that clicks trembles.
            if hasDragged || abs(dx) + abs(dy) > 3 {
                lens.pan(by: (x: Double(dx / plot.width), y: Double(-dy / plot.height)))
                (grab, hasDragged) = (frame.mouse, true)
            }
        }
        if item.contains(.clicked), !hasDragged, let chosen { frame.act(chosen.action) }
        if !item.contains(.held) { (grab, hasDragged) = (nil, false) }
    }

    private func draw(_ index: Int, _ box: Box, of scatter: Scatter, isHovered: Bool, _ frame: FigureFrame) {
        let disc = scatter.discs[index]
        let isChosen = disc.choice?.isChosen == true
        if side != nil, let texture, let images = scatter.thumbnails, images.cells.indices.contains(index) {
            texture.draw(cell: index, of: images, in: box)
            if isHovered || isChosen {
                frame.outline(
                    box.inset(-1, -1, -1, -1), isChosen ? frame.markColour : frame.theme.secondary,
                    thickness: isChosen ? 2 : 1)
            }
            return
        }
        let (at, radius) = (Point(box.midX, box.midY), box.width / 2)
        let isNamed = !disc.label.isEmpty
        let light: Float = isNamed ? (isHovered ? 0.45 : 0.3) : (isHovered ? 1 : 0.45)
        frame.disc(at, radius: radius, isChosen ? frame.markColour : frame.theme.text.faded(light))
        if isChosen { frame.outline(box.inset(-3, -3, -3, -3), frame.markColour, radius: radius + 3) }
    }

    /// The heaviest are named first, each where it lies over no other name or disc; one that finds no place is left
    /// out, as its hover says it too.
    private func drawNames(
        _ scatter: Scatter, _ boxes: [(index: Int, box: Box)], _ layout: ScatterLayout, _ frame: FigureFrame
    ) {
        let (body, plot) = (frame.body, layout.plot)
        var taken: [Box] = []
        for (index, disc) in boxes where !scatter.discs[index].label.isEmpty {
            let words = UI.shortened(scatter.discs[index].label, to: 160, .small)
            let width = UI.width(words, .small)
            let isInside = width <= disc.width - 4
            var places = [Box(disc.midX - width / 2, disc.midY - 6.5, width, 13)]
            if !isInside {
                places = [
                    Box(disc.maxX + 3, disc.midY - 6.5, width, 13), Box(disc.x - 3 - width, disc.midY - 6.5, width, 13),
                    Box(disc.midX - width / 2, disc.maxY + 1, width, 13),
                    Box(disc.midX - width / 2, disc.y - 14, width, 13),
                ]
            }
            let free = places.first { box in
                // Below the title of the one axis and above that of the other.
                guard box.x >= body.x, box.maxX <= body.maxX, box.y >= body.y + (layout.hasTitles ? 14 : 0),
                    box.maxY <= (layout.hasTitles ? plot.maxY + 15 : body.maxY)
                else {
                    return false
                }
                guard !taken.contains(where: box.overlaps) else { return false }
                return isInside || !boxes.contains { $0.index != index && box.overlaps($0.box) }
            }
            guard let box = free else { continue }
            taken.append(box)
            let isChosen = scatter.discs[index].choice?.isChosen == true
            let colour = isInside ? (isChosen ? frame.theme.panel : frame.theme.text) : frame.theme.text.faded(0.85)
            frame.text(words, Point(box.x, box.y), colour, .small)
        }
    }
}

/// Where the points of a map are: both axes have one scale, so that distances can be compared.
@MainActor struct ScatterLayout {
    let plot: Box
    /// Whether there is room for the axes' titles: in a low panel points come first.
    let hasTitles: Bool
    private let middle: (x: Double, y: Double)
    /// Units of the axes per unit of the window.
    private let span: Double
    private let meanWeight: Double
    /// The radius of a disc of mean weight.
    private let usual: Float

    /// Nil if there is no room, or no range.
    init?(_ scatter: Scatter, _ scale: FigureScale, _ lens: FigureLens, in body: Box) {
        guard let xs = scale["x"], let ys = scale["y"] else { return nil }
        hasTitles = body.height >= 110
        plot = hasTitles ? body.inset(14, 24, 14, 30) : body.inset(10, 8, 10, 8)
        guard plot.width > 8, plot.height > 8 else { return nil }
        // In halves, so that the widest range has a width.
        let all =
            2
            * max(
                (xs.upperBound / 2 - xs.lowerBound / 2) / Double(plot.width),
                (ys.upperBound / 2 - ys.lowerBound / 2) / Double(plot.height), 1e-12)
        span = all / lens.zoom
        middle = (
            xs.lowerBound / 2 + xs.upperBound / 2 + lens.shift.x * all * Double(plot.width),
            ys.lowerBound / 2 + ys.upperBound / 2 + lens.shift.y * all * Double(plot.height)
        )
        meanWeight = scale.most("mean weight")
        let isLabelled = scatter.discs.contains { !$0.label.isEmpty }
        // Together such discs cover a tenth of the plot at most; a name needs room in its disc.
        let share = (plot.width * plot.height / Float(max(1, scale.most("count"))) / .pi).squareRoot() * 0.3
        usual = isLabelled ? min(9, max(3, share)) * Float(min(2, lens.zoom.squareRoot())) : 5
    }

    func place(_ disc: Scatter.Disc) -> Point {
        Point(plot.midX + Float((disc.x - middle.x) / span), plot.midY - Float((disc.y - middle.y) / span))
    }

    func isInView(_ at: Point) -> Bool { plot.inset(-8, -8, -8, -8).contains(at) }

    /// The area is in proportion to the weight, within bounds.
    private func factor(_ disc: Scatter.Disc) -> Float {
        Float(meanWeight > 0 ? disc.plainWeight / meanWeight : 1).squareRoot()
    }

    /// How long the longer side of an image of mean weight is: together they have the area of the plot; nil
    /// where nothing could be told.
    func side(ofThumbnails images: ImageGrid?, inView count: Int) -> Float? {
        guard let images, images.whyEmpty == nil, count > 0 else { return nil }
        let side = min(64, (plot.width * plot.height / Float(count)).squareRoot())
        return side >= 14 ? side.rounded() : nil
    }

    func box(of disc: Scatter.Disc, at: Point, _ side: Float?, _ images: ImageGrid?) -> Box {
        guard let side, let images else {
            let radius = min(usual * 2.8, max(1.5, usual * factor(disc)))
            return Box(at.x - radius, at.y - radius, 2 * radius, 2 * radius)
        }
        let longest = Float(max(images.width, images.height))
        let size = side * min(1.5, max(0.6, factor(disc)))
        let (width, height) = (
            (size * Float(images.width) / longest).rounded(), (size * Float(images.height) / longest).rounded()
        )
        return Box((at.x - width / 2).rounded(), (at.y - height / 2).rounded(), width, height)
    }
}

extension Scatter.Disc {
    fileprivate var hasPlace: Bool { x.isFinite && y.isFinite }
    /// 0 for what is negative or not a number.
    fileprivate var plainWeight: Double { weight.isFinite ? max(0, weight) : 0 }
}
