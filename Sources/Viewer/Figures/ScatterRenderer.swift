import Exploration

extension Scatter: DrawnByViewer {
    typealias Renderer = ScatterRenderer
}

/// Discs in a plane, named where there is room.
struct ScatterRenderer: FigureRenderer {
    func draw(_ scatter: Scatter, in frame: FigureFrame) {
        let body = frame.body
        let discs = scatter.discs.filter { $0.x.isFinite && $0.y.isFinite }
        let lost = scatter.discs.count - discs.count
        guard let left = discs.map(\.x).min(), let right = discs.map(\.x).max(), let low = discs.map(\.y).min(),
            let high = discs.map(\.y).max()
        else {
            return frame.say(
                lost > 0 ? "No point has numbers for a place." : "No points.", in: body, frame.theme.secondary)
        }
        let plot = body.inset(14, 24, 14, 30)
        if lost > 0 {
            let note = "× \(grouped(lost)) without a place: not a number"
            frame.text(note, Point(body.maxX, body.y), frame.theme.moving, .small, align: .right)
        }
        // Both axes have one scale, so that distances can be compared.
        let span = max((right - left) / Double(plot.width), (high - low) / Double(plot.height), 1e-12)
        func place(_ disc: Scatter.Disc) -> Point {
            Point(
                plot.midX + Float((disc.x - (left + right) / 2) / span),
                plot.midY - Float((disc.y - (low + high) / 2) / span))
        }
        frame.text(scatter.yTitle, Point(body.x, body.y), frame.theme.secondary, .small)
        frame.text(scatter.xTitle, Point(plot.midX, plot.maxY + 15), frame.theme.secondary, .small, align: .centre)
        let weights = discs.map { $0.weight.isFinite ? max(0, $0.weight) : 0 }
        let mean = weights.reduce(0, +) / Double(discs.count)
        // A name needs room in its disc.
        let isLabelled = discs.contains { !$0.label.isEmpty }
        // Together such discs cover a tenth of the plot at most.
        let share = (plot.width * plot.height / Float(discs.count) / .pi).squareRoot() * 0.3
        let usual: Float = isLabelled ? min(9, max(3, share)) : 5
        let most = usual * 2.8
        func radius(_ index: Int) -> Float {
            min(most, max(1.5, usual * Float(mean > 0 ? weights[index] / mean : 1).squareRoot()))
        }
        for (index, disc) in discs.enumerated() {
            let (at, radius) = (place(disc), radius(index))
            frame.disc(at, radius: radius, frame.theme.text.faded(isLabelled ? 0.3 : 0.45))
            let box = Box(at.x - radius, at.y - radius, 2 * radius, 2 * radius)
            if frame.item("disc \(index)", box).contains(.hovered) {
                frame.disc(at, radius: radius, frame.theme.text.faded(isLabelled ? 0.45 : 1))
                frame.tooltip(
                    title: disc.title, facts: disc.facts.map { ($0.name, format($0.value, digits: 4)) })
            }
        }
        guard isLabelled else { return }
        // The heaviest are named first, each where it lies over no other name or disc; one that finds no place is left
        // out, as its hover says it too.
        let boxes = discs.indices.map { index in
            let (at, radius) = (place(discs[index]), radius(index))
            return Box(at.x - radius, at.y - radius, 2 * radius, 2 * radius)
        }
        var taken: [Box] = []
        for index in discs.indices.sorted(by: { (weights[$1], $0) < (weights[$0], $1) })
        where !discs[index].label.isEmpty {
            let disc = boxes[index]
            let words = UI.shortened(discs[index].label, to: 160, .small)
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
                guard box.x >= body.x, box.maxX <= body.maxX, box.y >= body.y + 14, box.maxY <= plot.maxY + 15 else {
                    return false
                }
                guard !taken.contains(where: box.overlaps) else { return false }
                return isInside || !boxes.indices.contains { $0 != index && box.overlaps(boxes[$0]) }
            }
            guard let box = free else { continue }
            taken.append(box)
            frame.text(words, Point(box.x, box.y), isInside ? frame.theme.text : frame.theme.text.faded(0.85), .small)
        }
    }

    func pictureHeight(of scatter: Scatter, width: Float) -> Float { 620 }
}
