// swift-tools-version: 6.1
import PackageDescription

// A package that depends on CLMat as yours would, with a kernel of its own: there, the path is that of your copy, or a url.
let package = Package(
    name: "own-kernel",
    products: [.executable(name: "softplus", targets: ["Softplus"])],
    dependencies: [.package(name: "CLMat", path: "../..")],
    targets: [
        .target(
            name: "SoftplusKernels", dependencies: [.product(name: "CLMat", package: "CLMat")], path: "Kernels",
            exclude: ["softplus.cl"], publicHeadersPath: "."),
        .executableTarget(
            name: "Softplus", dependencies: ["SoftplusKernels", .product(name: "CLMat", package: "CLMat")], path: ".",
            exclude: ["Kernels"]),
    ],
    swiftLanguageModes: [.v6]
)
