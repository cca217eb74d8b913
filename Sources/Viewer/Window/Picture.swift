import CLMat
import Formats

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
        try PNGFile.write(pixels, width: width, height: height, to: path)
    }
}

extension Picture {
    init(_ pixels: Pixels) {
        self.init(width: pixels.width, height: pixels.height)
        for (index, value) in pixels.values.enumerated() {
            self.pixels[4 * index] = UInt8(value & 255)
            self.pixels[4 * index + 1] = UInt8(value >> 8 & 255)
            self.pixels[4 * index + 2] = UInt8(value >> 16 & 255)
        }
    }
}
