import CLMat
import Exploration
import Formats
import TestSupport
import Testing

@testable import Models

/// What a step costs a device beside its arithmetic: a GPU's host needs some ten microseconds for a launch, and a wait for numbers leaves
/// it idle. Counted where there is an OpenCL device, since the CPU has ways of its own.
@Suite(.enabled(if: !Device.openCL.isEmpty, "there is no OpenCL device"))
struct SteadyStepTests {
    /// What `steps` do beyond those before them, of a run that nobody looks at.
    private static func counts(
        of steps: ClosedRange<Int>, _ learner: (Device, Learner.Options) throws -> Learner
    ) throws -> DeviceCounts {
        func counts(_ count: Int) throws -> DeviceCounts {
            let (device, counter) = Device.openCL[0].counting()
            var options = Learner.Options(maximumSteps: count)
            options.keepsSnapshots = false
            _ = try learner(device, options).toTheEnd()
            return counter.counts
        }
        return try counts(steps.upperBound).since(counts(steps.lowerBound - 1))
    }

    private static func words(_ counts: DeviceCounts) -> Comment {
        let launches = counts.launches.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(
            separator: ", ")
        return "\(launches); \(counts)"
    }

    private static func images(_ count: Int) throws -> LabelledImages {
        var random = SplitMix64(seed: 5)
        return try LabelledImages(
            name: "noise", shape: ImageShape(height: 28, width: 28),
            pixels: random.floats(count * 784, in: 0...255).map { UInt8($0) },
            labels: (0..<count).map { UInt8($0 % 10) }, classNames: (0..<10).map { "\($0)" })
    }

    private static func network(
        _ device: Device, _ options: Learner.Options, attached: [String] = [], settings: [String: Double] = [:]
    ) throws -> Learner {
        var options = options
        options.settings = settings
        let trainer = try NetworkTrainer(.leNet5(seed: 1, on: device), title: "LeNet", test: images(20))
        return try Learner(
            trainer, data: ImageBatches(images(100), name: "noise", batchSize: 10, on: device),
            attachments: [.ldam(columns: 10, chains: 2)], attached: attached, options: options)
    }

    @Test func aTrainingStepOfLeNet() throws {
        let counts = try Self.counts(of: 6...15) { try Self.network($0, $1) }
        #expect(counts.waits == 0, Self.words(counts))
        #expect(counts.allLaunches <= 10 * 40, Self.words(counts))
        #expect(counts.readsBegun == 10)
    }

    /// Weight decay, whose gradient is finite wherever the weights are, keeps the step from waiting neither.
    @Test func aTrainingStepWithACriterion() throws {
        let settings = ["weight-l2": 1e-4, "weight-l1": 1e-5]
        let counts = try Self.counts(of: 6...15) { device, options in
            var options = options
            options.settings = settings
            let trainer = try NetworkTrainer(.leNet5(seed: 1, on: device), title: "LeNet", test: Self.images(20))
            var experiment = try Experiment(
                trainer, data: ImageBatches(Self.images(100), name: "noise", batchSize: 10, on: device))
            try experiment.put(on: [], mixins: ["weight-l2", "weight-l1"])
            return try Learner(experiment, options: options)
        }
        #expect(counts.waits == 0, Self.words(counts))
        #expect(counts.readsBegun == 10)
    }

    @Test func aSamplingStep() throws {
        let counts = try Self.counts(of: 6...15) {
            try Self.network($0, $1, attached: ["ldam"], settings: ["training": 0])
        }
        #expect(counts.waits == 0, Self.words(counts))
        #expect(counts.allLaunches <= 10 * 25, Self.words(counts))
        #expect(counts.readsBegun == 10)
    }

    @Test func aStepOfNMF() throws {
        let counts = try Self.counts(of: 6...15) { device, options in
            let data = try ImagePoints(Self.images(100), name: "noise", on: device)
            return try Learner(
                NMF(data, parts: 16, seed: 1, on: device), data: PointBatches(data, batchSize: 20, on: device),
                options: options)
        }
        #expect(counts.waits == 0, Self.words(counts))
        #expect(counts.allLaunches <= 10 * 80, Self.words(counts))
        #expect(counts.readsBegun == 10)
    }

    @Test func aStepOfLDA() throws {
        // Not the last of a pass of eight, when more is measured.
        let counts = try Self.counts(of: 10...14) { device, options in
            let corpus = try Planted(documents: 200).corpus()
            let trainer = try LDATrainer(corpus, topics: 5, on: device)
            return try Learner(trainer, data: TopicBatches(trainer), options: options)
        }
        #expect(counts.waits == 0, Self.words(counts))
        #expect(counts.allLaunches <= 5 * 12, Self.words(counts))
        #expect(counts.readsBegun == 5)
    }

    /// Which points lie where decides about the next step: the host looks once.
    @Test func aStepOfKMeans() throws {
        let counts = try Self.counts(of: 6...15) { device, options in
            let data = try ImagePoints(Self.images(100), name: "noise", on: device)
            return try Learner(
                KMeansTrainer(data, k: 8, on: device), data: PointBatches(data, batchSize: 20, on: device),
                options: options)
        }
        #expect(counts.waits <= 10, Self.words(counts))
        #expect(counts.allLaunches <= 10 * 12, Self.words(counts))
    }

    /// Numbers that are read later are those that were read at once before: a run on a device that is read ahead of is that of one
    /// in which every step is waited for.
    @Test func numbersThatComeLaterAreTheSame() throws {
        func values(isWatched: Bool) throws -> [String: [Float]] {
            var options = Learner.Options(maximumSteps: 60)
            options.keepsSnapshots = true
            let learner = try Self.network(Device.openCL[0], options, attached: ["ldam"])
            if isWatched { learner.watchSteps { position in learner.timeline.step == position.step } }
            _ = try learner.toTheEnd()
            let metrics = learner.dashboard.metrics.map(\.id)
            return Dictionary(uniqueKeysWithValues: metrics.map { ($0, learner.timeline.series($0).values) })
        }
        let (late, early) = (try values(isWatched: false), try values(isWatched: true))
        #expect(late == early)
        #expect(late["train-loss"]?.count == 60)
        #expect(late["mean-activation"]?.count == 60)
    }
}
