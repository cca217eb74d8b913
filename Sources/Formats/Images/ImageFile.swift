import CLMat
import CStb
import Foundation

/// An image from a file, upright, without transparency, and as red, green and blue planes.
package struct ImageFile {
    package let width: Int
    package let height: Int
    /// 3 × height × width, in 8 bits; of an image of 16 bits the upper ones.
    package private(set) var planes: [UInt8]
    /// The lower 8 of 16 bits, in the same order; nil for an image of 8.
    package private(set) var lowPlanes: [UInt8]?
    package private(set) var isGrey = true
    /// Whether something was seen through it: it is laid over white.
    package private(set) var wasTransparent = false
    /// Whether it was turned or mirrored as EXIF's mark says.
    package let wasTurned: Bool
    /// Whether it is the first of several in a GIF.
    package let isFirstOfSeveral: Bool

    /// The most pixels of an image: a damaged header of a small file could ask for a thousand times its size.
    package static let mostPixels = 1 << 22
    /// An image of so many pixels is decoded whatever its file's size; beyond, the file has a byte for each. Decoding takes up to
    /// 24 bytes per pixel.
    private static let freePixels = 1 << 21

    /// - Parameter first: what the image's size has to be, and an image that has it.
    /// - Throws: ``/CLMat/CLMatError/fileMissing(path:hint:)``; ``/CLMat/CLMatError/fileDamaged(path:place:problem:)``;
    ///   ``/CLMat/CLMatError/dataMismatch(_:)`` for another size, one that is too large, or a format that is not read.
    package init(_ file: BytePath, like first: (path: String, width: Int, height: Int)?) throws(CLMatError) {
        try self.init(GzipFile.read(file, limit: 1 << 25), path: file.shown, like: first)
    }

    /// The same of a file's content.
    ///
    /// - Parameter path: what errors call it.
    package init(
        _ bytes: [UInt8], path: String, like first: (path: String, width: Int, height: Int)?
    ) throws(CLMatError) {
        let container = try ImageContainer(bytes, path: path)
        let undecodable = CLMatError.fileDamaged(
            path: path, place: "byte 0",
            problem:
                "it cannot be decoded as a \(container.format.rawValue) image; get the file again, or convert it to PNG"
        )
        var (storedWidth, storedHeight): (Int32, Int32) = (0, 0)
        let (isKnown, isDeep) = bytes.withUnsafeBufferPointer { bytes in
            (
                clmat_image_size(bytes.baseAddress, Int32(bytes.count), &storedWidth, &storedHeight) != 0,
                clmat_image_is_16_bit(bytes.baseAddress, Int32(bytes.count)) != 0
            )
        }
        guard isKnown, storedWidth > 0, storedHeight > 0 else { throw undecodable }
        let (inner, rows) = (Int(storedWidth), Int(storedHeight))
        let isOnItsSide = container.orientation > 4
        (width, height) = isOnItsSide ? (rows, inner) : (inner, rows)
        // Both are below 2³¹.
        guard inner * rows <= Self.mostPixels else {
            throw .dataMismatch(
                "\(path) is \(width) × \(height) pixels, and \(Self.mostPixels) are the most that are read. Make it smaller."
            )
        }
        // Below the limit a file of a few bytes can still name a size that fills the memory.
        let most = Self.freePixels + bytes.count
        guard inner * rows <= most else {
            throw .fileDamaged(
                path: path, place: "its header",
                problem: """
                    it says that the image is \(inner) × \(rows) pixels; of a file of \(bytes.count) bytes up to \(most) \
                    pixels are read. If it is so large, make it smaller first
                    """)
        }
        if let first, (first.width, first.height) != (width, height) {
            throw .dataMismatch(
                """
                \(path) is \(width) × \(height) pixels, but \(first.path) is \(first.width) × \(first.height). \
                The images of a data set all have one size.
                """)
        }
        (wasTurned, isFirstOfSeveral) = (container.orientation != 1, container.hasMoreImages)
        planes = [UInt8](repeating: 0, count: 3 * inner * rows)

        var (decodedWidth, decodedHeight): (Int32, Int32) = (0, 0)
        if isDeep {
            guard
                let rgba = bytes.withUnsafeBufferPointer({
                    clmat_image_decode_16_bit($0.baseAddress, Int32($0.count), &decodedWidth, &decodedHeight)
                })
            else { throw undecodable }
            defer { free(rgba) }
            guard (decodedWidth, decodedHeight) == (storedWidth, storedHeight) else { throw undecodable }
            var low = planes
            flatten(UnsafeBufferPointer(start: rgba, count: 4 * inner * rows), inner, rows, container.orientation) {
                (planes: inout [UInt8], place, value: UInt16) in
                (planes[place], low[place]) = (UInt8(value >> 8), UInt8(value & 0xFF))
            }
            lowPlanes = low
        } else {
            guard
                let rgba = bytes.withUnsafeBufferPointer({
                    clmat_image_decode($0.baseAddress, Int32($0.count), &decodedWidth, &decodedHeight)
                })
            else { throw undecodable }
            defer { free(rgba) }
            guard (decodedWidth, decodedHeight) == (storedWidth, storedHeight) else { throw undecodable }
            flatten(UnsafeBufferPointer(start: rgba, count: 4 * inner * rows), inner, rows, container.orientation) {
                (planes: inout [UInt8], place, value: UInt8) in planes[place] = value
            }
        }
    }

    /// Lays the pixels over white, and puts each where it is seen.
    private mutating func flatten<Value: FixedWidthInteger & UnsignedInteger>(
        _ rgba: UnsafeBufferPointer<Value>, _ inner: Int, _ rows: Int, _ orientation: Int,
        _ store: (_ planes: inout [UInt8], _ place: Int, _ value: Value) -> Void
    ) {
        let area = width * height
        let full = Int(Value.max)
        for y in 0..<height {
            for x in 0..<width {
                let source =
                    switch orientation {
                    case 2: y * inner + (inner - 1 - x)
                    case 3: (rows - 1 - y) * inner + (inner - 1 - x)
                    case 4: (rows - 1 - y) * inner + x
                    case 5: x * inner + y
                    case 6: (rows - 1 - x) * inner + y
                    case 7: (rows - 1 - x) * inner + (inner - 1 - y)
                    case 8: x * inner + (inner - 1 - y)
                    default: y * inner + x
                    }
                let alpha = Int(rgba[4 * source + 3])
                if alpha < full { wasTransparent = true }
                var colour: (Value, Value, Value) = (rgba[4 * source], rgba[4 * source + 1], rgba[4 * source + 2])
                if alpha < full {
                    func overWhite(_ value: Value) -> Value {
                        Value((Int(value) * alpha + full * (full - alpha) + full / 2) / full)
                    }
                    colour = (overWhite(colour.0), overWhite(colour.1), overWhite(colour.2))
                }
                if colour.0 != colour.1 || colour.1 != colour.2 { isGrey = false }
                let place = y * width + x
                store(&planes, place, colour.0)
                store(&planes, area + place, colour.1)
                store(&planes, 2 * area + place, colour.2)
            }
        }
    }
}
