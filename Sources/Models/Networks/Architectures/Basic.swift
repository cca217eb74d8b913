import CLMat

extension Network {
    /// Three convolutions of 5 × 5 with 32, 32 and 64 filters, a rectifier and a maximum over 2 × 2 behind each, then 64 units and the classes:
    /// 145,578 parameters for CIFAR-10.
    ///
    /// - Source: Caffe's "CIFAR-10 quick", with rectifiers and maxima throughout, as B. Jiang, UCB/EECS-2018-34, section 4.4 has a basic
    ///   network.
    public static func basic(
        input: ImageShape, classes: Int, standardisation: Standardisation, seed: UInt64, on device: Device
    ) throws(CLMatError) -> Network {
        try Network(input: input, seed: seed, on: device) { images in
            var x = Signal("scale", standardisation, of: images)
            for (index, filters) in [32, 32, 64].enumerated() {
                x = maxPool(relu(conv("conv\(index + 1)", x, filters, 5)), 2)
            }
            return dense("output", relu(dense("dense1", x, 64)), classes)
        }
    }
}
