import CLMat
import Exploration

extension ActivationSampler {
    /// The samples or their averages, and filters beside the images that they draw.
    public var figures: [Figure<Attached<ActivationSampler>>] {
        [
            Figure(
                "samples", title: "Samples",
                help: "what the neurons want to see: one column per neuron, one row per chain",
                isShownAtStart: true, from: SampledPage()
            ) { page, subject, context in try page.advance(subject, context) },
            Figure(
                "filter-images", title: "Filters and their images",
                help: "with L2 alone, the image of a first-layer channel must be its filter (cosine near 1)"
            ) { subject, context in try subject.attachment.filterGrid(subject.host) },
        ]
    }

    private func name(of neuron: Neuron, in host: NetworkTrainer) -> String {
        let stage = host.network.stages[neuron.stage]
        if neuron.stage == host.network.stages.count - 1 { return host.classNames[neuron.unit] }
        return stage.output.area > 1 ? "channel \(neuron.unit)" : "unit \(neuron.unit)"
    }

    /// - Parameter page: of neurons; those of the first are what the run samples, others the figure samples by itself.
    fileprivate func samplesGrid(
        _ host: NetworkTrainer, _ context: FigureContext, page: Int = 0
    ) throws -> any FigureContent {
        guard columns > 0, let stage = neurons.first.map({ host.network.stages[$0.stage] }) else {
            return NothingToShow("choose a layer that has neurons")
        }
        let showsSample = try context.settings.int(Self.display) == 1
        let values = try (showsSample ? chains.samples : chains.averages).values
        let shape = host.network.input
        let field = host.network.receptiveField(of: neurons[0])
        let isCropped = field.rows.count < shape.height || field.columns.count < shape.width
        let isOutput = stage.name == host.network.stages.last?.name
        let cells = (0..<chains.samples.rows).map { row -> ImageGrid.Cell in
            let (chain, column) = row.quotientAndRemainder(dividingBy: columns)
            var facts: [(name: String, value: Double)] = []
            if let evaluation {
                facts.append(("activation of the average", Double(evaluation.activations[row])))
                if let p = evaluation.probabilities?[row] {
                    facts.append(("probability of its class", Double(p)))
                }
            }
            return ImageGrid.Cell(
                values: Self.pixels(values[row * shape.count..<(row + 1) * shape.count], field, shape),
                title: "\(isOutput ? "class " : "")\(name(of: neurons[column], in: host)), chain \(chain + 1)",
                facts: facts,
                actions: page > 0
                    ? []
                    : [
                        Action("restart-chain", title: "restart chain", arguments: [column, chain]),
                        Action("restart-column", title: "restart column", arguments: [column]),
                    ],
                isRight: evaluation?.isTarget?[row],
                choice: isOutput ? NetworkTrainer.choice(ofClass: neurons[column].unit, context.view) : nil)
        }
        let columnActions =
            page > 0
            ? []
            : neurons.indices.map { column in
                [
                    Action("restart-column", title: "restart column", arguments: [column]),
                    Action(
                        "choose-neuron", title: "choose neuron", arguments: [column],
                        asks: Action.Question("neuron of \(stage.name)", 0...(stage.output.channels - 1))),
                ]
            }
        let what =
            isOutput
            ? "output layer before softmax" : "\(stage.output.area > 1 ? "channels" : "units") of \(stage.name)"
        let window = try context.settings.int(Self.window)
        let how = showsSample ? "samples" : "moving average of \(grouped(window))"
        let isUnit = try context.settings.int(Self.brightness) == 1
        let seen = isCropped ? " · the \(field.rows.count) × \(field.columns.count) pixels that they see" : ""
        return ImageGrid(
            channels: shape.channels, height: field.rows.count, width: field.columns.count, columns: columns,
            columnTitles: neurons.map { isOutput ? host.classNames[$0.unit] : "\($0.unit)" },
            rowTitles: (1...chainCount).map { "chain \($0)" },
            display: isUnit ? .unit : .signed, cells: cells,
            caption: "\(what) · \(columns) neurons × \(chainCount) chains · \(how)\(seen)",
            columnActions: columnActions,
            actions: pageActions(page, stage.output.channels))
    }

    /// The pixels that the neurons see.
    private static func pixels(
        _ image: ArraySlice<Float>, _ field: (rows: Range<Int>, columns: Range<Int>), _ shape: ImageShape
    ) -> [Float] {
        (0..<shape.channels).flatMap { channel in
            field.rows.flatMap { row in
                let start = image.startIndex + (channel * shape.height + row) * shape.width
                return image[start + field.columns.lowerBound..<start + field.columns.upperBound]
            }
        }
    }

    // MARK: - Pages of neurons

    private static let page = "neuron-page"

    /// The page that is looked at of the layer that is sampled: another layer begins at its first.
    fileprivate func page(_ view: ViewState) -> Int {
        let chosen = view[Self.page]
        guard chosen.count == 2, chosen[0] == neurons.first?.stage else { return 0 }
        return min(max(0, chosen[1]), pageCount - 1)
    }

    private func pageActions(_ page: Int, _ units: Int) -> [Action] {
        guard pageCount > 1 else { return [] }
        func title(_ page: Int) -> String {
            "\(page * columnLimit) to \(min((page + 1) * columnLimit, units) - 1) of \(units)"
        }
        return (page > 0 ? [Action("previous-neurons", title: "previous: \(title(page - 1))")] : [])
            + (page + 1 < pageCount ? [Action("next-neurons", title: "next: \(title(page + 1))")] : [])
    }

    public var viewActions: [String] { ["next-neurons", "previous-neurons"] + NetworkTrainer.classActions }

    /// `next-neurons` and `previous-neurons` of the layer; `choose-class` [class] and `unchoose-class`, as the network has them.
    public func look(_ action: Action, _ view: inout ViewState) throws(CLMatError) {
        switch action.id {
        case "next-neurons", "previous-neurons":
            guard let stage = neurons.first?.stage else { return }
            let wanted = page(view) + (action.id == "next-neurons" ? 1 : -1)
            let page = min(max(0, wanted), pageCount - 1)
            view[Self.page] = page == 0 ? [] : [stage, page]
        default:
            let isKnown = try NetworkTrainer.lookAtClass(action, of: classCount, &view)
            guard isKnown else { throw .unknownName(kind: "action", name: action.id, known: viewActions) }
        }
    }

    /// The pixels that a first-layer channel's centre unit sees, averaged over its chains, beside its filter.
    func filterGrid(_ host: NetworkTrainer) throws -> any FigureContent {
        guard let images = try filterImages(host.network) else {
            return NothingToShow("choose the first convolution as layer, and its channels' centre")
        }
        let mean = images.reduce(0) { $0 + $1.cosine } / Double(max(1, images.count))
        let filters = images.map {
            ImageGrid.Cell(values: $0.filter, title: "filter of channel \($0.channel)", facts: [("cosine", $0.cosine)])
        }
        let found = images.map {
            ImageGrid.Cell(values: $0.image, title: "image of channel \($0.channel)", facts: [("cosine", $0.cosine)])
        }
        let size = Int(Double(filters.first?.values.count ?? 0).squareRoot())
        return ImageGrid(
            height: size, width: size, columns: images.count, columnTitles: images.map { "\($0.channel)" },
            rowTitles: ["filter", "image"], display: .signed, cells: filters + found,
            caption: "filter above, image below · mean cosine \(format(mean))")
    }

    struct FilterImage {
        let channel: Int
        let filter: [Float]
        let image: [Float]
        let cosine: Double
    }

    /// Nil unless the neurons are centre units of a convolution that sees the images themselves.
    func filterImages(_ network: Network) throws(CLMatError) -> [FilterImage]? {
        guard let first = network.stages.firstIndex(where: { $0.layer is Convolution2D }),
            let layer = network.stages[first].layer as? Convolution2D, layer.padding == 0,
            network.input.channels == 1, network.stages[first].input == network.input,
            neurons.allSatisfy({ $0.stage == first && $0.reading == .centre })
        else { return nil }
        let (k, shape, output) = (layer.kernel, network.input, network.stages[first].output)
        let (top, left) = (output.height / 2 * layer.stride, output.width / 2 * layer.stride)
        let weights = try network.parameters[first][0].values
        let averages = try chains.averages.values
        return neurons.enumerated().map { column, neuron in
            let filter = Array(weights[neuron.unit * k * k..<(neuron.unit + 1) * k * k])
            var image = [Float](repeating: 0, count: k * k)
            for chain in 0..<chainCount {
                let start = (chain * columns + column) * shape.count
                for y in 0..<k {
                    for x in 0..<k { image[y * k + x] += averages[start + (top + y) * shape.width + left + x] }
                }
            }
            let dot = zip(filter, image).reduce(0) { $0 + Double($1.0) * Double($1.1) }
            let norms = [filter, image].map { $0.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot() }
            return FilterImage(
                channel: neuron.unit, filter: filter, image: image.map { $0 / Float(chainCount) },
                cosine: norms[0] * norms[1] > 0 ? dot / (norms[0] * norms[1]) : 0)
        }
    }
}

/// Samples of neurons beyond those that the run samples. The figure makes them by itself while it is looked at, from the network
/// as it is: to look at other neurons changes nothing of the run.
private struct SampledPage: Sendable {
    private var sampler: ActivationSampler?
    private var page = 0
    private var steps = 0

    /// Sampling steps per computation, and those after which it waits for a network that has learned.
    private static let pace = 5
    private static let most = 400

    mutating func advance(_ subject: Attached<ActivationSampler>, _ context: FigureContext) throws -> FigureProgress {
        let (own, host) = (subject.attachment, subject.host)
        let wanted = own.page(context.view)
        guard wanted > 0, let neuron = own.neurons.first else {
            sampler = nil
            return FigureProgress(try own.samplesGrid(host, context))
        }
        let isSame =
            page == wanted && sampler?.neurons.first?.stage == neuron.stage
            && sampler?.neurons.first?.reading == neuron.reading && sampler?.chainCount == own.chainCount
        var current =
            try isSame ? sampler ?? own.turned(to: wanted, in: host.network) : own.turned(to: wanted, in: host.network)
        if !isSame || sampler == nil { (page, steps) = (wanted, 0) }
        // Criteria as the run has them now.
        if current.mixins.ids != own.mixins.ids {
            current.mixins = own.mixins
            try current.mixins.forget()
        }
        try current.advance(Self.pace, from: steps, on: host, context.settings)
        steps += Self.pace
        sampler = current
        return FigureProgress(try current.samplesGrid(host, context, page: wanted), goesOn: steps < Self.most)
    }
}
