import CLMat
import Formats
import Foundation

/// Where a model keeps what a step may change. One function of the model serves for writing, reading and counting, so
/// that what is written is what is read.
///
/// ```swift
/// mutating func archive(_ archive: Archive) throws(CLMatError) {
///     try archive.keep("centroids", &centroids)
///     try archive.keep("sizes", &sizes)
/// }
/// ```
public final class Archive {
    /// A named array, as files have it too.
    public typealias Tensor = Safetensors.Tensor

    /// Takes what is written, array by array.
    typealias Sink = (_ name: String, _ kind: Tensor.Kind, _ shape: [Int], UnsafeRawBufferPointer) throws(CLMatError) ->
        Void

    private enum Purpose { case writing, reading, counting }
    private let purpose: Purpose
    /// Where what is written goes; into ``tensors`` if nil.
    private var sink: Sink?
    /// What an error calls the file that is read.
    private let source: String
    private let device: Device
    /// The arrays by name: what was written, or what is read.
    public private(set) var tensors: [String: Tensor]
    /// Every block of device memory met while counting.
    private(set) var memory: [MemoryBlock] = []
    /// Bytes of numbers on the host met while counting.
    private(set) var hostBytes = 0
    /// Bytes of all arrays met while counting, as a file has them.
    private(set) var bytes = 0
    /// Where the arrays live that were met while counting; nil if there is none on a device.
    private(set) var home: Device?
    private var prefix = ""

    private init(_ purpose: Purpose, tensors: [String: Tensor], from source: String, device: Device) {
        (self.purpose, self.tensors, self.source, self.device) = (purpose, tensors, source, device)
    }

    /// An archive that takes in what it is given.
    public static func writing() -> Archive { Archive(.writing, tensors: [:], from: "", device: .cpu) }

    /// An archive that hands on what it is given at once: no more than one array of it is in memory twice.
    static func writing(to sink: @escaping Sink) -> Archive {
        let archive = writing()
        archive.sink = sink
        return archive
    }

    /// An archive that gives out `tensors`, matrices on `device`.
    ///
    /// - Parameter source: what errors call the file that they came from.
    public static func reading(_ tensors: [String: Tensor], from source: String, on device: Device) -> Archive {
        Archive(.reading, tensors: tensors, from: source, device: device)
    }

    static func counting() -> Archive { Archive(.counting, tensors: [:], from: "", device: .cpu) }

    /// Whether the archive gives out what a file has, rather than taking in.
    public var isReading: Bool { purpose == .reading }

    /// Whether it is only looked how much there is: what is not on the host yet need not be waited for.
    package var isCounting: Bool { purpose == .counting }

    /// Whether what is read has something of this name: files of earlier versions may lack it.
    public func has(_ name: String) -> Bool { tensors[prefix + name] != nil }

    /// Names within `body` begin with `name` and a dot.
    public func group(_ name: String, _ body: () throws(CLMatError) -> Void) throws(CLMatError) {
        let before = prefix
        prefix += name + "."
        defer { prefix = before }
        try body()
    }

    // MARK: - Matrices

    /// - Throws: when reading, ``/CLMat/CLMatError/fileDamaged(path:place:problem:)`` if there is no such matrix or, unless
    ///   `anyShape`, if its shape differs.
    public func keep(_ name: String, _ matrix: inout Matrix, anyShape: Bool = false) throws(CLMatError) {
        switch purpose {
        case .counting: count(matrix.memory, matrix.count, on: matrix.device)
        case .writing: try write(name, .float32, [matrix.rows, matrix.columns], try matrix.values)
        case .reading:
            let tensor = try tensor(name, .float32, dimensions: 2)
            let (rows, columns) = (tensor.shape[0], tensor.shape[1])
            guard anyShape || Shape(rows, columns) == matrix.shape else {
                throw damaged(
                    name,
                    "it is \(Shape(rows, columns)), but this model's is \(matrix.shape). Was it made with other options?"
                )
            }
            matrix = try Matrix(tensor.array(of: Float.self), rows, columns, on: device)
        }
    }

    /// A matrix that may be missing.
    public func keep(_ name: String, _ matrix: inout Matrix?) throws(CLMatError) {
        var isThere = matrix != nil
        try keep("has-\(name)", &isThere)
        guard isThere else {
            matrix = nil
            return
        }
        var own: Matrix
        if let known = matrix.take() { own = known } else { own = try empty() }
        try keep(name, &own, anyShape: true)
        matrix = own
    }

    /// Matrices in any number, of any shapes.
    public func keep(_ name: String, _ matrices: inout [Matrix], anyShape: Bool = false) throws(CLMatError) {
        var count = matrices.count
        try keep("\(name)-count", &count)
        guard isPossible(count) else { throw damaged(name, "\(count) is no number of matrices") }
        let isLike = matrices.count == count
        while matrices.count > count { matrices.removeLast() }
        while matrices.count < count { matrices.append(try empty()) }
        for index in matrices.indices { try keep("\(name).\(index)", &matrices[index], anyShape: anyShape || !isLike) }
    }

    /// Matrices by layer and parameter, in any number.
    public func keep(_ name: String, _ matrices: inout [[Matrix]]) throws(CLMatError) {
        var count = matrices.count
        try keep("\(name)-count", &count)
        guard isPossible(count) else { throw damaged(name, "\(count) is no number of layers") }
        while matrices.count > count { matrices.removeLast() }
        while matrices.count < count { matrices.append([]) }
        for index in matrices.indices { try keep("\(name).\(index)", &matrices[index]) }
    }

    /// A file has an array at least for each of so many things: memory for more is not asked for.
    private func isPossible(_ count: Int) -> Bool { count >= 0 && (!isReading || count <= tensors.count) }

    /// A power-law matrix: its shape, and each block as a matrix of its own (``/Formats/Safetensors/Tensor``).
    ///
    /// - Throws: when reading, ``/CLMat/CLMatError/fileDamaged(path:place:problem:)`` if there is no such matrix, if its blocks do not fit, or,
    ///   unless `anyShape`, if its shape differs.
    public func keep(
        _ name: String, _ matrix: inout PowerLawMatrix, anyShape: Bool = false
    ) throws(CLMatError) {
        switch purpose {
        case .counting:
            count(matrix.memory, matrix.count, on: matrix.device)
            let shape = 8 * matrix.shape.numbers.count
            (hostBytes, bytes) = (hostBytes + shape, bytes + shape)
        case .writing:
            try write("\(name).shape", .int64, [matrix.shape.numbers.count], matrix.shape.numbers.map(Int64.init))
            for (index, block) in matrix.shape.blocks.enumerated() {
                try write(
                    "\(name).\(index)", .float32, [block.ranks.count, block.columns.count], matrix.block(index).values)
            }
        case .reading:
            let read = try PowerLawMatrix(tensors, named: prefix + name, from: source, on: device)
            guard anyShape || read.shape == matrix.shape else {
                throw damaged(
                    "\(name).shape",
                    "it is \(read.shape), but this model's is \(matrix.shape). Was it made with other options?")
            }
            matrix = read
        }
    }

    /// A vector of integers; one that is read may have another length.
    public func keep(_ name: String, _ vector: inout IntVector) throws(CLMatError) {
        switch purpose {
        case .counting: count(vector.memory, vector.count, on: vector.device)
        case .writing: try write(name, .int32, [vector.count], try vector.values)
        case .reading:
            vector = try IntVector(tensor(name, .int32, dimensions: 1).array(of: Int32.self), on: device)
        }
    }

    // MARK: - Numbers

    /// Numbers in 32 bits, in any number.
    public func keep(_ name: String, _ values: inout [Float]) throws(CLMatError) { try keep(name, .float32, &values) }
    /// Numbers in 64 bits, in any number.
    public func keep(_ name: String, _ values: inout [Double]) throws(CLMatError) { try keep(name, .float64, &values) }
    /// Integers in 32 bits, in any number.
    public func keep(_ name: String, _ values: inout [Int32]) throws(CLMatError) { try keep(name, .int32, &values) }
    /// Integers in 64 bits, in any number.
    public func keep(_ name: String, _ values: inout [Int]) throws(CLMatError) {
        var wide = values.map(Int64.init)
        try keep(name, .int64, &wide)
        values = wide.map(Int.init)
    }

    /// One integer.
    public func keep(_ name: String, _ value: inout Int) throws(CLMatError) {
        var one = [value]
        try keep(name, &one)
        guard let first = one.first else { throw damaged(name, "it is empty") }
        value = first
    }

    /// One number.
    public func keep(_ name: String, _ value: inout Double) throws(CLMatError) {
        var one = [value]
        try keep(name, &one)
        guard let first = one.first else { throw damaged(name, "it is empty") }
        value = first
    }

    /// A truth, as 0 or 1.
    public func keep(_ name: String, _ value: inout Bool) throws(CLMatError) {
        var one = value ? 1 : 0
        try keep(name, &one)
        value = one != 0
    }

    private func keep<Element>(_ name: String, _ kind: Tensor.Kind, _ values: inout [Element]) throws(CLMatError) {
        switch purpose {
        case .counting:
            hostBytes += values.count * MemoryLayout<Element>.stride
            bytes += values.count * MemoryLayout<Element>.stride
        case .writing: try write(name, kind, [values.count], values)
        case .reading: values = try tensor(name, kind, dimensions: 1).array(of: Element.self)
        }
    }

    // MARK: -

    /// What is read does not fit the model.
    public func damaged(_ name: String, _ problem: String) -> CLMatError {
        .fileDamaged(path: source, place: "'\(prefix + name)'", problem: problem)
    }

    private func empty() throws(CLMatError) -> Matrix { try Matrix(zeros: Shape(0, 0), on: device) }

    /// Both kinds of arrays on a device have four bytes per element.
    private func count(_ block: MemoryBlock, _ elements: Int, on device: Device) {
        memory.append(block)
        bytes += 4 * elements
        home = device
    }

    private func write<Element>(
        _ name: String, _ kind: Tensor.Kind, _ shape: [Int], _ values: [Element]
    ) throws(CLMatError) {
        if let sink {
            // What lends its bytes rethrows any error.
            var problem: CLMatError?
            values.withUnsafeBytes { bytes in
                do throws(CLMatError) { try sink(prefix + name, kind, shape, bytes) } catch { problem = error }
            }
            if let problem { throw problem }
            return
        }
        precondition(tensors[prefix + name] == nil, "a model keeps two things under the name '\(prefix + name)'")
        tensors[prefix + name] = Tensor(kind: kind, shape: shape, bytes: values.withUnsafeBytes { Data($0) })
    }

    private func tensor(_ name: String, _ kind: Tensor.Kind, dimensions: Int) throws(CLMatError) -> Tensor {
        guard let tensor = tensors[prefix + name] else { throw damaged(name, "it is not there") }
        guard tensor.kind == kind, tensor.shape.count == dimensions else {
            throw damaged(
                name,
                "it has \(tensor.shape.count) dimensions of \(tensor.kind.rawValue), not \(dimensions) of \(kind.rawValue)"
            )
        }
        return tensor
    }
}
