import CLMat

/// A source that makes its next minibatch on a thread of its own while the model learns from the last one: for data from a disk or a
/// network, or that have to be decoded. What is in memory already gains nothing.
///
/// The minibatches are bit for bit those of the source itself. What is asked for out of turn (a rewind, another batch size) is made
/// at once, and what was made ahead is thrown away. An error is thrown when its place is asked for, not before. Two minibatches are in
/// memory at a time, so the batch that waits counts twice.
public struct ReadingAhead<Source: DataSource>: DataSource {
    private let source: Source
    private let lookahead: Lookahead<DataPlace, Source.Batch>

    /// - Parameter source: any; its ``DataSource/batch(at:)`` is called on several threads.
    public init(_ source: Source) {
        self.source = source
        lookahead = Lookahead(name: "reading-ahead") { place throws(CLMatError) in try source.batch(at: place) }
    }

    public var name: String { source.name }
    public var stepsPerEpoch: Int { source.stepsPerEpoch }
    /// As the source delivers.
    public var delivery: Delivery { source.delivery }
    /// The source's part of the data.
    public var shard: DataShard { source.shard }
    public var batchSizes: BatchSizes? { source.batchSizes }
    public var checksum: String { source.checksum }
    public var notes: [String] { source.notes }

    public func samples(at place: DataPlace) -> Int { source.samples(at: place) }

    public func part(_ shard: DataShard) throws(CLMatError) -> Self? { try source.part(shard).map(Self.init) }

    /// The minibatch of the source at a place; that of the next place is begun.
    public func batch(at place: DataPlace) throws(CLMatError) -> Source.Batch {
        return try lookahead.take(place, next: next(after: place))
    }

    /// nil where numbers end.
    private func next(after place: DataPlace) -> DataPlace? {
        let (step, position) = (place.step.number, place.position)
        let samples = source.samples(at: place)
        guard step < Int.max, samples >= 0, position <= Int.max - samples else { return nil }
        return DataPlace(step: Step(step + 1, seed: place.step.seed), position: position + samples, count: place.count)
    }
}
