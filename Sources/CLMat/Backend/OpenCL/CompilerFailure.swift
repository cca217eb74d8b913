import COpenCL
import Foundation

/// Tells kernels that do not compile from a compiler that does not work, and says what to do about each.
enum CompilerFailure {
    /// What a failed build is.
    ///
    /// A compiler that has something against a kernel names the place in it. Without a place the kernel is not to blame: the
    /// compiler found no room or no permission for its files, no library, no memory.
    /// - Parameters:
    ///   - log: the compiler's words.
    ///   - remedy: what to do about a compiler that does not work on this device.
    static func error(
        kernel: String, source: String, device: String, status: cl_int, log: String, remedy: String
    ) -> CLMatError {
        let lines = places(in: log)
        guard status == CL_BUILD_PROGRAM_FAILURE, !lines.isEmpty else {
            return .compilerFailed(device: device, status: statusName(status), log: firstLines(log), remedy: remedy)
        }
        let around = excerpt(source, around: lines)
        return .kernelBuildFailed(
            kernel: kernel, device: device, log: around.isEmpty ? log : log + (log.hasSuffix("\n") ? "" : "\n") + around
        )
    }

    /// The lines of the source that a log complains of: "error: /tmp/x.cl:12:5: …", "<kernel>:12:5: error: …",
    /// "x.cl(12): error: …".
    static func places(in log: String) -> [Int] {
        var lines: [Int] = []
        for text in log.split(whereSeparator: \.isNewline) where text.lowercased().contains("error") {
            let match = text.firstMatch(of: #/[:(](\d{1,7})(?::\d+:|(?:,\d+)?\)\s*:)/#)
            if let number = match.flatMap({ Int($0.1) }), number > 0 { lines.append(number) }
        }
        return lines
    }

    /// Some numbered lines before and after the first places.
    private static func excerpt(_ source: String, around places: [Int]) -> String {
        let lines = source.split(separator: "\n", omittingEmptySubsequences: false)
        var wanted: Set<Int> = []
        for place in places.prefix(5) { wanted.formUnion(max(1, place - 3)...place + 3) }
        return wanted.filter { $0 <= lines.count }.sorted().map { "\($0): \(lines[$0 - 1])" }.joined(separator: "\n")
    }

    private static func firstLines(_ log: String) -> String {
        let lines = log.split(whereSeparator: \.isNewline).prefix(3).joined(separator: " ")
        return lines.count > 300 ? lines.prefix(300) + "…" : lines
    }
}

/// Where a device's compiler keeps what it compiled. PoCL does not compile without such a folder, and its LLVM ends the whole
/// process where the disk is full; other platforms do without.
enum CompilerCache {
    /// What PoCL is called as a platform.
    static let pocl = "Portable Computing Language"
    /// What the kernels of a model take, with their intermediate files, a few times over.
    private static let room = 32 << 20

    /// What to do where a compiler does not work.
    static func remedy(
        platform: String, _ environment: [String: String] = ProcessInfo.processInfo.environment
    ) -> String {
        if platform == pocl {
            if let problem = problem(platform: platform, environment) { return problem }
            return "PoCL needs a C compiler's linker (the package gcc or clang) and \(setting)."
        }
        return """
            Its driver may lack permission or room for its files, or a part that is not installed: see that \
            \(environment["TMPDIR"] ?? "/tmp") and HOME (or XDG_CACHE_HOME) are folders that can be written.
            """
    }

    private static let setting = "a folder that it can write: set POCL_CACHE_DIR, XDG_CACHE_HOME or HOME"

    /// Why PoCL's compiler cannot work, and what to do; nil if nothing is in its way.
    static func problem(
        platform: String, _ environment: [String: String] = ProcessInfo.processInfo.environment
    ) -> String? {
        guard platform == pocl else { return nil }
        let folder = folder(environment)
        guard let reason = whyNotWritable(folder) else { return nil }
        return "PoCL cannot keep its compiled kernels in \(folder) (\(reason)). Give it \(setting)."
    }

    /// What is slow, though it works: compilers other than PoCL's do without a cache, and compile all kernels again at each start.
    static func note(
        platform: String, _ environment: [String: String] = ProcessInfo.processInfo.environment
    ) -> String? {
        guard let cache = optional.first(where: { platform.contains($0.platform) }) else { return nil }
        func given(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let home = given("HOME") ?? "/"
        let folder =
            given(cache.variable)
            ?? (cache.isInCacheFolder ? given("XDG_CACHE_HOME") ?? home + "/.cache" : home) + "/" + cache.folder
        guard let reason = whyNotWritable(folder) else { return nil }
        return """
            Its compiler cannot keep kernels in \(folder) (\(reason)), so they are compiled again at each start, for a second or so. Set \
            \(cache.variable) to a folder that can be written.
            """
    }

    /// Where compilers keep kernels that can do without: "CUDA_CACHE_PATH" in NVIDIA's CUDA C++ Programming Guide, "MESA_SHADER_CACHE_DIR" in
    /// Mesa's environment variables, "NEO_CACHE_DIR" in the Compute Runtime's FAQ.
    private static let optional = [
        (platform: "NVIDIA", variable: "CUDA_CACHE_PATH", isInCacheFolder: false, folder: ".nv/ComputeCache"),
        (platform: "rusticl", variable: "MESA_SHADER_CACHE_DIR", isInCacheFolder: true, folder: "mesa_shader_cache"),
        (platform: "Clover", variable: "MESA_SHADER_CACHE_DIR", isInCacheFolder: true, folder: "mesa_shader_cache"),
        (
            platform: "Intel(R) OpenCL Graphics", variable: "NEO_CACHE_DIR", isInCacheFolder: true,
            folder: "neo_compiler_cache"
        ),
        (
            platform: "Intel(R) OpenCL HD Graphics", variable: "NEO_CACHE_DIR", isInCacheFolder: true,
            folder: "neo_compiler_cache"
        ),
    ]

    /// Why a folder cannot hold compiled kernels; nil if it can.
    private static func whyNotWritable(_ folder: String) -> String? {
        // The folder itself, or the nearest that is there and in which it would be made.
        var there = URL(fileURLWithPath: folder).standardizedFileURL
        var status = stat()
        while stat(there.path, &status) != 0, there.path != "/" { there.deleteLastPathComponent() }
        if status.st_mode & S_IFMT != S_IFDIR {
            return "\(there.path) is not a folder"
        } else if access(there.path, W_OK | X_OK) != 0 {
            return "\(there.path): \(String(cString: strerror(errno)).lowercased())"
        } else if there.path.hasPrefix("/proc") || there.path.hasPrefix("/sys") {
            // Root may write there, it is said, and yet nobody can make a folder.
            return "no folder can be made in \(there.path)"
        } else if let free = free(there.path), free < room {
            return "only \(free >> 20) MiB are free there, and kernels take up to \(room >> 20)"
        }
        return nil
    }

    /// The folder that PoCL takes (its "Environment variables", POCL_CACHE_DIR).
    private static func folder(_ environment: [String: String]) -> String {
        func given(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        if let own = given("POCL_CACHE_DIR") { return own }
        if let cache = given("XDG_CACHE_HOME") { return cache + "/pocl/kcache" }
        if let home = given("HOME") { return home + "/.cache/pocl/kcache" }
        return "/tmp/pocl/kcache"
    }

    private static func free(_ folder: String) -> Int? {
        var disk = statvfs()
        guard statvfs(folder, &disk) == 0 else { return nil }
        return Int(clamping: UInt64(disk.f_bavail) * UInt64(disk.f_frsize))
    }
}
