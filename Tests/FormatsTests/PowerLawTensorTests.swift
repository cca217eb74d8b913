import CLMat
import Foundation
import TestSupport
import Testing

@testable import Formats

@Suite struct PowerLawTensorTests {
    static let shapes = [
        try? PowerLawShape.halving(features: 9, h: 2, blocks: 3), try? .dense(4, 3),
        try? .differentiated([(2, 3), (5, 1)]),
        try? .power(features: 16, width: 4, tailHeight: 0.25),
    ].compactMap { $0 }

    @Test(arguments: shapes, Device.all)
    func aMatrixIsWrittenAndRead(_ shape: PowerLawShape, on device: Device) throws {
        let folder = try TemporaryFolder()
        let w = try PowerLawMatrix(uniform: -1...1, shape, RandomKey(seed: 2, stream: 0), on: device)
        let file = folder.path + "/w.safetensors"
        try Safetensors.write(w.tensors(named: "embedding"), to: file)
        let (tensors, _) = try Safetensors.read(file)
        #expect(tensors.count == shape.blocks.count + 1)
        let read = try PowerLawMatrix(tensors, named: "embedding", from: file, on: device)
        #expect(read.shape == shape)
        #expect(try read.elements.values == w.elements.values)
        let first = try #require(tensors["embedding.0"])
        #expect(first.shape == [shape.blocks[0].ranks.count, shape.blocks[0].columns.count])
        #expect(try first.floats == w.block(0).values)
    }

    /// What a file can have wrong: which array is named, and with what words.
    static let damages:
        [(array: String, words: String, change: @Sendable (inout [String: Safetensors.Tensor]) -> Void)] = [
            ("w.shape", "not there", { $0["w.shape"] = nil }),
            ("w.1", "not there", { $0["w.1"] = nil }),
            ("w.shape", "F32", { $0["w.shape"] = $0["w.0"] }),
            ("w.0", "[4, 2]", { $0["w.0"] = $0["w.1"] }),
            ("w.1", "I64", { $0["w.1"] = $0["w.shape"] }),
            ("w.shape", "7 numbers", { $0["w.shape"] = ints([9, 4, 0, 9, 0, 2, 3]) }),
            ("w.shape", "overlaps", { $0["w.shape"] = ints([9, 4, 0, 9, 0, 2, 0, 4, 1, 4]) }),
            ("w.shape", "ends before it begins", { $0["w.shape"] = ints([9, 4, 9, 0, 0, 2, 0, 4, 2, 4]) }),
            ("w.shape", "more than", { $0["w.shape"] = ints([1 << 40, 1 << 40, 0, 1 << 40, 0, 1 << 40]) }),
            ("w.shape", "at least 1", { $0["w.shape"] = ints([0, -4, 0, 9, 0, 2]) }),
            ("w.shape", "does not lie within", { $0["w.shape"] = ints([9, 4, -3, 9, 0, 2]) }),
        ]

    static func ints(_ numbers: [Int64]) -> Safetensors.Tensor {
        Safetensors.Tensor(kind: .int64, shape: [numbers.count], bytes: numbers.withUnsafeBytes { Data($0) })
    }

    @Test(arguments: damages.indices)
    func whatDoesNotFitIsRefused(_ index: Int) throws {
        let (array, words, change) = Self.damages[index]
        let shape = try PowerLawShape.halving(features: 9, h: 2, blocks: 2)
        var tensors = try PowerLawMatrix(zeros: shape, on: .cpu).tensors(named: "w")
        change(&tensors)
        let found = try #require(damage { _ = try PowerLawMatrix(tensors, named: "w", from: "x", on: .cpu) })
        #expect(found.place == "'\(array)'")
        #expect(found.problem.contains(words), "\(found.problem)")
    }
}
