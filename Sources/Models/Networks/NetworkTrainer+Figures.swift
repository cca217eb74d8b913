import CLMat
import Exploration

extension NetworkTrainer {
    /// First-layer filters, and what the last whole test found: accuracies, confusion matrix, calibration, mistakes.
    public var figures: [Figure<NetworkTrainer>] {
        [
            Figure(
                "first-layer-filters", title: "First-layer filters",
                help: "the weights of each channel of the first convolution: what it looks for",
                isShownAtStart: true
            ) { trainer, _ in try trainer.filters() },
            Figure(
                "class-accuracy", title: "Accuracy by class", help: "right answers on the test images of each class"
            ) { trainer, context in try trainer.accuracies(context.view) },
            Figure(
                "confusion", title: "Confusion matrix", help: "which class (row) is taken for which (column)"
            ) { trainer, context in try trainer.confusion(context.view) },
            Figure(
                "calibration", title: "Calibration",
                help: "whether it is right as often as it says it is; areas are how many images say so"
            ) { trainer, _ in
                guard let score = trainer.testScore else { return NothingToShow(Self.notTested) }
                let tenths = score.calibration.filter { $0.count > 0 }
                let points = tenths.map {
                    (x: $0.confidence / Double($0.count), y: Double($0.right) / Double($0.count))
                }
                return Curve(
                    xTitle: "confidence", yTitle: "share right",
                    lines: [("network", points), ("ideal", [(x: 0, y: 0), (x: 1, y: 1)])],
                    caption: "area is images", weights: [tenths.map { Double($0.count) }], weightTitle: "images")
            },
            Figure(
                "mistakes", title: "Most confident mistakes",
                help: "test images that it gets wrong and is sure of"
            ) { trainer, context in try trainer.mistakesGrid(context.view) },
        ]
    }

    // MARK: - Choosing

    static let chosenClass = "chosen-class"
    static let classActions = ["choose-class", "unchoose-class"]

    public var viewActions: [String] { Self.classActions }

    /// `choose-class` [class], which is marked in all figures; `unchoose-class`.
    public func look(_ action: Action, _ view: inout ViewState) throws(CLMatError) {
        guard try Self.lookAtClass(action, of: classNames.count, &view) else {
            throw .unknownName(kind: "action", name: action.id, known: viewActions)
        }
    }

    /// Does what chooses a class. Returns whether the action is one of these.
    static func lookAtClass(_ action: Action, of count: Int, _ view: inout ViewState) throws(CLMatError) -> Bool {
        switch action.id {
        case "choose-class":
            guard let label = action.arguments.first, (0..<count).contains(label) else {
                throw .invalidValue(
                    setting: action.id, value: "\(action.arguments)", accepted: "a class from 0 to \(count - 1)")
            }
            view[Self.chosenClass] = [label]
        case "unchoose-class": view[Self.chosenClass] = []
        default: return false
        }
        return true
    }

    static func choice(ofClass label: Int, _ view: ViewState) -> Choice {
        Choice(
            of: label, chosen: view[chosenClass].last, "class", choose: classActions[0], unchoose: classActions[1])
    }

    // MARK: - What the test says

    private func accuracies(_ view: ViewState) throws -> any FigureContent {
        guard let score = testScore else { return NothingToShow(Self.notTested) }
        let values = classNames.indices.map(score.accuracy(of:))
        let start = Self.axisStart(below: values.min() ?? 0)
        return Bars(
            labels: classNames, series: [("test", values)], unit: "share of its test images", range: start...1,
            caption: start > 0 ? "axis from \(format(start))" : "",
            choices: classNames.indices.map { Self.choice(ofClass: $0, view) })
    }

    /// A round share below the least one, so that those between it and 1 are told apart: a tenth of what is left to 1 lies
    /// between at least.
    static func axisStart(below least: Double) -> Double {
        [0.99, 0.98, 0.95, 0.9, 0.8, 0.5].first { least - $0 >= 0.1 * (1 - $0) } ?? 0
    }

    /// Shaded by the share of each row, so that classes with few images are as bright as others; with the counts.
    private func confusion(_ view: ViewState) throws -> any FigureContent {
        guard let score = testScore else { return NothingToShow(Self.notTested) }
        let shares = score.confusion.flatMap { counts -> [Float] in
            let total = counts.reduce(0, +)
            return counts.map { total > 0 ? Float($0) / Float(total) : 0 }
        }
        return Heatmap(
            rowNames: classNames, columnNames: classNames, values: shares, range: 0...1, unit: "share",
            caption: "numbers are test images · shade is the share of the row",
            texts: score.confusion.flatMap { $0.map(String.init) }, rowTitle: "true", columnTitle: "predicted",
            shading: .squareRoot, choices: classNames.indices.map { Self.choice(ofClass: $0, view) })
    }

    private static let notTested = "first values after the first whole test, some 50 steps on"

    private func filters() throws -> any FigureContent {
        guard let index = network.stages.firstIndex(where: { $0.layer is Convolution2D }),
            let layer = network.stages[index].layer as? Convolution2D
        else { return NothingToShow("this network has no convolution") }
        let weights = try network.parameters[index][0].values
        let channels = network.stages[index].input.channels
        guard let window = layer.window else { return NothingToShow("this network has no convolution") }
        let size = weights.count / max(1, layer.filters)
        // One or three channels are a picture; of more, the first is shown.
        let shown = channels == 3 ? 3 : 1
        let cells = (0..<layer.filters).map { filter in
            ImageGrid.Cell(
                values: Array(weights[filter * size..<filter * size + shown * window.area]),
                title: "channel \(filter)")
        }
        return ImageGrid(
            channels: shown, height: window.height, width: window.width, columns: min(10, layer.filters),
            display: .signed, cells: cells,
            caption: "\(network.stages[index].name) · \(layer.filters) channels, \(window.height) × \(window.width)",
            flows: true)
    }

    private func mistakesGrid(_ view: ViewState) throws -> any FigureContent {
        guard let score = testScore else { return NothingToShow(Self.notTested) }
        guard !score.mistakes.isEmpty else { return NothingToShow("not one test image is wrong") }
        let shape = testImages.shape
        let cells = score.mistakes.map { mistake in
            let start = mistake.image * shape.count
            return ImageGrid.Cell(
                values: testImages.pixels[start..<start + shape.count].map { Float($0) / 255 },
                title: "\(classNames[mistake.label]), taken for \(classNames[mistake.prediction])",
                facts: [("confidence", Double(mistake.confidence)), ("image", Double(mistake.image))], isRight: false,
                choice: Self.choice(ofClass: mistake.label, view))
        }
        return ImageGrid(
            channels: shape.channels, height: shape.height, width: shape.width, columns: 10, cells: cells,
            caption: "test images", flows: true)
    }
}
