import CLMat
import Exploration

extension NetworkTrainer {
    public var figures: [Figure<NetworkTrainer>] {
        [
            Figure(
                "first-layer-filters", title: "First-layer filters",
                means: "the weights of each channel of the first convolution: what it looks for",
                startsOpen: true
            ) { trainer, _ in try trainer.filters() },
            Figure(
                "class-accuracy", title: "Accuracy by class", means: "right answers on the test images of each class"
            ) { trainer, _ in
                guard let score = trainer.testScore else { return NothingToShow(Self.notTested) }
                return Bars(
                    labels: trainer.classNames,
                    series: [("test", trainer.classNames.indices.map(score.accuracy(of:)))], unit: "share",
                    range: 0...1)
            },
            Figure(
                "confusion", title: "Confusion matrix", means: "which class (row) is taken for which (column)"
            ) { trainer, _ in
                guard let score = trainer.testScore else { return NothingToShow(Self.notTested) }
                let rows = score.confusion.enumerated().map { row, counts in
                    [trainer.classNames[row]] + counts.map { $0 == 0 ? "·" : "\($0)" }
                }
                return Table(
                    columns: ["true \\ predicted"] + trainer.classNames, rows: rows,
                    numeric: Set(1...max(1, trainer.classNames.count)), caption: "test images")
            },
            Figure(
                "calibration", title: "Calibration", means: "whether it is right as often as it says it is"
            ) { trainer, _ in
                guard let score = trainer.testScore else { return NothingToShow(Self.notTested) }
                let points = score.calibration.filter { $0.count > 0 }.map {
                    (x: $0.confidence / Double($0.count), y: Double($0.right) / Double($0.count))
                }
                return Curve(
                    xTitle: "confidence", yTitle: "share right",
                    lines: [("network", points), ("ideal", [(x: 0, y: 0), (x: 1, y: 1)])])
            },
            Figure(
                "mistakes", title: "Most confident mistakes",
                means: "test images that it gets wrong and is sure of"
            ) { trainer, _ in try trainer.mistakesGrid() },
        ]
    }

    private static let notTested = "first values after the first whole test, some 50 steps on"

    private func filters() throws -> any FigureContent {
        guard let index = network.stages.firstIndex(where: { $0.layer is Convolution2D }),
            let layer = network.stages[index].layer as? Convolution2D
        else { return NothingToShow("this network has no convolution") }
        let weights = try network.parameters[index][0].values
        let channels = network.stages[index].input.channels
        let size = channels * layer.kernel * layer.kernel
        // One or three channels are a picture; of more, the first is shown.
        let shown = channels == 3 ? 3 : 1
        let cells = (0..<layer.filters).map { filter in
            ImageGrid.Cell(
                values: Array(weights[filter * size..<filter * size + shown * layer.kernel * layer.kernel]),
                title: "channel \(filter)")
        }
        return ImageGrid(
            channels: shown, height: layer.kernel, width: layer.kernel, columns: min(10, layer.filters),
            display: .signed, cells: cells,
            caption: "\(network.stages[index].name) · \(layer.filters) channels, \(layer.kernel) × \(layer.kernel)")
    }

    private func mistakesGrid() throws -> any FigureContent {
        guard let score = testScore else { return NothingToShow(Self.notTested) }
        guard !score.mistakes.isEmpty else { return NothingToShow("not one test image is wrong") }
        let shape = testImages.shape
        let cells = score.mistakes.map { mistake in
            let start = mistake.image * shape.count
            return ImageGrid.Cell(
                values: testImages.pixels[start..<start + shape.count].map { Float($0) / 255 },
                title: "\(classNames[mistake.label]), taken for \(classNames[mistake.prediction])",
                facts: [("confidence", Double(mistake.confidence)), ("image", Double(mistake.image))], isRight: false)
        }
        return ImageGrid(
            channels: shape.channels, height: shape.height, width: shape.width, columns: 10, cells: cells,
            caption: "test images")
    }
}
