import Foundation

/// CLMAT_DATA, or nothing.
let dataFolder = ProcessInfo.processInfo.environment["CLMAT_DATA"] ?? ""

/// Whether that folder holds a file or a folder; tests that need it are skipped if not.
func hasData(_ name: String) -> Bool {
    !dataFolder.isEmpty && FileManager.default.fileExists(atPath: "\(dataFolder)/\(name)")
}

let hasMNIST = hasData("mnist")
