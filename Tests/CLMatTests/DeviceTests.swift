import CLMat
import Foundation
import TestSupport
import Testing

@Suite struct DeviceTests {
    @Test(arguments: Device.all)
    func passesItsSelfTest(_ device: Device) {
        #expect(device.selfTest() == nil)
        #expect(device.memory > 0 && device.computeUnits > 0 && !device.name.isEmpty)
    }

    // MARK: Choosing one

    @Test func cpuIsChosenByName() throws {
        for name in ["cpu", "CPU", "0"] { #expect(try Device.choose(name).device == .cpu) }
        #expect(try Device.choose("cpu").reason == "asked for as 'cpu'")
    }

    @Test(arguments: Device.all.indices)
    func devicesAreChosenByIndex(_ index: Int) throws {
        #expect(try Device.choose("\(index)").device == Device.all[index])
    }

    @Test(arguments: Device.openCL)
    func devicesAreChosenByAPartOfTheirName(_ device: Device) throws {
        let part = String(device.name.prefix(max(1, device.name.count - 1))).uppercased()
        let first = Device.openCL.first { "\($0.name) \($0.details)".uppercased().contains(part) }
        #expect(try Device.choose(part).device == first)
    }

    @Test(arguments: ["no such device", "99", "-1"])
    func anUnknownNameIsAnErrorThatListsTheDevices(_ name: String) {
        let error = #expect(throws: CLMatError.self) { try Device.choose(name) }
        guard case .unknownName(let kind, let asked, let known) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(kind == "device" && asked == name)
        #expect(known.count == Device.all.count && known[0] == "cpu")
        for (index, device) in Device.openCL.enumerated() {
            #expect(known[index + 1] == "\(index + 1) (\(device.name))")
        }
        #expect("\(error!)".contains("There is no device '\(name)'."))
    }

    @Test func aNameThatIsNearlyRightIsSuggested() {
        let error = #expect(throws: CLMatError.self) { try Device.choose("cpx") }
        #expect(error.map { "\($0)" }?.contains("Did you mean 'cpu'?") == true)
    }

    // MARK: Memory

    @Test(arguments: Device.all)
    func moreMemoryThanThereIsIsAnErrorAndTheDeviceGoesOn(on device: Device) throws {
        for bytes in [2 * device.memory, Int.max / 4, Int.max] {
            let error = #expect(throws: CLMatError.self) { _ = try device.backend.allocate(bytes: bytes) }
            guard case .outOfDeviceMemory(let name, let asked, let available) = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
            #expect(name == device.name && asked == bytes && available < bytes)
            #expect("\(error!)".contains("cannot hold"))
        }
        #expect(try Matrix([1, 2], 1, 2, on: device).sum() == 3)
    }

    /// Buffers go back to a pool and are handed out again; what is handed out belongs to nobody else.
    @Test(arguments: Device.all)
    func recycledMemoryIsNobodysElse(on device: Device) throws {
        for round in 0..<TestSize.large(200, small: 20) {
            let count = 1 + round * 37 % 5000
            let kept = try Matrix(filledWith: Float(round), Shape(1, count), on: device)
            do {
                var passing = try Matrix(filledWith: -1, Shape(1, count), on: device)
                try passing.scale(by: 2)
            }
            let next = try Matrix(filledWith: -3, Shape(1, count), on: device)
            #expect(try kept.values.allSatisfy { $0 == Float(round) } && next.values.allSatisfy { $0 == -3 })
        }
    }

    // MARK: The same numbers again

    /// A chain of everything whose order of additions matters.
    private static func chain(on device: Device) throws -> [Float] {
        let count = TestSize.large(37, small: 3)
        let key = RandomKey(seed: 7, stream: 1)
        let g = try Convolution(
            input: ImageShape(channels: 2, height: 13, width: 11), filters: 5, kernelHeight: 3, kernelWidth: 3,
            padding: 1)
        let pooling = try Pooling(input: g.output, size: 3, stride: 2)
        let images = try Matrix(uniform: -1...1, key, Shape(count, g.input.count), on: device)
        var weights = try Matrix(normal: 0, deviation: 0.3, key, Shape(5, g.patchSize), on: device)
        var velocity = try Matrix(zeros: weights.shape, on: device)
        let biases = try Matrix(zeros: Shape(1, 5), on: device)
        let dense = try Matrix(normal: 0, deviation: 0.1, key, Shape(pooling.output.count, 10), on: device)
        let labels = try IntVector((0..<count).map { Int32($0 % 10) }, on: device)
        var numbers: [Float] = []
        for _ in 0..<TestSize.large(3, small: 1) {
            let y = try images.convolved(weights, biases: biases, g).relu()
            let (pooled, indices) = try y.maxPooled(pooling)
            let (losses, slope) = try pooled.matmul(dense).crossEntropy(labels)
            let back = try slope.matmul(dense, transposing: .right).maxPoolGradient(indices, pooling).reluBackward(
                output: y)
            let (dw, db) = try back.convolutionWeightGradient(images, g)
            try weights.sgdStep(dw, velocity: &velocity, rate: 0.1, momentum: 0.9)
            var scattered = try Matrix(zeros: Shape(10, 10), on: device)
            try scattered.scatterAddRows(slope, at: labels)
            numbers += try losses.values + db.values + weights.values + scattered.values
            numbers += try [losses.sum(), y.sumOfSquares(), back.mean()]
            numbers +=
                try back.convolutionInputGradient(weights, g).columnMeans().values
                + slope.softmaxRows().rowSums().values
        }
        return numbers
    }

    @Test(arguments: Device.all)
    func aChainOfOperationsGivesTheSameNumbersAgain(on device: Device) throws {
        let first = try Self.chain(on: device)
        #expect(first.allSatisfy(\.isFinite) && Set(first).count > 100)
        for _ in 0..<3 { try expectNone(bitDifference(Self.chain(on: device), first)) }
    }

    /// One chain on two devices: the rounding differs, the numbers do not by more than its growth over a few layers.
    @Test(arguments: Device.openCL)
    func devicesAgreeOnAChain(_ device: Device) throws {
        let (here, there) = try (Self.chain(on: .cpu), Self.chain(on: device))
        // Sums of some 10⁴ numbers; no pooled maximum is so near another that a rounding decides it, with this seed.
        let bounds = here.map { 1e-4 * max(1, abs(Double($0))) }
        expectNone(difference(there, here.map(Double.init), within: { bounds[$0] }))
    }

    // MARK: Many callers

    /// Threads that use one device at once each get what one caller alone gets.
    @Test(arguments: Device.all)
    func manyCallersGetRightResults(on device: Device) throws {
        let (m, k, n) = (70, 65, 90)
        @Sendable func work(_ seed: UInt64, rounds: Int) throws -> [Float] {
            var random = SplitMix64(seed: seed)
            var numbers: [Float] = []
            for _ in 0..<rounds {
                let a = try Matrix(random.floats(m * k), m, k, on: device)
                let b = try Matrix(random.floats(k * n), k, n, on: device)
                let product = try a.matmul(b)
                let long = try Matrix(random.floats(20_000), 1, 20_000, on: device).exp()
                numbers += try product.softmaxRows().columnSums().values + [product.sum(), long.sum(), long.max()]
            }
            return numbers
        }
        let callers = 8
        let rounds = 12
        let expected = try (0..<callers).map { try work(UInt64($0), rounds: rounds) }
        let results = Results(count: callers)
        let group = DispatchGroup()
        for caller in 0..<callers {
            group.enter()
            let thread = Thread {
                results.set(caller, Result { try work(UInt64(caller), rounds: rounds) })
                group.leave()
            }
            thread.stackSize = 4 << 20
            thread.start()
        }
        group.wait()
        for caller in 0..<callers {
            try expectNone(bitDifference(results.get(caller), expected[caller]), "caller \(caller)")
        }
    }

    private final class Results: @unchecked Sendable {
        private let lock = NSLock()
        private var results: [Result<[Float], any Error>]

        init(count: Int) { results = Array(repeating: .success([]), count: count) }
        func set(_ index: Int, _ result: Result<[Float], any Error>) { lock.withLock { results[index] = result } }
        func get(_ index: Int) throws -> [Float] { try lock.withLock { results[index] }.get() }
    }
}

/// Other tests run beside these on the same devices: so these count launches of a kernel that only they use.
@Suite(.serialized) struct ProfileTests {
    static let kernel = Kernel(
        "profiled",
        in: KernelFamily(
            "profiled",
            source:
                "__kernel void profiled(const int n, __global float *x)\n"
                + "{ int i = get_global_id(0); if (i < n) x[i] += 1.0f; }\n"
        )
    ) { a, items in
        let x = a.mutableFloats(1)
        for i in items { x[i] += 1 }
    }

    @Test(arguments: Device.all)
    func launchesBytesAndTimeAreCountedWhileItRecords(on device: Device) throws {
        let count = TestSize.large(100_003, small: 1003)
        let m = try Matrix(zeros: Shape(1, count), on: device)
        func launch() throws {
            try device.launch(
                Self.kernel, [.int(count), m.argument], over: .elements(count, bytes: 8, operations: 3))
        }
        device.profile.isRecording = false
        device.profile.reset()
        try launch()
        try device.finish()
        #expect(device.profile.byKernel["profiled"] == nil, "off by default")

        device.profile.isRecording = true
        defer { device.profile.isRecording = false }
        for _ in 0..<5 { try launch() }
        let a = try Matrix(filledWith: 1, Shape(64, 64), on: device)
        _ = try a.matmul(a)
        try device.finish()
        let entry = try #require(device.profile.byKernel["profiled"])
        #expect(entry.launches == 5 && entry.bytes == 5 * 8 * count && entry.operations == 5 * 3 * count)
        #expect(entry.seconds > 0 && entry.seconds < 60)
        let product = try #require(device.profile.byKernel["gemm"])
        #expect(product.launches >= 1 && product.operations >= 2 * 64 * 64 * 64)
        let row = try #require(device.profile.report().rows.first { $0.first == "profiled" })
        #expect(row[4] == "5")

        device.profile.reset()
        #expect(device.profile.byKernel["profiled"] == nil)
        #expect(try m.values == [Float](repeating: 6, count: count))

        // Nothing to do is no launch.
        try device.launch(Self.kernel, [.int(0), m.argument], over: .elements(0, bytes: 8))
        #expect(device.profile.byKernel["profiled"] == nil)
    }
}
