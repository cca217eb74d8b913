import CImGui
import Exploration

/// The images of one grid in one texture.
@MainActor final class Texture {
    fileprivate let handle: OpaquePointer
    /// Keeps the renderer, with which SDL would take the texture away.
    private let surface: Surface
    fileprivate let width: Int
    fileprivate let height: Int
    /// Cells stand side by side, so many in a row.
    fileprivate let perRow: Int
    /// Every so-many-th pixel is kept, where all would be more than the renderer takes.
    fileprivate let stride: Int

    fileprivate init(_ handle: OpaquePointer, on surface: Surface, width: Int, height: Int, perRow: Int, stride: Int) {
        (self.handle, self.surface, self.width, self.height) = (handle, surface, width, height)
        (self.perRow, self.stride) = (perRow, stride)
    }

    isolated deinit { gui_texture_destroy(handle) }

    func draw(cell index: Int, of grid: ImageGrid, in box: Box) {
        let (cellWidth, cellHeight) = (grid.width / stride, grid.height / stride)
        let (row, column) = index.quotientAndRemainder(dividingBy: perRow)
        let (u, v) = (Float(column * cellWidth) / Float(width), Float(row * cellHeight) / Float(height))
        gui_image(
            handle, box.x, box.y, box.width, box.height, u, v,
            u + Float(cellWidth) / Float(width), v + Float(cellHeight) / Float(height))
    }
}

/// Makes textures for one renderer.
@MainActor struct TextureMaker {
    let surface: Surface
    /// The largest side that the renderer takes.
    let largest: Int

    init(_ surface: Surface) {
        self.surface = surface
        largest = Int(gui_largest_texture(surface.gui))
    }

    /// The images of `grid`; in `old` if they fit there. Nil if the renderer refuses.
    ///
    /// - Parameter ends: the values at both ends of each cell's scale of light; the grid's own if nil.
    func texture(of grid: ImageGrid, replacing old: Texture?, ends: [ClosedRange<Float>]? = nil) -> Texture? {
        guard grid.whyEmpty == nil else { return nil }
        let count = grid.cells.count
        var stride = 1
        while side(grid, stride, count) > largest, stride < max(grid.width, grid.height) { stride *= 2 }
        let (cellWidth, cellHeight) = (grid.width / stride, grid.height / stride)
        guard cellWidth > 0, cellHeight > 0, side(grid, stride, count) <= largest else { return nil }
        let perRow = min(count, max(1, largest / cellWidth), perRow(count, cellWidth, cellHeight))
        let (width, height) = (perRow * cellWidth, (count + perRow - 1) / perRow * cellHeight)

        let ends = ends ?? grid.ends
        var pixels = [UInt8](repeating: 255, count: width * height * 4)
        pixels.withUnsafeMutableBufferPointer { pixels in
            for (index, cell) in grid.cells.enumerated() {
                let (row, column) = index.quotientAndRemainder(dividingBy: perRow)
                grid.pixels(of: cell, ends[index]).withUnsafeBufferPointer { light in
                    for y in 0..<cellHeight {
                        for x in 0..<cellWidth {
                            let from = (y * stride * grid.width + x * stride) * 3
                            let to = ((row * cellHeight + y) * width + column * cellWidth + x) * 4
                            pixels[to] = light[from]
                            pixels[to + 1] = light[from + 1]
                            pixels[to + 2] = light[from + 2]
                        }
                    }
                }
            }
        }
        let texture: Texture
        if let old, old.width == width, old.height == height, old.perRow == perRow, old.stride == stride {
            texture = old
        } else {
            guard let handle = gui_texture_create(surface.gui, Int32(width), Int32(height)) else { return nil }
            texture = Texture(handle, on: surface, width: width, height: height, perRow: perRow, stride: stride)
        }
        gui_texture_update(texture.handle, pixels)
        return texture
    }

    /// As many cells in a row as make the texture about square.
    private func perRow(_ count: Int, _ width: Int, _ height: Int) -> Int {
        max(1, Int((Double(count * height) / Double(max(1, width))).squareRoot().rounded(.up)))
    }

    private func side(_ grid: ImageGrid, _ stride: Int, _ count: Int) -> Int {
        let (width, height) = (max(1, grid.width / stride), max(1, grid.height / stride))
        let perRow = perRow(count, width, height)
        return max(perRow * width, (count + perRow - 1) / perRow * height)
    }
}
