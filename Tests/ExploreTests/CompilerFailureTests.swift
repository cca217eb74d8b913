import CLMat
import Foundation
import Testing

/// PoCL cannot compile without a folder for what it compiled: a run says so in a few lines, and what to set.
@Suite(
    .enabled(if: Device.openCL.contains { $0.details.contains("Portable Computing Language") }, "PoCL is not installed")
)
struct CompilerFailureTests {
    /// A folder that cannot be made hides the device; one that cannot be written fails when kernels are compiled.
    @Test(arguments: ["/proc/nowhere", "a file"])
    func theFolderIsNamedWithWhatToSet(cache: String) throws {
        let folder = try TemporaryFolder()
        try folder.writeData()
        try Data().write(to: folder.url.appendingPathComponent("file"))
        let path = cache == "a file" ? folder.path("file") : cache
        let run = try Program(
            "kmeans", "--data", folder.url.path, "--clusters", "2", "--headless", "--steps", "1", "--pictures", "none",
            environment: ["CLMAT_DEVICE": "pocl", "POCL_CACHE_DIR": path])
        #expect(run.status == 1 && run.error.contains("POCL_CACHE_DIR") && run.error.contains(path), "\(run.error)")
        #expect(run.error.split(separator: "\n").count <= 5 && !run.error.contains("__kernel"), "\(run.error)")
        // Nobody asked for PoCL here, but what is missing is said.
        let fallback = try Program("devices", environment: ["CLMAT_DEVICE": "", "POCL_CACHE_DIR": path])
        #expect(fallback.status == 0 && fallback.output.contains("POCL_CACHE_DIR"), "\(fallback.output)")
    }
}
