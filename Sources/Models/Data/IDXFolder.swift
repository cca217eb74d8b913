import CLMat
import Formats
import Foundation

/// The IDX files of a folder. What each one is, its name says somewhere: `train` or `t10k` or `test`, `images` or
/// `labels`, and `idx` or `ubyte`; what else is in the name is the data set's, as in
/// `emnist-letters-train-images-idx3-ubyte.gz`.
struct IDXFolder {
    enum Part: Hashable { case training, test, unnamed }
    enum Kind: Hashable { case images, labels }

    struct Slot: Hashable {
        var part: Part
        var kind: Kind
        init(_ part: Part, _ kind: Kind) { (self.part, self.kind) = (part, kind) }
    }

    let path: String
    /// For each data set, by its name, which may be empty: the files of each slot.
    let sets: [String: [Slot: [String]]]

    /// The original names, for a person to read.
    static let listed =
        "train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte"

    /// A folder that cannot be read holds none.
    init(_ path: String) {
        self.path = path
        var sets: [String: [Slot: [String]]] = [:]
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        // Of two spellings of one name the plain file comes first, and the original spelling.
        for file in names.sorted(by: { (isPacked($0) ? 1 : 0, $0) < (isPacked($1) ? 1 : 0, $1) }) {
            guard !file.hasPrefix("."), let (slot, set) = Self.parse(file), !Files.isFolder("\(path)/\(file)") else {
                continue
            }
            let known = sets[set]?[slot] ?? []
            if known.contains(where: { Self.words($0) == Self.words(file) }) { continue }
            sets[set, default: [:]][slot, default: []].append(file)
        }
        self.sets = sets
    }

    /// The words of a name in lower case, without `gz`.
    private static func words(_ file: String) -> [String] {
        let words = file.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
        return words.last == "gz" ? words.dropLast() : words
    }

    /// Nil for a file that says no such thing.
    private static func parse(_ file: String) -> (slot: Slot, set: String)? {
        var (part, kind): (Part, Kind?) = (.unnamed, nil)
        var isIDX = false
        var rest: [String] = []
        for word in words(file) {
            if word.hasPrefix("idx"), let size = Int("0" + word.dropFirst(3)), size <= 4 {
                isIDX = true
                // Without another word: one dimension is of labels, three or four are of images.
                if kind == nil, size > 0 { kind = size == 1 ? .labels : .images }
            } else if word == "ubyte" || word == "uint8" {
                isIDX = true
            } else if word.hasPrefix("image") {
                kind = .images
            } else if word.hasPrefix("label") {
                kind = .labels
            } else if word == "train" || word == "training" {
                part = .training
            } else if word == "t10k" || word == "test" || word == "testing" {
                part = .test
            } else if !["byte", "float", "double", "int", "short"].contains(word) {
                rest.append(word)
            }
        }
        guard isIDX, let kind else { return nil }
        return (Slot(part, kind), rest.joined(separator: "-"))
    }

    /// The data set of a name.
    ///
    /// - Parameter name: may be nil where there is only one.
    /// - Throws: ``/CLMat/CLMatError/invalidValue(setting:value:accepted:)`` with the paths of those that there are.
    func set(_ name: String? = nil) throws(CLMatError) -> IDXSet? {
        guard !sets.isEmpty else { return nil }
        if let name {
            return sets[Self.words(name).joined(separator: "-")].map { IDXSet(folder: path, name: name, files: $0) }
        }
        // Files whose names differ in other words, but of which no two could be meant, belong together.
        let together = sets.values.reduce(into: [:]) { $0.merge($1) { $0 + $1 } }
        if sets.count > 1, together.values.allSatisfy({ $0.count == 1 }) {
            return IDXSet(folder: path, name: "", files: together)
        }
        guard sets.count == 1, let (name, files) = sets.first else {
            let several = sets.keys.sorted().map { $0.isEmpty ? "one without a name of its own" : "\(path)/\($0)" }
            throw .invalidValue(
                setting: "data", value: path,
                accepted:
                    "one of the data sets in this folder: \(several.joined(separator: ", ")); or move one into a folder of its own"
            )
        }
        return IDXSet(folder: path, name: name, files: files)
    }
}

private func isPacked(_ file: String) -> Bool { file.lowercased().hasSuffix(".gz") }

/// The files of one data set.
struct IDXSet {
    let folder: String
    let name: String
    let files: [IDXFolder.Slot: [String]]

    func has(_ part: IDXFolder.Part, _ kind: IDXFolder.Kind) -> Bool { files[.init(part, kind)] != nil }

    /// Whether it has all that learning with labels needs.
    var isWhole: Bool {
        has(.training, .images) && has(.training, .labels) && has(.test, .images) && has(.test, .labels)
    }

    /// - Throws: ``/CLMat/CLMatError/fileMissing(path:hint:)``; ``/CLMat/CLMatError/dataMismatch(_:)`` if two files could be meant;
    ///   what ``/Formats/IDXFile`` throws.
    func read(_ part: IDXFolder.Part, _ kind: IDXFolder.Kind) throws(CLMatError) -> IDXFile {
        let found = files[.init(part, kind)] ?? []
        guard let file = found.first else {
            let start = (name.isEmpty ? "" : name + "-") + (part == .test ? "t10k-" : part == .training ? "train-" : "")
            throw .fileMissing(
                path: "\(folder)/\(start)\(kind == .images ? "images-idx3" : "labels-idx1")-ubyte",
                hint: "The folder has to hold four files, plain or .gz: \(IDXFolder.listed).")
        }
        guard found.count == 1 else {
            throw .dataMismatch(
                "\(folder) has several files for one thing: \(found.joined(separator: ", ")). Move all but one out of it."
            )
        }
        return try IDXFile("\(folder)/\(file)")
    }
}

// MARK: - Data sets of labelled images

extension ImageDataSet {
    /// - Parameter classNames: if nil, the classes are named by number, up to the largest label.
    static func loadIDX(
        _ set: IDXSet, name: String, title: String, classNames: [String]?
    ) throws(CLMatError) -> ImageDataSet {
        let trainLabelFile = try set.read(.training, .labels)
        let testLabelFile = try set.read(.test, .labels)
        let trainLabels = try IDXPart.labels(trainLabelFile, classCount: classNames?.count)
        let testLabels = try IDXPart.labels(testLabelFile, classCount: classNames?.count)
        var names = classNames ?? []
        if names.isEmpty { names = try IDXPart.classNames((trainLabels, trainLabelFile), (testLabels, testLabelFile)) }
        let train = try IDXPart.images(
            set.read(.training, .images), (trainLabels, trainLabelFile), name: "\(title), training", classNames: names)
        let test = try IDXPart.images(
            set.read(.test, .images), (testLabels, testLabelFile), name: "\(title), test", classNames: names)
        return try ImageDataSet(name: name, title: title, train: train, test: test)
    }
}

/// One part of a data set: a file of images, and one of their labels.
private enum IDXPart {
    typealias Labels = (values: [UInt8], file: IDXFile)

    static func labels(_ file: IDXFile, classCount: Int? = nil) throws(CLMatError) -> [UInt8] {
        guard file.dimensions.count == 1 else {
            throw .fileDamaged(
                path: file.path, place: "byte 3",
                problem: "labels have 1 dimension, but this file has \(file.dimensions.count)")
        }
        let labels = try file.wholeBytes()
        if let classCount, let index = labels.firstIndex(where: { Int($0) >= classCount }) {
            throw .fileDamaged(
                path: file.path, place: file.place(of: index),
                problem: "label \(labels[index]) is not one of the \(classCount) classes, 0 to \(classCount - 1)")
        }
        return labels
    }

    /// Names by number. One damaged byte among the labels would otherwise make a hundred classes.
    static func classNames(_ train: Labels, _ test: Labels?) throws(CLMatError) -> [String] {
        let present = Set(train.values).count
        for labels in [train, test].compactMap({ $0 }) {
            guard let index = labels.values.firstIndex(where: { Int($0) >= 2 * max(1, present) }) else { continue }
            throw .fileDamaged(
                path: labels.file.path, place: labels.file.place(of: index),
                problem: """
                    label \(labels.values[index]) is far beyond the others: only \(present) different ones occur in training, and \
                    at least half of the classes must have images
                    """)
        }
        return (0...max(train.values.max() ?? 0, test?.values.max() ?? 0)).map(String.init)
    }

    /// - Parameter labels: if nil, all images are of one class.
    static func images(
        _ file: IDXFile, _ labels: Labels?, name: String, classNames: [String]
    ) throws(CLMatError) -> LabelledImages {
        let shape = try shape(file, labels: labels)
        return try LabelledImages(
            name: name, shape: shape, pixels: file.pixelBytes(),
            labels: labels?.values.map(UInt16.init) ?? [UInt16](repeating: 0, count: file.dimensions[0]),
            classNames: classNames)
    }

    /// N × D are vectors, N × H × W are grey images, N × C × H × W have channels. There is one label for each.
    private static func shape(_ images: IDXFile, labels: Labels?) throws(CLMatError) -> ImageShape {
        let sizes = images.dimensions
        if let labels, sizes[0] != labels.values.count {
            throw .dataMismatch(
                "\(images.path) holds \(sizes[0]) images, but \(labels.file.path) holds \(labels.values.count) labels.")
        }
        // First of all: the other sizes of an empty file can be absurd.
        guard images.count > 0 else {
            let what = sizes[0] == 0 ? "images" : "pixels"
            throw .dataMismatch("\(images.path) holds no \(what): its sizes are \(images.sizes).")
        }
        switch sizes.count {
        case 2: return .vector(sizes[1])
        case 3: return ImageShape(height: sizes[1], width: sizes[2])
        case 4: return ImageShape(channels: sizes[1], height: sizes[2], width: sizes[3])
        default:
            throw .fileDamaged(
                path: images.path, place: "byte 3",
                problem: "images have 2 to 4 dimensions, but this file has \(sizes.count)")
        }
    }
}

// MARK: - Images without labels

extension LabelledImages {
    /// Images for a model that needs no labels and no test: the training images of a data set, or the images that there
    /// are.
    ///
    /// - Parameter nameOrPath: as for ``ImageDataSet/load(_:environment:)``; or an IDX file of images, or a folder of
    ///   which only one has images. Without a file of labels all have label 0.
    /// - Throws: as ``ImageDataSet/load(_:environment:)`` does.
    public static func loadForPoints(
        _ nameOrPath: String, environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(CLMatError) -> (images: LabelledImages, title: String, notes: [String]) {
        func whole() throws(CLMatError) -> (images: LabelledImages, title: String, notes: [String]) {
            let set = try ImageDataSet.load(nameOrPath, environment: environment)
            return (set.points, set.title, set.notes)
        }
        guard !ImageDataSet.knownNames.contains(nameOrPath) else { return try whole() }
        let title = URL(fileURLWithPath: nameOrPath).standardizedFileURL.lastPathComponent
        var isDirectory: ObjCBool = false
        if FileManager.default.fileExists(atPath: nameOrPath, isDirectory: &isDirectory), !isDirectory.boolValue {
            let images = try IDXPart.images(IDXFile(nameOrPath), nil, name: title, classNames: [""])
            return (images, title, [])
        }
        guard let set = try ImageDataSet.idxSet(nameOrPath), !set.isWhole else { return try whole() }
        guard let part = [IDXFolder.Part.training, .unnamed, .test].first(where: { set.has($0, .images) }) else {
            throw .dataMismatch("\(nameOrPath) holds labels, but no images.")
        }
        // That those of the test are taken is no matter of course.
        let notes = part == .test ? ["\(nameOrPath) has no training images: those of the test are read."] : []
        guard set.has(part, .labels) else {
            return (try IDXPart.images(set.read(part, .images), nil, name: title, classNames: [""]), title, notes)
        }
        let file = try set.read(part, .labels)
        let labels = (values: try IDXPart.labels(file), file: file)
        let classNames = try IDXPart.classNames(labels, nil)
        let images = try IDXPart.images(set.read(part, .images), labels, name: title, classNames: classNames)
        return (images, title, notes)
    }
}
