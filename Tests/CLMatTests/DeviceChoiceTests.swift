import Testing

@testable import CLMat

/// Which of several devices is used when nobody names one.
@Suite struct DeviceChoiceTests {
    private static let gib = 1 << 30
    private let processor = DeviceCandidate(
        kind: .openCLCPU, sharesHostMemory: true, memory: 512 * gib, computeUnits: 256)
    private let accelerator = DeviceCandidate(kind: .accelerator, memory: 64 * gib, computeUnits: 500)
    private let integrated = DeviceCandidate(kind: .gpu, sharesHostMemory: true, memory: 256 * gib, computeUnits: 96)
    private let small = DeviceCandidate(kind: .gpu, memory: 8 * gib, computeUnits: 20)
    private let large = DeviceCandidate(kind: .gpu, memory: 80 * gib, computeUnits: 132)

    @Test func theLargestDiscreteGPUComesFirst() {
        #expect(DeviceCandidate.order([processor, accelerator, integrated, small, large]) == [4, 3, 2, 1])
        #expect(DeviceCandidate.order([large, small, integrated, accelerator, processor]) == [0, 1, 2, 3])
    }

    @Test func ofEqualOnesTheFirstStaysFirst() {
        #expect(DeviceCandidate.order([small, large, large, small]) == [1, 2, 0, 3])
    }

    /// Memory × compute units: neither alone decides.
    @Test func memoryAndComputeUnitsCountTogether() {
        let roomy = DeviceCandidate(kind: .gpu, memory: 48 * Self.gib, computeUnits: 10)
        let fast = DeviceCandidate(kind: .gpu, memory: 16 * Self.gib, computeUnits: 80)
        #expect(DeviceCandidate.order([roomy, fast]) == [1, 0])
        // What a broken driver says of itself is no overflow.
        let absurd = DeviceCandidate(kind: .gpu, memory: .max, computeUnits: .max)
        #expect(DeviceCandidate.order([roomy, absurd]) == [1, 0])
    }

    @Test func withoutAGPUNoneIsChosen() {
        #expect(DeviceCandidate.order([processor]).isEmpty && DeviceCandidate.order([]).isEmpty)
    }

    @Test func theReasonSaysOutOfHowMany() {
        func reason(_ index: Int, _ failures: [String] = []) -> String {
            DeviceCandidate.reason(for: index, of: [processor, small, large, integrated], failures: failures)
        }
        #expect(reason(2) == "the largest of 3 OpenCL GPUs, which passes its self-test")
        #expect(
            reason(1, ["Big failed its self-test: wrong numbers."])
                == "the largest OpenCL GPU that passes its self-test (Big failed its self-test: wrong numbers)")
        #expect(
            DeviceCandidate.reason(for: 0, of: [accelerator, processor], failures: [])
                == "the only OpenCL accelerator, which passes its self-test")
    }
}
