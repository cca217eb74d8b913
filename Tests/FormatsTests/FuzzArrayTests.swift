import CLMat
import Formats
import Foundation
import TestSupport
import Testing

/// Damaged tables and arrays of numbers are read or refused, within bounds of memory and time; they never end the program.
@Suite struct FuzzArrayTests {
    private static let numbers = [
        "a,b\n1.5,2.5\n7.5,-8.5e1\n", "1,5;2,5\r\n7,5;8,5\r\n\r\n1.150,5;0\r\n",
        "# x\n,a,b,\n0,\"1,150\",2,\n1,\"1,160\",3,\n",
        "sep=|\r1|2\r+3|\u{2212}4\r", "  1 2\t3\n4 5  6\n1D+3 1e-3 .5\n",
        "\u{FEFF}\"x \"\"y\"\"\",2019\n1,2\n1\u{A0}150,3\n",
    ]

    @Test(arguments: [false, true])
    func tablesOfNumbers(packed: Bool) async {
        await #expect(processExitsWith: .success) { [packed] in
            let folder = try TemporaryFolder()
            var valid = Self.numbers.map { Array($0.utf8) }
            valid.append(
                ("\u{FEFF}a;b\n1,5;2\n3;4,5\n".utf16).flatMap {
                    [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)]
                })
            if packed { valid = try valid.map { try folder.packed($0) } }
            let result = try fuzz(valid, as: packed ? "t.csv.gz" : "t.csv", seed: 61) { path in
                let table = try CSVTable(path)
                #expect(table.columnNames.count == table.columns && table.count > 0)
                let indices = (0..<Int32(min(table.count, 1000))).map { $0 }
                let mean = try table.mean(of: indices, on: .cpu)
                #expect(try table.rows(indices, from: mean, on: .cpu).values.allSatisfy(\.isFinite))
            }
            #expect(result.refused > 0 && (packed || result.read > 0))
        }
    }

    /// Long rows, many rows, and fields that do not end: what they take grows with the file alone.
    @Test func longTablesStayWithinTheirSize() async {
        await #expect(processExitsWith: .success) {
            let texts = longTables()
            try inTemporaryFolder { folder in
                for text in texts {
                    let path = folder + "/t.csv"
                    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
                    let numbers = peakMemory { _ = try? CSVTable(path).count }
                    #expect(
                        numbers < mostMemory(forTableOf: text), "\(text.prefix(10)) took \(numbers >> 20) MiB")
                }
            }
        }
    }

    @Test func arrays() async {
        await #expect(processExitsWith: .success) {
            func npy(_ kind: String, _ shape: String, _ fortran: String, _ size: Int, version: UInt8 = 1) -> [UInt8] {
                let header = "{'descr': '\(kind)', 'fortran_order': \(fortran), 'shape': \(shape), }\n"
                let length = [UInt8(header.utf8.count)] + [UInt8](repeating: 0, count: version == 1 ? 1 : 3)
                return [0x93] + Array("NUMPY".utf8) + [version, 0] + length + Array(header.utf8)
                    // A number of each kind that is finite.
                    + [UInt8](repeating: 0x3C, count: size)
            }
            let valid = [
                npy("<f4", "(3, 4)", "False", 48), npy(">f8", "(2, 2)", "True", 32, version: 2),
                npy("|u1", "(2, 3, 2, 2)", "False", 24),
                npy("|u1", "(2, 2, 2, 4)", "True", 32, version: 3), npy("<i2", "(5,)", "False", 10),
                npy("|b1", "(2, 3)", "False", 6),
                npy("<f2", "(2, 3)", "True", 12),
            ]
            let result = try fuzz(valid, as: "a.npy", seed: 63, inputs: 3 * fuzzInputs()) { path in
                let file = try NPYFile(path)
                #expect(file.count > 0 && file.columns > 0)
                let indices = [0, Int32(file.count - 1)]
                #expect(try file.values(indices, from: []).allSatisfy(\.isFinite))
                #expect(
                    try file.values(indices, from: file.mean(of: indices, on: .cpu)).allSatisfy(\.isFinite))
            }
            #expect(result.refused > 0 && result.read > 0)
        }
    }
}
