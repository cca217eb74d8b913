import TestSupport
import Testing

@testable import CLMat

/// Matrices that are parts of one row are values like others, and an update of all is that of each.
@Suite struct PackedRowTests {
    static func matrices(_ seed: UInt64, on device: Device) throws -> [[Matrix]] {
        var random = SplitMix64(seed: seed)
        func matrix(_ rows: Int, _ columns: Int) throws -> Matrix {
            try Matrix(random.floats(rows * columns, in: -1...1), rows, columns, on: device)
        }
        return [[], [try matrix(20, 25), try matrix(1, 20)], [], [try matrix(3, 67), try matrix(1, 3)]]
    }

    static func values(_ matrices: [[Matrix]]) throws -> [[[Float]]] {
        try matrices.map { try $0.map { try $0.values } }
    }

    @Test(arguments: Device.all)
    func anUpdateOfAllIsThatOfEach(on device: Device) throws {
        var (w, v, s) = (
            try Self.matrices(1, on: device), try Self.matrices(2, on: device), try Self.matrices(3, on: device)
        )
        for i in s.indices { for j in s[i].indices { s[i][j] = try s[i][j].absolute() } }
        var (w1, v1, s1) = (w, v, s)
        var mean = try Self.matrices(5, on: device)
        var mean1 = mean
        for step in 0..<3 {
            let g = try Self.matrices(10 + UInt64(step), on: device)
            try Matrix.rmsPropStep(
                &w, g, meanSquares: &s, velocities: &v, rate: 0.1, momentum: 0.9, alpha: 0.9, epsilon: 1e-8,
                form: .pyTorch)
            try Matrix.sgdStep(&w, g, velocities: &v, rate: 0.2, momentum: 0.8)
            try Matrix.lerp(&mean, to: w, weight: 0.25)
            try Matrix.adamStep(&w, g, means: &v, meanSquares: &s, step: step + 1, rate: 0.01, l2: 0.1, decay: 0.2)
            for i in w.indices {
                for j in w[i].indices {
                    try w1[i][j].rmsPropStep(
                        g[i][j], meanSquare: &s1[i][j], velocity: &v1[i][j], rate: 0.1, momentum: 0.9, alpha: 0.9,
                        epsilon: 1e-8, form: .pyTorch)
                    try w1[i][j].sgdStep(g[i][j], velocity: &v1[i][j], rate: 0.2, momentum: 0.8)
                    try mean1[i][j].lerp(to: w1[i][j], weight: 0.25)
                    try w1[i][j].adamStep(
                        g[i][j], mean: &v1[i][j], meanSquare: &s1[i][j], step: step + 1, rate: 0.01, l2: 0.1,
                        decay: 0.2)
                }
            }
        }
        #expect(try Self.values(w) == Self.values(w1))
        #expect(try Self.values(v) == Self.values(v1))
        #expect(try Self.values(s) == Self.values(s1))
        #expect(try Self.values(mean) == Self.values(mean1))
        let areOneRow = w[1][0].memory.identity == w[3][1].memory.identity
        #expect(areOneRow == (device.kind != .cpu), "on OpenCL devices they are parts of one row")
    }

    /// A snapshot, or one matrix that somebody took, stays as it was.
    @Test(arguments: Device.all)
    func whatIsHeldElsewhereStays(on device: Device) throws {
        var (w, v) = (try Self.matrices(1, on: device), try Self.matrices(2, on: device))
        let g = try Self.matrices(3, on: device)
        func step() throws { try Matrix.sgdStep(&w, g, velocities: &v, rate: 0.1, momentum: 0.9) }
        try step()
        let (snapshot, one) = (w, v[1][1])
        let (before, oneBefore) = (try Self.values(w), try one.values)
        try step()
        #expect(try Self.values(snapshot) == before)
        #expect(try one.values == oneBefore)
        #expect(try Self.values(w) != before)
        #expect(snapshot[1][0].memory.identity != w[1][0].memory.identity)

        // The other way round: a change of one matrix leaves its row and its copies alone.
        let kept = w
        let ofAll = try Self.values(w)
        try w[1][0].fill(with: 0)
        #expect(try Self.values(kept) == ofAll)
        #expect(try Self.values(w)[1][1] == ofAll[1][1])
        #expect(try w[1][0].values.allSatisfy { $0 == 0 })
        // And it is packed again.
        try step()
        #expect((w[1][0].memory.identity == w[3][0].memory.identity) == (device.kind != .cpu))
    }

    @Test(arguments: Device.all)
    func aPartIsChangedInPlaceAlone(on device: Device) throws {
        var (w, v) = (try Self.matrices(1, on: device), try Self.matrices(2, on: device))
        try Matrix.sgdStep(&w, Self.matrices(3, on: device), velocities: &v, rate: 0.1, momentum: 0.9)
        let before = try Self.values(w)
        let reshaped = try w[1][0].reshaped(25, 20)
        try w[1][0].scale(by: 2)
        #expect(try reshaped.values == before[1][0])
        #expect(try w[1][0].values == before[1][0].map { 2 * $0 })
        try w[3][0].scale(by: 3)
        #expect(try w[3][0].values == before[3][0].map { 3 * $0 })
        #expect(try w[1][1].values == before[1][1])
        #expect(try w[3][1].values == before[3][1])
    }

    @Test func matricesThatDoNotFitAreRefused() throws {
        var (w, v) = (try Self.matrices(1, on: .cpu), try Self.matrices(2, on: .cpu))
        var g = try Self.matrices(3, on: .cpu)
        g[1][0] = try Matrix(zeros: Shape(2, 2), on: .cpu)
        #expect(throws: CLMatError.self) { try Matrix.sgdStep(&w, g, velocities: &v, rate: 0.1, momentum: 0.9) }
        g.removeLast()
        #expect(throws: CLMatError.self) { try Matrix.lerp(&w, to: g, weight: 0.5) }
    }
}
