// What print shows of values that live on a device: their shape, where they are, and the first elements.

/// The elements that are shown: some rows, some columns, and whether there are more.
private enum Shown {
    static let rows = 4
    static let columns = 8
    /// Rows longer than this are shown by the first alone, so that little is copied from the device.
    static let longest = 65_536

    /// - Parameter read: the first elements of a matrix with rows of `shape.columns`.
    static func text<Element>(
        _ kind: String, _ shape: Shape, on device: Device, _ read: (Int) throws(CLMatError) -> [Element]
    ) -> String {
        let title = "\(kind) \(shape) on \(device.name)"
        guard shape.count > 0 else { return title }
        let rows = shape.columns > longest ? 1 : min(shape.rows, Shown.rows)
        let columns = min(shape.columns, Shown.columns)
        do throws(CLMatError) {
            let values = try read((rows - 1) * shape.columns + columns)
            let lines = (0..<rows).map { row in
                list(values[row * shape.columns..<row * shape.columns + columns], isWhole: columns == shape.columns)
            }
            return "\(title): " + list(lines, isWhole: rows == shape.rows)
        } catch {
            return "\(title), which cannot be read: \(error)"
        }
    }

    static func list(_ values: some Sequence, isWhole: Bool) -> String {
        "[" + (values.map { "\($0)" } + (isWhole ? [] : ["…"])).joined(separator: ", ") + "]"
    }
}

extension Matrix: CustomStringConvertible {
    /// Shape, device and the first elements: "Matrix 2 × 3 on CPU: [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]". Waits for the device; all
    /// elements are in ``values``.
    public var description: String {
        Shown.text("Matrix", shape, on: device) { (count) throws(CLMatError) -> [Float] in
            try device.read(count, from: buffer)
        }
    }
}

extension ByteMatrix: CustomStringConvertible {
    /// Shape, device and the first elements. Waits for the device.
    public var description: String {
        Shown.text("ByteMatrix", shape, on: device) { (count) throws(CLMatError) -> [UInt8] in
            try device.read(count, from: buffer)
        }
    }
}

extension IntVector: CustomStringConvertible {
    /// Length, device and the first elements: "IntVector of 2 on CPU: [0, 1]". Waits for the device; all elements are in
    /// ``values``.
    public var description: String {
        let title = "IntVector of \(count) on \(device.name)"
        do throws(CLMatError) {
            let shown: [Int32] = try device.read(min(count, 20), from: buffer)
            return "\(title): " + Shown.list(shown, isWhole: shown.count == count)
        } catch {
            return "\(title), which cannot be read: \(error)"
        }
    }
}
