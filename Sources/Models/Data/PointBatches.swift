import CLMat
import Exploration
import Synchronization

/// A minibatch of points that are read when the model says from where it counts them. Its size may change from step to step, and
/// still each pass shows every point once.
public struct PointBatch: Sendable {
    let data: any PointData
    let seed: UInt64
    /// Points that were handed out before.
    public let position: Int
    /// How many points it has.
    public let count: Int
    let device: Device
    fileprivate let order: PointOrder
    fileprivate let reading: StoredDraws?

    /// Points by place in an endless series of passes; each pass has an order of its own.
    ///
    /// - Parameter origin: what the points are counted from, one number per column or none for 0.
    public func draw(
        origin: [Double] = []
    ) throws(CLMatError) -> (points: Matrix, indices: [Int32]) {
        if let reading {
            let (values, indices) = try reading.draw(
                Draw(seed: seed, position: position, count: count, origin: origin))
            return (try Matrix(values, indices.count, data.columns, on: device), indices)
        }
        let indices = order.indices(seed: seed, position: position, count: count)
        return (try data.rows(indices, from: origin, on: device), indices)
    }
}

/// Minibatches of points for any model that draws them itself. Those of ``StoredPoints`` are read ahead on a thread of its own.
public struct PointBatches: DataSource {
    /// Where the points come from.
    public let data: any PointData
    /// Steps in a pass at the batch size that the run starts with.
    public let stepsPerEpoch: Int
    public let batchSizes: BatchSizes?
    private let batchSize: Int
    private let device: Device
    private let order: PointOrder
    private let reading: StoredDraws?

    public var name: String { data.name }
    public var checksum: String { data.checksum }
    public let notes: [String]

    /// - Parameter notes: what a person should know beside the notes of the data.
    /// - Throws: ``/CLMat/CLMatError/dataMismatch(_:)`` if there are no points; ``/CLMat/CLMatError/invalidValue(setting:value:accepted:)`` for a
    ///   batch size that the data cannot fill.
    public init(
        _ data: any PointData, batchSize: Int, notes: [String] = [], on device: Device
    ) throws(CLMatError) {
        guard data.count >= 1 else {
            throw .dataMismatch("\(data.name) has no points: there is nothing to learn from.")
        }
        guard (1...data.count).contains(batchSize) else {
            throw .invalidValue(
                setting: "batch", value: "\(batchSize)", accepted: "1 to \(data.count), the number of points")
        }
        (self.data, self.device, self.notes) = (data, device, data.notes + notes)
        stepsPerEpoch = data.count / batchSize
        self.batchSize = batchSize
        batchSizes = BatchSizes(
            min(100, batchSize)...min(data.count, 1_000_000), initial: min(batchSize, 1_000_000), unit: "points")
        order = PointOrder(of: data)
        reading = (data as? any StoredPoints).map { [order] in StoredDraws(of: $0, in: order) }
    }

    public func samples(at place: DataPlace) -> Int { min(data.count, place.count ?? batchSize) }

    /// A minibatch that is read when the model draws it.
    public func batch(at place: DataPlace) throws(CLMatError) -> PointBatch {
        PointBatch(
            data: data, seed: place.step.seed, position: place.position, count: samples(at: place), device: device,
            order: order, reading: reading)
    }
}

/// Which points, and from where they are counted.
private struct Draw: Equatable, Sendable {
    var seed: UInt64
    var position: Int
    var count: Int
    var origin: [Double]
}

/// Draws from a disk, the next one always begun on a thread of its own: only what is read and converted on the host, since the
/// device's errors are the learner's.
private final class StoredDraws: Sendable {
    typealias Points = (values: [Float], indices: [Int32])

    /// Above so many bytes nothing is read ahead: it would be held beside the minibatch that is learned from.
    private static let largest = 256 << 20
    private let columns: Int
    private let lookahead: Lookahead<Draw, Points>

    init(of data: any StoredPoints, in order: PointOrder) {
        columns = data.columns
        lookahead = Lookahead(name: "reading-ahead") { draw throws(CLMatError) in
            let indices = order.indices(seed: draw.seed, position: draw.position, count: draw.count)
            return (try data.values(indices, from: draw.origin), indices)
        }
    }

    func draw(_ draw: Draw) throws(CLMatError) -> Points {
        var next = draw
        next.position += draw.count
        return try lookahead.take(draw, next: draw.count <= Self.largest / 4 / columns ? next : nil)
    }
}

/// In which order passes show the points. It remembers the last pass's order, which is a function of the key, so sharing it between
/// copies changes nothing.
private final class PointOrder: Sendable {
    private struct Pass {
        var key: RandomKey
        var shift: Int
        var permutation: [Int32]
    }
    private let last = Mutex<Pass?>(nil)
    private let (total, length, runs): (Int, Int, Int)

    init(of data: any PointData) {
        (total, length) = (data.count, data.runLength)
        runs = (total + length - 1) / length
    }

    func indices(seed: UInt64, position: Int, count: Int) -> [Int32] {
        var indices: [Int32] = []
        indices.reserveCapacity(count)
        var place = position
        while indices.count < count {
            let (pass, inPass) = place.quotientAndRemainder(dividingBy: total)
            let (shift, permutation) = order(RandomKey(seed: seed, step: pass, stream: Streams.order))
            var next = inPass
            while indices.count < count, next < total {
                // Runs that lie side by side in the data, from a place that differs from pass to pass; the last run is the
                // shorter one, and comes last.
                let run = next / length < permutation.count ? Int(permutation[next / length]) : runs - 1
                indices.append(Int32((run * length + next % length + shift) % total))
                next += 1
            }
            place += next - inPass
        }
        return indices
    }

    /// Where a pass begins, and the order of all runs but the last.
    private func order(_ key: RandomKey) -> (shift: Int, permutation: [Int32]) {
        last.withLock { last in
            if let last, last.key == key { return (last.shift, last.permutation) }
            // With runs of one point there is no last run to be treated alike.
            let isByPoint = runs == total
            let shift = isByPoint ? 0 : Int(key.uniforms(1)[0] * Double(total))
            let pass = Pass(
                key: key, shift: shift, permutation: key.permutation(of: isByPoint ? runs : max(0, runs - 1)))
            last = pass
            return (pass.shift, pass.permutation)
        }
    }
}
