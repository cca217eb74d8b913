import Foundation

/// Whether CLMAT_DATA names a folder with MNIST; tests that need it are skipped if not.
let hasMNIST =
    ProcessInfo.processInfo.environment["CLMAT_DATA"].map {
        FileManager.default.fileExists(atPath: $0 + "/mnist")
    } ?? false
