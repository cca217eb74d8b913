import Foundation

extension Files {
    /// Whether a path leads to a folder.
    package static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }

    /// Whether two paths lead to one file.
    package static func isSame(_ path: String, _ other: String) -> Bool {
        var (a, b) = (stat(), stat())
        return stat(path, &a) == 0 && stat(other, &b) == 0 && a.st_ino == b.st_ino && a.st_dev == b.st_dev
    }

    /// Whether a path is a folder's, or leads into it.
    package static func lies(_ path: String, in folder: String) -> Bool {
        func parts(_ path: String) -> [String] {
            URL(fileURLWithPath: path).resolvingSymlinksInPath().standardizedFileURL.pathComponents
        }
        return parts(path).starts(with: parts(folder))
    }

    /// The absolute path, which holds whatever the current folder is; links stay as they are.
    package static func absolute(_ path: String) -> String { URL(fileURLWithPath: path).standardizedFileURL.path }
}
