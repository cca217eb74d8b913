import CLMat
import Exploration
import Testing

@testable import Models

@Suite struct LikenessTests {
    private static let shape = ImageShape(height: 5, width: 7)

    /// 30 images of three classes, of values that repeat nowhere; class 1 has an image of one grey.
    private static func images() throws -> LabelledImages {
        let count = 30
        var pixels = RandomKey(seed: 3, stream: 99).uniforms(count * shape.count).map { UInt8($0 * 255) }
        for i in 0..<shape.count { pixels[4 * shape.count + i] = 100 }
        return try LabelledImages(
            name: "made", shape: shape, pixels: pixels, labels: (0..<count).map { UInt8($0 % 3) },
            classNames: ["a", "b", "c"])
    }

    /// As it is defined, in Double.
    private static func cosine(_ a: [Double], _ b: [Double]) -> Double {
        func unit(_ v: [Double]) -> [Double] {
            let mean = v.reduce(0, +) / Double(v.count)
            let centred = v.map { $0 - mean }
            let length = centred.reduce(0) { $0 + $1 * $1 }.squareRoot()
            return length > 0 ? centred.map { $0 / length } : centred
        }
        return zip(unit(a), unit(b)).reduce(0) { $0 + $1.0 * $1.1 }
    }

    @Test(arguments: Device.all)
    func theNearestExampleIsTheOneOfTheLargestCosine(on device: Device) throws {
        let data = try Self.images()
        let examples = try ImageExamples(data, on: device)
        let size = Self.shape.count
        let images = RandomKey(seed: 4, stream: 99).uniforms(11 * size).map { Float(3 * $0 - 1.5) }
        let classes = (0..<11).map { $0 * 7 % 3 }
        let found = try examples.nearest(to: Matrix(images, 11, size, on: device), ofClasses: classes)
        for row in 0..<11 {
            let positive = images[row * size..<(row + 1) * size].map { Double(max($0, 0)) }
            let cosines = (0..<data.count).filter { Int(data.labels[$0]) == classes[row] }.map { index in
                (index, Self.cosine(positive, data.pixels[index * size..<(index + 1) * size].map { Double($0) }))
            }
            let best = try #require(cosines.max { $0.1 < $1.1 })
            let match = try #require(found[row])
            #expect(match.index == best.0)
            #expect(abs(match.cosine - best.1) < 1e-5)
        }
    }

    @Test(arguments: Device.all)
    func anImageOfTheDataIsLikeItself(on device: Device) throws {
        let data = try Self.images()
        let examples = try ImageExamples(data, on: device)
        let size = Self.shape.count
        let own = data.pixels[7 * size..<8 * size].map { Float($0) / 255 }
        // As bright and as contrasty as one likes, and with what is below 0 left out.
        let other = own.map { 40 * $0 + 3 }
        let found = try examples.nearest(to: Matrix(own + other, 2, size, on: device), ofClasses: [1, 1])
        for match in found {
            #expect(match?.index == 7)
            #expect(abs((match?.cosine ?? 0) - 1) < 1e-5)
        }
    }

    @Test(arguments: Device.all)
    func whatIsNoImageIsLikeNothing(on device: Device) throws {
        let size = Self.shape.count
        let examples = try ImageExamples(Self.images(), on: device)
        let dark = [Float](repeating: -1, count: size)
        let lost = [Float](repeating: .nan, count: size)
        #expect(try examples.nearest(to: Matrix(dark + lost, 2, size, on: device), ofClasses: [0, 2]) == [nil, nil])
        #expect(try examples.nearest(to: Matrix([], 0, size, on: device), ofClasses: []).isEmpty)
        #expect(throws: CLMatError.self) { try examples.nearest(to: Matrix(dark, 1, size, on: device), ofClasses: [3]) }
        #expect(throws: CLMatError.self) { try examples.nearest(to: Matrix(dark, 1, size, on: device), ofClasses: []) }
        #expect(throws: CLMatError.self) {
            try examples.nearest(to: Matrix([1, 2, 3], 1, 3, on: device), ofClasses: [0])
        }
    }

    @Test func fewerExamplesAreSpreadOverTheData() throws {
        let data = try Self.images()
        let examples = try ImageExamples(data, limit: 5, on: .cpu)
        let size = Self.shape.count
        // Of class 0's images 0, 3, 6, … every other one.
        let all = try Matrix(data.pixels.map { Float($0) }, data.count, size, on: .cpu)
        let found = try examples.nearest(to: all, ofClasses: data.labels.map { Int($0) })
        let ofClass0 = stride(from: 0, to: data.count, by: 3).compactMap { found[$0].map(\.index) }
        #expect(Set(ofClass0).isSubset(of: [0, 6, 12, 18, 24]))
        #expect(found[12]?.index == 12)
    }

    @Test func chainsThatAreAlikeHaveCosineOne() throws {
        // Two columns of three chains of four pixels.
        let (a, b): ([Float], [Float]) = ([0, 1, 2, 5], [3, 1, 0, 0])
        func scaled(_ v: [Float], _ c: Float, _ d: Float) -> [Float] { v.map { c * $0 + d } }
        let alike: [Float] = a + b + scaled(a, 2, 1) + scaled(b, 5, -4) + scaled(a, 0.1, 0) + b
        let ofAlike = try #require(ChainLikeness.meanCosine(alike, rows: 6, columns: 2))
        #expect(abs(ofAlike - 1) < 1e-6)
        // By pairs, as it is defined: column 0 has a, −a, a; column 1 has three alike.
        let mixed = a + b + scaled(a, -1, 0) + b + a + b
        let ofMixed = try #require(ChainLikeness.meanCosine(mixed, rows: 6, columns: 2))
        #expect(abs(ofMixed - (-1.0 / 3 + 1) / 2) < 1e-6)
        #expect(ChainLikeness.meanCosine(a + b, rows: 2, columns: 2) == nil)
        #expect(ChainLikeness.meanCosine([], rows: 0, columns: 0) == nil)
        // A column with a blank image, or one that is not of numbers, is left out.
        let grey: [Float] = [1, 1, 1, 1]
        let ofGrey = try #require(ChainLikeness.meanCosine(a + b + grey + b, rows: 4, columns: 2))
        #expect(abs(ofGrey - 1) < 1e-6)
        let lost: [Float] = [.nan, 0, 0, 1, .infinity, 0, 0, 0]
        #expect(ChainLikeness.meanCosine(a + a + lost, rows: 4, columns: 2) == nil)
        let means = ChainLikeness.columnMeans(a + b + scaled(a, 3, 0) + b, rows: 4, columns: 2)
        #expect(means == scaled(a, 2, 0) + b)
    }

    @Test(arguments: Device.all)
    func theSamplerMeasuresItself(on device: Device) throws {
        let learner = try SmallWorld.run(steps: 101, on: device, attached: ["ldam"])
        let last = learner.timeline.lastValues
        let likeness = try #require(last["likeness"])
        #expect(likeness > 0.3 && likeness <= 1)
        #expect(learner.timeline.series("likeness").steps == [1, 26, 51, 76, 101])
        // The figure shows the averages that were measured.
        let grid = try #require(try learner.content(of: "samples") as? ImageGrid)
        let averages = grid.cells.flatMap(\.values)
        let cosine = try #require(ChainLikeness.meanCosine(averages, rows: grid.cells.count, columns: grid.columns))
        #expect(abs(try #require(last["chain-cosine"]) - cosine) < 1e-6)
        #expect(last["columns-kept"] == 1)
    }

    @Test func neuronsWithinTheNetworkAreLikeNoClass() throws {
        let learner = try SmallWorld.run(steps: 30, on: .cpu, attached: ["ldam"], settings: ["layer": 1])
        #expect(learner.timeline.lastValues["likeness"] == nil && learner.timeline.lastValues["columns-kept"] == nil)
        #expect(learner.timeline.lastValues["chain-cosine"] != nil)
    }
}
