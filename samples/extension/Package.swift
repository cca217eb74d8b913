// swift-tools-version: 6.1
import PackageDescription

// A package that depends on CLMat as yours would: there, the path is that of your copy, or a url.
let package = Package(
    name: "extension",
    products: [.executable(name: "extension", targets: ["Extension"])],
    dependencies: [.package(name: "CLMat", path: "../..")],
    targets: [
        .executableTarget(
            name: "Extension",
            dependencies: [
                .product(name: "CLMat", package: "CLMat"), .product(name: "Formats", package: "CLMat"),
                .product(name: "Exploration", package: "CLMat"), .product(name: "Models", package: "CLMat"),
                .product(name: "Viewer", package: "CLMat"),
            ],
            path: ".")
    ],
    swiftLanguageModes: [.v6]
)
