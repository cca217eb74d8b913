import CLMat
import ModelOperations

/// The gradient of a window's loss with respect to all weights of a model.
struct LanguageGradient {
    /// Of the words that were read; nil where the embeddings are tied: then it is in ``output``.
    var input: RowGradient?
    /// Of all words, where something acts on all of them.
    var wholeInput: PowerLawMatrix?
    var layers: [LSTMLayer]
    var output: PowerLawMatrix
    var biases: Matrix
    /// Of an adaptive softmax and input; nil without.
    var adaptive: AdaptiveLayers?

    /// Everything whose norm counts.
    var parts: [Matrix] {
        (wholeInput.map { [$0.elements] } ?? input.map { [$0.sums] } ?? [])
            + layers.flatMap { [$0.inputWeights, $0.recurrentWeights, $0.biases] } + [output.elements, biases]
            + (adaptive?.parts ?? [])
    }
}

extension LanguageModel {
    /// The loss of a window, summed over its steps and averaged over its texts, and its gradient.
    ///
    /// - Returns: the sum of the losses of all words, in nats, when it is asked for; the gradient; the state behind the window.
    func gradient(
        of window: TokenWindow, from state: LanguageState, dropouts: [Dropout]? = nil
    ) throws(CLMatError) -> (loss: Later<Double>, gradient: LanguageGradient, state: LanguageState) {
        var trace = try read(window.inputs, from: state, dropouts: dropouts)
        let next = try trace.state()
        var (loss, head) = try headGradient(trace.top, window)
        var layerGradients = layers
        // The way back through the layers, from the top.
        for index in layers.indices.reversed() {
            if let dropouts { head.top = try dropouts[index + 1].applied(to: head.top) }
            let (parameters, gates) = try layers[index].backward(
                trace.inputs[index], outputGradient: &head.top, &trace.layers[index])
            layerGradients[index] = parameters
            head.top = try layers[index].inputGradient(gates)
        }
        if let dropouts { head.top = try dropouts[0].applied(to: head.top) }
        var ids = trace.ids
        if let adaptive, let words = trace.words, var own = head.adaptive {
            (head.top, ids) = (try adaptiveWordGradient(head.top, words, into: &own, adaptive), words.ids)
            head.adaptive = own
        }
        var gradient = LanguageGradient(
            layers: layerGradients, output: head.output, biases: head.biases, adaptive: head.adaptive)
        if let ownInput {
            gradient.input = try ownInput.rowGradient(of: head.top, at: ids)
        } else {
            try gradient.output.scatterAddRows(head.top, at: ids)
        }
        return (loss, gradient, next)
    }

    /// Loss and gradient of the logits.
    private func headGradient(
        _ top: MatrixBlock, _ window: TokenWindow
    ) throws(CLMatError) -> (
        loss: Later<Double>, head: (top: Matrix, output: PowerLawMatrix, biases: Matrix, adaptive: AdaptiveLayers?)
    ) {
        if let adaptive {
            let own = try adaptiveGradient(top, window, adaptive)
            return (own.loss, (own.top, own.output, try Matrix(zeros: biases.shape, on: device), own.layers))
        }
        guard window.count > 0 else {
            throw .invalidArgument(operation: "LanguageModel", problem: "The window has no words.")
        }
        let own = try output.softmaxLoss(of: top, window.targets, biases: biases, scale: 1 / Float(window.batch))
        return (try own.losses.sumLater().map { Double($0) }, (own.top, own.embedding, own.biases, nil))
    }

    /// One step of gradient descent, the norm of the whole gradient clipped.
    ///
    /// - Returns: ‖g‖ before clipping, when it is asked for.
    @discardableResult
    mutating func descend(
        along gradient: LanguageGradient, rate: Float, limit: Float
    ) throws(CLMatError) -> Later<Double> {
        let clip = try GradientClip(of: gradient.parts, limit: limit)
        if let whole = gradient.wholeInput {
            try ownInput?.sgdStep(whole, rate: rate, factor: clip.factor)
        } else if let rows = gradient.input {
            try ownInput?.sgdStep(rows, rate: rate, factor: clip.factor)
        }
        for (index, own) in gradient.layers.enumerated() {
            try layers[index].inputWeights.sgdStep(own.inputWeights, rate: rate, factor: clip.factor)
            try layers[index].recurrentWeights.sgdStep(own.recurrentWeights, rate: rate, factor: clip.factor)
            try layers[index].biases.sgdStep(own.biases, rate: rate, factor: clip.factor)
        }
        try output.sgdStep(gradient.output, rate: rate, factor: clip.factor)
        try biases.sgdStep(gradient.biases, rate: rate, factor: clip.factor)
        if let own = gradient.adaptive { try adaptive?.sgdStep(own, rate: rate, factor: clip.factor) }
        return try clip.normLater()
    }
}
