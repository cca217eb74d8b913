import Foundation
import TestSupport
import Testing

@testable import CLMat
@testable import ModelOperations

/// Arguments that do not fit each other: a typed error, and nothing changed.
extension TopicKernelTests {
    /// A round that would be done, and what is changed so that it must not be.
    struct Attempt {
        var documents: SparseCounts
        var theta: Matrix
        var phi: Matrix
        var alpha: [Float]
        var sampling: TopicSampling
        var counts: TopicCounts?
        var statistics: Matrix
        var first = 0
        var rounds = 1
        var key = RandomKey(seed: 1, stream: 0)
        var sampler: TopicSampler

        init(on d: Device) throws {
            let rows = try SparseRows(columns: 4, starts: [0, 1, 3], indices: [0, 1, 3], counts: [1, 2, 3])
            documents = try SparseCounts(rows, on: d)
            theta = try Matrix(filledWith: 1, Shape(2, 3), on: d)
            phi = try Matrix(filledWith: 1, Shape(4, 3), on: d)
            alpha = [1, 1, 1]
            sampling = TopicSampling(.poisson, samples: 2, topics: 3)
            counts = try TopicCounts(words: 4, topics: 3, on: d)
            statistics = try Matrix(filledWith: 1, Shape(4, 3), on: d)
            sampler = try TopicSampler(words: 4, topics: 3, on: d)
        }
        mutating func sample() throws {
            _ = try sampler.sample(
                documents, theta: &theta, phi: phi, alpha: alpha, by: sampling, counts: &counts, first: first, key)
        }
        mutating func merge() throws {
            var own = counts!
            defer { counts = own }
            try sampler.merge(into: &statistics, replacing: &own, by: sampling)
        }
        mutating func normalise() throws { _ = try sampler.normalise(statistics, beta: 1, into: &phi) }
        mutating func infer() throws {
            try sampler.infer(documents, theta: &theta, phi: phi, alpha: alpha, rounds: rounds)
        }
        mutating func score() throws { _ = try sampler.logLikelihood(of: documents, theta: theta, phi: phi) }
    }

    struct TopicRefusal: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let error: String
        /// Changes what fits, with the help of a second device.
        let spoil: @Sendable (inout Attempt, Device) throws -> Void
        let tries: [@Sendable (inout Attempt) throws -> Void]

        init(
            _ name: String, _ error: String, in tries: [@Sendable (inout Attempt) throws -> Void],
            _ spoil: @escaping @Sendable (inout Attempt, Device) throws -> Void
        ) {
            (testDescription, self.error, self.tries, self.spoil) = (name, error, tries, spoil)
        }
    }

    private static let sampleOnly: [@Sendable (inout Attempt) throws -> Void] = [{ try $0.sample() }]
    private static let onDocuments: [@Sendable (inout Attempt) throws -> Void] = [
        { try $0.sample() }, { try $0.infer() }, { try $0.score() },
    ]
    private static let onStatistics: [@Sendable (inout Attempt) throws -> Void] = [
        { try $0.merge() }, { try $0.normalise() },
    ]
    private static let samplingOnly: [@Sendable (inout Attempt) throws -> Void] = [
        { try $0.sample() }, { try $0.merge() },
    ]

    static let refusals = [
        TopicRefusal("rows of θ", "shapeMismatch", in: onDocuments) {
            $0.theta = try Matrix(zeros: Shape(3, 3), on: $1)
        },
        TopicRefusal("columns of θ", "shapeMismatch", in: onDocuments) {
            $0.theta = try Matrix(zeros: Shape(2, 4), on: $1)
        },
        TopicRefusal("rows of φ", "shapeMismatch", in: onDocuments) { $0.phi = try Matrix(zeros: Shape(5, 3), on: $1) },
        TopicRefusal("φ on its side", "shapeMismatch", in: onDocuments + [{ try $0.normalise() }]) {
            $0.phi = try Matrix(zeros: Shape(3, 4), on: $1)
        },
        TopicRefusal("too few α", "shapeMismatch", in: [{ try $0.sample() }, { try $0.infer() }]) { a, _ in
            a.alpha = [1, 1]
        },
        TopicRefusal("documents of more words", "shapeMismatch", in: onDocuments) { a, d in
            a.documents = try SparseCounts(
                SparseRows(columns: 5, starts: [0, 1, 2], indices: [4, 4], counts: [1, 1]), on: d)
        },
        TopicRefusal("statistics and φ of another shape", "shapeMismatch", in: onStatistics) { a, d in
            a.statistics = try Matrix(zeros: Shape(4, 5), on: d)
            a.phi = a.statistics
        },
        TopicRefusal("counts of another shape", "shapeMismatch", in: samplingOnly) {
            $0.counts = try TopicCounts(words: 3, topics: 4, on: $1)
        },
        TopicRefusal("too few rates", "invalidArgument", in: samplingOnly) { a, _ in a.sampling.rates = [1, 1] },
        TopicRefusal("no rates", "invalidArgument", in: samplingOnly) { a, _ in a.sampling.rates = [] },
        TopicRefusal("no rates, multinomial", "invalidArgument", in: samplingOnly) { a, _ in
            a.sampling = TopicSampling(.multinomial, samples: 1, topics: 0)
        },
        TopicRefusal("a rate of 0", "invalidArgument", in: samplingOnly) { a, _ in a.sampling.rates[1] = 0 },
        TopicRefusal("a rate of NaN", "invalidArgument", in: samplingOnly) { a, _ in a.sampling.rates[1] = .nan },
        TopicRefusal("a negative rate", "invalidArgument", in: samplingOnly) { a, _ in a.sampling.rates[2] = -1 },
        TopicRefusal("an infinite rate", "invalidArgument", in: samplingOnly) { a, _ in
            a.sampling.rates[2] = .infinity
        },
        TopicRefusal("a multinomial rate of NaN", "invalidArgument", in: samplingOnly) { a, _ in
            a.sampling = TopicSampling(.multinomial, samples: .nan, topics: 3)
        },
        TopicRefusal("a million and one samples", "invalidArgument", in: samplingOnly) { a, _ in
            a.sampling.rates[0] = 1_000_001
        },
        TopicRefusal("samples past 2³¹", "invalidArgument", in: sampleOnly) { a, d in
            a.documents = try SparseCounts(
                SparseRows(columns: 4, starts: [0, 1, 1], indices: [0], counts: [3_000]), on: d)
            a.sampling = TopicSampling(.multinomial, samples: 1e6, topics: 3)
        },
        TopicRefusal("a stream of 256", "invalidArgument", in: sampleOnly) { a, _ in a.key.stream = 256 },
        TopicRefusal("a step of 2⁴⁸", "invalidArgument", in: sampleOnly) { a, _ in a.key.step = 1 << 48 },
        TopicRefusal("a negative first", "invalidArgument", in: sampleOnly) { a, _ in a.first = -1 },
        TopicRefusal("a first of 2³²", "invalidArgument", in: sampleOnly) { a, _ in a.first = 1 << 32 },
        TopicRefusal("an endless first", "invalidArgument", in: sampleOnly) { a, _ in a.first = .max },
        TopicRefusal("no rounds", "invalidArgument", in: [{ try $0.infer() }]) { a, _ in a.rounds = 0 },
        TopicRefusal("endless rounds", "invalidArgument", in: [{ try $0.infer() }]) { a, _ in a.rounds = .max },
    ]

    private static func expectRefused(_ refusal: TopicRefusal, _ error: String, _ own: Device, _ other: Device) throws {
        for (index, attempt) in refusal.tries.enumerated() {
            var state = try Attempt(on: own)
            try refusal.spoil(&state, other)
            let before = state
            #expect(thrownCase { try attempt(&state) } == error, "attempt \(index)")
            try expectNone(bitDifference(state.theta.values, before.theta.values))
            try expectNone(bitDifference(state.phi.values, before.phi.values))
            try expectNone(bitDifference(state.statistics.values, before.statistics.values))
            #expect(try state.counts?.counts.values == before.counts?.counts.values)
            #expect(state.counts?.rates == before.counts?.rates)
        }
    }

    @Test(arguments: refusals, Device.all)
    func whatDoesNotFitThrowsAndChangesNothing(_ refusal: TopicRefusal, on device: Device) throws {
        try Self.expectRefused(refusal, refusal.error, device, device)
    }

    /// What is refused above is refused for its one change alone.
    @Test(arguments: Device.all)
    func whatFitsIsDone(on device: Device) throws {
        for attempt in Self.onDocuments + Self.onStatistics {
            var state = try Attempt(on: device)
            try attempt(&state)
        }
    }

    static let twoDevices = [
        TopicRefusal("documents", "", in: onDocuments) { a, d in
            a.documents = try SparseCounts(
                SparseRows(columns: 4, starts: [0, 1, 1], indices: [0], counts: [3]), on: d)
        },
        TopicRefusal("θ", "", in: onDocuments) { $0.theta = try Matrix(zeros: Shape(2, 3), on: $1) },
        TopicRefusal("φ", "", in: onDocuments + [{ try $0.normalise() }]) {
            $0.phi = try Matrix(zeros: Shape(4, 3), on: $1)
        },
        TopicRefusal("statistics", "", in: onStatistics) { $0.statistics = try Matrix(zeros: Shape(4, 3), on: $1) },
        TopicRefusal("statistics and φ", "", in: onStatistics) { a, d in
            a.statistics = try Matrix(zeros: Shape(4, 3), on: d)
            a.phi = a.statistics
        },
        TopicRefusal("counts", "", in: samplingOnly) { $0.counts = try TopicCounts(words: 4, topics: 3, on: $1) },
    ]

    @Test(arguments: twoDevices, Device.openCL)
    func operandsOnTwoDevicesThrowAndChangeNothing(_ refusal: TopicRefusal, with device: Device) throws {
        for (own, other) in [(Device.cpu, device), (device, Device.cpu)] {
            try Self.expectRefused(refusal, "deviceMismatch", own, other)
        }
    }

    @Test(arguments: Device.all)
    func sizesThatCannotBeThrow(on device: Device) throws {
        for (words, topics) in [(4, 0), (4, -1), (4, 2049), (-1, 3), (1 << 40, 3), (.max, 2048), (1 << 21, 2048)] {
            #expect(
                thrownCase { _ = try TopicSampler(words: words, topics: topics, on: device) } == "invalidArgument",
                "\(words) × \(topics)")
        }
        for (words, topics) in [(-1, 3), (3, -1), (Int.max, 2), (1 << 31, 1)] {
            #expect(
                thrownCase { _ = try TopicCounts(words: words, topics: topics, on: device) } == "invalidArgument",
                "\(words) × \(topics)")
        }
        let six = try IntVector([1, 2, 3, 4, 5, 6] as [Int32], on: device)
        for words in [1, -2, .max, 7] {
            #expect(thrownCase { _ = try TopicCounts(six, rates: [1, 1], words: words) } == "shapeMismatch")
        }
        for rate: Float in [0, -1, .nan, .infinity] {
            #expect(thrownCase { _ = try TopicCounts(six, rates: [1, rate], words: 3) } == "invalidArgument")
        }
        #expect(try TopicCounts(six, rates: [1, 1], words: 3).shape == Shape(3, 2))
    }

    @Test(arguments: Device.all)
    func keysOfNumbersAreRefusedToo(on device: Device) throws {
        let ones = try Matrix(filledWith: 1, Shape(1, 3), on: device)
        let three = try IntVector([1, 2, 3] as [Int32], on: device)
        for key in [
            RandomKey(seed: 1, stream: 256), RandomKey(seed: 1, step: 1 << 48, stream: 0),
            RandomKey(seed: 1, step: -1, stream: 0),
        ] {
            #expect(thrownCase { _ = try Matrix(gamma: ones, key) } == "invalidArgument")
            #expect(thrownCase { _ = try IntVector(poisson: ones, key) } == "invalidArgument")
            #expect(thrownCase { _ = try IntVector(binomial: three, chances: ones, key) } == "invalidArgument")
        }
        let key = RandomKey(seed: 1, stream: 0)
        let two = try Matrix(filledWith: 1, Shape(1, 2), on: device)
        #expect(thrownCase { _ = try IntVector(binomial: three, chances: two, key) } == "shapeMismatch")
        if device != .cpu {
            let other = try Matrix(filledWith: 1, Shape(1, 3), on: .cpu)
            #expect(thrownCase { _ = try IntVector(binomial: three, chances: other, key) } == "deviceMismatch")
        }
    }
}
