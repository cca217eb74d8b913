import CLMat

/// What one of several machines learns from: machine i of n, each with a source like this one, with the same seed and the same
/// settings at each step. The batch size is that of one machine.
///
/// - A source by step, and a stream that has no parts: machine i has every n-th minibatch. At step s the n machines together have
///   exactly the minibatches that the source alone has at its steps n (s − 1) + 1 … n s, each once and in the order of the machines,
///   also when the batch size changes. (``DataSource/samples(at:)`` of the source depends on the count alone.) A stream is opened
///   anew at each step for that.
/// - A stream that has parts (``DataSource/part(_:)``): machine i reads one stretch of n in each pass. The k-th pass of all
///   machines together is exactly the k-th pass of the source, each sample once; but which of them meet in a step is not what they
///   are in the source. Each machine reads straight on.
public struct Sharded<Source: DataSource>: DataSource {
    /// Which part this machine has.
    public let shard: DataShard
    /// Of one machine, the same for all.
    public let stepsPerEpoch: Int
    public let notes: [String]
    private let source: Source
    /// Whether `source` is the part itself.
    private let isPart: Bool

    /// - Throws: ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` for a source that is sharded already;
    ///   ``/CLMat/CLMatError/invalidValue(setting:value:accepted:)`` for more parts than the source has samples.
    public init(_ source: Source, _ shard: DataShard) throws(CLMatError) {
        guard source.shard == .whole else {
            throw .invalidArgument(
                operation: "Sharded",
                problem: "\(source.name) is part \(source.shard.index + 1) of \(source.shard.count) already.")
        }
        let part = source.delivery == .streamed ? try source.part(shard) : nil
        (self.source, isPart, self.shard) = (part ?? source, part != nil, shard)
        stepsPerEpoch = max(1, source.stepsPerEpoch / shard.count)
        notes =
            source.notes
            + (shard.count == 1
                ? [] : ["This machine learns from part \(shard.index + 1) of \(shard.count) of \(source.name)."])
    }

    public var name: String { source.name }
    /// As the source delivers.
    public var delivery: Delivery { source.delivery }
    public var batchSizes: BatchSizes? { source.batchSizes }
    public var checksum: String { source.checksum }

    public func samples(at place: DataPlace) -> Int { source.samples(at: place) }

    /// - Throws: ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` for a place beyond all numbers; what the source throws.
    public func batch(at place: DataPlace) throws(CLMatError) -> Source.Batch { try source.batch(at: own(place)) }

    /// Where the source is asked for what is at a place of this machine.
    private func own(_ place: DataPlace) throws(CLMatError) -> DataPlace {
        guard !isPart else { return place }
        func next(_ machines: Int, _ own: Int, plus rest: Int) throws(CLMatError) -> Int {
            let (all, isTooLarge) = own.multipliedReportingOverflow(by: machines)
            let (sum, isStillTooLarge) = all.addingReportingOverflow(rest)
            guard !isTooLarge, !isStillTooLarge else {
                throw .invalidArgument(operation: name, problem: "\(own) is too far for \(machines) machines.")
            }
            return sum
        }
        let (i, n) = (shard.index, shard.count)
        let before = try next(i, source.samples(at: place), plus: 0)
        return DataPlace(
            step: Step(try next(n, place.step.number - 1, plus: i + 1), seed: place.step.seed),
            position: try next(n, place.position, plus: before), count: place.count)
    }
}
