import CLMat
import Exploration
import Synchronization

/// A minibatch of images with their labels.
public struct LabelledBatch: Sendable {
    /// N × C·H·W, in units of full scale.
    public let images: Matrix
    /// N class numbers, from 0.
    public let labels: IntVector
}

/// Images on the device as bytes, handed out by index: a quarter of the memory of floats.
public struct DeviceImages: Sendable {
    private let pixels: ByteMatrix
    private let labels: IntVector
    /// The number of images.
    public let count: Int
    /// Channels × height × width of every image.
    public let shape: ImageShape

    /// Copies images and labels to the device.
    public init(_ images: LabelledImages, on device: Device) throws(CLMatError) {
        pixels = try ByteMatrix(images.pixels, images.count, images.shape.count, on: device)
        labels = try IntVector(images.labels.map(Int32.init), on: device)
        (count, shape) = (images.count, images.shape)
    }

    /// The images and labels at `indices`.
    public func batch(_ indices: IntVector) throws(CLMatError) -> LabelledBatch {
        LabelledBatch(images: try pixels.rows(indices, scale: 1 / 255), labels: try labels.gather(indices))
    }

    /// The images and labels of a range.
    public func batch(_ range: Range<Int>) throws(CLMatError) -> LabelledBatch {
        try batch(IntVector(range.map(Int32.init), on: pixels.device))
    }
}

/// Minibatches of labelled images: each epoch in an order of its own, given by the seed. What is left over at the end
/// of an epoch, fewer images than a batch, waits for another epoch's order.
public struct ImageBatches: DataSource {
    public let name: String
    /// Images in each minibatch.
    public let batchSize: Int
    public let checksum: String
    public let notes: [String]
    private let images: DeviceImages
    private let device: Device
    private let order = OrderMemo()

    /// - Throws: ``/CLMat/CLMatError/invalidValue(setting:value:accepted:)`` for a batch size that the data cannot fill.
    public init(
        _ images: LabelledImages, name: String, batchSize: Int, notes: [String] = [], on device: Device
    ) throws(CLMatError) {
        guard (1...max(1, images.count)).contains(batchSize) else {
            throw .invalidValue(
                setting: "batch", value: "\(batchSize)", accepted: "1 to \(images.count), the number of images")
        }
        (self.name, self.batchSize, self.device) = (name, batchSize, device)
        (checksum, self.notes) = (images.checksum, notes)
        self.images = try DeviceImages(images, on: device)
    }

    public var stepsPerEpoch: Int { images.count / batchSize }

    public func samples(at place: DataPlace) -> Int { batchSize }

    /// Images of the epoch's order, with their labels; the position does not matter.
    public func batch(at place: DataPlace) throws(CLMatError) -> LabelledBatch {
        let step = place.step
        let (epoch, part) = (step.number - 1).quotientAndRemainder(dividingBy: stepsPerEpoch)
        let key = RandomKey(seed: step.seed, step: epoch, stream: Streams.order)
        let indices = order.permutation(key, count: images.count)[part * batchSize..<(part + 1) * batchSize]
        return try images.batch(IntVector(Array(indices), on: device))
    }
}

/// Remembers the last epoch's order. It is a function of the key, so sharing it between copies changes nothing.
private final class OrderMemo: Sendable {
    private let last = Mutex<(key: RandomKey, order: [Int32])?>(nil)

    func permutation(_ key: RandomKey, count: Int) -> [Int32] {
        last.withLock { last in
            if let last, last.key == key { return last.order }
            let order = key.permutation(of: count)
            last = (key, order)
            return order
        }
    }
}

extension Streams {
    /// The order of the samples within a pass, of every data source.
    static let order: UInt32 = 1
}
