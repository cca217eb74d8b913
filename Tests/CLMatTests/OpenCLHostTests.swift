import Foundation
import TestSupport
import Testing

@testable import CLMat

/// What an OpenCL device costs the host, and that it stays right: kernels by number, writes through a ring, two sorts of queues.
@Suite struct OpenCLHostTests {
    private static func adding(_ number: Int) -> Kernel {
        Kernel(
            "add_number",
            in: KernelFamily(
                "add_\(number)",
                source: """
                    __kernel void add_number(const int n, __global float *x)
                    { const int i = get_global_id(0); if (i < n) x[i] += \(number).0f; }
                    """)
        ) { a, items in
            let x = a.mutableFloats(1)
            for i in items { x[i] += Float(number) }
        }
    }

    @Test func aKernelMadeTwiceIsTheSame() {
        let (one, again, other) = (Self.adding(1), Self.adding(1), Self.adding(2))
        #expect(one.id == again.id && one.family.id == again.family.id)
        #expect(one.id != other.id && one.family.id != other.family.id)
        // The names of families are for errors: the text decides.
        #expect(KernelFamily("another", source: one.family.source).id == one.family.id)
        #expect(KernelFamily("another", source: one.family.source) != one.family)
    }

    /// Kernels of one name in two texts, declared anew at each launch.
    @Test(arguments: Device.all)
    func kernelsAreToldApartByTheirText(on device: Device) throws {
        let x = try Matrix(zeros: Shape(3, 50), on: device)
        for number in [1, 2, 1, 2, 2] {
            try device.launch(
                Self.adding(number), [.int(x.count), x.argument], over: .elements(x.count, bytes: 8))
        }
        #expect(try x.values == [Float](repeating: 8, count: 150))
    }

    // MARK: Writes

    /// Arrays around a segment's size, and larger than the whole ring.
    @Test(arguments: [1, (4 << 20) - 1, 4 << 20, (4 << 20) + 1, 21_000_003], Device.openCL)
    func anArrayOfAnySizeArrives(bytes: Int, on device: Device) throws {
        let bytes = min(bytes, TestSize.large(bytes, small: 100_000))
        // A block of a length that has nothing to do with a segment's, again and again.
        let block = (0..<100_003).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        var written: [UInt8] = []
        while written.count < bytes { written += block.prefix(bytes - written.count) }
        // Other writes before it, so that it begins within a segment.
        let before = try Matrix([1, 2, 3], 1, 3, on: device)
        let buffer = try device.backend.allocate(bytes: bytes)
        try device.backend.write(written, to: buffer)
        let found: [UInt8] = try device.backend.read(bytes, from: buffer)
        #expect(found == written)
        #expect(try before.values == [1, 2, 3])
    }

    /// More small arrays than the ring holds, each used and forgotten before the next.
    @Test(arguments: Device.openCL)
    func manySmallWritesKeepTheirOrder(on device: Device) throws {
        var sum = try Matrix(zeros: Shape(1, 5000), on: device)
        let rounds = TestSize.large(1500, small: 30)
        for round in 0..<rounds {
            try sum.add(Matrix([Float](repeating: Float(round % 7), count: 5000), 1, 5000, on: device))
        }
        let exact = (0..<rounds).reduce(0) { $0 + $1 % 7 }
        #expect(try sum.values == [Float](repeating: Float(exact), count: 5000))
    }

    // MARK: Queues

    /// A device of its own, so that no other test's profile is disturbed.
    private static func fresh(like device: Device) -> Device? {
        OpenCLPlatforms.search().devices.first { $0.name == device.name && $0.details == device.details }
    }

    /// A queue that keeps times takes the place of one that does not, and the other way round, in the middle of work.
    @Test(arguments: Device.openCL)
    func theOrderHoldsWhenProfilingBeginsAndEnds(on device: Device) throws {
        let device = try #require(Self.fresh(like: device))
        let kernel = Self.adding(3)
        var x = try Matrix(filledWith: 1, Shape(100, 100), on: device)
        for round in 0..<24 {
            device.profile.isRecording = round % 4 > 1
            try device.launch(kernel, [.int(x.count), x.argument], over: .elements(x.count, bytes: 8))
            // A write that nobody waited for, and a copy.
            try x.add(Matrix([Float](repeating: 1, count: x.count), 100, 100, on: device))
            let kept = x
            try x.scale(by: 1)
            #expect(round % 8 != 7 || kept.memory.identity != x.memory.identity)
        }
        #expect(try x.values == [Float](repeating: 1 + 24 * 4, count: x.count))
        device.profile.isRecording = false
        let entry = try #require(device.profile.byKernel["add_number"])
        #expect(entry.launches == 12 && entry.seconds > 0)
    }

    /// To look at a device opens nothing; the first use does, from several threads at once.
    @Test(arguments: Device.openCL)
    func aDeviceIsOpenedWhenItIsFirstUsed(_ device: Device) throws {
        let device = try #require(Self.fresh(like: device))
        let backend = try #require(device.backend as? OpenCLBackend)
        #expect(!backend.isConnected && !device.summary.isEmpty)
        backend.flush()
        #expect(!backend.isConnected)
        DispatchQueue.concurrentPerform(iterations: 4) { thread in
            let sum = try? Matrix([Float(thread), 1], 1, 2, on: device).sum()
            #expect(sum == Float(thread) + 1)
        }
        #expect(backend.isConnected)
    }

    @Test func groupsAreAsLargeAsTheDeviceLikes() {
        #expect(OpenCLBackend.groupSize(on: .gpu, largest: 1024) == 256)
        #expect(OpenCLBackend.groupSize(on: .openCLCPU, largest: 4096) == 64)
        #expect(OpenCLBackend.groupSize(on: .accelerator, largest: 1024) == 64)
        // A kernel that takes many registers.
        #expect(OpenCLBackend.groupSize(on: .gpu, largest: 128) == 128)
        #expect(OpenCLBackend.groupSize(on: .openCLCPU, largest: 1) == 1)
        #expect(OpenCLBackend.groupSize(on: .gpu, largest: nil) == 64)
        #expect(OpenCLBackend.groupSize(on: .gpu, largest: 0) == 1)
    }
}

/// Numbers go to a device as arguments of kernels, not as matrices of one element.
@Suite struct UploadTests {
    @Test(arguments: Device.all)
    func aNumberIsNoUpload(on device: Device) throws {
        let counter = DeviceCounter(device)
        let values: [Float] = [-3, -0.1, 0, 0.1, 1e-30, 7, 1e30]
        let x = try Matrix(values, 1, 7, on: counter.device)
        _ = counter.take()
        for number: Float in [3, -0.7, 0.1, 1e-5] {
            let (quotients, reciprocals) = try ((x / number).values, (number / x).values)
            let (equal, greater) = try (x.equal(to: number).values, x.greater(than: number).values)
            for (index, value) in values.enumerated() {
                // A device may be 2.5 units in the last place away (OpenCL 1.2, table 7.4); the CPU is exact.
                let ulps: Float = device == .cpu ? 0 : 2.5
                #expect(abs(quotients[index] - value / number) <= ulps * (value / number).ulp)
                let exact = number / value
                #expect(
                    exact.isInfinite
                        ? reciprocals[index] == exact : abs(reciprocals[index] - exact) <= ulps * exact.ulp)
                #expect(equal[index] == (value == number ? 1 : 0) && greater[index] == (value > number ? 1 : 0))
            }
        }
        #expect(counter.take().writes == 0)
    }

    /// The same bits as the quotient of two matrices, whatever they are.
    @Test func aQuotientByANumberIsThatByAMatrix() throws {
        var random = SplitMix64(seed: 4)
        let x = try Matrix(random.floats(3000), 30, 100, on: .cpu)
        for number: Float in [3, 0.1, 1 / 3, 60_000] {
            let matrix = try Matrix([number], 1, 1, on: .cpu)
            try expectNone(bitDifference((x / number).values, (x / matrix).values))
            try expectNone(bitDifference((number / x).values, (matrix / x).values))
        }
    }

    @Test func aRowThatStaysTheSameIsUploadedOnce() throws {
        let counter = DeviceCounter(.cpu)
        let rows: [[Float]] = [[1, 2], [1, 3], [0], [-0.0], [.nan]]
        for _ in 0..<3 {
            for row in rows {
                try expectNone(bitDifference(Matrix(constantRow: row, on: counter.device).values, row))
            }
        }
        #expect(counter.take().writes == rows.count)
        // Who changes one changes a copy.
        var changed = try Matrix(constantRow: [1, 2], on: counter.device)
        try changed.scale(by: 5)
        #expect(try Matrix(constantRow: [1, 2], on: counter.device).values == [1, 2])
        #expect(counter.take().writes == 0)
        // Others push it out, those that are in use stay.
        for number in 0..<100 {
            _ = try Matrix(constantRow: [Float(number), 0], on: counter.device)
            _ = try Matrix(constantRow: [1, 3], on: counter.device)
        }
        #expect(counter.take().writes == 100)
        _ = try Matrix(constantRow: [1, 2], on: counter.device)
        #expect(counter.take().writes == 1)
        #expect(try Matrix(constantRow: [], on: counter.device).shape == Shape(1, 0))
    }
}
