import CLMat
import Exploration
import Foundation
import Synchronization

/// Points to cluster or to take apart: rows of numbers that can be asked for by their place.
public protocol PointData: Sendable {
    /// What a person calls it: "MNIST".
    var name: String { get }
    /// The number of points, at most 2³¹ − 1.
    var count: Int { get }
    /// Numbers in a point.
    var columns: Int { get }
    /// What a point shows, if it is an image with values in units of full scale.
    var image: ImageShape? { get }
    /// Points that are read together, since they lie together on a disk.
    var runLength: Int { get }
    /// A checksum, which a session notes.
    var checksum: String { get }
    /// How the data were read where that was not obvious, a sentence each.
    var notes: [String] { get }
    /// The points at `indices`, all within 0..<``count``: one a row.
    ///
    /// - Throws: ``CLMatError/fileDamaged(path:place:problem:)`` for a number in a file that is not finite, with its row and
    ///   column; what the device throws.
    func rows(_ indices: [Int32], on device: Device) throws(CLMatError) -> Matrix
    /// The same points counted from `origin`, one number per column or none for 0: each number of the data minus that of the
    /// origin, taken off before the difference is rounded to 32 bits.
    func rows(_ indices: [Int32], from origin: [Double], on device: Device) throws(CLMatError) -> Matrix
    /// The mean of each column over the points at `indices`, with the digits that the data have.
    func mean(of indices: [Int32], on device: Device) throws(CLMatError) -> [Double]
}

extension PointData {
    public var image: ImageShape? { nil }
    public var runLength: Int { 1 }
    public var checksum: String { "" }
    public var notes: [String] { [] }

    // Of data that are 32-bit floats themselves.
    public func rows(_ indices: [Int32], from origin: [Double], on device: Device) throws(CLMatError) -> Matrix {
        let points = try rows(indices, on: device)
        return origin.isEmpty ? points : try points - Matrix(origin.map(Float.init), 1, origin.count, on: device)
    }
    public func mean(of indices: [Int32], on device: Device) throws(CLMatError) -> [Double] {
        try PointFrame.moments(of: rows(indices, on: device)).means
    }
}

/// Images as points, on the device as bytes.
public struct ImagePoints: PointData {
    public let name: String
    public let count: Int
    public let image: ImageShape?
    public let checksum: String
    public let notes: [String]
    private let pixels: ByteMatrix

    public var columns: Int { pixels.shape.columns }

    public init(
        _ images: LabelledImages, name: String, notes: [String] = [], on device: Device
    ) throws(CLMatError) {
        (self.name, count, image, checksum) = (name, images.count, images.shape, images.checksum)
        self.notes = notes
        pixels = try ByteMatrix(images.pixels, images.count, images.shape.count, on: device)
    }

    public func rows(_ indices: [Int32], on device: Device) throws(CLMatError) -> Matrix {
        try pixels.rows(IntVector(indices, on: pixels.device), scale: 1 / 255).copied(to: device)
    }
}

/// A minibatch of points that are read when the model says from where it counts them. Its size may change from step to step, and
/// still each pass shows every point once.
public struct PointBatch: Sendable {
    let data: any PointData
    let seed: UInt64
    /// Points that were handed out before.
    public let position: Int
    public let count: Int
    let device: Device
    fileprivate let order: RunOrder

    /// Points by place in an endless series of passes; each pass has an order of its own.
    ///
    /// - Parameter origin: what the points are counted from, one number per column or none for 0.
    public func draw(
        origin: [Double] = []
    ) throws(CLMatError) -> (points: Matrix, indices: [Int32]) {
        var indices: [Int32] = []
        indices.reserveCapacity(count)
        let (total, length) = (data.count, data.runLength)
        let runs = (total + length - 1) / length
        var place = position
        while indices.count < count {
            let (pass, inPass) = place.quotientAndRemainder(dividingBy: total)
            let (shift, permutation) = order.of(
                RandomKey(seed: seed, step: pass, stream: Streams.order), runs: runs, total: total)
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
        return (try data.rows(indices, from: origin, on: device), indices)
    }
}

/// Minibatches of points for any model that draws them itself.
public struct PointBatches: DataSource {
    public let data: any PointData
    /// Steps in a pass at the batch size that the run starts with.
    public let stepsPerEpoch: Int
    public let batchSizes: BatchSizes?
    private let batchSize: Int
    private let device: Device
    private let order = RunOrder()

    public var name: String { data.name }
    public var checksum: String { data.checksum }
    public let notes: [String]

    /// - Parameter notes: what a person should know beside the notes of the data.
    /// - Throws: ``CLMatError/invalidValue(setting:value:accepted:)`` for a batch size that the data cannot fill.
    public init(
        _ data: any PointData, batchSize: Int, notes: [String] = [], on device: Device
    ) throws(CLMatError) {
        guard (1...max(1, data.count)).contains(batchSize) else {
            throw .invalidValue(
                setting: "batch", value: "\(batchSize)", accepted: "1 to \(data.count), the number of points")
        }
        (self.data, self.device, self.notes) = (data, device, data.notes + notes)
        stepsPerEpoch = data.count / batchSize
        self.batchSize = batchSize
        batchSizes = BatchSizes(
            min(100, batchSize)...min(data.count, 1_000_000), initial: min(batchSize, 1_000_000), unit: "points")
    }

    public func samples(at place: DataPlace) -> Int { min(data.count, place.count ?? batchSize) }

    public func batch(at place: DataPlace) throws(CLMatError) -> PointBatch {
        PointBatch(
            data: data, seed: place.step.seed, position: place.position, count: samples(at: place), device: device,
            order: order)
    }
}

/// Remembers the last pass's order. It is a function of the key, so sharing it between copies changes nothing.
private final class RunOrder: Sendable {
    private struct Pass {
        var key: RandomKey
        var shift: Int
        var permutation: [Int32]
    }
    private let last = Mutex<Pass?>(nil)

    /// Where a pass begins, and the order of all runs but the last.
    func of(_ key: RandomKey, runs: Int, total: Int) -> (shift: Int, permutation: [Int32]) {
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
