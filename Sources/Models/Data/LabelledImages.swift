import CLMat
import Formats

/// Images of one size with a class for each: one part (training or test) of a data set.
public struct LabelledImages: Sendable {
    /// What a person calls it: "MNIST, training".
    public let name: String
    /// The shape of each image.
    public let shape: ImageShape
    /// N × C·H·W, 0 is black and 255 is white.
    public let pixels: [UInt8]
    /// The class of each image, an index of ``classNames``.
    public let labels: [UInt16]
    /// The name of each class, by its label.
    public let classNames: [String]

    /// The number of images.
    public var count: Int { labels.count }

    /// - Throws: ``/CLMat/CLMatError/dataMismatch(_:)`` if there is no image, if pixels and labels are not of the same number
    ///   of images, or if a label is not that of a class.
    public init(
        name: String, shape: ImageShape, pixels: [UInt8], labels: [UInt16], classNames: [String]
    ) throws(CLMatError) {
        guard !labels.isEmpty || !pixels.isEmpty else { throw .dataMismatch("\(name) holds no images.") }
        guard shape.count > 0, pixels.count % shape.count == 0, pixels.count / shape.count == labels.count else {
            throw .dataMismatch(
                """
                \(name): \(pixels.count) pixels and \(labels.count) labels do not belong together. There has to be a \
                label for each image, and an image of \(shape) has \(shape.count) pixels.
                """)
        }
        if let index = labels.firstIndex(where: { Int($0) >= classNames.count }) {
            throw .dataMismatch(
                """
                \(name): image \(index) has label \(labels[index]), but there are \(classNames.count) classes, counted \
                from 0.
                """
            )
        }
        (self.name, self.shape, self.pixels, self.labels, self.classNames) = (name, shape, pixels, labels, classNames)
    }

    /// The same with labels as bytes, as files have them.
    ///
    /// - Throws: as ``init(name:shape:pixels:labels:classNames:)``.
    @_disfavoredOverload
    public init(
        name: String, shape: ImageShape, pixels: [UInt8], labels: [UInt8], classNames: [String]
    ) throws(CLMatError) {
        try self.init(
            name: name, shape: shape, pixels: pixels, labels: labels.map(UInt16.init), classNames: classNames)
    }

    /// Images of each class.
    public var classCounts: [Int] {
        labels.reduce(into: [Int](repeating: 0, count: classNames.count)) { $0[Int($1)] += 1 }
    }

    /// √ of the mean square of all pixels, in units of full scale: how much light there is. 0 if there are none.
    public var rootMeanSquare: Double {
        var counts = [Int](repeating: 0, count: 256)
        pixels.withUnsafeBufferPointer { for pixel in $0 { counts[Int(pixel)] += 1 } }
        let sum = counts.enumerated().reduce(0.0) { $0 + Double($1.element) * Double($1.offset * $1.offset) }
        return pixels.isEmpty ? 0 : (sum / Double(pixels.count)).squareRoot() / 255
    }

    /// CRC-32 of pixels and labels, with their number.
    public var checksum: String {
        // Of labels as bytes where bytes hold them; two each beyond, the lower one first.
        let bytes =
            classNames.count <= 256
            ? labels.map { UInt8(truncatingIfNeeded: $0) }
            : labels.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
        return "\(count)-" + String(CRC32.of(pixels, bytes), radix: 16)
    }
}
