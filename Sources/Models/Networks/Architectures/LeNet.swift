import CLMat

extension Network {
    /// LeNet-5 as Caffe has it: no activation after the convolutions, ReLU between the dense layers.
    ///
    /// - Source: LeCun, Bottou, Bengio, Haffner, "Gradient-based learning applied to document recognition", 1998;
    ///   sizes of the 2014 Caffe example, with a dense layer of 84 before the output.
    public static func leNet5(
        input: ImageShape = ImageShape(height: 28, width: 28), classes: Int = 10, seed: UInt64, on device: Device
    ) throws(CLMatError) -> Network {
        try Network(
            input: input,
            layers: [
                ("scale", Scale()),
                ("conv1", Convolution2D(filters: 20, kernel: 5)),
                ("pool1", MaxPool2D(2)),
                ("conv2", Convolution2D(filters: 50, kernel: 5)),
                ("pool2", MaxPool2D(2)),
                ("dense1", Dense(500)),
                ("relu1", Activation.relu),
                ("dense2", Dense(84)),
                ("relu2", Activation.relu),
                ("output", Dense(classes)),
            ],
            seed: seed, on: device)
    }
}
