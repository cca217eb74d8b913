import CLMat

extension Network {
    /// VGG-16 for small images: 13 convolutions of 3 × 3 with batch normalisation, 64 to 512 filters, halved in size five times, or as often
    /// as they can be; 512 units, and the classes. 14,990,922 parameters for CIFAR-10.
    ///
    /// - Source: K. Simonyan, A. Zisserman, "Very deep convolutional networks for large-scale image recognition", ICLR 2015, table 1,
    ///   column D; batch normalisation and one dense layer of 512 units as is usual for 32 × 32 pixels.
    public static func vgg16(
        input: ImageShape, classes: Int, standardisation: Standardisation, seed: UInt64, on device: Device
    ) throws(CLMatError) -> Network {
        let blocks = [[64, 64], [128, 128], [256, 256, 256], [512, 512, 512], [512, 512, 512]]
        return try Network(input: input, seed: seed, on: device) { images in
            var x = Signal("scale", standardisation, of: images)
            var size = min(input.height, input.width)
            for (block, filters) in blocks.enumerated() {
                for (index, count) in filters.enumerated() {
                    let name = "\(block + 1)_\(index + 1)"
                    // The shift of the normalisation does what biases do; they are there since the usual VGG-16 has them.
                    x = relu(batchNorm("norm\(name)", conv("conv\(name)", x, count, 3)))
                }
                if size > 1 {
                    x = maxPool(x, 2)
                    size /= 2
                }
            }
            return dense("output", relu(dense("dense1", x, 512)), classes)
        }
    }
}
