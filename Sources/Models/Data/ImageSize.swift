import CLMat
import CStb

/// The size that an image's header names, looked at before the image is decoded.
enum ImageSize {
    /// An image of so many pixels is decoded whatever its file's size. Decoding takes up to 24 bytes a pixel.
    static let freePixels = 1 << 21
    /// The most numbers of an image that a model could take as a point.
    static let mostNumbers = 1 << 24

    /// A few bytes can name a size that fills the memory.
    ///
    /// - Throws: ``CLMatError/fileDamaged(path:place:problem:)`` for an image that no file of this size would be.
    static func check(_ file: [UInt8], _ path: String) throws(CLMatError) {
        var (width, height): (Int32, Int32) = (0, 0)
        let isKnown = file.withUnsafeBufferPointer { bytes in
            clmat_image_size(bytes.baseAddress, Int32(clamping: bytes.count), &width, &height) != 0
        }
        // What has no size is refused where it is decoded.
        guard isKnown else { return }
        let pixels = Int(width) * Int(height)
        guard pixels <= freePixels + file.count, 3 * pixels <= mostNumbers else {
            let most = min(freePixels + file.count, mostNumbers / 3)
            throw .fileDamaged(
                path: path, place: "its header",
                problem: """
                    it says that the image is \(width) × \(height) pixels; of a file of \(file.count) bytes up to \(most) \
                    pixels are read. If it is so large, make it smaller first
                    """)
        }
    }
}
