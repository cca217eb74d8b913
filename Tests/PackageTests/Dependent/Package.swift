// swift-tools-version: 6.1
import PackageDescription

// The test copies this folder to a place of its own, with the criterion and the figure of samples/extension beside the program.
let package = Package(
    name: "dependent",
    dependencies: [.package(name: "CLMat", path: "../../..")],
    targets: [
        .executableTarget(
            name: "dependent",
            dependencies: [
                .product(name: "CLMat", package: "CLMat"), .product(name: "Formats", package: "CLMat"),
                .product(name: "Exploration", package: "CLMat"), .product(name: "Models", package: "CLMat"),
                .product(name: "Viewer", package: "CLMat"),
            ],
            path: ".")
    ],
    swiftLanguageModes: [.v6]
)
