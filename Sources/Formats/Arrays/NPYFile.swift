import CLMat
import Foundation

/// A NumPy array in a file, mapped into memory: of data larger than the machine's memory only what is asked for is
/// read.
///
/// The first dimension counts the points. Three dimensions of unsigned bytes are grey images; four are images with 1, 3
/// or 4 channels, which come second or last. They are scaled to full scale, and transparent pixels are composited over
/// white. Floats of 16, 32 and 64 bits, whole numbers of 8 to 64 bits and booleans are read, in either order of bytes,
/// in C or Fortran order.
/// - Source: "The NPY format", numpy.lib.format, versions 1.0 to 3.0.
///
/// `@unchecked Sendable`: the mapping is only read, and lives as long as the object.
public final class NPYFile: @unchecked Sendable {
    /// The file as it was named.
    public let path: String
    /// The file's name, without its folder.
    public let name: String
    /// The number of points: the first dimension.
    public let count: Int
    /// Numbers per point: the product of all other dimensions.
    public let columns: Int
    /// The shape of a point that is an image; nil if it is none.
    public let image: ImageShape?
    /// Rows of a few pages lie together, so that a pass reads the disk in order, piece by piece.
    public let runLength: Int
    /// Of the size, and of the beginning and the end of the file.
    public let checksum: String
    /// How the file was read where that was not obvious, a sentence each.
    public let notes: [String]

    private let number: NPYNumber
    private let isBigEndian: Bool
    private let mapping: UnsafeMutableRawPointer
    private let file: OpenFile
    private let start: Int
    private let end: Int
    private let layout: NPYLayout

    /// - Throws: ``/CLMat/CLMatError/fileMissing(path:hint:)``; ``/CLMat/CLMatError/fileDamaged(path:place:problem:)`` for what is no
    ///   such file, or shorter than its header says; ``/CLMat/CLMatError/dataMismatch(_:)`` if it holds no points.
    public init(_ path: String) throws(CLMatError) {
        func damaged(_ place: String, _ problem: String) -> CLMatError {
            .fileDamaged(path: path, place: place, problem: problem)
        }
        let file = try OpenFile(path)
        let length = file.size
        guard length >= 10, let mapping = mmap(nil, length, PROT_READ, MAP_PRIVATE, file.descriptor, 0),
            mapping != MAP_FAILED
        else { throw damaged("byte 0", "an NPY file has at least 10 bytes") }
        let bytes = UnsafeRawBufferPointer(start: mapping, count: length)
        let (header, layout): (NPYHeader, NPYLayout)
        do throws(CLMatError) {
            header = try NPYHeader(bytes, path)
            layout = try NPYLayout(header, path: path, fileSize: length)
        } catch {
            munmap(mapping, length)
            throw error
        }
        self.path = path
        self.file = file
        self.mapping = mapping
        self.layout = layout
        let name = URL(fileURLWithPath: path).lastPathComponent
        self.name = name
        (number, isBigEndian, start) = (header.number, header.isBigEndian, header.end)
        (count, columns, image) = (header.shape[0], layout.columns, layout.image)
        runLength = layout.isContiguous ? max(1, min(count, 65536 / max(1, layout.stored * header.number.size))) : 1
        let needed = count * layout.stored * header.number.size
        end = start + needed
        // Of a file that may be larger than memory: its size, and the first and last megabyte.
        let body = UnsafeRawBufferPointer(rebasing: bytes[start..<start + needed])
        let (head, tail) = ([UInt8](body.prefix(1 << 20)), [UInt8](body.suffix(1 << 20)))
        checksum = "\(count)x\(columns)-" + String(CRC32.of(head, tail), radix: 16)
        var notes = layout.notes.map { "\(name): \($0)" }
        if length > start + needed {
            notes.append("\(name): \(length - start - needed) bytes after the last number are passed over.")
        }
        self.notes = notes
    }

    deinit { munmap(mapping, file.size) }

    /// The points at `indices` less `origin`: the difference is taken in `Double`, and then rounded.
    ///
    /// - Parameter origin: a number for each column, or none: then nothing is taken off.
    /// - Throws: ``/CLMat/CLMatError/fileDamaged(path:place:problem:)`` for a number that is not finite, or a difference that
    ///   no 32-bit float holds; ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` for an origin of another size.
    public func values(_ indices: [Int32], from origin: [Double]) throws(CLMatError) -> [Float] {
        try CSVTable.check(origin, columns)
        try checkSize()
        guard origin.isEmpty, layout.isContiguous, image == nil, number == .float32, !isBigEndian else {
            return try converted(indices, from: origin)
        }
        var values = [Float](repeating: 0, count: indices.count * columns)
        for (row, index) in indices.enumerated() {
            let (from, to) = (mapping + start + Int(index) * columns * 4, row * columns)
            values.withUnsafeMutableBytes { target in
                UnsafeMutableRawBufferPointer(rebasing: target[4 * to..<4 * (to + columns)])
                    .copyMemory(from: UnsafeRawBufferPointer(start: from, count: 4 * columns))
            }
            // One sum tells whether all are finite; which one is not is looked for only then.
            var sum: Float = 0
            for c in to..<to + columns { sum += values[c] * 0 }
            if sum != 0 || sum.isNaN, let c = (0..<columns).first(where: { !values[to + $0].isFinite }) {
                throw refusal(Double(values[to + c]), Int(index), c)
            }
        }
        return values
    }

    private func converted(_ indices: [Int32], from origin: [Double]) throws(CLMatError) -> [Float] {
        var values = [Float](repeating: 0, count: indices.count * columns)
        var row = [Double](repeating: 0, count: columns)
        for (place, index) in indices.enumerated() {
            read(Int(index), into: &row)
            for column in 0..<columns {
                // As 1/255 is rounded to a float first, images without an origin are those of other sources, bit for
                // bit.
                let value =
                    image != nil && origin.isEmpty
                    ? Float(row[column]) * (1 / 255)
                    : Float((image == nil ? row[column] : row[column] / 255) - (origin.isEmpty ? 0 : origin[column]))
                guard value.isFinite else { throw refusal(row[column], Int(index), column) }
                values[place * columns + column] = value
            }
        }
        return values
    }

    /// The mean of the points at `indices`, of each column; zeros if there are none.
    ///
    /// - Throws: ``/CLMat/CLMatError/fileDamaged(path:place:problem:)`` for a number that is not finite.
    public func mean(of indices: [Int32], on device: Device) throws(CLMatError) -> [Double] {
        try checkSize()
        var sums = [Double](repeating: 0, count: columns)
        var row = [Double](repeating: 0, count: columns)
        for index in indices {
            read(Int(index), into: &row)
            for column in 0..<columns {
                guard row[column].isFinite else { throw refusal(row[column], Int(index), column) }
                sums[column] += row[column]
            }
        }
        let scale = Double(max(1, indices.count)) * (image == nil ? 1 : 255)
        return sums.map { $0 / scale }
    }

    /// Rows lie anywhere in the file, and a call for each of them (pread) would cost more than the copying: so it is mapped. A look at
    /// what a mapped file has no more ends the process (SIGBUS), so whether it became shorter is asked for before each minibatch.
    private func checkSize() throws(CLMatError) {
        let size = file.currentSize
        guard size >= end else {
            throw .fileDamaged(
                path: path, place: "byte \(size)",
                problem: "the file became shorter while it was read; its numbers end there")
        }
    }

    private func refusal(_ value: Double, _ row: Int, _ column: Int) -> CLMatError {
        .fileDamaged(
            path: path, place: "row \(row), column \(column)",
            problem: value.isFinite
                ? "\(value) is beyond 32-bit floats; give the column another unit"
                : "it is \(value); only finite numbers can be learned from")
    }

    /// A point as the file has it, but for what is transparent.
    private func read(_ index: Int, into row: inout [Double]) {
        let base = UnsafeRawPointer(mapping + start)
        let first = index * layout.rowStride
        if layout.isContiguous {
            number.read(base, isBigEndian, into: &row) { first + $0 }
            return
        }
        let offsets = layout.offsets
        number.read(base, isBigEndian, into: &row) { first + offsets[$0] }
        guard let alpha = layout.alphaOffsets else { return }
        var opacity = row
        number.read(base, isBigEndian, into: &opacity) { first + alpha[$0 % alpha.count] }
        for column in row.indices { row[column] = 255 + (row[column] - 255) * opacity[column] / 255 }
    }
}

/// Where the numbers of a point lie, counted in numbers.
struct NPYLayout {
    /// Numbers of a point, and those that the file has for it.
    let columns: Int
    let stored: Int
    let image: ImageShape?
    /// From a point to the next one.
    let rowStride: Int
    /// Where each number of a point lies, from its start; none where they follow each other.
    let offsets: [Int]
    /// Where the opacity of each pixel lies, if there is one.
    let alphaOffsets: [Int]?
    /// Whether the numbers of a point follow each other.
    let isContiguous: Bool
    let notes: [String]
    init(_ header: NPYHeader, path: String, fileSize: Int) throws(CLMatError) {
        let shape = header.shape
        func product(_ sizes: some Sequence<Int>) -> Int? {
            var product = 1
            // Before a size of zero others can be absurd.
            if sizes.contains(0) { return 0 }
            for size in sizes {
                let (next, overflow) = product.multipliedReportingOverflow(by: size)
                if overflow { return nil }
                product = next
            }
            return product
        }
        guard let stored = product(shape.dropFirst()), let needed = product(shape + [header.number.size]),
            needed <= fileSize - header.end
        else {
            throw .fileDamaged(
                path: path, place: "byte \(fileSize)",
                problem: "its shape is \(Self.said(shape)), but the file ends before the last number")
        }
        guard shape[0] > 0, stored > 0 else {
            throw .dataMismatch("\(path) has the shape \(Self.said(shape)): there are no points in it.")
        }
        guard shape[0] < Int(Int32.max), stored < 1 << 24 else {
            throw .dataMismatch(
                "\(path) has the shape \(Self.said(shape)): 2,147,483,646 points of 16,777,215 numbers are the most that is read."
            )
        }
        // The strides of each dimension of the file.
        var steps = [Int](repeating: 1, count: shape.count)
        if header.isFortran {
            for dimension in 1..<max(1, shape.count) { steps[dimension] = steps[dimension - 1] * shape[dimension - 1] }
        } else {
            for dimension in (0..<shape.count - 1).reversed() {
                steps[dimension] = steps[dimension + 1] * shape[dimension + 1]
            }
        }
        rowStride = steps[0]
        self.stored = stored
        var order = Array(1..<shape.count)
        var (image, alpha, notes): (ImageShape?, Int?, [String]) = (nil, nil, [])
        if header.number == .byte, shape.count == 3 {
            image = ImageShape(height: shape[1], width: shape[2])
        } else if header.number == .byte, shape.count == 4 {
            // How likely a size is the number of channels.
            let ranks = [3: 3, 1: 2, 4: 1]
            let (first, last) = (ranks[shape[1]] ?? 0, ranks[shape[3]] ?? 0)
            if last > first { order = [3, 1, 2] }
            if first > 0 || last > 0 {
                if first > 0, last > 0 {
                    let (count, place) = last > first ? (shape[3], "last") : (shape[1], "first")
                    notes.append(
                        "its shape \(Self.said(shape)) is read as images with \(count) channels, which come \(place).")
                }
                let channels = shape[order[0]]
                image = ImageShape(
                    channels: channels == 4 ? 3 : channels, height: shape[order[1]], width: shape[order[2]])
                if channels == 4 {
                    alpha = 3 * steps[order[0]]
                    notes.append("four channels are colour and opacity; what is transparent is composited over white.")
                }
            } else {
                notes.append(
                    "its shape \(Self.said(shape)) is not that of images with 1, 3 or 4 channels; its bytes are read as numbers."
                )
            }
        }
        self.image = image
        self.notes = notes
        let sizes = image.map { [$0.channels, $0.height, $0.width] } ?? order.map { shape[$0] }
        // A grey image has one channel, which has no dimension in the file.
        let own = order.map { steps[$0] }
        let strides = image != nil && own.count == 2 ? [0] + own : own
        let columns = sizes.reduce(1, *)
        var expected = 1
        var isContiguous = alpha == nil
        for (size, stride) in zip(sizes, strides).reversed() where size > 1 {
            if stride != expected { isContiguous = false }
            expected *= size
        }
        isContiguous = isContiguous && (steps[0] == stored || shape[0] == 1)
        func offset(_ column: Int) -> Int {
            var (rest, offset) = (column, 0)
            for dimension in sizes.indices.reversed() {
                let (quotient, remainder) = rest.quotientAndRemainder(dividingBy: sizes[dimension])
                offset += remainder * strides[dimension]
                rest = quotient
            }
            return offset
        }
        (self.columns, self.isContiguous) = (columns, isContiguous)
        offsets = isContiguous ? [] : (0..<columns).map(offset)
        alphaOffsets = alpha.map { alpha in (0..<columns / 3).map { offset($0) + alpha } }
    }

    /// As NumPy writes it.
    private static func said(_ shape: [Int]) -> String {
        "(" + shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? ",)" : ")")
    }
}
