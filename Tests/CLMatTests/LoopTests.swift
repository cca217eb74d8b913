import Synchronization
import TestSupport
import Testing

@testable import CLMat

/// Loops that a device ends before their time: llvmpipe does. What would be wrong numbers is an error.
@Suite struct LoopTests {
    private static let counting = Kernel(
        "count",
        in: KernelFamily(
            "count",
            source: """
                __kernel void count(const int n, __global const int *zero, __global int *ys)
                {
                    int count = 0;
                    for (int i = 0; i < n; i++) count += (i ^ zero[0]) >= 0;
                    if (get_global_id(0) == 0) ys[0] = count;
                }
                """)
    ) { arguments, _ in arguments.mutableInts(2)[0] = arguments.int(0) }

    /// A long loop is done to its end, or refused.
    @Test(arguments: [1000, 60_000, 70_000, 1_000_000], Device.all)
    func aLongLoopEndsOrIsRefused(_ iterations: Int, on device: Device) throws {
        let (zero, ys) = try (IntVector(zeros: 1, on: device), IntVector(zeros: 1, on: device))
        do {
            try device.launch(
                Self.counting, [.int(iterations), zero.argument, ys.argument],
                over: WorkSize(items: 1, bytesPerItem: 4, loop: iterations))
            #expect(try ys.values == [Int32(iterations)])
        } catch {
            guard case CLMatError.deviceFailed(device.name, let operation, let status) = error else { throw error }
            #expect(iterations > 65_000 && operation.hasPrefix("count,"))
            #expect(status.contains("loops of \(iterations) iterations"), "\(error)")
            #expect(try ys.values == [0], "and the device goes on")
        }
    }

    /// A limit is found by asking once, and only for loops that could pass it.
    @Test func aDeviceIsAskedOnce() throws {
        let backend = ShortLoops()
        let limit = LoopLimit()
        try limit.require(LoopLimit.unasked, of: "short", on: backend, "device")
        #expect(backend.launches.load(ordering: .relaxed) == 0)
        try limit.require(65_535, of: "just", on: backend, "device")
        for _ in 0..<2 {
            #expect(throws: CLMatError.self) { try limit.require(65_536, of: "long", on: backend, "device") }
        }
        #expect(backend.launches.load(ordering: .relaxed) == 1)
    }
}

/// The CPU, but no kernel counts further than llvmpipe.
private final class ShortLoops: ForwardingBackend, @unchecked Sendable {
    let launches = Atomic<Int>(0)

    init() { super.init(Device.cpu.backend) }

    override func launch(_ kernel: Kernel, _ arguments: [Argument], over work: WorkSize) throws(CLMatError) {
        launches.add(1, ordering: .relaxed)
        guard case .int(let count) = arguments[0] else { return }
        try inner.launch(kernel, [.int(min(count, 65_535))] + arguments.dropFirst(), over: work)
    }
}
