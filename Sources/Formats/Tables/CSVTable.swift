import CLMat
import Foundation

/// Numbers in rows of a text file, one point per line. Plain or packed with gzip, in UTF-8, or in UTF-16 with its mark.
///
/// One separator sets all columns apart: commas, semicolons, tabs, `|` or blanks, whichever suits the first lines, or
/// the one that a line `sep=;` names. Fields may stand in quotation marks. Where commas do not separate, they may be
/// decimal commas, if one number of the table shows that they are. A first line is taken for the names of the columns
/// if it holds names above numbers. ``notes`` says what was taken for names, and what was left out.
public struct CSVTable: Sendable {
    /// The file's name, without its folder.
    public let name: String
    /// The number of points, one per line.
    public let count: Int
    /// Numbers per point.
    public let columns: Int
    /// The names of the first row; empty if it holds numbers.
    public let columnNames: [String]
    /// Of the numbers and the size of the table.
    public let checksum: String
    /// What was taken for names, and what was left out, a sentence each.
    public let notes: [String]
    private let path: String
    private let table: NumberTable

    /// - Throws: ``/CLMat/CLMatError/fileMissing(path:hint:)``; ``/CLMat/CLMatError/fileDamaged(path:place:problem:)`` at the first
    ///   field that is no finite number, or could be two, or line with another number of fields;
    ///   ``/CLMat/CLMatError/dataMismatch(_:)`` if there are no points.
    public init(_ path: String) throws(CLMatError) {
        table = try NumberTable.read(path)
        (self.path, count, columns, columnNames, notes) = (path, table.count, table.columns, table.names, table.notes)
        name = URL(fileURLWithPath: path).lastPathComponent
        checksum = "\(count)x\(columns)-" + String(table.checksum, radix: 16)
    }

    /// The points at `indices`, one per row, in the unit of the file.
    public func rows(_ indices: [Int32], on device: Device) throws(CLMatError) -> Matrix {
        try rows(indices, from: [], on: device)
    }

    /// The points at `indices` less `origin`: the difference is taken in `Double`, and then rounded.
    ///
    /// - Parameter origin: a number for each column, or none: then nothing is taken off.
    /// - Throws: ``/CLMat/CLMatError/fileDamaged(path:place:problem:)`` for a difference that no 32-bit float holds;
    ///   ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` for an origin of another size; what the device throws.
    public func rows(_ indices: [Int32], from origin: [Double], on device: Device) throws(CLMatError) -> Matrix {
        try Self.check(origin, columns)
        var chosen: [Float] = []
        chosen.reserveCapacity(indices.count * columns)
        for index in indices {
            for column in 0..<columns {
                let value = table.values[Int(index) * columns + column] - (origin.isEmpty ? 0 : origin[column])
                let float = Float(value)
                guard float.isFinite else {
                    throw .fileDamaged(
                        path: path, place: table.place(Int(index), column),
                        problem: "\(value) is beyond 32-bit floats; give the column another unit")
                }
                chosen.append(float)
            }
        }
        return try Matrix(chosen, indices.count, columns, on: device)
    }

    /// The mean of the points at `indices`, of each column; zeros if there are none.
    public func mean(of indices: [Int32], on device: Device) throws(CLMatError) -> [Double] {
        var sums = [Double](repeating: 0, count: columns)
        for index in indices {
            for column in 0..<columns { sums[column] += table.values[Int(index) * columns + column] }
        }
        return sums.map { $0 / Double(max(1, indices.count)) }
    }

    static func check(_ origin: [Double], _ columns: Int) throws(CLMatError) {
        guard origin.isEmpty || origin.count == columns else {
            throw .invalidArgument(
                operation: "rows", problem: "The origin has \(origin.count) numbers, but a point has \(columns).")
        }
    }
}
