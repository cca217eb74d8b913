// Where a panel can be dropped, and where one goes that opens.

extension PanelGrid {
    /// What decides about places: the area, and the panels that are shown with their least sizes.
    struct Room {
        let area: Box
        let least: [String: Point]
        let gap: Float
    }

    func laid(in room: Room) -> Laid? { laid(in: room.area, showing: room.least, gap: room.gap) }

    /// How near to an edge a panel goes beside all that end there, a whole column for example.
    static let edge: Float = 10

    /// The grid if a panel is dropped at `point`: beside the panel there, on the side that is nearest and where there is
    /// room for it. Nil if there is none, or over the panel itself.
    func dropping(_ panel: String, at point: Point, in room: Room) -> PanelGrid? {
        guard let laid = laid(in: room) else { return nil }
        for place in places(at: point, in: laid) where place.path != root?.path(to: panel) {
            var grid = self
            grid.move(panel, to: place)
            // A window that is too small for what is in it already is no reason to hold on to the panel.
            guard let next = grid.laid(in: room), next.isFitting || !laid.isFitting else { continue }
            return grid
        }
        return nil
    }

    /// The places beside the panel that is nearest to `point`, those of the nearest edges first.
    private func places(at point: Point, in laid: Laid) -> [Place] {
        let all = laid.all
        let panels = all.filter { if case .panel = $0.content { true } else { false } }
        guard let target = panels.min(by: { $0.box.distance(to: point) < $1.box.distance(to: point) }) else {
            return []
        }
        let box = target.box
        func distance(_ side: Side) -> Float {
            switch side {
            case .left: point.x - box.x
            case .right: box.maxX - point.x
            case .above: point.y - box.y
            case .below: box.maxY - point.y
            }
        }
        let sides = Side.allCases.sorted {
            distance($0) / max($0.axis == .across ? box.width : box.height, 1)
                < distance($1) / max($1.axis == .across ? box.width : box.height, 1)
        }
        var places = sides.map { Place(path: target.path, side: $0) }
        if let nearest = sides.first, distance(nearest) < Self.edge {
            // The largest part that ends there too.
            let parts = all.filter { part in
                part.path.count < target.path.count && target.path.starts(with: part.path)
                    && part.box.ends(with: box, on: nearest)
            }
            if let whole = parts.min(by: { $0.path.count < $1.path.count }) {
                places.insert(Place(path: whole.path, side: nearest), at: 0)
            }
        }
        return places
    }

    // MARK: Panels that open

    /// What panels are for, as it decides on their column.
    enum Kind: Hashable { case controls, figure, graph, list }

    /// How large a panel is at which it is read with ease.
    typealias Comfort = (String) -> Point

    /// Puts a panel beside its like, where all are read best; without any in a column of its own: controls left, graphs right,
    /// figures between them, lists below the figures.
    mutating func open(_ panel: String, in room: Room, kind: (String) -> Kind, comfort: Comfort) {
        guard let laid = laid(in: room) else { return insert(panel, at: Place(path: [], side: .right)) }
        let own = kind(panel)
        let shown = laid.all.compactMap { part -> (name: String, path: [Int])? in
            if case .panel(let name) = part.content { (name, part.path) } else { nil }
        }
        // Graphs and figures share what there is; the others need what they need.
        let hasHeight = own == .controls || own == .list
        var places: [Place]
        let like = shown.filter { kind($0.name) == own }
        if own == .list, like.isEmpty {
            places = [below(.figure, in: laid, kind)]
        } else if let last = like.last {
            // Below the last one if nothing speaks against it.
            places = ([last] + like.dropLast().reversed()).flatMap { other in
                [Side.below, .right].map { Place(path: other.path, side: $0) }
            }
        } else {
            places = [columnPlace(for: own, in: laid, kind)]
        }
        var best: (grid: PanelGrid, loss: Float)?
        for place in places {
            var grid = self
            let wanted = place.side.axis == .across ? comfort(panel).x : comfort(panel).y
            let isOwn = like.isEmpty || (hasHeight && place.side.axis == .down)
            grid.insert(panel, at: place, share: isOwn ? share(of: wanted, at: place, in: laid) : nil)
            var least = room.least
            least[panel] = least[panel] ?? Point(0, 0)
            guard let next = grid.laid(in: Room(area: room.area, least: least, gap: room.gap)) else { continue }
            let loss = Self.loss(next, comfort) + (next.isFitting ? 0 : 100)
            if loss + 0.02 < best?.loss ?? .infinity { best = (grid, loss) }
        }
        if let best { self = best.grid }
    }

    /// What all panels together lack, each in shares of what it should have.
    private static func loss(_ laid: Laid, _ comfort: Comfort) -> Float {
        laid.boxes.reduce(0) { loss, panel in
            let wanted = comfort(panel.key)
            return loss + max(0, 1 - panel.value.width / wanted.x) + max(0, 1 - panel.value.height / wanted.y)
        }
    }

    /// The parts that lie beside each other in the whole area.
    private func columns(_ laid: Laid) -> [Laid] {
        if case .split(.across, let parts) = laid.content { return parts }
        return [laid]
    }

    /// Below the column that has most of a kind.
    private func below(_ wanted: Kind, in laid: Laid, _ kind: (String) -> Kind) -> Place {
        let counts = columns(laid).map { column in column.boxes.keys.count { kind($0) == wanted } }
        let most = counts.indices.max { counts[$0] < counts[$1] } ?? 0
        // Without figures below the graphs, which are right.
        let column = counts[most] > 0 ? columns(laid)[most] : columns(laid)[counts.count - 1]
        return Place(path: column.path, side: .below)
    }

    private func columnPlace(for own: Kind, in laid: Laid, _ kind: (String) -> Kind) -> Place {
        switch own {
        case .controls: return Place(path: [], side: .left)
        case .graph, .list: return Place(path: [], side: .right)
        case .figure:
            let last = columns(laid).last { column in column.boxes.keys.allSatisfy { kind($0) == .controls } }
            return last.map { Place(path: $0.path, side: .right) } ?? Place(path: [], side: .left)
        }
    }

    /// The share of a new part that is so wide or high.
    private func share(of wanted: Float, at place: Place, in laid: Laid) -> Float {
        let axis = place.side.axis
        func length(_ path: [Int]) -> Float {
            let box = laid.all.first { $0.path == path }?.box ?? laid.box
            return axis == .across ? box.width : box.height
        }
        // Among the parts of a split along the axis, or beside one part.
        for path in place.path.isEmpty ? [[]] : [place.path, place.path.dropLast()] {
            guard case .split(axis, let parts)? = root?[path[...]] else { continue }
            let all = parts.reduce(0) { $0 + $1.share }
            return all * wanted / max(length(path) - wanted, 1)
        }
        return wanted / max(length(place.path) - wanted, 1)
    }
}

extension Box {
    /// How far a point is from it: 0 within.
    func distance(to point: Point) -> Float {
        let dx = max(x - point.x, point.x - maxX, 0)
        let dy = max(y - point.y, point.y - maxY, 0)
        return (dx * dx + dy * dy).squareRoot()
    }

    fileprivate func ends(with other: Box, on side: PanelGrid.Side) -> Bool {
        switch side {
        case .left: abs(x - other.x) < 1
        case .right: abs(maxX - other.maxX) < 1
        case .above: abs(y - other.y) < 1
        case .below: abs(maxY - other.maxY) < 1
        }
    }
}
