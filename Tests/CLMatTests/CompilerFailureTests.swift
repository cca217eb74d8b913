import Foundation
import Testing

@testable import CLMat

/// A kernel that does not compile is told from a compiler that does not work.
@Suite struct CompilerFailureTests {
    private static let source = (1...40).map { "line \($0) of the source" }.joined(separator: "\n")

    private func error(status: Int32 = -11, _ log: String) -> CLMatError {
        CompilerFailure.error(
            kernel: "own", source: Self.source, device: "device", status: status, log: log, remedy: "Do this.")
    }

    /// How compilers name a place: PoCL, clang and most GPUs' drivers, NVIDIA's, old AMD's.
    @Test(arguments: [
        "error: /tmp/tempfile.cl:12:5: use of undeclared identifier 'foo'", "<kernel>:12:5: error: expected expression",
        "input.cl(12): error: identifier is undefined", "1 error generated.\nx.cl:12:1: Error: unknown type",
    ])
    func aPlaceInTheSourceIsShownWithTheLinesAround(log: String) {
        guard case .kernelBuildFailed("own", "device", let words) = error(log) else {
            Issue.record("\(error(log))")
            return
        }
        #expect(words.hasPrefix(log) && words.contains("\n12: line 12 of the source"))
        #expect(words.contains("9: line 9") && words.contains("15: line 15"))
        #expect(!words.contains("8: line 8") && !words.contains("16: line 16"))
    }

    /// A line that the source does not have is no trap.
    @Test func aPlaceBeyondTheSourceIsIgnored() {
        #expect("\(error("x.cl:9999999:1: error: at the end"))".contains("at the end"))
        #expect("\(error("x.cl:0:0: error: nowhere"))".contains("nowhere"))
    }

    @Test(arguments: [
        "", "Device pthread-x86 failed to build the program\n",
        "error: unable to open output file '/tmp/x': 'No space left'",
        "fatal error: linker not found",
    ])
    func aCompilerThatDoesNotWorkIsSaidWithoutTheSource(log: String) {
        let error = error(log)
        guard case .compilerFailed("device", "CL_BUILD_PROGRAM_FAILURE", _, "Do this.") = error else {
            Issue.record("\(error)")
            return
        }
        #expect(!"\(error)".contains("of the source") && "\(error)".contains("Do this."))
        #expect("\(error)".split(separator: "\n").count <= 4 && "\(error)".contains("CLMAT_DEVICE=cpu"))
    }

    @Test func anotherStatusIsNotTheKernelsFault() {
        guard case .compilerFailed(_, "CL_COMPILER_NOT_AVAILABLE", _, _) = error(status: -3, "x.cl:1:1: error: x")
        else {
            Issue.record("the kernel was blamed")
            return
        }
        let long = String(repeating: "words ", count: 10_000)
        #expect("\(error(long))".count < 1000)
    }

    // MARK: PoCL's cache

    private func problem(_ environment: [String: String]) -> String? {
        CompilerCache.problem(platform: CompilerCache.pocl, environment)
    }

    @Test func aCacheThatCannotBeWrittenIsNamedWithWhatToSet() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("clmat-cache-\(UUID().uuidString)")
            .path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Data().write(to: URL(fileURLWithPath: folder + "/file"))
        for environment in [
            ["POCL_CACHE_DIR": "/proc/nowhere"], ["HOME": "/proc/nowhere"],
            ["XDG_CACHE_HOME": "/proc/x", "HOME": folder],
            ["POCL_CACHE_DIR": folder + "/file"], ["HOME": folder + "/file/below"],
        ] {
            let words = try #require(problem(environment))
            #expect(words.contains("POCL_CACHE_DIR") && words.contains("XDG_CACHE_HOME") && words.contains("HOME"))
        }
        // The folder that is named first counts.
        #expect(problem(["POCL_CACHE_DIR": folder, "HOME": "/proc/nowhere"]) == nil)
        #expect(problem(["HOME": folder + "/to/be/made"]) == nil)
        // Other platforms do without.
        #expect(CompilerCache.problem(platform: "NVIDIA CUDA", ["HOME": "/proc/nowhere"]) == nil)
        #expect(CompilerCache.remedy(platform: "NVIDIA CUDA", [:]).contains("HOME"))
    }
}
