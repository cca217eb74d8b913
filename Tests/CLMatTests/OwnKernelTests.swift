import CLMat
import TestSupport
import Testing

/// Kernels that a program which links CLMat declares itself: source text and closure.
@Suite struct OwnKernelTests {
    static let family = KernelFamily(
        "own",
        source: """
            #define GROUP 32
            // y[offset + i] = a x[i] + (i == which)
            __kernel void own_spread(const int n, const float a, const uint which, const int offset,
                                     __global const float *xs, __global float *ys)
            {
                const int i = get_global_id(0);
                if (i < n) ys[offset + i] = a * xs[i] + (i == (int)which ? 1.0f : 0.0f);
            }
            // y[g] = x[g, 0] + ... + x[g, 31]
            __kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
            void own_group_sum(__global const float *xs, __global float *ys)
            {
                __local float partials[GROUP];
                const int lane = get_local_id(0);
                partials[lane] = xs[get_global_id(0)];
                barrier(CLK_LOCAL_MEM_FENCE);
                for (int half_count = GROUP / 2; half_count > 0; half_count /= 2) {
                    if (lane < half_count) partials[lane] += partials[lane + half_count];
                    barrier(CLK_LOCAL_MEM_FENCE);
                }
                if (lane == 0) ys[get_group_id(0)] = partials[0];
            }
            """)
    static let spread = Kernel("own_spread", in: family) { a, items in
        let (x, y) = (a.floats(4), a.mutableFloats(5) + Int(a.int(3)))
        for i in items { y[i] = a.float(1) * x[i] + (i == Int(a.word(2)) ? 1 : 0) }
    }
    static let groupSum = Kernel("own_group_sum", in: family) { a, groups in
        let (x, y) = (a.floats(0), a.mutableFloats(1))
        for group in groups { y[group] = (0..<32).reduce(0) { $0 + x[group * 32 + $1] } }
    }

    /// A kernel writes where it should, and nowhere else: what surrounds its part of a longer buffer stays.
    @Test(arguments: [0, 1, 63, 64, 65, 4096, 4097, 100_003], Device.all)
    func anOwnKernelRunsAndKeepsToItsElements(_ count: Int, on device: Device) throws {
        var random = SplitMix64(seed: 1)
        let x = random.integers(count, below: 100).map { Float($0) }
        let input = try Matrix(x, 1, count, on: device)
        let offset = 37
        let canary: Float = -123.5
        let output = try Matrix(filledWith: canary, Shape(1, count + 2 * offset), on: device)
        try device.launch(
            Self.spread,
            [.int(count), .float(3), .word(UInt32(count / 2)), .int(offset), input.argument, output.argument],
            over: .elements(count, bytes: 8))
        let around = [Float](repeating: canary, count: offset)
        let expected = around + x.enumerated().map { 3 * $0.element + ($0.offset == count / 2 ? 1 : 0) } + around
        try expectNone(bitDifference(output.values, expected))
    }

    @Test(arguments: [1, 2, 1000], Device.all)
    func anOwnKernelMayHaveWorkGroupsOfItsSize(_ groups: Int, on device: Device) throws {
        let x = (0..<32 * groups).map { Float($0 % 1000) }
        let output = try Matrix(filledWith: -1, Shape(1, groups + 64), on: device)
        try device.launch(
            Self.groupSum, [Matrix(x, groups, 32, on: device).argument, output.argument],
            over: .groups(groups, of: 32, bytes: 128))
        let sums = (0..<groups).map { g in x[g * 32..<(g + 1) * 32].reduce(0, +) }
        try expectNone(bitDifference(output.values, sums + [Float](repeating: -1, count: 64)))
    }

    // MARK: What is wrong with a kernel is said, and the device goes on

    static let broken = KernelFamily(
        "broken",
        source: "// a line before\n__kernel void broken(__global float *x)\n{\n    x[0] = undeclared_name;\n}\n")

    @Test(arguments: Device.openCL)
    func aKernelThatDoesNotBuildSaysWhereAndTheDeviceGoesOn(on device: Device) throws {
        let kernel = Kernel("broken", in: Self.broken) { _, _ in }
        let m = try Matrix([1, 2], 1, 2, on: device)
        for _ in 0..<2 {
            let error = #expect(throws: CLMatError.self) {
                try device.launch(kernel, [m.argument], over: .elements(1, bytes: 4))
            }
            guard case .kernelBuildFailed(let name, let deviceName, let log) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(name == "broken" && deviceName == device.name)
            #expect(log.contains("undeclared_name") && log.contains("4:     x[0] = undeclared_name;"), "numbered lines")
            #expect("\(error!)".contains("did not compile on \(device.name)"))
            #expect("\(error!)".contains("CLMAT_DEVICE=cpu"))
        }
        #expect(try (m + m).values == [2, 4])
        #expect(device.selfTest() == nil)
    }

    @Test(arguments: Device.openCL)
    func aKernelThatIsNotInItsFamilyIsAnError(on device: Device) throws {
        let m = try Matrix([1, 2], 1, 2, on: device)
        let missing = Kernel("own_missing", in: Self.family) { _, _ in }
        let error = #expect(throws: CLMatError.self) {
            try device.launch(missing, [m.argument], over: .elements(1, bytes: 4))
        }
        #expect(error.map { "\($0)" }?.contains("own_missing") == true)
        #expect(error.map { "\($0)" }?.contains("CL_INVALID_KERNEL_NAME") == true)
        #expect(
            thrownCase {
                // More arguments than parameters.
                try device.launch(
                    Self.groupSum, [m.argument, m.argument, m.argument], over: .groups(1, of: 32, bytes: 4))
            } == "deviceFailed")
        #expect(try (m + m).values == [2, 4])
    }
}
