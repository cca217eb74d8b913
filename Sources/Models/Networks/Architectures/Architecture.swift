import CLMat

/// Networks for any images of classes: sizes follow from the data.
public enum Architecture: String, Sendable, CaseIterable {
    /// ``Network/leNet5(input:classes:seed:on:)``
    case leNet = "lenet"
    /// ``Network/basic(input:classes:standardisation:seed:on:)``
    case basic
    /// ``Network/vgg16(input:classes:standardisation:seed:on:)``
    case vgg16
    /// ``Network/resNet20(input:classes:standardisation:seed:on:)``
    case resNet20 = "resnet20"

    /// What a person calls it.
    public var title: String {
        switch self {
        case .leNet: "LeNet-5"
        case .basic: "basic"
        case .vgg16: "VGG-16"
        case .resNet20: "ResNet-20"
        }
    }

    /// A fresh network for a data set.
    ///
    /// - Parameter images: those that it is to learn from, whose mean and deviation by channel are taken out first; LeNet takes images as
    ///   they are.
    /// - Throws: ``/CLMat/CLMatError/layerMismatch(layer:input:problem:)`` for images that are too small.
    public func network(for images: LabelledImages, seed: UInt64, on device: Device) throws(CLMatError) -> Network {
        let (input, classes) = (images.shape, images.classNames.count)
        guard self != .leNet else { return try .leNet5(input: input, classes: classes, seed: seed, on: device) }
        let standardisation = images.standardisation
        switch self {
        case .leNet, .basic:
            return try .basic(
                input: input, classes: classes, standardisation: standardisation, seed: seed, on: device)
        case .vgg16:
            return try .vgg16(
                input: input, classes: classes, standardisation: standardisation, seed: seed, on: device)
        case .resNet20:
            return try .resNet20(
                input: input, classes: classes, standardisation: standardisation, seed: seed, on: device)
        }
    }
}

extension LabelledImages {
    /// Mean and deviation of each channel over all pixels, in units of full scale. A channel that is the same everywhere has deviation 1.
    public var standardisation: Standardisation {
        let area = shape.area
        var counts = [[Int]](repeating: [Int](repeating: 0, count: 256), count: shape.channels)
        pixels.withUnsafeBufferPointer { pixels in
            for channel in 0..<shape.channels {
                counts[channel].withUnsafeMutableBufferPointer { counts in
                    for image in 0..<count {
                        let start = (image * shape.channels + channel) * area
                        for pixel in start..<start + area { counts[Int(pixels[pixel])] += 1 }
                    }
                }
            }
        }
        var (means, deviations): ([Float], [Float]) = ([], [])
        for own in counts {
            let number = Double(max(1, own.reduce(0, +)))
            let mean = own.enumerated().reduce(0.0) { $0 + Double($1.offset * $1.element) } / number
            let variance =
                own.enumerated().reduce(0.0) {
                    $0 + Double($1.element) * (Double($1.offset) - mean) * (Double($1.offset) - mean)
                } / number
            means.append(Float(mean / 255))
            deviations.append(variance > 0 ? Float(variance.squareRoot() / 255) : 1)
        }
        return Standardisation(means: means, deviations: deviations)
    }
}
