import Foundation
import TestSupport
import Testing

@testable import CLMat

/// A driver that is named but not there, and a compiler that has no place for what it compiles, are told from each other.
@Suite struct DriverTests {
    private func inFolder(_ files: [String: String], _ body: (String) throws -> Void) throws {
        try inTemporaryFolder { folder in
            for (name, text) in files { try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/" + name)) }
            try body(folder)
        }
    }

    @Test func aDriverWhoseLibraryIsMissingIsNamedWithItsFile() throws {
        let files = [
            // A library that is there, one that is not, one of a known package.
            "a.icd": "libOpenCL.so.1\n", "b.icd": "/nowhere/libvendor-opencl.so.7\nsecond line\n",
            "c.icd": "libnvidia-opencl.so.999\n", "notes.txt": "libmissing.so\n", "d.icd": "", "e.icd": "\n",
        ]
        try inFolder(files) { folder in
            let environment = ["OCL_ICD_VENDORS": folder]
            #expect(
                OpenCLDrivers.files(environment).files == ["a", "b", "c", "d", "e"].map { folder + "/\($0).icd" })
            let problems = OpenCLDrivers.problems(environment)
            try #require(problems.count == 4)
            #expect(
                problems[0].hasPrefix("\(folder)/b.icd names the driver /nowhere/libvendor-opencl.so.7, which cannot"))
            #expect(problems[0].contains("No such file") && problems[0].hasSuffix("remove \(folder)/b.icd."))
            #expect(problems[1].contains("(Debian: nvidia-opencl-icd)"))
            #expect(problems[2].contains("d.icd is empty") && problems[3].contains("e.icd names no library"))
        }
    }

    @Test func theVariableNamesAFolderAFileOrALibrary() throws {
        try inFolder(["x.icd": "libOpenCL.so.1"]) { folder in
            #expect(OpenCLDrivers.files(["OCL_ICD_VENDORS": folder + "/"]).files == [folder + "/x.icd"])
            #expect(OpenCLDrivers.files(["OCL_ICD_VENDORS": folder + "/x.icd"]).files == [folder + "/x.icd"])
            #expect(OpenCLDrivers.problems(["OCL_ICD_VENDORS": folder + "/x.icd"]).isEmpty)
            // Nothing of that name in the usual folder.
            let none = OpenCLDrivers.files(["OCL_ICD_VENDORS": "there-is-none.icd"])
            #expect(none.files.isEmpty && none.problem?.contains("\(OpenCLDrivers.folder)/there-is-none.icd") == true)
            #expect(OpenCLDrivers.problems(["OCL_ICD_VENDORS": folder + "/missing"]).count == 1)
            #expect(
                OpenCLDrivers.problems(["OCL_ICD_VENDORS": "libmissing-driver.so.1"])[0].contains(
                    "unset OCL_ICD_VENDORS"))
            // Without it, the usual folder; an empty one is none.
            let usual = OpenCLDrivers.files([:]).files
            #expect(
                usual.allSatisfy { $0.hasPrefix(OpenCLDrivers.folder) }
                    && OpenCLDrivers.files(["OCL_ICD_VENDORS": ""]).files == usual)
        }
    }

    @Test func whatADriverNeedsIsNotTheDriver() {
        let words = "libLLVM-99.so: cannot open shared object file: No such file or directory"
        #expect(OpenCLDrivers.remedy("libRusticlOpenCL.so.1", words, "/a/b.icd").contains("needs libLLVM-99.so"))
        let own = "libRusticlOpenCL.so.1: cannot open shared object file: No such file or directory"
        #expect(
            OpenCLDrivers.remedy("libRusticlOpenCL.so.1", own, "/a/b.icd")
                == "Install its package (Debian: mesa-opencl-icd), or remove /a/b.icd.")
        #expect(
            OpenCLDrivers.remedy("/x/libodd.so", "/x/libodd.so: undefined symbol: f", "/a/b.icd").contains(
                "driver again"))
    }

    /// What is no text, or too long, is no trap.
    @Test func aDamagedFileIsSaid() throws {
        try inTemporaryFolder { folder in
            let file = folder + "/x.icd"
            for bytes in [[0xFF, 0xFE, 0x00, 0x41], [UInt8](repeating: 0x00, count: 10), [0x20, 0x20, 0x0D, 0x0A]]
                as [[UInt8]]
            {
                try Data(bytes).write(to: URL(fileURLWithPath: file))
                #expect(OpenCLDrivers.entry(of: file) == .problem("names no library in its first line"))
            }
            try Data(repeating: 0x61, count: 100_000).write(to: URL(fileURLWithPath: file))
            #expect(OpenCLDrivers.problems(["OCL_ICD_VENDORS": file]).count == 1)
            try Data("libx.so\r\n".utf8).write(to: URL(fileURLWithPath: file))
            #expect(OpenCLDrivers.entry(of: file) == .library("libx.so"))
            #expect(
                OpenCLDrivers.entry(of: folder + "/none.icd") == .problem("cannot be read (no such file or directory)"))
        }
    }

    // MARK: Caches

    @Test func aCacheThatIsOnlyMissedIsANote() throws {
        try inTemporaryFolder { folder in
            for (platform, variable) in [
                ("NVIDIA CUDA", "CUDA_CACHE_PATH"), ("rusticl", "MESA_SHADER_CACHE_DIR"),
                ("Intel(R) OpenCL Graphics", "NEO_CACHE_DIR"),
            ] {
                #expect(CompilerCache.note(platform: platform, [variable: folder]) == nil)
                #expect(CompilerCache.note(platform: platform, ["HOME": folder]) == nil)
                for environment in [[variable: "/proc/none"], ["HOME": "/proc/none"]] {
                    let words = try #require(CompilerCache.note(platform: platform, environment))
                    #expect(words.contains(variable) && words.contains("at each start"))
                }
                #expect(CompilerCache.problem(platform: platform, ["HOME": "/proc/none"]) == nil, "it works without")
            }
            #expect(
                CompilerCache.note(platform: CompilerCache.pocl, ["HOME": "/proc/none"]) == nil, "that is a problem")
            #expect(CompilerCache.note(platform: "another", ["HOME": "/proc/none"]) == nil)
        }
    }
}
