import CLMat

/// What flows from layer to layer while a network is written down as equations: the images, or what a layer makes of other signals.
///
/// ```swift
/// let network = try Network(input: ImageShape(height: 28, width: 28), seed: 1, on: .cpu) { images in
///     var x = relu(conv("conv1", images, 16, 3, padding: 1))
///     x = relu(conv("conv2", x, 16, 3, padding: 1) + x)
///     return dense("output", globalMeanPool(x), 10)
/// }
/// ```
/// Nothing is checked while equations are written; ``Network/init(input:seed:on:_:)`` does it, and names the layer that does not fit. Layers
/// without a name are called by what they do and what they read: `conv1.relu`, `conv2.sum`.
public final class Signal: Sendable {
    fileprivate let name: String
    private let isNamed: Bool
    fileprivate let layer: (any Layer)?
    fileprivate let inputs: [Signal]

    /// The images.
    fileprivate init() { (name, isNamed, layer, inputs) = (StageDescription.images, true, nil, []) }

    /// What a layer makes of signals.
    ///
    /// - Parameter name: of the layer.
    public init(_ name: String, _ layer: any Layer, of inputs: Signal...) {
        (self.name, isNamed, self.layer, self.inputs) = (name, true, layer, inputs)
    }

    /// One that is called by what it does and what it reads.
    fileprivate init(_ kind: String, unnamed layer: any Layer, of inputs: [Signal]) {
        let first = inputs[0]
        name = first.layer == nil ? kind : "\(first.name).\(kind)"
        (isNamed, self.layer, self.inputs) = (false, layer, inputs)
    }

    /// The stages that lead here, each behind those that it reads. Of the same name without one of its own, later ones get a number.
    fileprivate func descriptions() -> [StageDescription] {
        var names: [ObjectIdentifier: String] = [:]
        var used: Set<String> = []
        var stages: [StageDescription] = []
        // Deep networks are long chains: a stack of our own instead of a recursion.
        var waiting: [(signal: Signal, isReady: Bool)] = [(self, false)]
        while let (signal, isReady) = waiting.popLast() {
            let identity = ObjectIdentifier(signal)
            guard names[identity] == nil else { continue }
            guard let layer = signal.layer else {
                names[identity] = StageDescription.images
                continue
            }
            if !isReady {
                waiting.append((signal, true))
                for input in signal.inputs.reversed() { waiting.append((input, false)) }
                continue
            }
            var name = signal.name
            var number = 2
            while !signal.isNamed, used.contains(name) {
                name = "\(signal.name)\(number)"
                number += 1
            }
            used.insert(name)
            names[identity] = name
            stages.append(
                StageDescription(
                    name, layer, reading: signal.inputs.map { names[ObjectIdentifier($0)] ?? $0.name }))
        }
        return stages
    }
}

extension Network {
    /// A network written as equations, with fresh parameters.
    ///
    /// - Parameter equations: the network's output from the images.
    /// - Throws: as ``init(input:stages:output:seed:on:)``.
    public init(
        input: ImageShape, seed: UInt64, on device: Device, _ equations: (_ images: Signal) -> Signal
    ) throws(CLMatError) {
        try self.init(input: input, stages: equations(Signal()).descriptions(), seed: seed, on: device)
    }
}

// MARK: - Layers as functions

/// W ⋆ x + b: `filters` square filters of `size` × `size`.
///
/// - Parameter biases: false for a layer with normalisation behind it, whose shift does the same.
public func conv(
    _ name: String, _ x: Signal, _ filters: Int, _ size: Int, stride: Int = 1, padding: Int? = nil, biases: Bool = true
) -> Signal {
    Signal(
        name,
        Convolution2D(filters: filters, kernel: size, stride: stride, padding: padding ?? size / 2, biases: biases),
        of: x)
}

/// W x + b
public func dense(_ name: String, _ x: Signal, _ units: Int) -> Signal { Signal(name, Dense(units), of: x) }

/// Batch normalisation by channel.
public func batchNorm(_ name: String, _ x: Signal) -> Signal { Signal(name, BatchNorm(), of: x) }

/// Each number set to 0 with a chance while the network learns.
public func dropout(_ x: Signal, _ rate: Float) -> Signal { Signal("dropout", unnamed: DropoutLayer(rate), of: [x]) }

/// max(0, x)
public func relu(_ x: Signal) -> Signal { Signal("relu", unnamed: Activation.relu, of: [x]) }

/// tanh x
public func tanh(_ x: Signal) -> Signal { Signal("tanh", unnamed: Activation.tanh, of: [x]) }

/// 1 / (1 + e⁻ˣ)
public func logistic(_ x: Signal) -> Signal { Signal("logistic", unnamed: Activation.logistic, of: [x]) }

/// Leaky ReLU, ELU, GELU, SiLU, hard sigmoid and others.
public func activation(_ x: Signal, _ function: ActivationFunction) -> Signal {
    Signal("activation", unnamed: Activation.function(function), of: [x])
}

/// The largest pixel of each window of `size` × `size`.
public func maxPool(_ x: Signal, _ size: Int, stride: Int? = nil) -> Signal {
    Signal("max", unnamed: MaxPool2D(size, stride: stride), of: [x])
}

/// The mean of each window of `size` × `size`.
public func meanPool(_ x: Signal, _ size: Int, stride: Int? = nil) -> Signal {
    Signal("mean", unnamed: AveragePool2D(size, stride: stride), of: [x])
}

/// The mean of each channel.
public func globalMeanPool(_ x: Signal) -> Signal { Signal("mean", unnamed: AveragePool2D.global, of: [x]) }

/// The channels of all signals, one behind the other.
public func concatenate(_ x: Signal...) -> Signal { Signal("channels", unnamed: Concatenation(), of: x) }

extension Signal {
    /// The sum of two signals.
    public static func + (left: Signal, right: Signal) -> Signal {
        Signal("sum", unnamed: Addition(), of: [left, right])
    }

    /// The product of two signals, element by element.
    public static func * (left: Signal, right: Signal) -> Signal {
        Signal("product", unnamed: Product(), of: [left, right])
    }
}
