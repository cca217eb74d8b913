import Foundation

/// The drivers that the system's OpenCL loader is told of by ICD files (`*.icd`), each of which names a library in its first line.
///
/// The loader passes over a library that cannot be loaded without a word: then a driver seems to be installed, and no device is there.
enum OpenCLDrivers {
    /// Where ICD files are, if nobody says otherwise.
    static let folder = "/etc/OpenCL/vendors"

    /// What an ICD file says.
    enum Entry: Equatable {
        /// The library, by name or path.
        case library(String)
        /// What is wrong with the file.
        case problem(String)
    }

    /// What is wrong with the drivers that are installed, and what to do about each, a sentence or two; empty if nothing is.
    ///
    /// - Cost: loads each library, which the loader does, too.
    static func problems(_ environment: [String: String] = ProcessInfo.processInfo.environment) -> [String] {
        let (files, problem) = files(environment)
        return (problem.map { [$0] } ?? [])
            + files.compactMap { file in
                switch entry(of: file) {
                case .problem(let words):
                    "\(file) \(words), so no driver is found by it. Install that driver again, or remove the file."
                case .library(let library): Self.problem(with: library, namedBy: file)
                }
            }
    }

    /// The ICD files that the loader reads, in its order, as ocl-icd and the Khronos loader take `OCL_ICD_VENDORS` (a folder, a file, or
    /// the name of a file in the usual folder), and what is wrong with that variable.
    static func files(_ environment: [String: String]) -> (files: [String], problem: String?) {
        let asked = environment["OCL_ICD_VENDORS"].flatMap { $0.isEmpty ? nil : $0 }
        guard let asked else { return (icdFiles(in: folder) ?? [], nil) }
        if let files = icdFiles(in: asked) { return (files, nil) }
        if asked.hasSuffix(".icd") {
            let file = asked.contains("/") ? asked : folder + "/" + asked
            if access(file, F_OK) == 0 { return ([file], nil) }
            return (
                [],
                "OCL_ICD_VENDORS=\(asked): there is no file \(file), and no other driver is looked for. Unset it, or correct it."
            )
        }
        // ocl-icd takes the name of a library, too.
        if asked.contains(".so") { return ([], problem(with: asked, namedBy: "OCL_ICD_VENDORS")) }
        return (
            [],
            "OCL_ICD_VENDORS=\(asked) is no folder, ICD file or library, and no other driver is looked for. Unset it, or correct it."
        )
    }

    /// nil if there is no such folder.
    private static func icdFiles(in folder: String) -> [String]? {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else { return nil }
        let base = folder.hasSuffix("/") ? String(folder.dropLast()) : folder
        return names.filter { $0.hasSuffix(".icd") }.sorted().map { base + "/" + $0 }
    }

    /// The first line of an ICD file.
    static func entry(of file: String) -> Entry {
        guard let handle = FileHandle(forReadingAtPath: file) else {
            return .problem("cannot be read (\(String(cString: strerror(errno)).lowercased()))")
        }
        defer { try? handle.close() }
        // A path is no longer than this.
        guard let data = try? handle.read(upToCount: 4096), !data.isEmpty else { return .problem("is empty") }
        let line = String(decoding: data.prefix { $0 != 0x0A }, as: UTF8.self).trimmingCharacters(in: .whitespaces)
            .trimmingCharacters(in: .controlCharacters)
        guard !line.isEmpty, !line.unicodeScalars.contains(where: { $0.value < 0x20 || $0 == "\u{FFFD}" }) else {
            return .problem("names no library in its first line")
        }
        return .library(line)
    }

    /// Why the library of a driver cannot be loaded, and what to do; nil if it can.
    static func problem(with library: String, namedBy place: String) -> String? {
        // It stays loaded: drivers start threads, and do not expect to go.
        if dlopen(library, RTLD_LAZY | RTLD_LOCAL) != nil { return nil }
        let words = dlerror().map { String(cString: $0) } ?? "it cannot be loaded"
        return
            "\(place) names the driver \(library), which cannot be loaded: \(words). \(remedy(library, words, place))"
    }

    /// What to do: the library may be missing itself, or something that it needs.
    static func remedy(_ library: String, _ words: String, _ place: String) -> String {
        let name = library.split(separator: "/").last.map(String.init) ?? library
        let missing = words.split(separator: ":").first.map(String.init) ?? ""
        let isMissing = words.contains("cannot open shared object file")
        if isMissing, missing != library, missing != name {
            return
                "The driver is there, but needs \(missing): install the package that has it (Debian: apt-file search \(missing))."
        }
        let package = packages.first { name.hasPrefix($0.library) }?.package
        let install = package.map { "Install its package (Debian: \($0))" } ?? "Install that driver again"
        return place.hasSuffix(".icd") ? "\(install), or remove \(place)." : "\(install), or unset \(place)."
    }

    /// Which Debian package has which driver.
    private static let packages = [
        (library: "libnvidia-opencl", package: "nvidia-opencl-icd"),
        (library: "libigdrcl", package: "intel-opencl-icd"),
        (library: "libMesaOpenCL", package: "mesa-opencl-icd"),
        (library: "libRusticlOpenCL", package: "mesa-opencl-icd"),
        (library: "libamdocl", package: "rocm-opencl-icd"), (library: "libpocl", package: "pocl-opencl-icd"),
    ]
}
