import CLMat
import TestSupport
import Testing

@Suite struct PowerLawBlockProductTests {
    /// Ranks 0–4 × 6, 5–11 × 3, 12 × 1.
    private static func matrix(on device: Device) throws -> PowerLawMatrix {
        let shape = try PowerLawShape(
            rows: 13, columns: 6,
            blocks: [
                .init(ranks: 0..<5, columns: 0..<6), .init(ranks: 5..<12, columns: 0..<3),
                .init(ranks: 12..<13, columns: 0..<1),
            ])
        return try PowerLawMatrix(uniform: -1...1, shape, RandomKey(seed: 1, stream: 0), on: device)
    }

    /// Each of them against the block as a matrix of its own. A product of at most 13 terms below 1: within 13 · 13ε, twice.
    @Test(arguments: 0..<3, Device.all)
    func areThoseOfTheBlockAlone(_ index: Int, on device: Device) throws {
        var w = try Self.matrix(on: device)
        let block = try w.block(index)
        func random(_ rows: Int, _ columns: Int, _ stream: UInt32) throws -> Matrix {
            try Matrix(uniform: -1...1, RandomKey(seed: 2, stream: stream), Shape(rows, columns), on: device)
        }
        func expectSame(_ a: Matrix, _ b: Matrix) throws {
            #expect(a.shape == b.shape)
            for (x, y) in zip(try a.values, try b.values) { #expect(abs(x - y) < 5e-5) }
        }
        let wide = try random(11, block.columns, 1)
        var scores = try random(9, block.rows + 2, 2)
        let before = scores
        try scores.multiply(
            wide.block(rows: 2..<9), block: index, of: w, transposing: .right, beta: 1,
            into: MatrixRange(rows: 1..<8, columns: 2..<block.rows + 2))
        let product = try wide.slice(rows: 2..<9).matmul(block, transposing: .right)
        try expectSame(
            scores.slice(rows: 1..<8, columns: 2..<block.rows + 2),
            product + before.slice(rows: 1..<8, columns: 2..<block.rows + 2))
        #expect(try scores.slice(columns: 0..<2).values == before.slice(columns: 0..<2).values)

        let tall = try random(4, block.rows, 3)
        var back = try Matrix(zeros: Shape(4, block.columns), on: device)
        try back.multiply(tall.block(), block: index, of: w)
        try expectSame(back, tall.matmul(block))

        let (g, x) = (try random(7, block.rows, 4), try random(7, block.columns, 5))
        let others = try w.blocks
        try w.multiply(g.block(), x.block(), transposing: .left, beta: 1, intoBlock: index)
        try expectSame(w.block(index), block + g.matmul(x, transposing: .left))
        for other in 0..<3 where other != index { #expect(try w.block(other).values == others[other].values) }
    }

    @Test func whatDoesNotFitIsRefused() throws {
        var w = try Self.matrix(on: .cpu)
        let x = try Matrix(zeros: Shape(2, 3), on: .cpu)
        var target = try Matrix(zeros: Shape(2, 7), on: .cpu)
        let before = try w.elements.values
        #expect(throws: CLMatError.self) { try target.multiply(x.block(), block: 3, of: w, transposing: .right) }
        #expect(throws: CLMatError.self) { try target.multiply(x.block(), block: 1, of: w) }
        #expect(throws: CLMatError.self) { try target.multiply(x.block(), block: 0, of: w, transposing: .right) }
        #expect(throws: CLMatError.self) {
            try target.multiply(x.block(rows: 1..<3), block: 1, of: w, transposing: .right)
        }
        #expect(throws: CLMatError.self) { try w.multiply(x.block(), x.block(), transposing: .left, intoBlock: 1) }
        #expect(throws: CLMatError.self) {
            try w.multiply(target.block(), x.block(), transposing: .left, intoBlock: -1)
        }
        try target.multiply(x.block(), block: 1, of: w, transposing: .right)
        #expect(try w.elements.values == before)
    }

    @Test func rowsOfABlockAreGathered() throws {
        let matrix = try Matrix((0..<12).map(Float.init), 6, 2, on: .cpu)
        let block = matrix.block(rows: 2..<5)
        #expect(try block.gatherRows([2, 0, 2]).values == [8, 9, 4, 5, 8, 9])
        for wrong in [Int32(3), -1, .max] {
            #expect(throws: CLMatError.self) { try block.gatherRows([0, wrong]) }
        }
        #expect(throws: CLMatError.self) { try matrix.block(columns: 0..<1).gatherRows([0]) }
    }
}
