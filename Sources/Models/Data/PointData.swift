import CLMat
import Formats

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
    /// The points at `indices`, all within 0..<``PointData/count``: one per row.
    ///
    /// - Throws: ``/CLMat/CLMatError/fileDamaged(path:place:problem:)`` for a number in a file that is not finite, with its row and
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
        return origin.isEmpty ? points : try points - Matrix(constantRow: origin.map(Float.init), on: device)
    }
    public func mean(of indices: [Int32], on device: Device) throws(CLMatError) -> [Double] {
        try PointFrame.moments(of: rows(indices, on: device)).means
    }
}

/// Points that are read from a disk whenever they are asked for. ``PointBatches`` reads the next ones while the model learns.
public protocol StoredPoints: PointData {
    /// The numbers of ``PointData/rows(_:from:on:)``, row by row. Is called on any thread.
    ///
    /// - Throws: ``/CLMat/CLMatError/fileDamaged(path:place:problem:)`` as there.
    func values(_ indices: [Int32], from origin: [Double]) throws(CLMatError) -> [Float]
}

extension StoredPoints {
    public func rows(_ indices: [Int32], from origin: [Double], on device: Device) throws(CLMatError) -> Matrix {
        try Matrix(values(indices, from: origin), indices.count, columns, on: device)
    }
    public func rows(_ indices: [Int32], on device: Device) throws(CLMatError) -> Matrix {
        try rows(indices, from: [], on: device)
    }
}

extension NPYFile: StoredPoints {}
extension CSVTable: PointData {}

/// Images as points, on the device as bytes.
public struct ImagePoints: PointData {
    public let name: String
    public let count: Int
    public let image: ImageShape?
    public let checksum: String
    public let notes: [String]
    private let pixels: ByteMatrix

    public var columns: Int { pixels.shape.columns }

    /// Copies the images to the device, as bytes. A pixel becomes a number from 0 to 1.
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
