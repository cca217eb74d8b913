import Testing

@testable import check_gpu

/// What check-gpu reads from the lines of the kernels' tests.
@Suite struct KernelTestLinesTests {
    private static let lines = """
        ◇ Test run started.
        ◇ Suite GemmKernelTests started.
        ◇ Test case passing 2 arguments size → 3 × 4 (CLMatTests.Size), device → Card (3.0) (CLMat.Device) to agrees(_:on:) started.
        ✔ Test case passing 2 arguments size → 3 × 4 (CLMatTests.Size), device → CPU (CLMat.Device) to agrees(_:on:) passed after 0.1 seconds.
        ✔ Test case passing 2 arguments size → 3 × 4 (CLMatTests.Size), device → Card (3.0) (CLMat.Device) to agrees(_:on:) passed after 0.1 seconds.
        ✘ Test agrees(_:on:) recorded an issue with 2 arguments size → 5, device → CPU at Gemm.swift:3:9: Issue recorded
        ✘ Test agrees(_:on:) recorded an issue with 2 arguments size → 5, device → Card (3.0) at Gemm.swift:3:9: Issue recorded
        ✘ Test case passing 2 arguments size → 5 (CLMatTests.Size), device → Card (3.0) (CLMat.Device) to agrees(_:on:) failed after 0.1 seconds with 1 issue.
        ✘ Suite GemmKernelTests failed after 0.4 seconds with 1 issue.
        ◇ Suite CanaryTests started.
        ✔ Test case passing 1 argument device → Card (3.0) (CLMat.Device) to nothing(on:) passed after 0.2 seconds.
        ✔ Test everything() passed after 0.2 seconds.
        """

    @Test func casesOfTheDeviceAreFoundWithTheirSuitesAndSizes() {
        let found = KernelTests.parse(Self.lines, device: "Card (3.0)")
        #expect(
            found.cases == [
                .init(
                    suite: "GemmKernelTests", test: "agrees(_:on:)", arguments: "size → 3 × 4 (CLMatTests.Size)",
                    passed: true),
                .init(
                    suite: "GemmKernelTests", test: "agrees(_:on:)", arguments: "size → 5 (CLMatTests.Size)",
                    passed: false),
                .init(suite: "CanaryTests", test: "nothing(on:)", arguments: "", passed: true),
            ])
        #expect(found.problems.count == 1 && found.problems[0].contains("Card (3.0)") && !found.isGood)
    }

    @Test func nothingIsNoSuccess() {
        #expect(!KernelTests.parse("", device: "Card").isGood)
        #expect(!KernelTests.parse(Self.lines, device: "Card").isGood)
        let onCPU = KernelTests.parse(Self.lines, device: "CPU")
        #expect(onCPU.cases.count == 1 && !onCPU.isGood)
    }
}
