import CLMatKernels
import Foundation
import PerturbedKernels
import TestSupport
import Testing

@testable import CLMat
@testable import ModelOperations

/// What must hold of drawn numbers whatever a driver's `exp`, `log` and `sqrt` give within OpenCL's limits: counts are
/// conserved, nothing leaves its range, and means stay where they belong.
///
/// The suite is serialised because the C kernels' perturbation is one for all.
@Suite(.serialized) struct PerturbedKernelTests {
    struct Perturbation: Sendable, CustomTestStringConvertible {
        /// Units in the last place; 0: some −4 to 4, by the result.
        var mode: Int32
        /// Whether the two calls that draw the same numbers do not get the same ones, as when a compiler translates each
        /// in its own way. Only OpenCL C has two.
        var disagrees = false
        var testDescription: String { mode == 0 ? "some ulps\(disagrees ? ", two ways" : "")" : "\(mode) ulps" }
    }

    static let perturbations = [
        Perturbation(mode: 4), Perturbation(mode: -4), Perturbation(mode: 0, disagrees: true),
    ]

    // MARK: Conservation

    @Test(arguments: perturbations, Device.all)
    func multinomialSamplesAreConserved(_ perturbation: Perturbation, on device: Device) throws {
        let device = try Self.perturbed(device, perturbation)
        let topics = TestSize.isSmall ? 3 : 5
        let counts: [Int32] =
            TestSize.isSmall ? [1, 40, 5000] : [1, 2, 15, 33, 40, 1000, 5000, 70_001, 1_000_000, 5_000_001]
        // θ φ that is even, near 0 and near 1, of sums far from 1, and none for a word.
        let weights: [[Float]] = [
            [1, 1, 1, 1, 1], [1e-30, 1, 1e-7, 1e-20, 0], [1, 0x1p-24, 0, 0, 0x1p-25], [1e-12, 3e-12, 2e-12, 0, 1e-12],
            [9e15, 1e15, 1e10, 3, 0], [.nan, 1, 1, 1, 1], [0, 0, 0, 0, 0],
        ]
        for (index, phi) in weights.enumerated() {
            for rate: Float in TestSize.isSmall ? [2.3] : [1, 2.3, 100] {
                var problem = try TopicKernelTests.Problem(
                    documents: 1, words: counts.count, topics: topics, .multinomial, rate: rate, counts: [1], seed: 1)
                problem.rows = try SparseRows(
                    columns: counts.count, starts: [0, Int32(counts.count)], indices: counts.indices.map(Int32.init),
                    counts: counts)
                problem.theta = [Float](repeating: 1, count: topics)
                problem.phi = counts.flatMap { _ in phi.prefix(topics) }
                let found = try TopicKernelTests.sample(problem, on: device).samples
                let hasSamples = phi.prefix(topics).reduce(0, +) > 0
                for (w, count) in counts.enumerated() {
                    let ofWord = found.byWord[w * topics..<(w + 1) * topics]
                    // ⌊mc⌋, and one more with the probability of the rest.
                    let wanted = hasSamples ? Double(rate) * Double(count) : 0
                    let allowed = Int(wanted.rounded(.down))...Int(wanted.rounded(.up))
                    #expect(ofWord.allSatisfy { $0 >= 0 })
                    #expect(allowed.contains(ofWord.reduce(0, +)), "\(count) × \(rate), weights \(index)")
                    #expect(zip(ofWord, phi).allSatisfy { $0 == 0 || $1 > 0 }, "\(ofWord), weights \(index)")
                }
                for k in 0..<topics {
                    let sum = counts.indices.reduce(0) { $0 + found.byWord[$1 * topics + k] }
                    // A θ of 5·10⁸ has 24 bits.
                    #expect(abs(Double(sum - found.byDocument[k])) <= Double(sum) * 0x1p-23, "topic \(k)")
                }
            }
        }
    }

    /// The most samples that a round may have.
    @Test(arguments: perturbations.dropFirst(), Device.all)
    func theMostSamplesAreConserved(_ perturbation: Perturbation, on device: Device) throws {
        let device = try Self.perturbed(device, perturbation)
        var problem = try TopicKernelTests.Problem(
            documents: 1, words: 1, topics: 2, .multinomial, rate: 1, counts: [1], seed: 2)
        let count = TestSize.large(1 << 30 - 1, small: 9999)
        problem.rows = try SparseRows(columns: 1, starts: [0, 1], indices: [0], counts: [Int32(count)])
        (problem.theta, problem.phi) = ([1, 2], [1, 1])
        let found = try TopicKernelTests.sample(problem, on: device).samples.byWord
        #expect(found.reduce(0, +) == count)
        if perturbation.disagrees { return }
        let mean = Double(count) / 3
        #expect(abs(Double(found[0]) - mean) < 6 * (mean * 2 / 3).squareRoot() + mean * 1e-6)
    }

    // MARK: Ranges and means

    @Test(arguments: perturbations, Device.all)
    func binomialNumbersStayBetweenNoneAndAll(_ perturbation: Perturbation, on device: Device) throws {
        let device = try Self.perturbed(device, perturbation)
        let n = TestSize.large(2000, small: 20)
        let trials: [Int32] = [1, 2, 20, 100, 4097, 1_000_000, 100_000_000, .max - 1, .max]
        let chances: [Float] = [
            1e-45, 1e-30, 1e-9, 1e-4, 0.1, Float(0.5).nextDown, 0.5, Float(0.5).nextUp, 0.9, 0.9999, Float(1).nextDown,
        ]
        for trial in trials {
            for chance in chances {
                let k = try IntVector(
                    binomial: IntVector([Int32](repeating: trial, count: n), on: device),
                    chances: Matrix(filledWith: chance, Shape(1, n), on: device), RandomKey(seed: 5, stream: 1)
                ).values
                #expect(k.allSatisfy { $0 >= 0 && $0 <= trial }, "\(trial) trials, chance \(chance)")
                let (mean, p) = (k.reduce(0) { $0 + Double($1) } / Double(n), Double(chance))
                let (expected, deviation) = (Double(trial) * p, (Double(trial) * p * (1 - p)).squareRoot())
                // The chance that none succeeds, (1 − p)ⁿ, is off by some 10⁻⁵; uniform numbers have 24 bits.
                let bound = 6 * deviation / Double(n).squareRoot() + (deviation + 1) * 1e-3 + expected * 1e-6
                #expect(abs(mean - expected) < bound + 8 / Double(n), "\(trial) trials, chance \(chance)")
            }
        }
        let odd = try IntVector(
            binomial: IntVector([7, 7, 7, -7], on: device), chances: Matrix([.nan, 2, -1, 0.5], 1, 4, on: device),
            RandomKey(seed: 5, stream: 1)
        ).values
        #expect(odd == [0, 7, 0, 0])
    }

    @Test(arguments: perturbations, Device.all)
    func poissonNumbersStayInRange(_ perturbation: Perturbation, on device: Device) throws {
        let device = try Self.perturbed(device, perturbation)
        let n = TestSize.large(2000, small: 20)
        for mean: Float in [1e-45, 1e-7, 0.9999999, 1, 9.5, 255.99998, 256, 1e4, 1e8, 2e9, 3e38, .infinity] {
            let x = try IntVector(
                poisson: Matrix(filledWith: mean, Shape(1, n), on: device), RandomKey(seed: 6, stream: 1)
            ).values
            #expect(x.allSatisfy { $0 >= 0 }, "mean \(mean)")
            let expected = min(Double(mean), 2e9)
            let bound = 6 * (expected / Double(n)).squareRoot() + expected.squareRoot() * 1e-3 + expected * 1e-6
            let found = x.reduce(0) { $0 + Double($1) } / Double(n)
            #expect(abs(found - expected) < bound + 8 / Double(n), "mean \(mean), found \(found)")
        }
        let odd = try IntVector(poisson: Matrix([.nan, -1, 0], 1, 3, on: device), RandomKey(seed: 6, stream: 1)).values
        #expect(odd == [0, 0, 0])
    }

    /// The perturbation reaches the kernels: without it, or with another, some numbers are others.
    @Test(arguments: Device.all)
    func perturbedKernelsDrawOtherNumbers(on device: Device) throws {
        let n = TestSize.large(100_000, small: 3000)
        let draws = try ([4, -4] as [Int32]).map { mode in
            let device = try Self.perturbed(device, Perturbation(mode: mode))
            let means = try Matrix(filledWith: 3e7, Shape(1, n), on: device)
            return try IntVector(poisson: means, RandomKey(seed: 7, stream: 1)).values
        }
        #expect(draws[0] != draws[1])
    }

    // MARK: Perturbed devices

    /// The kernels that draw, perturbed, on `device`; all others as they are.
    private static func perturbed(_ device: Device, _ perturbation: Perturbation) throws -> Device {
        perturb(perturbation.mode)
        let samplers = try text("samplers", perturbation.mode)
        var topics = try text("topics", perturbation.mode)
        if perturbation.disagrees {
            let call = "draw_poisson(source, scale, 0, rates, row, word, tables, wanted, 1, to)"
            try #require(topics.contains(call))
            topics = topics.replacingOccurrences(
                of: call, with: call.replacingOccurrences(of: "scale", with: "scale * 1.001f"))
        }
        let kernels = [
            Kernel("sample_poisson", in: KernelFamily("perturbed", source: samplers)) { a, items in
                perturbed_sample_poisson(
                    items.lowerBound, items.upperBound, a.word(1), a.word(2), a.word(3), a.word(4), a.word(5),
                    a.floats(6), a.words(7), a.mutableInts(8))
            },
            Kernel("sample_binomial", in: KernelFamily("perturbed", source: samplers)) { a, items in
                perturbed_sample_binomial(
                    items.lowerBound, items.upperBound, a.word(1), a.word(2), a.word(3), a.word(4), a.word(5),
                    a.ints(6), a.floats(7), a.mutableInts(8))
            },
            Kernel("topics_sample", in: KernelFamily("perturbed", source: topics)) { a, slices in
                perturbed_topics_sample(
                    slices.lowerBound, slices.upperBound, a.int(0), a.int(1), a.float(2), a.int(3), a.int(4), a.int(5),
                    a.int(6), a.word(7), a.word(8), a.word(9), a.word(10), a.word(11), a.ints(12), a.ints(13),
                    a.ints(14), a.ints(15), a.floats(16), a.floats(17), a.words(18), a.floats(19),
                    a.mutableFloats(20), a.mutableInts(21), a.mutableFloats(22))
            },
        ]
        return Device(
            name: device.name, kind: device.kind, details: device.details, memory: device.memory,
            computeUnits: device.computeUnits,
            backend: ReplacingBackend(device.backend, Dictionary(uniqueKeysWithValues: kernels.map { ($0.name, $0) })))
    }

    /// A family's text in which all but the elementary functions themselves call perturbed ones.
    private static func text(_ family: String, _ mode: Int32) throws -> String {
        let text = KernelFamily(family).source
        let place = try #require(text.range(of: "typedef struct { uint x, y, z, w; } clmat_words;")).lowerBound
        let macros = ["clmat_exp", "clmat_exp_of_part", "clmat_log"].map {
            "#define \($0)(x) perturbed_by(\(mode), \($0)(x))\n"
        }
        // The real one may be a macro.
        let root = """
            static inline float perturbed_root(float x) { return perturbed_by(\(mode), sqrt(x)); }
            #undef sqrt
            #define sqrt perturbed_root

            """
        return text[..<place] + String(cString: perturbation_text()) + macros.joined() + root + text[place...]
    }
}

/// A device's backend, but for kernels that others of the same name stand in for.
private final class ReplacingBackend: ForwardingBackend, @unchecked Sendable {
    private let kernels: [String: Kernel]

    init(_ inner: any Backend, _ kernels: [String: Kernel]) {
        self.kernels = kernels
        super.init(inner)
    }

    override func launch(_ kernel: Kernel, _ arguments: [Argument], over work: WorkSize) throws(CLMatError) {
        try inner.launch(kernels[kernel.name] ?? kernel, arguments, over: work)
    }
}
