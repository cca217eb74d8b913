import CLMat
import Exploration
import Foundation
import Viewer

/// A model that learns nothing: its numbers are formulas of the step and the sliders.
struct Gallery: Model {
    let title = "Gallery"
    /// Steps per second, so that a person can watch; nil for as fast as possible.
    var stepsPerSecond: Double?
    private var step = 0
    /// What the sliders have led to: metrics follow their settings slowly.
    private var level = 18.0
    private var restarts: [Int: Int] = [:]

    init(stepsPerSecond: Double?) { self.stepsPerSecond = stepsPerSecond }

    static func learner(stepsPerSecond: Double?) throws(CLMatError) -> Learner {
        try Learner(
            Gallery(stepsPerSecond: stepsPerSecond), data: NoData(),
            attachments: [
                AttachmentFactory(id: "wave", title: "Wave") { (_, _) throws(CLMatError) in Wave() }
            ],
            options: Learner.Options(device: "no device, made-up numbers"))
    }

    /// Moves some sliders on the way, so that a picture has marks.
    static func play(_ learner: Learner, steps: Int) throws(CLMatError) {
        learner.start(paused: true)
        func run(to step: Int) {
            let count = step - learner.status.step
            guard count > 0 else { return }
            learner.send(.step(count))
            while learner.status.step < step, !learner.status.isFinished { Thread.sleep(forTimeInterval: 0.002) }
        }
        run(to: steps / 5)
        learner.send(.set(control: "weight", to: 0.3))
        run(to: steps * 2 / 5)
        learner.send(.set(control: "noise", to: 0.05))
        run(to: steps * 3 / 5)
        learner.send(.set(control: "weight", to: 0.6))
        run(to: steps * 4 / 5)
        learner.send(.set(control: "window", to: 200))
        run(to: steps)
    }

    /// What the panel "Profile" shows.
    static let profile = ProfileSource(
        measure: { () throws(CLMatError) in
            Thread.sleep(forTimeInterval: 0.3)
            return Roofline(bandwidth: 50e9, arithmetic: 190e9)
        },
        table: { _ in
            Table(
                columns: ["kernel", "time", "roofline", "GB/s", "GFLOP/s", "launches/step", "MB/step", "seconds"],
                rows: [
                    ["gemm", "62 %", "25 %", "9.1", "48.2", "12.0", "3.64", "1.240"],
                    ["max_pool_forward", "23 %", "12 %", "6.0", "1.1", "3.0", "0.89", "0.460"],
                    ["bias_add", "15 %", "21 %", "10.4", "0.9", "9.0", "1.01", "0.300"],
                ], numeric: Set(1...7), caption: "made up")
        })

    // MARK: Controls, one function a kind

    var controls: [Control] {
        [
            linearSlider(), logarithmicSlider(), sliderWithOff(), integerSlider(), switchControl(), fewOptions(),
            manyOptions(),
        ]
    }

    func linearSlider() -> Control {
        Control(
            "weight", title: "L2 weight λ", group: "", range: 0...1, initial: 0.1,
            help: "pulls the images towards grey", affects: ["activation", "spread"])
    }

    func logarithmicSlider() -> Control {
        Control(
            "noise", title: "noise σ", unit: "of full scale", range: 0.001...1, scale: .log, initial: 0.02,
            help: "how much each step is shaken", affects: ["spread"])
    }

    func sliderWithOff() -> Control {
        Control(
            "sparseness", title: "sparseness λ₁", range: 1e-6...1e-1, scale: .logWithOff, initial: 0,
            help: "pulls small weights to zero; off at its left end", affects: ["accuracy"])
    }

    func integerSlider() -> Control {
        Control(
            "window", title: "averaging window", unit: "steps", kind: .integer(1...1000, .log), initial: 100,
            help: "over how many steps the images are averaged", affects: ["activation"])
    }

    func switchControl() -> Control {
        .toggle("training", title: "training", initial: true, help: "whether the loss goes down", affects: ["loss"])
    }

    func fewOptions() -> Control {
        .choice("show", title: "show", options: ["average", "sample", "both"], help: "which images are shown")
    }

    func manyOptions() -> Control {
        .choice(
            "clip", title: "clip", options: ["none", "at 0", "0…255", "to the data's range"], initial: 0,
            help: "where values are cut")
    }

    // MARK: Metrics

    var metrics: [Metric] {
        [
            Metric(
                "loss", title: "Training loss", unit: "nats per image", help: "made up: falls with the steps",
                better: .lower),
            Metric(
                "accuracy", title: "Test accuracy", unit: "share of images", help: "made up: rises with the steps",
                better: .higher, range: 0...1),
            Metric(
                "activation", title: "Mean activation", unit: "of the chosen neuron",
                help: "made up: follows L2 weight"),
            Metric(
                "spread", title: "Spread between chains", unit: "of full scale", help: "made up: follows the noise"),
            Metric("never", title: "Never measured", help: "shows what a graph says when it has nothing"),
        ]
    }

    mutating func update(_ context: StepContext<Int>) throws(CLMatError) -> Measurements {
        let (step, settings) = (context.step, context.settings)
        let (spread, weight) = (try settings.value(of: "noise"), try settings.value(of: "weight"))
        self.step = step.number
        let start = ContinuousClock().now
        if let stepsPerSecond { Thread.sleep(forTimeInterval: 1 / stepsPerSecond) }
        let t = Double(step.number)
        let shake = noise(step.number) * spread * 10
        level += (18 - 12 * weight - level) * 0.01
        var measured = Measurements()
        if try settings.value(of: "training") != 0 {
            measured["loss"] = 0.06 + 2.2 * exp(-t / 300) + 0.02 * abs(noise(step.number + 7))
        }
        measured["accuracy"] = 0.987 - 0.88 * exp(-t / 200) + 0.002 * noise(step.number / 10)
        measured["activation"] = level * (1 - exp(-t / 60)) + shake
        measured["spread"] = spread * (1 + 0.1 * noise(step.number + 3))
        measured.count("training-steps", 1, seconds: (ContinuousClock().now - start).seconds)
        return measured
    }

    mutating func perform(_ action: Action, _ context: StepContext<Int>) throws(CLMatError) {
        guard ["restart", "choose", "restart-column"].contains(action.id), let which = action.arguments.first else {
            throw .unknownName(kind: "action", name: action.id, known: ["restart", "choose", "restart-column"])
        }
        restarts[which, default: 0] += 1
    }

    // MARK: Figures, one function a kind

    mutating func archive(_ archive: Archive) throws(CLMatError) {
        var (columns, counts) = (restarts.keys.sorted(), restarts.sorted { $0.key < $1.key }.map(\.value))
        try archive.keep("step", &step)
        try archive.keep("level", &level)
        try archive.keep("restarted-columns", &columns)
        try archive.keep("restarts", &counts)
        guard columns.count == counts.count, Set(columns).count == columns.count else {
            throw archive.damaged("restarts", "there is one for each restarted column")
        }
        restarts = Dictionary(uniqueKeysWithValues: zip(columns, counts))
    }

    var figures: [Figure<Gallery>] {
        [
            Figure("samples", title: "Image grid", help: "made-up rings and bars", isShownAtStart: true) {
                gallery, context in
                gallery.imageGrid(context.step)
            },
            Figure("bars", title: "Bars", help: "two series side by side", isShownAtStart: true) { gallery, context in
                gallery.bars(context.step)
            },
            Figure("table", title: "Table", help: "words and numbers", isShownAtStart: true) { gallery, _ in
                gallery.table()
            },
            Figure("curve", title: "Curve", help: "lines over a common axis") { gallery, _ in gallery.curve()
            },
            Figure("histogram", title: "Histogram", help: "counts and their kernel density") { gallery, _ in
                gallery.histogram()
            },
            Figure("silhouette", title: "Silhouette", help: "points by group; negative ones to the left") {
                gallery, _ in
                gallery.silhouette()
            },
            Figure("scatter", title: "Scatter", help: "discs in a plane") { gallery, _ in
                gallery.scatter()
            },
            Figure(
                "circle-matrix", title: "Circle matrix", help: "the area of a disc is the weight of a word in a topic"
            ) {
                gallery, context in
                gallery.circleMatrix(context.step)
            },
            Figure("heatmap", title: "Heatmap", help: "one colour per value") { gallery, _ in
                gallery.heatmap()
            },
            Figure("confusion", title: "Small heatmap", help: "cells that have room for their numbers") { gallery, _ in
                gallery.smallHeatmap()
            },
            Figure(
                "counts", title: "Heatmap with texts", help: "counts in the cells, shaded by the share of their row"
            ) {
                gallery, context in
                gallery.counts(context.view)
            },
            Figure("word-lists", title: "Word lists", help: "as many words of each topic as fit") { gallery, context in
                gallery.wordLists(context.view)
            },
            Figure(
                "map-of-images", title: "Map of images", help: "the wheel zooms, a drag pans, a double click shows all"
            ) {
                gallery, context in
                gallery.mapOfImages(context.step, context.view)
            },
            Figure("text", title: "Coloured text", help: "each word in the colour of its topic") { gallery, _ in
                gallery.colouredText()
            },
            Figure("marked-table", title: "Marked table", help: "what changed since the last change of a control") {
                gallery, _ in
                gallery.markedTable()
            },
            Figure("labelled-scatter", title: "Labelled scatter", help: "names in or beside their discs") {
                gallery, _ in
                gallery.labelledScatter()
            },
            Figure("captions", title: "Images with captions", help: "a number below each image") { gallery, _ in
                gallery.captionedGrid()
            },
            Figure("colour-images", title: "Colour images", help: "three channels, values from 0 to 1") { gallery, _ in
                gallery.colourGrid()
            },
            Figure("paired-images", title: "Pairs of images", help: "two columns under one title, signs in two colours")
            {
                gallery, _ in
                gallery.pairedGrid()
            },
            Figure("lying-bars", title: "Lying bars", help: "labels that need room") { gallery, _ in
                gallery.lyingBars()
            },
            Figure("empty", title: "Empty figure", help: "what a figure says before it has something") { _, _ in
                NothingToShow("First values after step 50.")
            },
            Figure("failing", title: "Failing figure", help: "what a figure says when it cannot be computed") { _, _ in
                throw CLMatError.dataMismatch("This figure fails on purpose, to show how that looks.")
            },
        ]
    }

    func imageGrid(_ step: Int) -> ImageGrid {
        let cells = (0..<70).map { index in
            let (row, column) = index.quotientAndRemainder(dividingBy: 10)
            let values = (0..<784).map { i in
                let (y, x) = (Double(i / 28) - 13.5, Double(i % 28) - 13.5)
                let angle = Double(column) * 0.31 + Double(row) * 0.1
                let along = x * cos(angle) + y * sin(angle)
                let ring = exp(-pow((x * x + y * y).squareRoot() - 3 - Double(column), 2) / 6)
                return Float(ring * cos(along * 0.5) + 0.15 * noise(i * 71 + index + restarts[index, default: 0] * 999))
            }
            return ImageGrid.Cell(
                values: values, title: "class \(column), chain \(row + 1)",
                facts: [("activation", 12.41 + Double(row) / 10), ("p(\(column))", 0.998)],
                actions: [
                    Action("restart", title: "restart chain", arguments: [index]),
                    Action(
                        "choose", title: "choose neuron", arguments: [index], asks: Action.Question("neuron", 0...9)),
                ], isRight: index % 7 != 3)
        }
        return ImageGrid(
            height: 28, width: 28, columns: 10, columnTitles: (0..<10).map { "\($0)" }, display: .signed, cells: cells,
            caption: "signed values around mid-grey · 10 neurons × 7 chains",
            columnActions: (0..<10).map { [Action("restart-column", title: "restart all chains", arguments: [$0])] })
    }

    func colourGrid() -> ImageGrid {
        let cells = (0..<12).map { index in
            let values = (0..<(3 * 64)).map { i in
                let (channel, place) = i.quotientAndRemainder(dividingBy: 64)
                let (y, x) = (Float(place / 8) / 7, Float(place % 8) / 7)
                return channel == 0 ? x : channel == 1 ? y : Float(index) / 11
            }
            return ImageGrid.Cell(values: values, title: "blend \(index + 1)")
        }
        return ImageGrid(
            channels: 3, height: 8, width: 8, columns: 6, rowTitles: ["upper", "lower"], cells: cells,
            caption: "8 × 8 pixels, never blurred")
    }

    func bars(_ step: Int) -> Bars {
        Bars(
            labels: (0..<10).map { "\($0)" },
            series: [
                ("right", (0..<10).map { 0.9 + 0.08 * noise($0) }),
                ("wrong", (0..<10).map { 0.1 + 0.08 * noise($0 + 40) }),
            ], unit: "share of images", range: 0...1, caption: "by class")
    }

    func lyingBars() -> Bars {
        Bars(
            labels: [
                "convolution forward", "convolution backward", "fully connected", "softmax", "sampling", "update",
            ],
            series: [("time", [4.1, 8.7, 2.2, 0.3, 3.9, 1.2])], unit: "ms per step")
    }

    func table() -> Table {
        Table(
            columns: ["kernel", "launches", "ms", "share"],
            rows: [
                ["gemm", "12,400", "812.4", "61 %"], ["softmax_rows", "3,100", "41.0", "3 %"],
                ["logistic_forward", "9,300", "122.9", "9 %"], ["sgd_update", "3,100", "88.2", "7 %"],
            ], numeric: [1, 2, 3], caption: "made-up times")
    }

    func curve() -> Curve {
        func line(_ rate: Double) -> [(x: Double, y: Double)] {
            stride(from: 0.0, through: 10, by: 0.1).map { (x: $0, y: 1 - exp(-$0 * rate)) }
        }
        return Curve(
            xTitle: "epoch", yTitle: "share learnt",
            lines: [("quick", line(0.9)), ("middling", line(0.4)), ("slow", line(0.15))], caption: "three made-up runs")
    }

    func histogram() -> Histogram {
        Histogram(
            of: (0..<400).map { 200 + 60 * (noise($0) + noise($0 + 999) + noise($0 + 1999)) },
            xTitle: "points per cluster", yTitle: "clusters", caption: "made-up sizes",
            before: (0..<400).map { 260 + 90 * (noise($0 + 3) + noise($0 + 899) + noise($0 + 1899)) })
    }

    func silhouette() -> Silhouette {
        Silhouette(
            groups: (0..<8).map { group in
                Silhouette.Group(
                    name: "cluster \(group + 1)",
                    values: (0..<20 + 5 * group).map { 0.25 - 0.03 * Double(group) + 0.4 * noise(100 * group + $0) })
            }, caption: "made-up points")
    }

    func scatter() -> Scatter {
        Scatter(
            xTitle: "first component", yTitle: "second component",
            discs: (0..<60).map {
                Scatter.Disc(
                    x: noise($0) + noise($0 + 500), y: noise($0 + 1000), weight: 2 + noise($0 + 1500),
                    title: "cluster \($0 + 1)", facts: [("size", 2 + noise($0 + 1500))])
            }, caption: "60 centroids")
    }

    /// Words of made-up topics; each ten belong together.
    private static let words =
        ("god jesus church faith bible christian belief prayer heaven scripture"
        + " space orbit launch shuttle nasa moon satellite rocket mission telescope"
        + " hockey team game season player league goal coach playoff score"
        + " windows driver disk memory video card software printer keyboard monitor"
        + " engine car brake wheel dealer mileage gear tire bike motorcycle"
        + " encryption key chip government privacy clipper security algorithm escrow wiretap")
        .split(separator: " ").map(String.init)

    /// From 0 to 1: how much a made-up word belongs to a made-up topic.
    private func weight(_ word: Int, _ topic: Int) -> Float {
        let own = topic % 6 == word / 10 ? 0.55 - 0.045 * Double((word + topic) % 10) : 0.02
        return Float(max(0, own + (own > 0.1 ? 0.35 : 0.09) * noise(word * 97 + topic * 13)))
    }

    func circleMatrix(_ step: Int) -> CircleMatrix {
        let topics = 32
        let rows = Self.words.enumerated().map { index, word in
            CircleMatrix.Row(
                name: word, values: (0..<topics).map { weight(index, $0) },
                isPinned: restarts[1000 + index, default: 0] % 2 == 1,
                actions: [Action("choose", title: "pin or unpin", arguments: [1000 + index])])
        }
        let totals = rows.map { $0.values.reduce(0, +) }
        let columns = (0..<topics).map { topic in
            CircleMatrix.Column(
                name: "\(topic + 1)", note: "\(format(2 + 1.5 * noise(topic), digits: 2)) %",
                order: rows.indices.sorted { rows[$0].values[topic] > rows[$1].values[topic] },
                actions: [Action("restart", title: "show its documents", arguments: [topic])])
        }
        return CircleMatrix(
            rows: rows, columns: columns, order: Array(rows.indices.sorted { totals[$0] > totals[$1] }.prefix(40)),
            scale: 0.9, caption: "40 words × 32 topics, made up")
    }

    func heatmap() -> Heatmap {
        let names = (1...40).map { "topic \($0)" }
        return Heatmap(
            rowNames: names, columnNames: names,
            values: (0..<1600).map { index in
                let (row, column) = index.quotientAndRemainder(dividingBy: 40)
                let near = row % 6 == column % 6 ? 0.6 : 0.1
                return Float(row == column ? 1 : max(0, near + 0.1 * noise(min(row, column) * 41 + max(row, column))))
            }, range: 0...1, unit: "cosine", caption: "made-up topics")
    }

    func smallHeatmap() -> Heatmap {
        let names = ["alt.atheism", "sci.space", "rec.autos", "comp.graphics", "sci.med"]
        return Heatmap(
            rowNames: names, columnNames: names,
            values: (0..<25).map { index -> Float in
                if index == 7 { return .nan }
                return Float(index % 6 == 0 ? 80 + index % 7 : 2 + index % 5)
            },
            unit: "documents", caption: "true newsgroup by row, found one by column")
    }

    /// What is chosen in one of these figures is marked in all: a click does a view action, which changes no model.
    private func choice(_ index: Int, _ view: ViewState) -> Choice {
        Choice(of: index, chosen: view["chosen"].last, "topic", choose: "mark", unchoose: "unmark")
    }

    var viewActions: [String] { ["mark", "unmark"] }

    func look(_ action: Action, _ view: inout ViewState) { view["chosen"] = action.arguments }

    func counts(_ view: ViewState) -> Heatmap {
        let names = (1...10).map { "\($0)" }
        let counts = (0..<100).map { index in index % 11 == 0 ? 900 + index : max(0, Int(12 * noise(index + 77))) }
        let shares = counts.enumerated().map { index, count in
            Float(count) / Float(counts[index / 10 * 10..<index / 10 * 10 + 10].reduce(0, +))
        }
        return Heatmap(
            rowNames: names, columnNames: names, values: shares, range: 0...1, unit: "share", caption: "made-up counts",
            texts: counts.map { "\($0)" }, rowTitle: "true", columnTitle: "predicted", shading: .squareRoot,
            choices: (0..<10).map { choice($0, view) })
    }

    func wordLists(_ view: ViewState) -> WordLists {
        let groups = (0..<10).map { topic -> WordLists.Group in
            let order = Self.words.indices.sorted { weight($0, topic) > weight($1, topic) }.prefix(30)
            let heaviest = order.first.map { weight($0, topic) } ?? 1
            let words = order.enumerated().map { place, word in
                WordLists.Word(
                    Self.words[word], strength: weight(word, topic) / max(heaviest, 1e-6),
                    mark: place % 9 == 4 ? .init(.new, note: "place 31 before") : nil,
                    actions: [Action("choose", title: "pin or unpin", arguments: [1000 + word])])
            }
            return WordLists.Group(
                name: "\(topic + 1)", note: "\(format(2 + 1.5 * noise(topic), digits: 2)) %", words: words,
                choice: choice(topic, view))
        }
        return WordLists(groups: groups, caption: "made-up topics")
    }

    func mapOfImages(_ step: Int, _ view: ViewState) -> Scatter {
        let grid = imageGrid(step)
        return Scatter(
            xTitle: "component 1", yTitle: "component 2",
            discs: grid.cells.indices.map {
                Scatter.Disc(
                    x: noise($0) + noise($0 + 500), y: noise($0 + 1000), weight: 3 + 2 * noise($0 + 1500),
                    title: grid.cells[$0].title, choice: choice($0, view))
            }, caption: "70 made-up images", thumbnails: grid)
    }

    func colouredText() -> ColouredText {
        let groups = (0..<12).map {
            "topic \($0 + 1): " + Self.words[$0 % 6 * 10..<$0 % 6 * 10 + 3].joined(separator: ", ")
        }
        let fillers = ["the", "of", "and", "to", "in", "that", "is", "was", "for", "on", "with", "as"]
        let paragraphs = (0..<8).map { document in
            let words = (0..<70).map { place -> ColouredText.Word in
                let draw = Int((noise(document * 977 + place) + 1) * 500_000)
                if draw % 5 < 2 { return ColouredText.Word(fillers[draw % fillers.count]) }
                let topic = draw % 7 < 5 ? document % 12 : draw / 7 % 12
                let word = Self.words[topic % 6 * 10 + draw / 13 % 10]
                return ColouredText.Word(word, group: topic, strength: Float(draw % 100) / 100)
            }
            return ColouredText.Paragraph(
                title: "made.up/\(51060 + document)", fact: "\(70 + document) % topic \(document + 1)", words: words)
        }
        return ColouredText(groups: groups, paragraphs: paragraphs, caption: "8 documents")
    }

    func markedTable() -> Table {
        let rows: [[String]] = (0..<10).map { place in
            let words = (0..<4).map { topic in Self.words[topic * 10 + place] }
            return ["\(place + 1)"] + words
        }
        let marks: [[Table.CellMark?]] = (0..<10).map { row in
            (0..<5).map { column in
                switch (row, column) {
                case (2, 1), (5, 3): .init(.new, note: "was 31st")
                case (4, 1), (1, 2): .init(.moved, note: "was 2nd")
                case (9, 1), (8, 3): .init(.gone, note: "now 27th")
                default: nil
                }
            }
        }
        return Table(
            columns: ["", "topic 1", "topic 2", "topic 3", "topic 4"], rows: rows, numeric: [0], caption: "top words",
            marks: marks, rowActions: (0..<10).map { [Action("restart", title: "pin these words", arguments: [$0])] })
    }

    func labelledScatter() -> Scatter {
        Scatter(
            xTitle: "first component", yTitle: "second component",
            discs: (0..<32).map {
                let weight = 3 + 2.8 * noise($0 + 1500)
                return Scatter.Disc(
                    x: noise($0) + noise($0 + 500), y: noise($0 + 1000), weight: weight, title: "topic \($0 + 1)",
                    facts: [("share in %", weight)], label: $0 % 9 == 4 ? Self.words[$0] : "\($0 + 1)")
            }, caption: "32 topics by their distance")
    }

    func captionedGrid() -> ImageGrid {
        var grid = colourGrid()
        grid.rowTitles = []
        for index in grid.cells.indices { grid.cells[index].caption = "\(100 * (12 - index))" }
        grid.caption = "sorted by size"
        return grid
    }

    /// Signed values in two colours with one scale for all, in pairs; each with an image that belongs to it, and a menu that takes
    /// a name, or a number of another group.
    func pairedGrid() -> ImageGrid {
        func values(_ index: Int, _ share: Double) -> [Float] {
            (0..<144).map { i in
                let (y, x) = (Double(i / 12) - 5.5, Double(i % 12) - 5.5)
                let wave = cos(x * (0.3 + Double(index) / 9)) * exp(-(x * x + y * y) / 30)
                return Float((1 - share) * wave + share * noise(index * 977 + i)) * Float(index % 4 + 1)
            }
        }
        let kinds = ["mean", "sample"]
        let names = ["left", "middle", "right"]
        let cells = (0..<12).flatMap { index in
            kinds.enumerated().map { member, kind in
                ImageGrid.Cell(
                    values: values(index, 0.4 * Double(member)), title: "\(names[index % 3]), \(kind)",
                    related: [
                        .init(
                            kinds[1 - member], values: values(index, 0.4 * Double(1 - member)),
                            note: "same scale or not")
                    ])
            }
        }
        let groups = [
            Action.Question.Group("places", arguments: [0], 0...2, names: names),
            Action.Question.Group("layers", arguments: [1], 0...19),
        ]
        return ImageGrid(
            height: 12, width: 12, columns: 6, columnTitles: names, rowTitles: (1...4).map { "row \($0)" },
            display: .diverging, cells: cells, caption: "two colours, one scale for the grid",
            columnActions: names.indices.map {
                [Action("choose", title: "choose", arguments: [$0], asks: .init("what", groups: groups))]
            }, contrast: .grid, showsScale: true, members: kinds)
    }

    /// Between -1 and 1, the same for the same `index`.
    private func noise(_ index: Int) -> Double {
        var x = UInt64(truncatingIfNeeded: index) &* 0x9e37_79b9_7f4a_7c15
        x = (x ^ (x >> 30)) &* 0xbf58_476d_1ce4_e5b9
        x = (x ^ (x >> 27)) &* 0x94d0_49bb_1331_11eb
        return Double((x ^ (x >> 31)) >> 11) / Double(1 << 52) - 1
    }
}

/// Something to put on and take off.
struct Wave: Attachment {
    private let frequency = Control(
        "frequency", title: "frequency", group: "wave", unit: "a thousand steps", range: 1...20, initial: 4,
        help: "how fast the wave goes", affects: ["wave-height"])
    var controls: [Control] { [frequency] }
    var metrics: [Metric] {
        [Metric("wave-height", title: "Wave", unit: "made up", help: "a sine of the step", range: -1...1)]
    }

    mutating func update(on host: Gallery, _ context: StepContext<Int>) throws(CLMatError) -> Measurements {
        var measured = Measurements()
        measured["wave-height"] = sin(Double(context.step.number) * (try context.settings[frequency]) * 2 * .pi / 1000)
        return measured
    }

    mutating func archive(_ archive: Archive) throws(CLMatError) {}
}

/// No data: the batch is the step's number.
struct NoData: DataSource {
    let name = "made-up data"
    let stepsPerEpoch = 100
    func batch(at place: DataPlace) -> Int { place.step.number }
}
