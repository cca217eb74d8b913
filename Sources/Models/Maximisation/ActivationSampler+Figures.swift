import CLMat
import Exploration
import Foundation

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

    // MARK: - The grid

    private func isOutput(_ neuron: Neuron, in host: NetworkTrainer) -> Bool {
        neuron.stage == host.network.stages.count - 1
    }

    /// Whether the columns' neurons are of several layers: each column then says of which.
    private var isMixed: Bool { neurons.contains { $0.stage != neurons[0].stage } }

    /// "bag", "channel 17"; of several layers "conv2 channel 17".
    private func name(of neuron: Neuron, in host: NetworkTrainer) -> String {
        let stage = host.network.stages[neuron.stage]
        if isOutput(neuron, in: host) { return "class \(host.classNames[neuron.unit])" }
        let unit = stage.output.area > 1 ? "channel \(neuron.unit)" : "unit \(neuron.unit)"
        return isMixed ? "\(stage.name) \(unit)" : unit
    }

    /// "bag", "17"; of several layers "conv2 17".
    private func columnTitle(_ neuron: Neuron, in host: NetworkTrainer) -> String {
        if isOutput(neuron, in: host) { return host.classNames[neuron.unit] }
        return isMixed ? "\(host.network.stages[neuron.stage].name) \(neuron.unit)" : "\(neuron.unit)"
    }

    /// T of each row of a ladder; nil if all have the same.
    private var ladder: [Double]? {
        let ratio = sampler.temperatureRatio
        return ratio == 1 ? nil : (0..<chainCount).map { sampler.temperature * pow(ratio, Double($0)) }
    }

    /// What stands beside each row: the one place that says what rows are.
    ///
    /// - Parameter temperatures: of the rows, where they are rungs of a ladder; nil where each row is a chain like the others.
    private func rowTitles(temperatures: [Double]? = nil) -> [String] {
        (0..<chainCount).map { row in
            guard let temperatures, temperatures.indices.contains(row) else { return "chain \(row + 1)" }
            return "T \(format(temperatures[row]))"
        }
    }

    /// What the neurons are, for the caption.
    private func layerWords(_ host: NetworkTrainer) -> String {
        guard !isMixed, let first = neurons.first else { return "neurons of several layers" }
        let stage = host.network.stages[first.stage]
        return isOutput(first, in: host)
            ? "output layer before softmax" : "\(stage.output.area > 1 ? "channels" : "units") of \(stage.name)"
    }

    /// The pixels that all neurons see; all pixels where they see different ones.
    private func field(in network: Network) -> (rows: Range<Int>, columns: Range<Int>) {
        let fields = neurons.map(network.receptiveField(of:))
        guard let first = fields.first, fields.allSatisfy({ $0 == first }) else {
            return (0..<network.input.height, 0..<network.input.width)
        }
        return first
    }

    /// - Parameters:
    ///   - page: of neurons; those of the first are what the run samples, others the figure samples by itself.
    ///   - before: what was there before the last control change.
    fileprivate func samplesGrid(
        _ host: NetworkTrainer, _ context: FigureContext, page: Int = 0, before: ChainImages? = nil,
        now: ChainImages? = nil
    ) throws -> any FigureContent {
        guard columns > 0 else { return NothingToShow("choose a layer that has neurons") }
        let kinds = try ChainImages.Kind.shown(context.settings.int(Self.display))
        let images = try now ?? ChainImages(of: self)
        let field = field(in: host.network)
        let shape = host.network.input
        let isCropped = field.rows.count < shape.height || field.columns.count < shape.width
        let enlarged = context.view[Self.enlarged]
        let display = try Self.displays[min(max(0, context.settings.int(Self.brightness)), Self.displays.count - 1)]
        var detailed: Int?
        var cells: [ImageGrid.Cell] = []
        for row in 0..<chains.samples.rows {
            let (chain, column) = row.quotientAndRemainder(dividingBy: columns)
            let neuron = neurons[column]
            let facts = facts(of: row, host.classNames)
            for (member, kind) in kinds.enumerated() {
                var closer = CloserLook(
                    row: row, kind: kind, images: images, before: before, field: field, shape: shape)
                closer.isSigned = display == .diverging ? .diverging : .signed
                if enlarged == [column, chain, member] {
                    detailed = cells.count
                    closer.gradient = try activationGradient(of: row, images, host)
                }
                cells.append(
                    ImageGrid.Cell(
                        values: closer.pixels(images.values(kind, of: row)),
                        title: "\(name(of: neuron, in: host)), chain \(chain + 1), \(kind.name)",
                        facts: facts, actions: page > 0 ? [] : chainActions(column, chain),
                        isRight: evaluation?.isTarget[row],
                        choice: isOutput(neuron, in: host)
                            ? NetworkTrainer.choice(ofClass: neuron.unit, context.view) : nil,
                        related: closer.related(nearest: nearestImage(to: row, closer)),
                        whenEnlarged: Action(
                            "enlarge-chain", title: "enlarge chain", arguments: [column, chain, member])))
            }
        }
        let window = try grouped(context.settings.int(Self.window))
        let how = ["moving average of \(window)", "samples", "averages of \(window), and samples"]
        let contrast = try ImageGrid.Contrast(rawValue: context.settings.int(Self.contrast)) ?? .image
        var grid = ImageGrid(
            channels: shape.channels, height: field.rows.count, width: field.columns.count,
            columns: columns * kinds.count, columnTitles: neurons.map { columnTitle($0, in: host) },
            rowTitles: rowTitles(temperatures: ladder), display: display, cells: cells,
            columnActions: page > 0 ? [] : neurons.indices.map { columnActions($0, host) },
            actions: pageActions(page), contrast: contrast, showsScale: true,
            members: kinds.count > 1 ? kinds.map(\.name) : [], detailed: detailed,
            whenClosed: Action("close-chain", title: "close chain"))
        let shown = how[kinds.count > 1 ? 2 : kinds == [.sample] ? 1 : 0]
        let seen = isCropped ? " · the \(field.rows.count) × \(field.columns.count) pixels that they see" : ""
        grid.caption =
            "\(layerWords(host)) · \(columns) neurons × \(chainCount) chains · \(shown) · \(grid.lightWords)\(seen)"
        return grid
    }

    /// By the index of the control `brightness`.
    private static let displays: [ImageGrid.Display] = [.signed, .unit, .stretched, .diverging]

    /// What the network made of a chain's average when it was last evaluated: activation, probability of its class, and the
    /// most likely classes.
    private func facts(of row: Int, _ names: [String]) -> [(name: String, value: Double)] {
        guard let evaluation else { return [] }
        var facts = [("activation of the average", Double(evaluation.activations[row]))]
        if let p = evaluation.probabilities[row] { facts.append(("probability of its class", Double(p))) }
        let count = evaluation.classProbabilities.count / max(1, evaluation.activations.count)
        let p = evaluation.classProbabilities[row * count..<(row + 1) * count]
        let likely = p.indices.sorted { (p[$1], $0) < (p[$0], $1) }.prefix(5)
        return facts
            + likely.map { index in
                let label = index - p.startIndex
                // Four decimals: 1e-41 says no more than 0.
                let value = (Double(p[index]) * 1e4).rounded() / 1e4
                return ("p(\(names.indices.contains(label) ? names[label] : "\(label)"))", value)
            }
    }

    /// The training image of its class that a chain's average resembles most.
    private func nearestImage(to row: Int, _ closer: CloserLook) -> ImageGrid.Related? {
        guard let nearest = evaluation?.nearest, nearest.indices.contains(row), let match = nearest[row],
            let pixels = examples?.image(match, ofClass: neurons[row % columns].unit)
        else { return nil }
        return ImageGrid.Related(
            "nearest training image", values: closer.pixels(pixels[...]), display: .unit,
            note: "\(grouped(match.index)), cosine \(format(match.cosine))")
    }

    /// ∂f/∂x at a chain's sample, of its own neuron alone: without noise and criteria.
    private func activationGradient(
        of row: Int, _ images: ChainImages, _ host: NetworkTrainer
    ) throws(CLMatError) -> [Float] {
        let (network, neuron) = (sampledNetwork(of: host), neurons[row % columns])
        let x = try Matrix(Array(images.values(.sample, of: row)), 1, network.input.count, on: network.device)
        let seeds = try NeuronSeeds([neuron], in: sampler.layout, on: network.device)
        return try seeds.gradients(at: x, on: network, withActivations: false).gradients.values
    }

    // MARK: - What can be done

    private func chainActions(_ column: Int, _ chain: Int) -> [Action] {
        [
            Action("restart-chain", title: "restart chain", arguments: [column, chain]),
            Action("restart-column", title: "restart column", arguments: [column]),
        ]
    }

    /// Of the whole column: another neuron, of its own layer where none is named.
    private func columnActions(_ column: Int, _ host: NetworkTrainer) -> [Action] {
        let stages = host.network.stages
        let own = neurons[column].stage
        let order = [own] + stages.indices.filter { $0 != own }
        let groups = order.map { stage in
            Action.Question.Group(
                stages[stage].name, arguments: [stage], 0...max(0, stages[stage].output.channels - 1),
                names: stage == stages.count - 1 ? host.classNames : [])
        }
        return [
            Action("restart-column", title: "restart column", arguments: [column]),
            Action(
                "choose-neuron-in", title: "choose", arguments: [column],
                asks: Action.Question("neuron", groups: groups, of: "layer")),
        ]
    }

    // MARK: - Pages of neurons

    private static let page = "neuron-page"

    /// The page that is looked at of the layer that is sampled: another layer begins at its first.
    fileprivate func page(_ view: ViewState) -> Int {
        let chosen = view[Self.page]
        guard chosen.count == 2, chosen[0] == self.chosenLayer.stage else { return 0 }
        return min(max(0, chosen[1]), pageCount - 1)
    }

    private func pageActions(_ page: Int) -> [Action] {
        guard pageCount > 1 else { return [] }
        func title(_ page: Int) -> String {
            "\(page * columnLimit) to \(min((page + 1) * columnLimit, chosenUnits) - 1) of \(chosenUnits)"
        }
        return (page > 0 ? [Action("previous-neurons", title: "previous: \(title(page - 1))")] : [])
            + (page + 1 < pageCount ? [Action("next-neurons", title: "next: \(title(page + 1))")] : [])
    }

    private static let enlarged = "enlarged-chain"

    public var viewActions: [String] {
        ["next-neurons", "previous-neurons", "enlarge-chain", "close-chain"] + NetworkTrainer.classActions
    }

    /// `next-neurons` and `previous-neurons` of the layer; `enlarge-chain` [column, chain], of which the figure then has everything, and
    /// `close-chain` (a window does both by itself; a third argument, 1, is the second image of a pair); `choose-class` [class] and `unchoose-class`, as the network has them.
    public func look(_ action: Action, _ view: inout ViewState) throws(CLMatError) {
        switch action.id {
        case "next-neurons", "previous-neurons":
            let wanted = page(view) + (action.id == "next-neurons" ? 1 : -1)
            let page = min(max(0, wanted), pageCount - 1)
            view[Self.page] = page == 0 ? [] : [chosenLayer.stage, page]
        case "enlarge-chain":
            let place = action.arguments
            guard (2...3).contains(place.count), (0..<columnLimit).contains(place[0]),
                (0..<chainCount).contains(place[1])
            else {
                throw .invalidValue(
                    setting: action.id, value: "\(place)",
                    accepted: "a column from 0 to \(columnLimit - 1) and a chain from 0 to \(chainCount - 1)")
            }
            view[Self.enlarged] = place.count == 2 ? place + [0] : place
        case "close-chain": view[Self.enlarged] = []
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
            let layer = network.stages[first].layer as? Convolution2D, let window = layer.window,
            try window == SlidingWindow.square(window.height, stride: window.strideDown),
            network.input.channels == 1, network.stages[first].input == network.input,
            neurons.allSatisfy({ $0.stage == first && $0.reading == .centre })
        else { return nil }
        let (k, shape, output) = (window.height, network.input, network.stages[first].output)
        let (top, left) = (output.height / 2 * window.strideDown, output.width / 2 * window.strideDown)
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
/// as it is: to look at other neurons changes nothing of the run. It also remembers the images before the last control change.
private struct SampledPage: Sendable {
    private var sampler: ActivationSampler?
    private var page = 0
    private var steps = 0
    private var before = BeforeChange<ChainImages>()

    /// Sampling steps per computation, and those after which it waits for a network that has learned.
    private static let pace = 5
    private static let most = 400

    mutating func advance(_ subject: Attached<ActivationSampler>, _ context: FigureContext) throws -> FigureProgress {
        let (own, host) = (subject.attachment, subject.host)
        let wanted = own.page(context.view)
        guard wanted > 0 else {
            sampler = nil
            let now = try ChainImages(of: own)
            before.take(now, settings: context.settings, ignoring: Self.views(context.settings), at: context.step)
            return FigureProgress(try own.samplesGrid(host, context, before: before.value, now: now))
        }
        let isSame =
            page == wanted && sampler?.chosenLayer.stage == own.chosenLayer.stage
            && sampler?.chosenLayer.reading == own.chosenLayer.reading && sampler?.chainCount == own.chainCount
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

    /// The controls that only concern what is shown, of whichever sampler: their values are no change of the run.
    private static func views(_ settings: Settings) -> Set<String> {
        let own = [ActivationSampler.display, ActivationSampler.brightness, ActivationSampler.contrast].map(\.id)
        return Set(settings.values.keys.filter { id in own.contains { id == $0 || id.hasSuffix(".\($0)") } })
    }
}
