import CLMat
import Foundation

extension NPYFile {
    /// Writes a matrix as NumPy's `numpy.load` reads it: little-endian 32-bit floats, row by row.
    ///
    /// - Throws: ``/CLMat/CLMatError/fileNotWritable(path:reason:)``.
    /// - Source: NumPy's format, version 1.0 (numpy.lib.format).
    public static func write(_ matrix: Matrix, to path: String) throws(CLMatError) {
        try write(try matrix.values, matrix.rows, matrix.columns, to: path)
    }

    /// The same from values on the host.
    public static func write(_ values: [Float], _ rows: Int, _ columns: Int, to path: String) throws(CLMatError) {
        guard values.count == rows * columns else {
            throw .shapeMismatch(
                operation: "NPYFile.write", left: Shape(1, values.count), right: Shape(rows, columns),
                rule: "There must be rows × columns values.")
        }
        var header = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(rows), \(columns)), }"
        // The data begins at a multiple of 64 bytes.
        header += String(repeating: " ", count: 63 - (10 + header.utf8.count) % 64) + "\n"
        let length = UInt16(header.utf8.count)
        var data = Data([0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)])
        data.append(contentsOf: header.utf8)
        values.withUnsafeBytes { data.append(contentsOf: $0) }
        try Files.write(data, to: path)
    }
}
