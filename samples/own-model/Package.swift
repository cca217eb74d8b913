// swift-tools-version: 6.1
import PackageDescription

// A package with a model of its own. In a copy elsewhere, the path is that of your copy of CLMat, or a url.
let package = Package(
    name: "own-model",
    products: [.executable(name: "logistic", targets: ["Logistic"])],
    dependencies: [
        .package(name: "CLMat", path: "../.."),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
    ],
    targets: [
        .executableTarget(
            name: "Logistic",
            dependencies: [
                .product(name: "CLMat", package: "CLMat"), .product(name: "Exploration", package: "CLMat"),
                .product(name: "ModelProgram", package: "CLMat"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: ".")
    ],
    swiftLanguageModes: [.v6]
)
