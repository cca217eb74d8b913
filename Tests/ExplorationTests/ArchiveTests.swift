import CLMat
import Exploration
import Formats
import Foundation
import TestSupport
import Testing

/// What a model keeps is found again, in a file too; what is not whole is refused in words.
@Suite struct ArchiveTests {
    /// Everything that an archive takes.
    struct Everything {
        var matrix: Matrix
        var maybe: Matrix?
        var absent: Matrix?
        var layers: [[Matrix]]
        var labels: IntVector
        var (floats, doubles, ints) = ([Float](), [Double](), [Int]())
        var (count, rate, isOn) = (0, 0.0, false)

        init(on device: Device, filled: Bool) throws {
            let values: [Float] = filled ? [1, -2.5, .infinity, 1.5e-38, 3, .pi] : [0, 0, 0, 0, 0, 0]
            matrix = try Matrix(values, 2, 3, on: device)
            layers = try (0..<2).map { layer in
                try (0..<2).map { try Matrix(Array(values.prefix(layer + 1)), 1, layer + 1, on: device) + Float($0) }
            }
            labels = try IntVector(filled ? [3, -1, 7] : [Int](), on: device)
            guard filled else { return }
            maybe = try Matrix(values, 3, 2, on: device)
            (floats, doubles, ints) = ([1, 2], [0.1, 1e300], [Int.max, -3])
            (count, rate, isOn) = (42, 0.1, true)
        }

        mutating func archive(_ archive: Archive) throws {
            try archive.keep("matrix", &matrix)
            try archive.keep("maybe", &maybe)
            try archive.keep("absent", &absent)
            try archive.keep("layers", &layers)
            try archive.group("inner") { () throws(CLMatError) in
                try archive.keep("matrix", &labels)
                try archive.keep("floats", &floats)
            }
            try archive.keep("doubles", &doubles)
            try archive.keep("ints", &ints)
            try archive.keep("count", &count)
            try archive.keep("rate", &rate)
            try archive.keep("is-on", &isOn)
        }

        func values() throws -> [[Float]] {
            try [matrix.values, maybe?.values ?? [], absent?.values ?? [9]]
                + layers.flatMap { try $0.map { try $0.values } }
        }
    }

    @Test(arguments: Device.all)
    func whatIsKeptIsFoundAgainInAFile(on device: Device) throws {
        try inTemporaryFolder { folder in
            var whole = try Everything(on: device, filled: true)
            let archive = Archive.writing()
            try whole.archive(archive)
            let file = folder + "/x.safetensors"
            try Safetensors.write(archive.tensors, metadata: ["note": "ü\"\\\n"], to: file)
            let (tensors, metadata) = try Safetensors.read(file)
            #expect(tensors == archive.tensors)
            #expect(metadata == ["note": "ü\"\\\n"])

            var found = try Everything(on: device, filled: false)
            try found.archive(.reading(tensors, from: file, on: device))
            #expect(try found.values() == whole.values())
            #expect(try found.labels.values == [3, -1, 7])
            #expect(found.floats == whole.floats && found.doubles == whole.doubles && found.ints == whole.ints)
            #expect(found.count == 42 && found.rate == 0.1 && found.isOn)
        }
    }

    @Test func anotherShapeAndAMissingNameAreRefused() throws {
        let archive = Archive.writing()
        var (matrix, count) = (try Matrix(zeros: Shape(2, 3), on: .cpu), 1)
        try archive.keep("m", &matrix)
        var other = try Matrix(zeros: Shape(3, 2), on: .cpu)
        let reading = Archive.reading(archive.tensors, from: "some.file", on: .cpu)
        expectRefusal(naming: "some.file") { try reading.keep("m", &other) }
        expectRefusal(naming: "some.file") { try reading.keep("n", &count) }
        expectRefusal(naming: "some.file") { try reading.keep("m", &count) }
        try reading.keep("m", &other, anyShape: true)
        #expect(other.shape == Shape(2, 3))
    }

    /// Each block is an array of its own, so that what stores one array at a time never holds the whole.
    @Test(arguments: Device.all)
    func aPowerLawMatrixIsFoundAgain(on device: Device) throws {
        let shape = try PowerLawShape.halving(features: 11, h: 2, blocks: 3)
        var whole = try PowerLawMatrix(uniform: -1...1, shape, RandomKey(seed: 1, stream: 0), on: device)
        let archive = Archive.writing()
        try archive.group("lm") { () throws(CLMatError) in try archive.keep("w", &whole) }
        #expect(archive.tensors.keys.sorted() == ["lm.w.0", "lm.w.1", "lm.w.2", "lm.w.shape"])
        #expect(archive.tensors["lm.w.1"]?.shape == [5, 2])
        var found = try PowerLawMatrix(zeros: shape, on: device)
        let reading = Archive.reading(archive.tensors, from: "some.file", on: device)
        try reading.group("lm") { () throws(CLMatError) in try reading.keep("w", &found) }
        #expect(found.shape == shape)
        #expect(try found.elements.values == whole.elements.values)

        // Another shape is taken where it may be, and refused else.
        var other = try PowerLawMatrix(zeros: .dense(11, 8), on: device)
        try reading.group("lm") { () throws(CLMatError) in
            expectRefusal(naming: "'lm.w.shape'") { try reading.keep("w", &other) }
            expectRefusal(naming: "'lm.v.shape'") { try reading.keep("v", &other) }
        }
        #expect(other.shape.isDense)
        try reading.group("lm") { () throws(CLMatError) in try reading.keep("w", &other, anyShape: true) }
        #expect(other.shape == shape)
    }

    private func expectRefusal(naming word: String, _ body: () throws -> Void) {
        do {
            try body()
            Issue.record("it was taken")
        } catch {
            #expect("\(error)".contains(word))
        }
    }
}
