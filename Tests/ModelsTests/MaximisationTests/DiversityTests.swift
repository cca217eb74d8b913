import CLMat
import Exploration
import TestSupport
import Testing

@testable import Models

@Suite struct DiversityTests {
    struct Size: Sendable {
        let chains, columns, pixels: Int
    }

    /// The mean cosine of each column's pairs in `Double`, summed over columns.
    private static func cosines(_ x: [Double], _ size: Size) -> Double {
        func centred(_ row: Int) -> [Double] {
            let own = x[row * size.pixels..<(row + 1) * size.pixels]
            let mean = own.reduce(0, +) / Double(size.pixels)
            return own.map { $0 - mean }
        }
        func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
        var sum = 0.0
        for column in 0..<size.columns {
            let images = (0..<size.chains).map { centred($0 * size.columns + column) }
            for i in 0..<size.chains {
                for j in 0..<i {
                    sum +=
                        dot(images[i], images[j])
                        / (dot(images[i], images[i]) * dot(images[j], images[j])).squareRoot()
                }
            }
        }
        return sum / Double(size.chains * (size.chains - 1) / 2)
    }

    private static func sampled(_ x: [Float], _ size: Size, on device: Device) throws -> SampledImages {
        SampledImages(
            images: try Matrix(x, size.chains * size.columns, size.pixels, on: device),
            shape: ImageShape(height: 1, width: size.pixels), columns: size.columns)
    }

    @Test(
        arguments: [
            Size(chains: 2, columns: 1, pixels: 3), Size(chains: 3, columns: 2, pixels: 7),
            Size(chains: 5, columns: 3, pixels: 65),
        ], Device.all)
    func theGradientIsThatOfTheScore(_ size: Size, on device: Device) throws {
        var random = SplitMix64(seed: 9)
        let x = random.floats(size.chains * size.columns * size.pixels, in: -1...3)
        let wide = x.map(Double.init)
        let images = try Self.sampled(x, size, on: device)
        let value = try #require(try Diversity.meanCosine(of: images))
        #expect(abs(value - Self.cosines(wide, size) / Double(size.columns)) < 1e-5)
        let gradient = try #require(try Diversity.gradient(of: images)).values
        for index in wide.indices {
            // Central differences in Double: off by h² of the third derivative, and by 1e-16/h.
            let h = 1e-4
            var (up, down) = (wide, wide)
            up[index] += h
            down[index] -= h
            let slope = -(Self.cosines(up, size) - Self.cosines(down, size)) / (2 * h)
            #expect(abs(Double(gradient[index]) - slope) < 1e-5, "\(index)")
        }
    }

    @Test(arguments: Device.all)
    func copiesAndGreyImagesHaveFiniteGradients(on device: Device) throws {
        let size = Size(chains: 3, columns: 1, pixels: 4)
        let copies = try Self.sampled([1, 2, 0, 5, 1, 2, 0, 5, 1, 2, 0, 5], size, on: device)
        #expect(try abs(#require(try Diversity.meanCosine(of: copies)) - 1) < 1e-5)
        let push = try #require(try Diversity.gradient(of: copies)).values
        #expect(push.allSatisfy { abs($0) < 1e-5 })
        let grey = try Self.sampled([1, 2, 0, 5, 2, 2, 2, 2, 0, 0, 0, 0], size, on: device)
        #expect(try #require(try Diversity.gradient(of: grey)).values.allSatisfy(\.isFinite))
    }

    @Test func oneChainPerColumnHasNoPairs() throws {
        let images = try Self.sampled([1, 2, 3, 4, 5, 6], Size(chains: 1, columns: 2, pixels: 3), on: .cpu)
        let context = MixinContext(step: Step(1, seed: 1))
        var diversity = Diversity()
        #expect(try Diversity.meanCosine(of: images) == nil)
        #expect(try diversity.gradient(of: images, context) == nil)
        let none = SampledImages(
            images: try Matrix(zeros: Shape(0, 3), on: .cpu), shape: ImageShape(height: 1, width: 3), columns: 0)
        #expect(try diversity.gradient(of: none, context) == nil)
    }

    /// It is off at first, and pushes chains apart when it is given a weight.
    @Test func chainsOfAColumnArePushedApart() throws {
        func run(_ weight: Double) throws -> (cosine: Double, activation: Double) {
            let experiment = try Experiment(
                SmallWorld.trainer(on: .cpu), data: SmallWorld.batches(on: .cpu),
                attachments: [.ldam(columns: 4, chains: 3)], attached: ["ldam"])
            let learner = try Learner(experiment, options: .init(maximumSteps: 150, settings: ["diversity": weight]))
            learner.start()
            learner.wait()
            #expect(learner.status.error == nil && learner.status.warnings.isEmpty)
            let values = learner.timeline.lastValues
            #expect((values["diversity-cosine"] == nil) == (weight == 0))
            return (try #require(values["chain-cosine"]), try #require(values["mean-activation"]))
        }
        let (off, on) = (try run(0), try run(1))
        #expect(on.cosine < off.cosine - 0.2, "\(off) \(on)")
    }
}
