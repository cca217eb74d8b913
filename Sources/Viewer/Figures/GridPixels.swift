import Exploration

// How the numbers of an image become light.

extension ImageGrid {
    /// The pixels of a cell, red, green, blue by turns. A cell with too few numbers is black where they lack, and
    /// what is not a number is shown as zero.
    func pixels(of cell: Cell) -> [UInt8] {
        let area = max(0, height * width)
        let isColour = channels >= 3
        var largest: Float = 0
        if display == .signed {
            for value in cell.values where value.isFinite { largest = max(largest, abs(value)) }
        }
        let scale = largest > 0 ? 0.5 / largest : 0
        func light(_ index: Int) -> UInt8 {
            guard cell.values.indices.contains(index) else { return 0 }
            let value = cell.values[index].isFinite ? cell.values[index] : 0
            let unit = display == .signed ? 0.5 + value * scale : value
            return UInt8((min(max(unit, 0), 1) * 255).rounded())
        }
        var pixels = [UInt8](repeating: 0, count: area * 3)
        for i in 0..<area {
            let red = light(i)
            pixels[3 * i] = red
            pixels[3 * i + 1] = isColour ? light(area + i) : red
            pixels[3 * i + 2] = isColour ? light(2 * area + i) : red
        }
        return pixels
    }

    var isDrawable: Bool { height > 0 && width > 0 && columns > 0 && !cells.isEmpty }
}
