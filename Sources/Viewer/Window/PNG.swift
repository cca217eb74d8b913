import CLMat
import CStb
import Exploration
import Foundation

/// Pixels on the host: red, green, blue, alpha by turns, row by row.
struct Picture {
    var width: Int
    var height: Int
    var pixels: [UInt8]

    init(width: Int, height: Int, filledWith colour: Colour = Colour(0)) {
        (self.width, self.height) = (width, height)
        pixels = [UInt8](repeating: 255, count: width * height * 4)
        for i in 0..<(width * height) {
            pixels[4 * i] = colour.red
            pixels[4 * i + 1] = colour.green
            pixels[4 * i + 2] = colour.blue
        }
    }

    subscript(_ x: Int, _ y: Int) -> Colour {
        let i = (y * width + x) * 4
        return Colour(UInt32(pixels[i]) << 16 | UInt32(pixels[i + 1]) << 8 | UInt32(pixels[i + 2]))
    }

    /// Writes a PNG file, aside and then renamed: nothing is left if it fails.
    func writePNG(to path: String) throws(CLMatError) {
        var length: Int32 = 0
        guard let png = clmat_png_encode(pixels, Int32(width), Int32(height), 4, &length) else {
            throw .fileNotWritable(path: path, reason: "no memory to encode \(width) × \(height) pixels")
        }
        defer { clmat_png_free(png) }
        try Files.write(Data(bytes: png, count: Int(length)), to: path)
    }
}

extension Picture {
    /// The images of a grid alone, each pixel enlarged to a square, with mid-grey between them.
    init(of grid: ImageGrid) {
        // Tiny images are made large enough to see, large ones are left as they are.
        let zoom = max(1, 84 / max(1, max(grid.width, grid.height)))
        let gap = max(2, zoom)
        let (cellWidth, cellHeight) = (grid.width * zoom, grid.height * zoom)
        self.init(
            width: grid.columns * (cellWidth + gap) + gap, height: grid.rows * (cellHeight + gap) + gap,
            filledWith: Colour(0x808080))
        for (index, cell) in grid.cells.enumerated() {
            let light = grid.pixels(of: cell)
            let (row, column) = index.quotientAndRemainder(dividingBy: grid.columns)
            let (left, top) = (gap + column * (cellWidth + gap), gap + row * (cellHeight + gap))
            for y in 0..<cellHeight {
                for x in 0..<cellWidth {
                    let from = (y / zoom * grid.width + x / zoom) * 3
                    let to = ((top + y) * width + left + x) * 4
                    pixels[to] = light[from]
                    pixels[to + 1] = light[from + 1]
                    pixels[to + 2] = light[from + 2]
                }
            }
        }
    }
}
