import CLMat
import Exploration
import ModelOperations

/// What of the sampler can be moved, and what it measures.
extension ActivationSampler {
    static let noise = Control(
        "noise", title: "noise σ", group: "sampling", range: 0.001...30, scale: .logWithOff, initial: 0.3,
        help: "how far chance drives the images apart",
        affects: [
            .up("mean-move"), .down("chain-cosine"), "mean-activation", "target-probability", "classified-as-target",
        ])
    static let holdsTemperature = Control.toggle(
        "hold-temperature", title: "hold T", group: "pace", initial: false,
        help: "step β and momentum γ then keep T, and σ follows; else they keep σ, and T follows",
        affects: ["mean-move", "chain-cosine"], isShownAtStart: false)
    static let temperature = Handle(
        Control(
            "temperature", title: "temperature T", group: "sampling", unit: "of f/c", range: 1e-5...30,
            scale: .logWithOff, initial: 0,
            help:
                "chains draw images x by exp((f/c + ΣλR)/T): cold ones show the favourite, hot ones wander; c is the size of f's gradient as normalise has it",
            affects: [.down("chain-cosine"), .up("mean-move"), "mean-activation", "columns-kept"]),
        of: noise, dependsOn: [stepSize, momentum], heldBy: holdsTemperature,
        value: { settings throws(CLMatError) in
            LangevinTemperature.temperature(
                noise: try settings[noise], step: try settings[stepSize], momentum: try settings[momentum])
        },
        kept: { temperature, settings throws(CLMatError) in
            LangevinTemperature.noise(
                temperature: temperature, step: try settings[stepSize], momentum: try settings[momentum])
        })
    static let stepSize = Control(
        "step-size", title: "step β", group: "pace", range: 1e-4...1, scale: .log, initial: 0.01,
        help: "how far each sampling step goes", affects: [.up("mean-move"), "mean-activation", "target-probability"],
        isShownAtStart: false)
    static let momentum = Control(
        "sampling-momentum", title: "momentum γ", group: "pace", range: 0...0.99, initial: 0.9,
        help: "how long an image keeps its direction",
        affects: [.up("mean-move"), "mean-activation", "target-probability"], isShownAtStart: false)
    static let window = Control(
        "sample-window", title: "images averaged over", group: "pace", unit: "steps",
        kind: .integer(1...10_000, .log), initial: 200, help: "longer is smoother, and slower to follow",
        affects: [.up("chain-cosine"), "target-probability", "classified-as-target"], isShownAtStart: false)
    static let display = Control.choice(
        "display", title: "show", group: "sampling", options: ["average", "sample", "both"],
        help: "the moving average of a chain, the sample of the moment, or one beside the other", isView: true)
    static let brightness = Control.choice(
        "brightness", title: "grey", group: "sampling", options: ["signed", "as is", "stretched", "two colours"],
        help:
            "signed: zero is mid-grey, the largest |x| black or white; as is: 0 black, 1 white; stretched: 0 black, the largest x "
            + "white; two colours: blue below zero, orange above", isView: true)
    static let contrast = Control.choice(
        "contrast", title: "contrast", group: "sampling", options: ["each image", "row", "column", "grid"],
        help: "what shares one scale, for all but \"as is\": with each image by itself, sizes cannot be compared",
        isView: true)
    static let clip = Control.choice(
        "clip", title: "clip", group: "sampling", options: ["none", "at 0", "0…1"],
        help: "the values that pixels may take",
        affects: ["mean-activation", "mean-square-norm", "mean-move", "target-probability"])
    static let sampling = Control.toggle(
        "sampling", title: "sampling", group: "sampling", initial: true,
        help: "whether the images move; training goes on without",
        affects: [.up("mean-activation"), "mean-move", "target-probability", "classified-as-target"])
    static let normalise = Control.choice(
        "normalise", title: "normalise", group: "sampling", options: ["off", "image", "pixel", "fixed"], initial: 1,
        help:
            "gradients brought to one size: of each image or pixel as they go, or fixed for a column after its first steps",
        affects: ["mean-activation", "mean-move", "mean-square-norm", "target-probability"])
    var layer: Control {
        .choice(
            "layer", title: "layer", group: "neurons", options: layerNames, initial: outputStage,
            help: "which layer's neurons are excited",
            affects: ["mean-activation", "mean-move", "mean-square-norm"], isShownAtStart: false)
    }
    static let reading = Control.choice(
        "reading", title: "channel", group: "neurons", options: ["centre", "mean"],
        help: "a channel's activation: at its centre, or as the mean over its map",
        affects: ["mean-activation", "mean-move", "mean-square-norm"], isShownAtStart: false)
    static let sampledWeights = Control.choice(
        "sampled-weights", title: "weights", group: "neurons", options: ["current", "averaged"],
        help: "the network as it is, or the mean of its weights along the way",
        affects: ["mean-activation", "mean-move", "target-probability"], isShownAtStart: false)
    static let pace = Control(
        "sampling-steps", title: "samplings per step", group: "pace", kind: .integer(1...50, .log), initial: 1,
        help: "how many sampling steps follow each training step",
        affects: ["mean-move", "mean-activation", "target-probability"], isShownAtStart: false)
    static let burnIn = Control(
        "burn-in", title: "burn-in", group: "pace", unit: "steps", kind: .integer(1...10_000, .logWithOff),
        initial: 0, help: "steps of a new chain before its average begins",
        affects: ["target-probability", "classified-as-target"], isShownAtStart: false)
    static let stepDecay = Control(
        "step-decay", title: "step decay μ", group: "pace", range: 0...1, initial: 0,
        help: "steps shrink as β(1 + t/1000)^−μ with a chain's age t; 0 keeps them",
        affects: [.down("mean-move"), "mean-activation"], isShownAtStart: false)

    static let temperatureLadder = Control(
        "temperature-ladder", title: "temperature ladder", group: "pace", unit: "times per row", range: 1...4,
        scale: .log,
        initial: 1,
        help: "how much hotter each row is than the one above; rows of 28 × 28 pixels exchange images up to some 1.1",
        affects: [.up("mean-move"), "mean-activation", "exchange-acceptance"], isShownAtStart: false)
    static let exchange = Control.choice(
        "exchange", title: "exchange", group: "pace", options: ["off", "exact", "approximate"],
        help:
            "rows of a ladder swap images, so that colder ones leave what they are stuck in; approximate also while the network learns",
        affects: ["exchange-acceptance", "mean-activation"], isShownAtStart: false)

    /// Noise, step size, normalisation and what is shown, with the criteria's weights.
    public var controls: [Control] {
        mixins.controls + [
            Self.noise, Self.display, Self.brightness, Self.contrast, Self.clip, Self.sampling, Self.normalise, layer,
            Self.reading, Self.sampledWeights, Self.pace, Self.stepSize, Self.momentum, Self.holdsTemperature,
            Self.window, Self.burnIn, Self.stepDecay, Self.temperatureLadder, Self.exchange,
        ]
    }

    /// The temperature, which stands for the noise.
    public var handles: [Handle] { [Self.temperature] }

    /// Activations, their spread, and what the criteria measure.
    public var metrics: [Metric] {
        [
            Metric(
                "mean-activation", title: "Mean activation", unit: "of the chosen neurons",
                help: "how strongly the samples excite their neurons, before the softmax", better: .higher),
            Metric(
                "classified-as-target", title: "Classified as the target", unit: "share of chains",
                help: "chains whose average the network takes for the class of its column", better: .higher,
                range: 0...1),
            Metric(
                "target-probability", title: "Probability of the target", unit: "mean over chains",
                help: "what the network gives the class of the column, for the chain's average", better: .higher,
                range: 0...1),
            Metric(
                "chain-cosine", title: "Chain similarity", unit: "mean cosine between averages of a column",
                help: "1: the chains of a column show the same; 0: nothing in common. Each image's mean is taken off",
                range: -1...1),
            Metric(
                "columns-kept", title: "Columns kept", unit: "share of columns",
                help: "columns whose mean image the network gives its class with probability 0.9 or more",
                better: .higher, range: 0...1),
            Metric(
                "mean-move", title: "Mean |Δx|", unit: "full scale per step",
                help: "how far a pixel moves in one step"),
            Metric(
                "filter-cosine", title: "Filter and image", unit: "smallest cosine over channels",
                help: "with L2 alone, the image of a first-layer channel's centre is its filter: 1", better: .higher,
                range: -1...1),
            Metric(
                "exchange-acceptance", title: "Accepted exchanges", unit: "share of those proposed lately",
                help: "near 0 the rows of the ladder are too far apart, near 1 closer than they need be", range: 0...1),
        ] + (examples == nil ? [] : [Self.likeness]) + mixins.metrics
    }

    static let likeness = Metric(
        "likeness", title: "Likeness", unit: "mean over chains of the largest cosine",
        help:
            "how like an image of its class a chain's average is, above 0: cosine with the nearest training image, means taken off",
        better: .higher, range: 0...1)

    // MARK: - For the kernel

    /// The settings as a sampling step has them.
    static func parameters(_ settings: Settings) throws(CLMatError) -> LangevinChains.Parameters {
        var p = LangevinChains.Parameters()
        p.noise = Float(try settings[noise])
        p.step = Float(try settings[stepSize])
        p.decayExponent = Float(try settings[stepDecay])
        p.momentum = Float(try settings[momentum])
        p.normalisation = .init(rawValue: try settings.int(normalise)) ?? .image
        p.burnIn = try settings.int(burnIn)
        p.window = max(1, try settings.int(window))
        p.clip = [-.infinity...(.infinity), 0...(.infinity), 0...1][min(2, max(0, try settings.int(clip)))]
        return p
    }
}
