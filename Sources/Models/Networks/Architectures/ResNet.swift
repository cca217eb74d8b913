import CLMat

extension Network {
    /// ResNet-20 for small images: a convolution, three times three blocks of two convolutions with a shortcut around them, 16, 32 and 64
    /// filters, the mean of each channel, and the classes. 269,722 parameters for CIFAR-10. Where a block halves the size, its shortcut takes
    /// every second pixel, and has zeros for the channels that it lacks.
    ///
    /// - Source: K. He, X. Zhang, S. Ren, J. Sun, "Deep residual learning for image recognition", CVPR 2016, section 4.2, n = 3, shortcuts of
    ///   option A.
    public static func resNet20(
        input: ImageShape, classes: Int, standardisation: Standardisation, seed: UInt64, on device: Device
    ) throws(CLMatError) -> Network {
        func convolution(_ name: String, _ x: Signal, _ filters: Int, stride: Int = 1) -> Signal {
            let layer = Convolution2D(
                filters: filters, kernel: 3, stride: stride, padding: 1, biases: false, initialisation: .kaiming)
            return batchNorm("norm\(name)", Signal("conv\(name)", layer, of: x))
        }
        return try Network(input: input, seed: seed, on: device) { images in
            var x = relu(convolution("1", Signal("scale", standardisation, of: images), 16))
            var channels = 16
            for (stage, filters) in [16, 32, 64].enumerated() {
                for block in 1...3 {
                    let name = "\(stage + 2)_\(block)"
                    let stride = filters > channels ? 2 : 1
                    var shortcut = x
                    if stride > 1 {
                        let missing = filters - channels
                        shortcut = Signal(
                            "pad\(name)", ChannelPadding(before: missing / 2, after: missing - missing / 2),
                            of: Signal("half\(name)", MaxPool2D(1, stride: 2), of: x))
                    }
                    let inner = relu(convolution("\(name)a", x, filters, stride: stride))
                    x = relu(convolution("\(name)b", inner, filters) + shortcut)
                    channels = filters
                }
            }
            return dense("output", globalMeanPool(x), classes)
        }
    }
}
