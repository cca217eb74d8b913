import CLMat
import Formats
import Foundation

extension ImageDataSet {
    /// Reads a folder of images: PNG, JPEG, BMP or GIF (its first image), all of one size.
    ///
    /// They lie in `train/CLASS/` and `test/CLASS/`; or in `CLASS/`, or in the folder itself: then every tenth image of a
    /// class, drawn at random, is for the test. Classes and, within a class, images are in the order of their names' bytes.
    /// What is neither is passed over, and ``ImageDataSet/notes`` count it.
    static func loadImages(_ path: String, name: String, title: String) throws(CLMatError) -> ImageDataSet {
        var reader = ImageFolderReader(path)
        let top = try Folder(reader.root)
        let hasParts = top.entries.contains { $0.isFolder && $0.name.elementsEqual("train".utf8) }
        return hasParts
            ? try reader.readParts(name: name, title: title) : try reader.readWhole(top, name: name, title: title)
    }

    /// Whether a folder has `train/`, or images in it or in folders of it.
    static func holdsImages(_ path: String) -> Bool {
        guard let top = try? Folder(BytePath(path)) else { return false }
        if top.entries.contains(where: { $0.isFolder && $0.name.elementsEqual("train".utf8) || $0.isImageFile }) {
            return true
        }
        return top.entries.contains { entry in
            guard entry.isFolder, !entry.isHidden, let inner = try? Folder(top.path.appending(entry.name)) else {
                return false
            }
            return inner.entries.contains(where: \.isImageFile)
        }
    }
}

extension Folder.Entry {
    /// By its name: a file of one of the formats that are read.
    fileprivate var isImageFile: Bool { kind == .file && !isHidden && ImageContainer.endings.contains(ending) }
}

/// Reads the images of a folder, and keeps what all of them have in common.
private struct ImageFolderReader {
    let root: BytePath
    private var images = FolderImages()
    private var passedOver = PassedOver()

    init(_ path: String) { root = BytePath(path) }

    /// A class: how it is called, and the folder of its images from ``root``; "" is the root.
    private struct ClassFolder {
        let name: String
        let path: String
        let folder: Folder

        /// An entry's path from the root.
        func path(of entry: Folder.Entry) -> String { path.isEmpty ? entry.shown : "\(path)/\(entry.shown)" }
    }

    // MARK: - With the parts train and test

    mutating func readParts(name: String, title: String) throws(CLMatError) -> ImageDataSet {
        let trainFolders = try classFolders(of: "train")
        let classNames = trainFolders.map(\.name)
        try check(classNames, in: "\(root.shown)/train")
        let testFolders = try classFolders(of: "test")
        if let stranger = testFolders.first(where: { !classNames.contains($0.name) }) {
            throw .dataMismatch(
                "\(root.shown)/test has a class '\(stranger.name)', but \(root.shown)/train has none of that name.")
        }

        let train = try read(trainFolders, classNames)
        if let empty = classNames.indices.first(where: { !train.labels.contains(UInt16($0)) }) {
            throw nothing(in: "\(root.shown)/\(trainFolders[empty].path)")
        }
        let test = try read(testFolders, classNames)
        guard !test.labels.isEmpty else { throw nothing(in: "\(root.shown)/test", "in class folders") }
        let scale = images.fullScale(of: [train, test])
        return try ImageDataSet(
            name: name, title: title,
            train: images.labelled(train, scale, name: "\(title), training", classNames: classNames),
            test: images.labelled(test, scale, name: "\(title), test", classNames: classNames),
            notes: images.notes(scale) + [passedOver.note].compactMap { $0 })
    }

    /// The folders in `part`, but those that a person does not see.
    private mutating func classFolders(of part: String) throws(CLMatError) -> [ClassFolder] {
        let folder = try Folder(
            root.appending(part),
            hint: "The data set needs images as train/CLASS/*.png and test/CLASS/*.png, or as CLASS/*.png alone.")
        var found: [ClassFolder] = []
        for entry in folder.entries {
            let path = "\(part)/\(entry.shown)"
            if passedOver.addUnreadable(entry, as: path) { continue }
            guard entry.isFolder else {
                passedOver.add(path, entry.isImageFile ? .outside : .otherKind)
                continue
            }
            found.append(
                ClassFolder(name: entry.shown, path: path, folder: try Folder(folder.path.appending(entry.name))))
        }
        return found
    }

    // MARK: - Without parts

    mutating func readWhole(_ top: Folder, name: String, title: String) throws(CLMatError) -> ImageDataSet {
        var folders: [ClassFolder] = []
        var others: [ClassFolder] = []
        for entry in top.entries where entry.isFolder && !entry.isHidden {
            let folder = try Folder(top.path.appending(entry.name))
            let found = ClassFolder(name: entry.shown, path: entry.shown, folder: folder)
            if folder.entries.contains(where: \.isImageFile) { folders.append(found) } else { others.append(found) }
        }
        // A picture beside the class folders makes no data set, nor does a folder of previews beside the images.
        let loose = top.entries.count(where: \.isImageFile)
        let inside = folders.reduce(0) { $0 + $1.folder.entries.count(where: \.isImageFile) }
        let isFlat = loose > inside
        if isFlat {
            folders = [ClassFolder(name: "images", path: "", folder: top)]
        } else {
            for entry in top.entries where !passedOver.addUnreadable(entry, as: entry.shown) && !entry.isFolder {
                passedOver.add(entry.shown, entry.isImageFile ? .outside : entry.otherKind)
            }
            for other in others { passedOver.add(other.path, .folder, isFolder: true) }
        }
        let classNames = folders.map(\.name)
        try check(classNames, in: root.shown)

        let all = try read(folders, classNames)
        if let empty = classNames.indices.first(where: { !all.labels.contains(UInt16($0)) }) {
            throw nothing(in: isFlat ? root.shown : "\(root.shown)/\(folders[empty].path)")
        }
        let scale = images.fullScale(of: [all])
        let whole = try images.labelled(all, scale, name: title, classNames: classNames)
        return try ImageDataSet(
            name: name, title: title, whole: whole, hasClasses: !isFlat,
            notes: images.notes(scale) + [passedOver.note].compactMap { $0 })
    }

    // MARK: - Of both kinds

    private func check(_ classNames: [String], in folder: String) throws(CLMatError) {
        guard !classNames.isEmpty, classNames.count <= Int(UInt16.max) + 1 else {
            throw .dataMismatch("\(folder) has \(classNames.count) class folders; a data set has 1 to 65,536 classes.")
        }
    }

    private mutating func read(_ folders: [ClassFolder], _ classNames: [String]) throws(CLMatError) -> FolderImages.Part
    {
        var part = FolderImages.Part()
        for folder in folders {
            guard let label = classNames.firstIndex(of: folder.name) else { continue }
            for entry in folder.folder.entries {
                let path = folder.path(of: entry)
                if passedOver.addUnreadable(entry, as: path) { continue }
                if entry.isFolder {
                    passedOver.add(path, .folder, isFolder: true)
                } else if !entry.isImageFile {
                    passedOver.add(path, entry.otherKind)
                } else {
                    try append(folder.folder.path.appending(entry.name), path, UInt16(label), to: &part)
                }
            }
        }
        return part
    }

    private mutating func append(
        _ file: BytePath, _ path: String, _ label: UInt16, to part: inout FolderImages.Part
    ) throws(CLMatError) {
        var status = stat()
        if stat(file.cString, &status) == 0, status.st_size == 0 {
            passedOver.add(path, .empty)
        } else if access(file.cString, R_OK) != 0 {
            passedOver.add(path, .unreadable)
        } else {
            try images.append(file, to: &part)
            part.labels.append(label)
        }
    }

    private func nothing(in folder: String, _ place: String = "") -> CLMatError {
        let passed = passedOver.listed
        return .dataMismatch(
            "\(folder) holds no PNG, JPEG, BMP or GIF images\(place.isEmpty ? "" : " \(place)")."
                + (passed.isEmpty ? "" : " Passed over: \(passed)."))
    }
}

extension Folder.Entry {
    /// Why a file that is no image to be read is passed over.
    fileprivate var otherKind: PassedOver.Reason {
        ImageContainer.otherEndings.contains(ending) ? .unreadKind : .otherKind
    }
}

/// The images of a data set, as they are read.
struct FolderImages {
    struct Part {
        /// N × 3·H·W; of images of 16 bits the upper ones.
        var pixels: [UInt8] = []
        /// The lower bits of the images of 16, by their number.
        var low: [Int: [UInt8]] = [:]
        var labels: [UInt16] = []
    }

    /// The first image read; the others must have its size.
    private var first: (path: String, width: Int, height: Int)?
    private var bytesRead = 0
    private var (read, colour, transparent, turned, deep, moving) = (0, 0, 0, 0, 0, 0)

    /// Appends the image's red, green and blue planes.
    mutating func append(_ file: BytePath, to part: inout Part) throws(CLMatError) {
        try append(ImageFile(file, like: first), file.shown, to: &part)
    }

    /// The same of a file's content.
    ///
    /// - Parameter path: what errors call the file.
    mutating func append(_ bytes: [UInt8], path: String, to part: inout Part) throws(CLMatError) {
        try append(ImageFile(bytes, path: path, like: first), path, to: &part)
    }

    private mutating func append(_ image: ImageFile, _ path: String, to part: inout Part) throws(CLMatError) {
        if first == nil { first = (path, image.width, image.height) }
        bytesRead += image.planes.count * (image.lowPlanes == nil ? 1 : 2)
        guard bytesRead <= GzipFile.standardLimit else {
            throw .dataMismatch(
                "At \(path) the images together exceed \(GzipFile.standardLimit) bytes, the most that is read.")
        }
        part.low[part.labels.count] = image.lowPlanes
        part.pixels += image.planes
        read += 1
        if !image.isGrey { colour += 1 }
        if image.wasTransparent { transparent += 1 }
        if image.wasTurned { turned += 1 }
        if image.lowPlanes != nil { deep += 1 }
        if image.isFirstOfSeveral { moving += 1 }
    }

    /// What is white in the images of 16 bits: the largest number of as many bits as their largest value takes. So values of 8, 10
    /// or 12 bits that a file of 16 holds are not all black. Nil if there are no such images.
    func fullScale(of parts: [Part]) -> Int? {
        guard deep > 0 else { return nil }
        var largest = 1
        for part in parts {
            let size = part.pixels.count / max(1, part.labels.count)
            for (image, low) in part.low {
                for (place, byte) in low.enumerated() {
                    largest = max(largest, Int(part.pixels[image * size + place]) << 8 | Int(byte))
                }
            }
        }
        return (1 << (Int.bitWidth - largest.leadingZeroBitCount)) - 1
    }

    /// As grey or as colour images, as all that were read decide.
    func labelled(_ part: Part, _ fullScale: Int?, name: String, classNames: [String]) throws(CLMatError)
        -> LabelledImages
    {
        let (width, height) = first.map { ($0.width, $0.height) } ?? (0, 0)
        let area = width * height
        var pixels = part.pixels
        if let fullScale {
            for (image, low) in part.low {
                for (place, byte) in low.enumerated() {
                    let value = Int(pixels[3 * area * image + place]) << 8 | Int(byte)
                    pixels[3 * area * image + place] = UInt8(clamping: (value * 255 + fullScale / 2) / fullScale)
                }
            }
        }
        if colour == 0 {
            // The three channels are equal: the first of each image is kept.
            let planes = pixels
            pixels = []
            pixels.reserveCapacity(part.labels.count * area)
            for image in part.labels.indices { pixels += planes[image * 3 * area..<(image * 3 + 1) * area] }
        }
        return try LabelledImages(
            name: name, shape: ImageShape(channels: colour == 0 ? 1 : 3, height: height, width: width), pixels: pixels,
            labels: part.labels, classNames: classNames)
    }

    /// What a person should know of how they were read.
    func notes(_ fullScale: Int?) -> [String] {
        func images(_ count: Int) -> String {
            count == read ? (count == 1 ? "The image" : "All \(count) images") : "\(count) of \(read) images"
        }
        func verb(_ count: Int, _ one: String, _ several: String) -> String {
            "\(images(count)) \(count == 1 ? one : several)"
        }
        var notes: [String] = []
        if transparent > 0 {
            notes.append("\(verb(transparent, "is", "are")) transparent in places, and laid over white.")
        }
        if turned > 0 {
            notes.append(
                "\(verb(turned, "is", "are")) turned or mirrored upright, as the EXIF mark of the camera says.")
        }
        if let fullScale {
            let share = fullScale == 65535 ? "" : ", the largest number of the bits that their values take"
            notes.append(
                "\(verb(deep, "has", "have")) 16 bits in a channel: read in 8 bits, with white at \(fullScale)\(share)."
            )
        }
        if moving > 0 { notes.append("\(verb(moving, "is a GIF", "are GIFs")) of several images: the first is read.") }
        if colour > 0, colour < read {
            notes.append("\(verb(colour, "has", "have")) colours, the others are grey: all are read as colour images.")
        }
        return notes
    }
}
