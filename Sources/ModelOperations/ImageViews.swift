import CLMat
import ModelKernels

extension KernelFamily {
    static let images = KernelFamily("images")
}

extension Kernel {
    static let imageViews = Kernel("image_views", in: .images)
}

/// How an image is looked at: which part of it, how large, and whether in a mirror.
public struct ImageView: Sendable, Hashable {
    /// Pixels by which the view lies below the image: what it shows moves up.
    public var down: Float
    /// Pixels by which it lies to the right: what it shows moves left.
    public var across: Float
    /// The share of the image's height and width that fills the view: 1 for all, less to look closer. Between pixels, values are
    /// interpolated.
    public var zoom: Float
    /// Whether left and right change places.
    public var isMirrored: Bool

    /// The image as it is, if nothing else is said.
    public init(down: Float = 0, across: Float = 0, zoom: Float = 1, isMirrored: Bool = false) {
        (self.down, self.across, self.zoom, self.isMirrored) = (down, across, zoom, isMirrored)
    }
}

extension Matrix {
    /// A view of each image, of the same size. Beyond an image all is 0.
    ///
    /// - Shapes: N × C·H·W, with N views.
    /// - Throws: ``/CLMat/CLMatError/shapeMismatch(operation:left:right:rule:)``, or
    ///   ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` for a view whose numbers are not finite or larger than 2²⁰.
    public func imageViews(_ views: [ImageView], _ image: ImageShape) throws(CLMatError) -> Matrix {
        guard columns == image.count, views.count == rows else {
            throw .shapeMismatch(
                operation: "imageViews", left: shape, right: Shape(views.count, image.count),
                rule: "A row must hold an image of \(image), and there must be a view for each.")
        }
        // Kernels make whole numbers of the places.
        let limit = Float(1 << 20)
        guard views.allSatisfy({ abs($0.down) <= limit && abs($0.across) <= limit && abs($0.zoom) <= limit }) else {
            throw .invalidArgument(
                operation: "imageViews",
                problem: "A view's shifts and zoom are numbers up to 2²⁰, in pixels and as a share.")
        }
        let result = try Matrix(uninitialised: shape, on: device)
        guard count > 0 else { return result }
        let numbers = try Matrix(
            views.flatMap { [$0.down, $0.across, $0.zoom, $0.isMirrored ? 1 : 0] }, rows, 4, on: device)
        try device.launch(
            .imageViews,
            [
                .int(rows), .int(image.channels), .int(image.height), .int(image.width), numbers.argument, argument,
                result.argument,
            ],
            over: WorkSize(
                items: rows, workItems: columns, bytesPerItem: 8 * columns, operationsPerItem: 20 * columns, loop: 5))
        return result
    }
}
