/// Labels one below the other, each as near as can be to where it would stand by itself.
struct LabelColumn {
    struct Wish {
        /// The top, where nothing else is near.
        var y: Float
        let height: Float
        /// What is left out last where there is too little room: the lowest number.
        var rank = 0
    }

    /// The tops of the labels, in the order of `wishes`, all within `top` and `bottom` and none over another. Nil for those that are
    /// left out, as there is no room for all.
    static func places(_ wishes: [Wish], from top: Float, to bottom: Float) -> [Float?] {
        var shown = wishes.indices.sorted { (wishes[$0].rank, $0) < (wishes[$1].rank, $1) }
        while let last = shown.last, shown.reduce(0, { $0 + wishes[$1].height }) > bottom - top {
            shown.removeAll { $0 == last }
        }
        let order = shown.sorted { (wishes[$0].y, $0) < (wishes[$1].y, $1) }
        var places = [Float?](repeating: nil, count: wishes.count)
        // Down, each below the one before; then up, where they left the room.
        var free = top
        for index in order {
            let place = max(wishes[index].y, free)
            places[index] = place
            free = place + wishes[index].height
        }
        var limit = bottom
        for index in order.reversed() {
            let place = min(places[index] ?? top, limit - wishes[index].height)
            places[index] = place
            limit = place
        }
        return places
    }
}
