import Exploration

// How the numbers of an image become light.

extension ImageGrid {
    /// What a pixel is shown in whose value is not a number: by turns, as no image has it.
    static let lost: [(red: UInt8, green: UInt8, blue: UInt8)] = [(0xd0, 0x40, 0x8c), (0x48, 0x18, 0x30)]

    /// The pixels of a cell, red, green, blue by turns. A cell with too few numbers is black where they are missing, and
    /// what is not a number is chequered in ``lost``.
    ///
    /// - Parameter ends: the values that black and white, or the full hues, stand for, as ``ImageGrid/ends`` has them; those of the
    ///   cell by itself if nil.
    func pixels(of cell: Cell, _ ends: ClosedRange<Float>? = nil) -> [UInt8] {
        let ends = ends ?? self.ends(upTo: largest(of: cell))
        let area = max(0, height * width)
        let isColour = channels >= 3
        let span = ends.upperBound - ends.lowerBound
        let (start, scale) = (ends.lowerBound, span > 0 ? 1 / span : 0)
        // Where there is nothing to tell, zero is where it always is.
        let nothing: Float = shownDisplay == .stretched ? 0 : 0.5
        func share(_ value: Float) -> Float {
            span > 0 ? min(max((value - start) * scale, 0), 1) : nothing
        }
        if !isColour, cell.values.count == area, cell.values.allSatisfy(\.isFinite) {
            // Nearly all are such, and some are drawn with every frame.
            let lights = shownDisplay == .diverging ? Diverging.table : nil
            return [UInt8](unsafeUninitializedCapacity: area * 3) { pixels, count in
                for (index, value) in cell.values.enumerated() {
                    let level = Int(share(value) * 255 + 0.5)
                    let light = lights?[level] ?? Light(level)
                    (pixels[3 * index], pixels[3 * index + 1], pixels[3 * index + 2]) =
                        (light.red, light.green, light.blue)
                }
                count = area * 3
            }
        }
        func level(_ index: Int) -> UInt8 {
            cell.values.indices.contains(index) ? UInt8(share(cell.values[index]) * 255 + 0.5) : 0
        }
        func light(_ index: Int) -> Light {
            guard cell.values.indices.contains(index) else { return Light(0) }
            let level = Int(level(index))
            return shownDisplay == .diverging ? Diverging.table[level] : Light(level)
        }
        var pixels = [UInt8](repeating: 0, count: area * 3)
        func isLost(_ index: Int) -> Bool { cell.values.indices.contains(index) && !cell.values[index].isFinite }
        for i in 0..<area {
            if isLost(i) || (isColour && (isLost(area + i) || isLost(2 * area + i))) {
                let shade = Self.lost[(i / width + i % width) % 2]
                (pixels[3 * i], pixels[3 * i + 1], pixels[3 * i + 2]) = (shade.red, shade.green, shade.blue)
                continue
            }
            let light =
                isColour ? Light(red: level(i), green: level(area + i), blue: level(2 * area + i)) : light(i)
            (pixels[3 * i], pixels[3 * i + 1], pixels[3 * i + 2]) = (light.red, light.green, light.blue)
        }
        return pixels
    }

    /// The light at a place of the scale, 0 to 1, as a scale beside images draws it.
    func light(at share: Float) -> Colour {
        let level = Int(min(max(share, 0), 1) * 255 + 0.5)
        let light = shownDisplay == .diverging ? Diverging.table[level] : Light(level)
        return Colour(UInt32(light.red) << 16 | UInt32(light.green) << 8 | UInt32(light.blue))
    }

    /// How many values of a cell are not numbers, in words for its hover; empty if all are.
    func lostWords(_ cell: Cell) -> String {
        let count = cell.values.count { !$0.isFinite }
        guard count > 0 else { return "" }
        return count == cell.values.count
            ? "None of its values is a number." : "\(grouped(count)) of its values are not numbers: chequered."
    }
}

/// Red, green and blue.
struct Light: Equatable {
    let red: UInt8
    let green: UInt8
    let blue: UInt8

    init(red: UInt8, green: UInt8, blue: UInt8) { (self.red, self.green, self.blue) = (red, green, blue) }
    /// A grey, 0 to 255.
    init(_ level: Int) { (red, green, blue) = (UInt8(level), UInt8(level), UInt8(level)) }
}

/// Blue below zero, orange above, nearly black at zero: brightness says how much, the hue which way. The ends are about as bright
/// as each other (relative luminance 0.40 and 0.43), and are told apart by colour-blind people, as blue and orange always are.
enum Diverging {
    private static let (below, zero, above) = (Colour(0x5ab0ff), Colour(0x131519), Colour(0xff9633))

    /// By level: 0 is the lowest value, 255 the highest. Zero lies between 127 and 128.
    static let table: [Light] = (0...255).map { level in
        let signed = (Float(level) - 127.5) / 127.5
        let colour = zero.mixed(with: signed < 0 ? below : above, abs(signed))
        return Light(red: colour.red, green: colour.green, blue: colour.blue)
    }
}

extension Pixels {
    /// The images of a grid alone, each pixel enlarged to a square, with mid-grey between them.
    init(of grid: ImageGrid) {
        // Tiny images are made large enough to see, large ones are left as they are.
        let zoom = max(1, 84 / max(1, max(grid.width, grid.height)))
        let gap = max(2, zoom)
        let (cellWidth, cellHeight) = (grid.width * zoom, grid.height * zoom)
        self.init(
            width: grid.columns * (cellWidth + gap) + gap, height: grid.rows * (cellHeight + gap) + gap,
            Colour(0x808080))
        for (index, (cell, ends)) in zip(grid.cells, grid.ends).enumerated() {
            let light = grid.pixels(of: cell, ends)
            let (row, column) = index.quotientAndRemainder(dividingBy: grid.columns)
            let (left, top) = (gap + column * (cellWidth + gap), gap + row * (cellHeight + gap))
            for y in 0..<cellHeight {
                for x in 0..<cellWidth {
                    let from = (y / zoom * grid.width + x / zoom) * 3
                    self[left + x, top + y] = Colour(
                        UInt32(light[from]) << 16 | UInt32(light[from + 1]) << 8 | UInt32(light[from + 2]))
                }
            }
        }
    }
}
