import CLMat
import Foundation

/// Numbers in rows of a text file, one point a line, set apart by commas, semicolons or tabs. A first line without any
/// number names the columns. Plain or packed with gzip.
public struct CSVTable: PointData {
    public let name: String
    public let count: Int
    public let columns: Int
    public let columnNames: [String]
    public let checksum: String
    private let values: [Float]

    /// - Throws: ``CLMatError/fileMissing(path:hint:)``; ``CLMatError/fileDamaged(path:place:problem:)`` at the first field
    ///   that is no finite number, or line with another number of fields; ``CLMatError/dataMismatch(_:)`` if there are no
    ///   points.
    public init(_ path: String) throws(CLMatError) {
        var bytes = try GzipFile.read(path, limit: GzipFile.standardLimit)
        // The byte order mark that spreadsheets write before UTF-8.
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
        var values: [Float] = []
        var names: [String] = []
        var (columns, count, line) = (0, 0, 0)
        let separators = Set(",;\t".utf8)
        for row in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            line += 1
            let row = row.last == UInt8(ascii: "\r") ? row.dropLast() : row
            guard row.contains(where: { $0 != UInt8(ascii: " ") }) else { continue }
            let fields = row.split(omittingEmptySubsequences: false) { separators.contains($0) }.map {
                String(decoding: $0, as: UTF8.self).trimmingCharacters(in: CharacterSet(charactersIn: " \""))
            }
            // Hexadecimal numbers are not what a table means.
            let numbers = fields.map { $0.contains { "xXpP".contains($0) } ? nil : Float($0) }
            if columns == 0, count == 0, numbers.allSatisfy({ $0 == nil }), names.isEmpty {
                (names, columns) = (fields, fields.count)
                continue
            }
            if columns == 0 { columns = fields.count }
            guard fields.count == columns else {
                throw .fileDamaged(
                    path: path, place: "line \(line)",
                    problem: "it has \(fields.count) fields, but those before have \(columns)")
            }
            for (column, number) in numbers.enumerated() {
                guard let number, number.isFinite else {
                    throw .fileDamaged(
                        path: path, place: "line \(line), column \(column + 1)",
                        problem: "'\(fields[column])' is not a finite number")
                }
                values.append(number)
            }
            count += 1
        }
        guard count > 0, columns > 0, count < Int(Int32.max) else { throw .dataMismatch("\(path) holds no points.") }
        (self.values, self.count, self.columns) = (values, count, columns)
        columnNames = names.isEmpty ? (1...columns).map { "column \($0)" } : names
        name = URL(fileURLWithPath: path).lastPathComponent
        checksum = "\(count)x\(columns)-" + String(CRC32.of(bytes), radix: 16)
    }

    public func rows(_ indices: [Int32], on device: Device) throws(CLMatError) -> Matrix {
        var chosen: [Float] = []
        chosen.reserveCapacity(indices.count * columns)
        for index in indices { chosen += values[Int(index) * columns..<(Int(index) + 1) * columns] }
        return try Matrix(chosen, indices.count, columns, on: device)
    }
}
