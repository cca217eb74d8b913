extension KernelFamily {
    static let parts = KernelFamily("parts")
}

extension Kernel {
    /// Arrays that one launch takes.
    static let parts = 8
    /// Several arrays one behind the other: (total, base, starts, counts, xs, y).
    static let packParts = Kernel("pack_parts", in: .parts)
}

/// Matrices that lie one behind the other in one buffer, so that one launch changes them all.
///
/// Each is a matrix like any other: a copy of it shares the memory until one of both is changed. The row as a whole is nobody's: only
/// while no copy of any of them is held elsewhere may it be changed, and else all of them are copied into another row first. No two
/// matrices ever are the same part of a row but by sharing one buffer object, so that a part may be changed in place as well.
struct PackedRow {
    /// Where each matrix lies.
    struct Layout: Equatable {
        let device: Device
        let shapes: [[Shape]]
        /// In elements from the start of the row, by layer and then by parameter.
        let starts: [[Int]]
        /// Elements of the row.
        let count: Int

        /// Beyond so many elements a launch for each matrix costs nothing beside its arithmetic, and a copy of all gradients much memory.
        private static let most = 1 << 24

        /// - Parameter alignment: elements to whose multiples parts align.
        /// - Returns: nil if there is nothing to put anywhere, or so much that it is better left where it is.
        init?(of matrices: [[Matrix]], on device: Device, alignment: Int) {
            var (starts, next) = ([[Int]](), 0)
            for layer in matrices {
                var own: [Int] = []
                for matrix in layer {
                    own.append(next)
                    next += (matrix.count + alignment - 1) / alignment * alignment
                    guard next <= Self.most else { return nil }
                }
                starts.append(own)
            }
            // A part without elements is none.
            guard next > 0, !matrices.contains(where: { $0.contains { $0.count == 0 } }) else { return nil }
            (self.device, shapes) = (device, matrices.map { $0.map(\.shape) })
            (self.starts, count) = (starts, next)
        }
    }

    let buffer: Buffer
    let layout: Layout
    var argument: Argument { .buffer(buffer) }

    /// The layout for an update of all matrices at once; nil where it is better done one by one: on the CPU a launch costs less than to
    /// copy a gradient.
    static func layoutForUpdate(of matrices: [[Matrix]]) -> Layout? {
        matrices.lazy.flatMap { $0 }.first?.device.kind == .cpu ? nil : layout(of: matrices)
    }

    /// The layout of matrices on one device whose buffers have parts; nil for others.
    static func layout(of matrices: [[Matrix]]) -> Layout? {
        guard let first = matrices.lazy.flatMap({ $0 }).first, let alignment = first.device.backend.partAlignment,
            matrices.allSatisfy({ $0.allSatisfy { $0.device == first.device } })
        else { return nil }
        return Layout(of: matrices, on: first.device, alignment: max(1, alignment / 4))
    }

    /// The row that holds the matrices, to be changed: they are made parts of one of their own if they are not.
    static func own(_ matrices: inout [[Matrix]], _ layout: Layout) throws(CLMatError) -> PackedRow {
        if let row = found(matrices, layout), hasNoOtherHolder(&matrices) { return row }
        let row = try copied(matrices, layout)
        for i in matrices.indices {
            for j in matrices[i].indices {
                let part = try layout.device.backend.part(
                    of: row.buffer, at: 4 * layout.starts[i][j], bytes: 4 * layout.shapes[i][j].count)
                matrices[i][j].take(part)
            }
        }
        return row
    }

    /// A row that holds what the matrices hold, to be read.
    static func copy(of matrices: [[Matrix]], _ layout: Layout) throws(CLMatError) -> PackedRow {
        if let row = found(matrices, layout) { return row }
        return try copied(matrices, layout)
    }

    /// The row that the matrices are parts of, in the order of the layout; nil if they are not.
    private static func found(_ matrices: [[Matrix]], _ layout: Layout) -> PackedRow? {
        guard let whole = matrices.lazy.flatMap({ $0 }).first?.buffer.whole, whole.byteCount == 4 * layout.count
        else { return nil }
        for (i, layer) in matrices.enumerated() {
            for (j, matrix) in layer.enumerated() {
                guard matrix.buffer.whole === whole, matrix.buffer.offset == 4 * layout.starts[i][j] else { return nil }
            }
        }
        return PackedRow(buffer: whole, layout: layout)
    }

    private static func hasNoOtherHolder(_ matrices: inout [[Matrix]]) -> Bool {
        for i in matrices.indices {
            for j in matrices[i].indices where !matrices[i][j].hasNoOtherHolder() { return false }
        }
        return true
    }

    /// A new row: one launch for every eight matrices.
    private static func copied(_ matrices: [[Matrix]], _ layout: Layout) throws(CLMatError) -> PackedRow {
        let all = matrices.flatMap { $0 }
        let starts = layout.starts.flatMap { $0 }
        let buffer = try layout.device.allocate(bytes: 4 * layout.count)
        for first in stride(from: 0, to: all.count, by: Kernel.parts) {
            let own = first..<min(first + Kernel.parts, all.count)
            let base = starts[first]
            let end = own.upperBound < all.count ? starts[own.upperBound] : layout.count
            let missing = Kernel.parts - own.count
            var arguments: [Argument] = [.int(end - base), .int(base)]
            arguments += own.map { Argument.int(starts[$0] - base) }
            arguments += [Argument](repeating: .int(Int(Int32.max)), count: missing)
            arguments += own.map { Argument.int(all[$0].count) } + [Argument](repeating: .int(0), count: missing)
            arguments += own.map { all[$0].argument }
            arguments += [Argument](repeating: all[first].argument, count: missing)
            arguments.append(.buffer(buffer))
            try layout.device.launch(.packParts, arguments, over: .elements(end - base, bytes: 8, operations: 0))
        }
        return PackedRow(buffer: buffer, layout: layout)
    }
}

extension Matrix {
    /// All of one operation have the same shapes.
    static func requireSameShapes(
        _ matrices: [[Matrix]], _ others: [[Matrix]], _ operation: String
    ) throws(CLMatError) {
        guard matrices.count == others.count else {
            throw .invalidArgument(
                operation: operation, problem: "There are \(matrices.count) layers and \(others.count).")
        }
        for (layer, other) in zip(matrices, others) {
            guard layer.count == other.count else {
                throw .invalidArgument(
                    operation: operation,
                    problem: "A layer has \(layer.count) matrices in one and \(other.count) in the other.")
            }
            for (one, another) in zip(layer, other) { try requireSameShape(one, another, operation) }
        }
    }
}
