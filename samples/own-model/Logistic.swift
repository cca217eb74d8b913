import ArgumentParser
import CLMat
import Exploration
import Foundation
import ModelProgram

/// The program: a window, or with --headless a progress line; scripts, sessions, `replay`, checkpoints, summaries, pictures.
@main struct Program {
    static func main() {
        ModelProgram(
            "logistic", abstract: "Watch logistic regression learn to tell two classes apart.", version: "1.0",
            models: [LogisticCommand.self],
            examples: OptionExamples(batch: "64", control: "ridge", toggle: "ridge")
        ).main()
    }
}

/// How the model is made from the command line.
struct LogisticCommand: ModelCommand {
    static let configuration = CommandConfiguration(
        commandName: "train", abstract: "Logistic regression by stochastic gradient descent.",
        discussion: """
            --data is made-up (the default), or a CSV file: a line of names, then numbers, of which the last one in each line is the \
            class, 0 or 1.
            """)

    @OptionGroup var options: RunOptions

    @Option(help: ArgumentHelp("Rows of the made-up data; 1000 if not given.", valueName: "n"))
    var rows: Int?

    var defaultData: String? { "made-up" }
    var knownData: [String] { ["made-up"] }

    func validate() throws {
        guard let rows else { return }
        guard (2...1_000_000).contains(rows) else { throw ValidationError("--rows is a number from 2 to 1000000.") }
        guard data == "made-up" else { throw ValidationError("--rows is for the made-up data; \(data) has its own.") }
    }

    func makeExperiment(on device: Device, seed: UInt64) throws -> Experiment {
        let table = try data == "made-up" ? Table(rows: rows ?? 1000, seed: seed) : Table(reading: data)
        let minibatch = options.minibatch(usual: 64, of: table.classes.count, "rows")
        let source = try Rows(table, batchSize: minibatch.size, notes: minibatch.notes, on: device)
        return try Experiment(Logistic(table.names, on: device), data: source, seed: seed)
    }
}

// MARK: - The model

/// P(y = 1 | x) = σ(x·w), fitted by descent on −log P(y | x) + ½ λ ‖w‖²; the first column of x is 1, and its weight is free.
struct Logistic: Model {
    /// w, D × 1.
    private(set) var weights: Matrix
    /// 1 for each weight that λ draws to 0, D × 1.
    private let penalised: Matrix
    private let names: [String]

    let title = "Logistic regression"

    init(_ names: [String], on device: Device) throws(CLMatError) {
        self.names = ["constant"] + names
        weights = try Matrix(zeros: Shape(names.count + 1, 1), on: device)
        penalised = try Matrix([0] + names.map { _ in 1 }, names.count + 1, 1, on: device)
    }

    static let rate = Control(
        "learning-rate", title: "learning rate η", range: 1e-4...10, scale: .log, initial: 0.1,
        help: "how far each step goes along the gradient", affects: ["loss"])
    static let ridge = Control(
        "ridge", title: "ridge λ", unit: "nats per row", range: 1e-5...10, scale: .logWithOff, initial: 0,
        help: "keeps the weights small", affects: [.down("weight-norm"), "loss"])
    var controls: [Control] { [Self.rate, Self.ridge] }

    var metrics: [Metric] {
        [
            Metric(
                "loss", title: "Loss", unit: "nats per row", help: "−log P of the minibatch's classes", better: .lower),
            Metric(
                "accuracy", title: "Accuracy", unit: "share of rows", help: "share of the minibatch on the right side",
                better: .higher,
                range: 0...1),
            Metric("weight-norm", title: "Size of the weights", unit: "‖w‖", help: "what ridge keeps small"),
        ]
    }

    var figures: [Figure<Logistic>] {
        [
            Figure("weights", title: "Weights", help: "what each column says for class 1", isShownAtStart: true) {
                model, _ in
                Bars(
                    labels: model.names, series: [("weight", try model.weights.values.map(Double.init))],
                    unit: "nats per standard deviation")
            }
        ]
    }

    mutating func update(_ context: StepContext<Rows.Batch>) throws(CLMatError) -> Measurements {
        guard let (x, y) = context.batch.map({ ($0.x, $0.y) }) else { return Measurements() }
        let (rate, ridge) = (Float(try context.settings[Self.rate]), Float(try context.settings[Self.ridge]))
        let z = try x.matmul(weights)

        // ∂/∂w = xᵀ (σ(z) − y) / n + λ w
        let gradient = try x.matmul(z.logistic() - y, transposing: .left) / Float(x.rows) + weights * penalised * ridge
        try weights.add(gradient, times: -rate)

        var measured = Measurements()
        // −log P = log(1 + e^|z|) − |z| + max(0, z) − y z, where no term overflows
        let scores = zip(try z.values.map(Double.init), try y.values.map(Double.init))
        let losses = scores.map { z, y in log1p(exp(-abs(z))) + max(0, z) - y * z }
        measured["loss"] = losses.reduce(0, +) / Double(losses.count)
        measured["accuracy"] = Double(scores.count { z, y in (z > 0) == (y == 1) }) / Double(losses.count)
        measured["weight-norm"] = Double(try (weights * penalised).sumOfSquares()).squareRoot()
        measured.warn(ifLost: "loss", titled: "Loss", "The weights left the numbers", advice: Warning.undo)
        return measured
    }

    /// All that a step changes: checkpoints and rewinds keep it.
    mutating func archive(_ archive: Archive) throws(CLMatError) { try archive.keep("weights", &weights) }
}

// MARK: - The data

/// Numbers by row and column, with a class for each row.
struct Table {
    let name: String
    let names: [String]
    /// Row by row, without the class.
    var numbers: [Double] = []
    var classes: [Double] = []

    /// Two clouds that overlap, in three columns, of which the last one says nothing.
    init(rows: Int, seed: UInt64) {
        (name, names) = ("made-up data", ["wide", "narrow", "noise"])
        let draws = RandomKey(seed: seed, stream: 1).uniforms(3 * rows)
        for row in 0..<rows {
            let side = row % 2 == 0 ? 1.0 : -1.0
            let (a, b, c) = (draws[3 * row], draws[3 * row + 1], draws[3 * row + 2])
            numbers += [side + 6 * (a - 0.5), side / 2 + 2 * (b - 0.5), c]
            classes.append(side > 0 ? 1 : 0)
        }
    }

    init(reading path: String) throws(CLMatError) {
        let lines = String(decoding: try Files.read(path), as: UTF8.self)
            .split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated()
            .filter { !$0.element.allSatisfy(\.isWhitespace) }
        name = URL(fileURLWithPath: path).lastPathComponent
        names = (lines.first?.element ?? "").split(separator: ",").dropLast().map(String.init)
        func damaged(_ line: Int, _ problem: String) -> CLMatError {
            .fileDamaged(path: path, place: "line \(line)", problem: problem)
        }
        guard !names.isEmpty, lines.count > 1 else { throw damaged(1, "a line of names and then numbers are needed") }
        for (index, line) in lines.dropFirst() {
            let fields = line.split(separator: ",").map { Double($0.trimmingCharacters(in: .whitespaces)) }
            guard fields.count == names.count + 1 else {
                throw damaged(index + 1, "it has \(fields.count) fields, and the first line \(names.count + 1)")
            }
            for (column, field) in fields.enumerated() where !(field ?? .nan).isFinite {
                throw damaged(index + 1, "field \(column + 1) is not a number")
            }
            let row = fields.compactMap(\.self)
            guard let last = row.last, last == 0 || last == 1 else {
                throw damaged(index + 1, "its class is neither 0 nor 1")
            }
            numbers += row.dropLast()
            classes.append(last)
        }
    }
}

/// Minibatches of a table, whose columns have mean 0 and standard deviation 1 there.
struct Rows: DataSource {
    struct Batch: Sendable {
        /// n × D, with ones in the first column.
        let x: Matrix
        /// n × 1.
        let y: Matrix
    }

    let name: String
    let checksum: String
    let notes: [String]
    private let (x, y): (Matrix, Matrix)
    private let batchSize: Int

    init(_ table: Table, batchSize: Int, notes: [String], on device: Device) throws(CLMatError) {
        let (count, columns) = (table.classes.count, table.names.count)
        guard batchSize >= 1 else {
            throw .invalidValue(setting: "batch", value: "\(batchSize)", accepted: "a number from 1 on")
        }
        var x = Array(repeating: Float(1), count: count * (columns + 1))
        for column in 0..<columns {
            let numbers = (0..<count).map { table.numbers[$0 * columns + column] }
            let mean = numbers.reduce(0, +) / Double(count)
            let deviation = (numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)).squareRoot()
            for (row, number) in numbers.enumerated() {
                x[row * (columns + 1) + column + 1] = Float((number - mean) / (deviation > 0 ? deviation : 1))
            }
        }
        self.x = try Matrix(x, count, columns + 1, on: device)
        y = try Matrix(table.classes.map(Float.init), count, 1, on: device)
        (name, self.batchSize, self.notes) = (table.name, batchSize, notes)
        // FNV-1a, 64 bits: Fowler, Noll, Vo, 1991.
        let hash = (table.numbers + table.classes).reduce(0xcbf2_9ce4_8422_2325) {
            ($0 ^ $1.bitPattern) &* 0x100_0000_01b3
        }
        checksum = String(hash, radix: 16)
    }

    var stepsPerEpoch: Int { max(1, x.rows / batchSize) }
    func samples(at place: DataPlace) -> Int { batchSize }

    /// Rows drawn by chance, the same for the same step.
    func batch(at place: DataPlace) throws(CLMatError) -> Batch {
        let draws = RandomKey(seed: place.step.seed, step: place.step.number, stream: 2).uniforms(batchSize)
        let rows = try IntVector(draws.map { Int($0 * Double(x.rows)) }, on: x.device)
        return Batch(x: try x.gatherRows(rows), y: try y.gatherRows(rows))
    }
}
