// swift-tools-version: 6.1
import PackageDescription

let package = Package(
    name: "CLMat",
    products: [
        .library(name: "CLMat", targets: ["CLMat"]),
        .library(name: "ModelOperations", targets: ["ModelOperations"]),
        .library(name: "Formats", targets: ["Formats"]),
        .library(name: "Exploration", targets: ["Exploration"]),
        .library(name: "Models", targets: ["Models"]),
        .library(name: "Viewer", targets: ["Viewer"]),
        .library(name: "ModelProgram", targets: ["ModelProgram"]),
        .executable(name: "explore", targets: ["explore"]),
    ],
    dependencies: [.package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0")],
    targets: [
        // MARK: - System libraries
        .systemLibrary(
            name: "COpenCL", pkgConfig: "OpenCL", providers: [.apt(["ocl-icd-opencl-dev", "opencl-headers"])]),
        .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
        .systemLibrary(name: "CCLBlast", pkgConfig: "clblast", providers: [.apt(["libclblast-dev"])]),
        .systemLibrary(name: "CSDL2", providers: [.apt(["libsdl2-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CImGuiSystem", pkgConfig: "imgui", providers: [.apt(["libimgui-dev"])]),
        .systemLibrary(
            name: "CFontconfig", pkgConfig: "fontconfig", providers: [.apt(["libfontconfig-dev"])]),
        .systemLibrary(name: "CFriBidi", pkgConfig: "fribidi", providers: [.apt(["libfribidi-dev"])]),
        .target(name: "CStb"),
        .target(
            name: "CImGui", dependencies: ["CSDL2", "CImGuiSystem"],
            linkerSettings: [.linkedLibrary("SDL2"), .linkedLibrary("m")]),

        // MARK: - Library
        .target(
            name: "CLMatKernels", path: "Kernels", exclude: ["cl", "shared", "models"], sources: ["cpu"],
            publicHeadersPath: "include"),
        .target(name: "CLMat", dependencies: ["CLMatKernels", "COpenCL", "COpenBLAS", "CCLBlast"]),
        // What the kernels of single models need is what a package needs that depends on CLMat and adds some of its own.
        .target(
            name: "ModelKernels", dependencies: ["CLMat"], path: "Kernels/models", exclude: ["cl", "shared"],
            sources: ["cpu"], publicHeadersPath: "include"),
        .target(name: "ModelOperations", dependencies: ["ModelKernels", "CLMat"]),
        .target(name: "Formats", dependencies: ["CLMat", "CZlib", "CStb"]),
        .target(name: "Exploration", dependencies: ["Formats", "CLMat"]),
        .target(name: "Models", dependencies: ["ModelOperations", "Exploration", "Formats", "CLMat"]),
        .target(
            name: "Viewer",
            dependencies: ["Exploration", "Formats", "CLMat", "CImGui", "CSDL2", "CFontconfig", "CFriBidi"]),
        .target(
            name: "ModelProgram",
            dependencies: [
                "Viewer", "Exploration", "Formats", "CLMat",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),

        // MARK: - Programs
        .executableTarget(
            name: "explore",
            dependencies: [
                "ModelProgram", "Models", "Exploration", "Formats", "CLMat",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "samples/explore"),
        .executableTarget(name: "hello", dependencies: ["CLMat"], path: "samples/hello"),
        .executableTarget(
            name: "language",
            dependencies: ["Models", "CLMat", .product(name: "ArgumentParser", package: "swift-argument-parser")],
            path: "samples/language"),
        .executableTarget(
            name: "network", dependencies: ["Viewer", "Models", "Exploration", "CLMat"], path: "samples/network"),
        // What is measured, and beside whom.
        .target(
            name: "BenchCases", dependencies: ["Models", "Exploration", "CLMat", "COpenBLAS"],
            path: "samples/bench/cases"),
        .executableTarget(
            name: "bench",
            dependencies: [
                "BenchCases", "Viewer", "Models", "Exploration", "Formats", "ModelOperations", "CLMat", "CSDL2",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "samples/bench", exclude: ["cases", "peers"]),
        .executableTarget(
            name: "check-gpu",
            dependencies: [
                "BenchCases", "Models", "Formats", "CLMat", "COpenCL",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "samples/check-gpu", exclude: ["pack.sh", "start.sh"]),
        .executableTarget(name: "gallery", dependencies: ["Viewer", "Exploration", "CLMat"], path: "samples/gallery"),

        // MARK: - Tests
        .target(
            name: "TestSupport", dependencies: ["CLMat", "Formats", "Exploration", "CStb", "CZlib"],
            path: "Tests/TestSupport"),
        // The kernels that draw numbers, compiled once more with functions as inexact as OpenCL allows.
        .target(
            name: "PerturbedKernels", dependencies: ["ModelKernels", "CLMatKernels"], path: "Tests/PerturbedKernels"),
        .testTarget(
            name: "CLMatTests",
            dependencies: ["ModelOperations", "CLMat", "CLMatKernels", "COpenCL", "PerturbedKernels", "TestSupport"]),
        .testTarget(name: "FormatsTests", dependencies: ["Formats", "CLMat", "TestSupport"]),
        .testTarget(name: "ExplorationTests", dependencies: ["Exploration", "Formats", "TestSupport"]),
        .testTarget(name: "ModelsTests", dependencies: ["Models", "Formats", "CZlib", "TestSupport"]),
        .testTarget(
            name: "ModelProgramTests",
            dependencies: [
                "ModelProgram", "Exploration", "CLMat", "TestSupport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
        .testTarget(name: "ExploreTests", dependencies: ["explore", "CLMat"]),
        .testTarget(name: "CheckGPUTests", dependencies: ["check-gpu"]),
        .testTarget(name: "ViewerTests", dependencies: ["Viewer", "Exploration", "Formats", "TestSupport"]),
        .testTarget(
            name: "PackageTests", dependencies: ["CLMat", "CStb"], exclude: ["Dependent"]),
        // It compiles what documents and comments show, against the modules of these.
        .testTarget(
            name: "DocumentationTests",
            dependencies: [
                "explore", "ModelProgram", "Viewer", "Models", "Exploration", "Formats", "CLMat", "TestSupport",
            ]),
    ],
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx17
)

// What `make docs` needs, and nobody who depends on CLMat.
if Context.environment["CLMAT_DOCS"] == "1" {
    package.dependencies.append(.package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"))
}

// What `make check-gpu` packs: nothing that needs a window's libraries, which its machine may not have.
if Context.environment["CLMAT_CHECK_GPU"] == "1" {
    let unpacked: Set = [
        "CSDL2", "CImGuiSystem", "CFontconfig", "CFriBidi", "CImGui", "Viewer", "ModelProgram", "explore", "network",
        "bench", "gallery", "FormatsTests", "ExplorationTests", "ModelsTests", "ModelProgramTests", "ExploreTests",
        "CheckGPUTests", "ViewerTests", "PackageTests", "DocumentationTests",
    ]
    package.targets.removeAll { unpacked.contains($0.name) }
    package.products.removeAll { unpacked.contains($0.name) }
}
