import CLMat
import Exploration

/// The images of all chains at one moment.
struct ChainImages: Sendable {
    /// What of a chain is looked at.
    enum Kind: Sendable {
        case average, sample

        var name: String { self == .average ? "average" : "sample" }
        var other: Kind { self == .average ? .sample : .average }

        /// By the index of the control `display`.
        static func shown(_ index: Int) -> [Kind] {
            index == 0 ? [.average] : index == 1 ? [.sample] : [.average, .sample]
        }
    }

    private let samples: [Float]
    private let averages: [Float]
    private let neurons: [Neuron]
    private let rows: Int

    init(of sampler: ActivationSampler) throws(CLMatError) {
        (samples, averages) = (try sampler.chains.samples.values, try sampler.chains.averages.values)
        (neurons, rows) = (sampler.neurons, sampler.chains.samples.rows)
    }

    /// A whole image.
    func values(_ kind: Kind, of row: Int) -> ArraySlice<Float> {
        let all = kind == .sample ? samples : averages
        let count = rows > 0 ? all.count / rows : 0
        return all[row * count..<(row + 1) * count]
    }

    /// How much a chain's image differs from what it was in `before`; nil if its column had another neuron then.
    func change(of kind: Kind, of row: Int, since before: ChainImages) -> [Float]? {
        guard before.rows == rows, before.neurons.count == neurons.count, !neurons.isEmpty,
            before.samples.count == samples.count,
            before.neurons[row % neurons.count] == neurons[row % neurons.count]
        else { return nil }
        return zip(values(kind, of: row), before.values(kind, of: row)).map { $0 - $1 }
    }
}

/// What belongs to a chain's image, cropped as it is.
struct CloserLook {
    let row: Int
    let kind: ChainImages.Kind
    let images: ChainImages
    let before: ChainImages?
    let field: (rows: Range<Int>, columns: Range<Int>)
    let shape: ImageShape
    /// How differences and gradients are shown, which have a sign however images are shown.
    var isSigned = ImageGrid.Display.signed
    /// Of the activation at the sample, where it is asked for.
    var gradient: [Float]?

    /// The other image of the chain, the nearest training image, the change since controls were last moved, the gradient of the
    /// activation.
    func related(nearest: ImageGrid.Related?) -> [ImageGrid.Related] {
        var related = [ImageGrid.Related(kind.other.name, values: pixels(images.values(kind.other, of: row)))]
        if let nearest { related.append(nearest) }
        if let change = before.flatMap({ images.change(of: kind, of: row, since: $0) }) {
            related.append(
                ImageGrid.Related(
                    "change since the last control change", values: pixels(change[...]), display: isSigned,
                    isInHover: false))
        }
        if let gradient {
            related.append(
                ImageGrid.Related(
                    "gradient of the activation at the sample", values: pixels(gradient[...]), display: isSigned,
                    isInHover: false))
        }
        return related
    }

    /// The pixels that the neurons see, of a whole image.
    func pixels(_ image: ArraySlice<Float>) -> [Float] {
        (0..<shape.channels).flatMap { channel in
            field.rows.flatMap { row in
                let start = image.startIndex + (channel * shape.height + row) * shape.width
                return image[start + field.columns.lowerBound..<start + field.columns.upperBound]
            }
        }
    }
}
