import CLMat
import Formats
import Foundation

/// What a folder holds, in the order of the names' bytes.
struct Folder {
    enum Kind: Sendable {
        case file, folder
        /// A link to a folder: to follow such links without end could lead round in a circle.
        case linkToFolder
        /// A link to nothing, or round in a circle.
        case brokenLink
        /// A pipe, a socket, a device.
        case special
        /// Its folder does not let one look.
        case unreadable
    }

    struct Entry: Sendable {
        let name: [UInt8]
        let kind: Kind

        var shown: String { BytePath.shown(name) }
        var isFolder: Bool { kind == .folder || kind == .linkToFolder }
        /// What systems and programs put beside a person's files.
        var isHidden: Bool {
            name.first == UInt8(ascii: ".") || ["__macosx", "thumbs.db", "desktop.ini"].contains(shown.lowercased())
        }
        /// What follows the last dot, in lower case; "" without one.
        var ending: String {
            guard let dot = name.lastIndex(of: UInt8(ascii: ".")), dot > 0 else { return "" }
            return String(decoding: name[(dot + 1)...], as: UTF8.self).lowercased()
        }
    }

    let path: BytePath
    let entries: [Entry]

    /// - Throws: ``/CLMat/CLMatError/fileMissing(path:hint:)`` if it cannot be opened or read to its end.
    init(_ path: BytePath, hint: String = "Check the path.") throws(CLMatError) {
        guard let stream = opendir(path.cString) else {
            let reason = errno
            throw .fileMissing(
                path: path.shown,
                hint: reason == ENOENT
                    ? hint
                    : "It is a folder that cannot be opened: \(Descriptors.words(reason)). Check its permissions.")
        }
        defer { closedir(stream) }
        var found: [Entry] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else { break }
            let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                tuple.withMemoryRebound(to: CChar.self, capacity: 256) { start in
                    UnsafeBufferPointer(start: start, count: strlen(start)).map { UInt8(bitPattern: $0) }
                }
            }
            if name.elementsEqual(".".utf8) || name.elementsEqual("..".utf8) { continue }
            found.append(Entry(name: name, kind: Self.kind(name, in: dirfd(stream))))
        }
        guard errno == 0 else {
            throw .fileMissing(
                path: path.shown, hint: "The folder cannot be read to its end: \(Descriptors.words(errno)).")
        }
        (self.path, entries) = (path, found.sorted { $0.name.lexicographicallyPrecedes($1.name) })
    }

    private static func kind(_ name: [UInt8], in folder: Int32) -> Kind {
        let name = name.map { CChar(bitPattern: $0) } + [0]
        var status = stat()
        guard fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return .unreadable }
        let isLink = status.st_mode & S_IFMT == S_IFLNK
        if isLink, fstatat(folder, name, &status, 0) != 0 { return errno == EACCES ? .unreadable : .brokenLink }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return .file
        case S_IFDIR: return isLink ? .linkToFolder : .folder
        default: return .special
        }
    }
}

/// What the reader of a folder passes over, and why.
struct PassedOver {
    /// In the order in which they are said.
    enum Reason: Int, CaseIterable {
        case otherKind, unreadKind, outside, folder, empty, binary, unreadable, brokenLink, linkToFolder, special,
            hidden

        func words(_ count: Int) -> String {
            let isOne = count == 1
            return switch self {
            case .otherKind: isOne ? "of another kind" : "of other kinds"
            case .unreadKind: "of image formats that are not read: convert them to PNG"
            case .outside: "outside the class folders"
            case .folder: isOne ? "folder inside" : "folders inside"
            case .empty: "empty"
            case .binary: "binary"
            case .unreadable: "that cannot be opened"
            case .brokenLink: isOne ? "broken link" : "broken links"
            case .linkToFolder: isOne ? "link to a folder" : "links to folders"
            case .special: isOne ? "no plain file" : "no plain files"
            case .hidden: "hidden"
            }
        }
    }

    private var names: [Reason: [String]] = [:]
    private var counts: [Reason: Int] = [:]
    private var folders = 0
    var count: Int { counts.values.reduce(0, +) }

    /// - Parameter path: as a person is told, from the folder that was asked for.
    mutating func add(_ path: String, _ reason: Reason, isFolder: Bool = false) {
        counts[reason, default: 0] += 1
        if isFolder { folders += 1 }
        if counts[reason, default: 0] <= Self.mostNames { names[reason, default: []].append(path) }
    }

    /// An entry that is no file or folder to be read, for what it is; false if it may be one.
    mutating func addUnreadable(_ entry: Folder.Entry, as path: String) -> Bool {
        switch entry.kind {
        case _ where entry.isHidden: add(path, .hidden, isFolder: entry.isFolder)
        case .brokenLink: add(path, .brokenLink)
        case .special: add(path, .special)
        case .unreadable: add(path, .unreadable)
        case .file, .folder, .linkToFolder: return false
        }
        return true
    }

    private static let mostNames = 3

    /// "2 of other kinds (.DS_Store, Thumbs.db), 1 empty (a.png)"; "" if there is nothing.
    var listed: String {
        Reason.allCases.compactMap { reason in
            guard let count = counts[reason], let names = names[reason] else { return nil }
            let rest = count > names.count ? ", …" : ""
            return "\(count) \(reason.words(count)) (\(names.joined(separator: ", "))\(rest))"
        }.joined(separator: ", ")
    }

    /// A sentence; nil if nothing was passed over.
    var note: String? {
        guard count > 0 else { return nil }
        let what =
            switch (count - folders, folders) {
            case (let files, 0): files == 1 ? "1 file" : "\(files) files"
            case (0, let folders): folders == 1 ? "1 folder" : "\(folders) folders"
            default: "\(count) files and folders"
            }
        return "\(what) passed over: \(listed)."
    }
}
