import CLMat

/// Where the run is in its data: what a minibatch is asked for by.
public struct DataPlace: Sendable, Equatable {
    /// The step that the minibatch is for.
    public let step: Step
    /// Samples that were handed out before, over all passes. The run keeps it, so that a rewind asks for the same again.
    public let position: Int
    /// How many samples are wanted, where a control says so; nil if the source's own number.
    public let count: Int?

    /// A place in the data; a source without a slider for its batch size needs the step alone.
    public init(step: Step, position: Int = 0, count: Int? = nil) {
        (self.step, self.position, self.count) = (step, position, count)
    }
}

/// How a source's minibatches follow each other.
public enum Delivery: Sendable, Equatable {
    /// Any place can be asked for, in any order, at the same cost.
    case byStep
    /// From a stream that is read once, in order: a place that is not the next one costs reading up to it again.
    case streamed
}

/// Which part of the data a source hands out, where several machines share them.
public struct DataShard: Sendable, Equatable {
    /// From 0.
    public let index: Int
    /// How many parts there are.
    public let count: Int

    /// All of the data, for one machine.
    public static let whole = DataShard(unchecked: 0, of: 1)

    /// - Throws: ``/CLMat/CLMatError/invalidValue(setting:value:accepted:)``.
    public init(_ index: Int, of count: Int) throws(CLMatError) {
        guard count >= 1, (0..<count).contains(index) else {
            throw .invalidValue(
                setting: "shard", value: "\(index) of \(count)", accepted: "a number from 0 to one below the count")
        }
        (self.index, self.count) = (index, count)
    }

    private init(unchecked index: Int, of count: Int) { (self.index, self.count) = (index, count) }
}

/// How many samples minibatches of a source can have.
public struct BatchSizes: Sendable, Equatable {
    /// The smallest and the largest minibatch.
    public let range: ClosedRange<Int>
    /// What the run starts with.
    public let initial: Int
    /// What a sample is called: "points".
    public let unit: String

    /// A range of sizes, what the run starts with, and what a sample is called.
    public init(_ range: ClosedRange<Int>, initial: Int, unit: String) {
        (self.range, self.initial, self.unit) = (range, initial, unit)
    }

    /// The run's control, which stands among those that the model begins with and moves its first metric.
    func control<M: Model>(of model: M) -> Control {
        Control(
            "batch-size", title: "batch size", group: model.controls.first?.group ?? "", unit: unit,
            kind: .integer(range, .log), initial: Double(initial), help: "\(unit) that each step learns from",
            affects: model.metrics.first.map { [Control.Effect($0.id)] } ?? [])
    }
}

/// Where minibatches come from: a pure function of the place, so that a step made again learns from the same samples.
public protocol DataSource<Batch>: Sendable {
    /// What a model learns from in one step.
    associatedtype Batch: Sendable
    /// What a person calls it: "MNIST".
    var name: String { get }
    /// Steps in one pass over the data, at the batch size that the run starts with.
    var stepsPerEpoch: Int { get }
    /// Whether places can be asked for in any order; they can by default.
    var delivery: Delivery { get }
    /// Which part of the data it hands out; the whole by default.
    var shard: DataShard { get }
    /// The samples that a minibatch can have, where a person sets their number while the model learns: a control `batch-size` of the
    /// run; nil if the number is fixed.
    var batchSizes: BatchSizes? { get }
    /// The minibatch at a place: the same whenever the same place is asked for.
    func batch(at place: DataPlace) throws(CLMatError) -> Batch
    /// The samples in the minibatch at a place, by which ``DataPlace/position`` grows.
    func samples(at place: DataPlace) -> Int
    /// The samples of one of several machines, as a source of its own: each pass over it shows it every sample of its part once, and
    /// the parts together are the whole. nil if the source cannot be divided this way; see ``Sharded``.
    ///
    /// - Throws: ``/CLMat/CLMatError/invalidValue(setting:value:accepted:)`` for more parts than samples.
    func part(_ shard: DataShard) throws(CLMatError) -> Self?
    /// A checksum of the data, which a session notes so that a replay on other data is noticed.
    var checksum: String { get }
    /// How the data were read where that was not obvious, a sentence each: "The first row holds the columns' names.", "3 files
    /// that are no images were left out."; see ``Experiment/notes``.
    var notes: [String] { get }
}

extension DataSource {
    /// Whether places can be asked for in any order; they can by default.
    public var delivery: Delivery { .byStep }
    /// Which part of the data it hands out; the whole by default.
    public var shard: DataShard { .whole }
    public var batchSizes: BatchSizes? { nil }
    public func samples(at place: DataPlace) -> Int { place.count ?? 1 }
    public func part(_ shard: DataShard) throws(CLMatError) -> Self? { nil }
    public var checksum: String { "" }
    public var notes: [String] { [] }
}
