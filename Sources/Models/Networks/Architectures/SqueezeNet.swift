import CLMat

extension Network {
    /// SqueezeNet 1.0: a convolution and eight fire modules, which squeeze the channels by 1 × 1 filters and expand them by 1 × 1 and 3 × 3
    /// filters side by side. 1,248,424 parameters for 1000 classes; made for images of 224 × 224.
    ///
    /// - Source: F. N. Iandola, S. Han, M. W. Moskewicz, K. Ashraf, W. J. Dally, K. Keutzer, "SqueezeNet: AlexNet-level accuracy with 50x fewer
    ///   parameters", arXiv:1602.07360, 2016, table 1.
    public static func squeezeNet(
        input: ImageShape = ImageShape(channels: 3, height: 224, width: 224), classes: Int = 1000,
        standardisation: Standardisation = Standardisation(
            means: [0.485, 0.456, 0.406], deviations: [0.229, 0.224, 0.225]), seed: UInt64, on device: Device
    ) throws(CLMatError) -> Network {
        func convolution(_ name: String, _ x: Signal, _ filters: Int, _ size: Int, stride: Int = 1, padding: Int = 0)
            -> Signal
        {
            let layer = Convolution2D(
                filters: filters, kernel: size, stride: stride, padding: padding, initialisation: .kaiming)
            return relu(Signal(name, layer, of: x))
        }
        func fire(_ name: String, _ x: Signal, squeeze: Int, expand: Int) -> Signal {
            let narrow = convolution("\(name).squeeze", x, squeeze, 1)
            return concatenate(
                convolution("\(name).expand1", narrow, expand, 1),
                convolution("\(name).expand3", narrow, expand, 3, padding: 1))
        }
        return try Network(input: input, seed: seed, on: device) { images in
            var x = convolution("conv1", Signal("scale", standardisation, of: images), 96, 7, stride: 2)
            for (index, (squeeze, expand)) in [
                (16, 64), (16, 64), (32, 128), (32, 128), (48, 192), (48, 192), (64, 256), (64, 256),
            ].enumerated() {
                // Halved in size before the second, the fifth and the ninth module of the paper's numbers.
                if [0, 3, 7].contains(index) {
                    x = Signal("pool\(index + 1)", MaxPool2D(3, stride: 2, roundsUp: true), of: x)
                }
                x = fire("fire\(index + 2)", x, squeeze: squeeze, expand: expand)
            }
            return globalMeanPool(convolution("conv10", dropout(x, 0.5), classes, 1))
        }
    }
}
