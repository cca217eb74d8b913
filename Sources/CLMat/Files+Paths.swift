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

    /// Whether a path is a folder's, or leads into it; what it leads to need not be there yet.
    package static func lies(_ path: String, in folder: String) -> Bool {
        func parts(_ path: String) -> [String] {
            // Foundation follows the links of a path only if all of it is there.
            let names = URL(fileURLWithPath: path).absoluteURL.pathComponents
            let there = names.indices.last { end in
                FileManager.default.fileExists(atPath: NSString.path(withComponents: Array(names[...end])))
            }
            let (start, rest) = (names[...(there ?? 0)], names[((there ?? 0) + 1)...])
            let real = URL(fileURLWithPath: NSString.path(withComponents: Array(start))).resolvingSymlinksInPath()
            let place = rest.reduce(real) { $0.appendingPathComponent($1) }
            return place.standardizedFileURL.pathComponents
        }
        return parts(path).starts(with: parts(folder))
    }

    /// The absolute path, which holds whatever the current folder is; links stay as they are.
    package static func absolute(_ path: String) -> String { URL(fileURLWithPath: path).standardizedFileURL.path }
}
