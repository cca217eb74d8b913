import CLMat
import Models
import TestSupport

/// Images of 6 × 6 pixels in ten blobs of very different sizes.
enum Blobs {
    static func images() throws -> LabelledImages {
        var random = SplitMix64(seed: 4)
        let middles = random.floats(10 * 36, in: 0...200)
        let noise = random.floats(1100 * 36, in: 0...55)
        return try LabelledImages(
            name: "blobs", shape: ImageShape(height: 6, width: 6),
            pixels: noise.indices.map {
                let blob = Int(Double($0 / 36 % 100).squareRoot())
                return UInt8(noise[$0] + middles[blob * 36 + $0 % 36])
            },
            labels: (0..<1100).map { UInt8($0 % 10) }, classNames: (0..<10).map { "\($0)" })
    }
}
