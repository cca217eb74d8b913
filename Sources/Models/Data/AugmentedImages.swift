import CLMat
import Foundation

/// Millions of images made from some thousands, as they are asked for: each turned, stretched, slanted, moved and coloured in
/// a way that its number alone decides. Image i is always the same, and no image is ever stored.
///
/// The dissertation's run was on "8 million 28×28×3 RGB images of hand written digits" (Jiang, UCB/EECS-2018-34, section
/// 2.5); affine distortions as in Loosli, Canu, Bottou, "Training invariant support vector machines using selective sampling"
/// (MNIST8M), 2007, without the elastic ones.
public struct AugmentedImages: PointData {
    public let name: String
    public let count: Int
    public let image: ImageShape?
    public let notes: [String]
    private let images: LabelledImages
    private let seed: UInt64

    public var columns: Int { 3 * images.shape.area }
    public var checksum: String { "\(count)-\(seed)-\(images.checksum)" }
    /// Neighbours are of different images: they are drawn together, so that an order of 8 million is short.
    public var runLength: Int { 64 }

    /// - Parameter count: how many images there are to be.
    /// - Throws: ``/CLMat/CLMatError/invalidValue(setting:value:accepted:)``.
    public init(
        _ images: LabelledImages, name: String, count: Int = 8_000_000, seed: UInt64 = 1, notes: [String] = []
    ) throws(CLMatError) {
        guard (1..<Int(Int32.max)).contains(count) else {
            throw .invalidValue(setting: "augment", value: "\(count)", accepted: "1 to 2,147,483,646 images")
        }
        (self.images, self.name, self.count, self.seed, self.notes) = (images, name, count, seed, notes)
        image = ImageShape(channels: 3, height: images.shape.height, width: images.shape.width)
    }

    public func rows(_ indices: [Int32], on device: Device) throws(CLMatError) -> Matrix {
        let size = columns
        let values = [Float](unsafeUninitializedCapacity: indices.count * size) { target, written in
            // Each image has its own part of the memory.
            nonisolated(unsafe) let start = target.baseAddress
            let piece = 64
            DispatchQueue.concurrentPerform(iterations: (indices.count + piece - 1) / piece) { part in
                guard let start else { return }
                for row in part * piece..<min(indices.count, (part + 1) * piece) {
                    draw(Int(indices[row]), into: start + row * size)
                }
            }
            written = indices.count * size
        }
        return try Matrix(values, indices.count, size, on: device)
    }

    /// One image: for each pixel the place in the original that an affine map gives, between its neighbours, as a blend of two
    /// colours.
    private func draw(_ index: Int, into target: UnsafeMutablePointer<Float>) {
        let u = RandomKey(seed: seed, step: index, stream: Streams.augmentation).uniforms(12).map(Float.init)
        func between(_ low: Float, _ high: Float, _ i: Int) -> Float { low + (high - low) * u[i] }
        let (height, width, area) = (images.shape.height, images.shape.width, images.shape.area)
        let original = index % images.count * images.shape.count
        let isGrey = images.shape.channels == 1

        // The inverse of: turn by up to 15 degrees, stretch by up to 15 % each way, slant by up to 0.2, move by up to 2 pixels.
        let angle = between(-0.26, 0.26, 0)
        let (sx, sy, slant) = (between(0.87, 1.15, 1), between(0.87, 1.15, 2), between(-0.2, 0.2, 3))
        let (dx, dy) = (between(-2, 2, 4), between(-2, 2, 5))
        let (cosine, sine) = (cos(angle), sin(angle))
        let (a, b, c, d) = (cosine / sx, (sine + slant) / sx, -sine / sy, cosine / sy)
        let (cx, cy) = (Float(width - 1) / 2, Float(height - 1) / 2)
        // Strokes are bright on a dark ground, so that they stay apart.
        let strokes = (0..<3).map { between(0.5, 1, 6 + $0) }
        let ground = (0..<3).map { between(0, 0.4, 9 + $0) }

        images.pixels.withUnsafeBufferPointer { pixels in
            func light(_ channel: Int, _ y: Int, _ x: Int) -> Float {
                guard y >= 0, y < height, x >= 0, x < width else { return 0 }
                return Float(
                    pixels[original + (isGrey ? 0 : min(channel, images.shape.channels - 1)) * area + y * width + x])
            }
            for y in 0..<height {
                for x in 0..<width {
                    let (px, py) = (Float(x) - cx - dx, Float(y) - cy - dy)
                    let (qx, qy) = (a * px + b * py + cx, c * px + d * py + cy)
                    let (fx, fy) = (qx.rounded(.down), qy.rounded(.down))
                    let (tx, ty) = (qx - fx, qy - fy)
                    let (ix, iy) = (Int(fx), Int(fy))
                    var value: Float = 0
                    for channel in 0..<3 {
                        if channel == 0 || !isGrey {
                            let upper = light(channel, iy, ix) * (1 - tx) + light(channel, iy, ix + 1) * tx
                            let lower = light(channel, iy + 1, ix) * (1 - tx) + light(channel, iy + 1, ix + 1) * tx
                            value = (upper * (1 - ty) + lower * ty) / 255
                        }
                        target[channel * area + y * width + x] =
                            ground[channel] + value * (strokes[channel] - ground[channel])
                    }
                }
            }
        }
    }
}

extension Streams {
    /// How each image is changed.
    static let augmentation: UInt32 = 7
}
