import Exploration

// How the numbers of an image become light.

extension ImageGrid {
    /// What a pixel is shown in whose value is not a number: by turns, as no image has it.
    static let lost: [(red: UInt8, green: UInt8, blue: UInt8)] = [(0xd0, 0x40, 0x8c), (0x48, 0x18, 0x30)]

    /// The largest |value| of a cell.
    func largest(of cell: Cell) -> Float {
        cell.values.reduce(0) { $1.isFinite ? max($0, abs($1)) : $0 }
    }

    /// What black and white stand for in a cell.
    ///
    /// - Parameter largest: the |value| that is black or white where zero is mid-grey; the cell's own if nil.
    func ends(of cell: Cell, largest: Float? = nil) -> ClosedRange<Float> {
        guard display == .signed else { return 0...1 }
        let most = largest ?? self.largest(of: cell)
        return -most...most
    }

    /// The pixels of a cell, red, green, blue by turns. A cell with too few numbers is black where they are missing, and
    /// what is not a number is chequered in ``lost``.
    ///
    /// - Parameter largest: as in ``ends(of:largest:)``.
    func pixels(of cell: Cell, largest: Float? = nil) -> [UInt8] {
        let area = max(0, height * width)
        let isColour = channels >= 3
        let most = ends(of: cell, largest: largest).upperBound
        let scale = most > 0 ? 0.5 / most : 0
        if !isColour, cell.values.count == area, cell.values.allSatisfy(\.isFinite) {
            // Nearly all are such, and some are drawn with every frame.
            return [UInt8](unsafeUninitializedCapacity: area * 3) { pixels, count in
                for (index, value) in cell.values.enumerated() {
                    let unit = display == .signed ? 0.5 + value * scale : value
                    let light = UInt8(min(max(unit, 0), 1) * 255 + 0.5)
                    (pixels[3 * index], pixels[3 * index + 1], pixels[3 * index + 2]) = (light, light, light)
                }
                count = area * 3
            }
        }
        func light(_ index: Int) -> UInt8 {
            guard cell.values.indices.contains(index) else { return 0 }
            let value = cell.values[index]
            let unit = display == .signed ? 0.5 + value * scale : value
            return UInt8((min(max(unit, 0), 1) * 255).rounded())
        }
        var pixels = [UInt8](repeating: 0, count: area * 3)
        func isLost(_ index: Int) -> Bool { cell.values.indices.contains(index) && !cell.values[index].isFinite }
        for i in 0..<area {
            if isLost(i) || (isColour && (isLost(area + i) || isLost(2 * area + i))) {
                let shade = Self.lost[(i / width + i % width) % 2]
                (pixels[3 * i], pixels[3 * i + 1], pixels[3 * i + 2]) = (shade.red, shade.green, shade.blue)
                continue
            }
            let red = light(i)
            pixels[3 * i] = red
            pixels[3 * i + 1] = isColour ? light(area + i) : red
            pixels[3 * i + 2] = isColour ? light(2 * area + i) : red
        }
        return pixels
    }

    /// How many values of a cell are not numbers, in words for its hover; empty if all are.
    func lostWords(_ cell: Cell) -> String {
        let count = cell.values.count { !$0.isFinite }
        guard count > 0 else { return "" }
        return count == cell.values.count
            ? "None of its values is a number." : "\(grouped(count)) of its values are not numbers: chequered."
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
        for (index, cell) in grid.cells.enumerated() {
            let light = grid.pixels(of: cell)
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
