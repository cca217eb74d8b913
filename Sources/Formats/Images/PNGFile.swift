import CLMat
import CStb
import Foundation

/// Pixels as a PNG file.
public enum PNGFile {
    /// Writes the file aside, and then renames it: nothing is left if it fails.
    ///
    /// - Parameters:
    ///   - pixels: `channels` × `width` × `height` bytes, row by row, the channels of a pixel together.
    ///   - channels: 1 is grey, 2 grey and opacity, 3 red, green and blue, 4 these and opacity.
    /// - Throws: ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` if there are not so many pixels;
    ///   ``/CLMat/CLMatError/fileNotWritable(path:reason:)``.
    public static func write(
        _ pixels: [UInt8], width: Int, height: Int, channels: Int = 4, to path: String
    ) throws(CLMatError) {
        guard (1...4).contains(channels), (1...1 << 20).contains(width), (1...1 << 20).contains(height),
            pixels.count == channels * width * height
        else {
            throw .invalidArgument(
                operation: "PNGFile.write",
                problem: "\(pixels.count) bytes are not \(width) × \(height) pixels of \(channels) channels.")
        }
        var length: Int32 = 0
        guard let png = clmat_png_encode(pixels, Int32(width), Int32(height), Int32(channels), &length) else {
            throw .fileNotWritable(path: path, reason: "no memory to encode \(width) × \(height) pixels")
        }
        defer { clmat_png_free(png) }
        try Files.write(Data(bytes: png, count: Int(length)), to: path)
    }
}
