import CLMat
import Foundation

/// Labelled images to learn from, and others of the same kind to be tested on.
public struct ImageDataSet: Sendable {
    /// How `--data` names it: `mnist`, or a folder's path.
    public let name: String
    /// What a person calls it: "MNIST", or the folder's name.
    public let title: String
    public let train: LabelledImages
    public let test: LabelledImages
    /// How the data were read where that was not obvious, a sentence each.
    public let notes: [String]
    /// Whether the classes say something of the images: a folder of images alone is one class.
    public let hasClasses: Bool
    /// All images in the order of their names, where ``train`` and ``test`` were drawn from them; nil if the data set has such
    /// parts itself.
    private let whole: LabelledImages?

    public var shape: ImageShape { train.shape }
    public var classNames: [String] { train.classNames }

    /// - Throws: ``CLMatError/dataMismatch(_:)`` if the two parts differ in the shape of their images or in their
    ///   classes.
    public init(
        name: String, title: String, train: LabelledImages, test: LabelledImages, notes: [String] = []
    ) throws(CLMatError) {
        guard train.shape == test.shape else {
            throw .dataMismatch(
                "\(title): the training images are \(train.shape), but the test images are \(test.shape).")
        }
        guard train.classNames == test.classNames else {
            throw .dataMismatch("\(title): the training and the test images do not have the same classes.")
        }
        (self.name, self.title, self.train, self.test) = (name, title, train, test)
        (self.notes, hasClasses, whole) = (notes, true, nil)
    }

    /// A data set without parts: every tenth image of a class, drawn at random, is for the test, but one at least; the only
    /// image of a class is for both.
    init(name: String, title: String, whole: LabelledImages, hasClasses: Bool, notes: [String]) throws(CLMatError) {
        var (training, testing): ([Int], [Int]) = ([], [])
        for label in whole.classNames.indices {
            let members = whole.labels.indices.filter { whole.labels[$0] == UInt8(label) }
            let order = RandomKey(seed: 1, step: label, stream: Streams.heldOut).permutation(of: members.count)
            let drawn = Set(order.prefix(members.isEmpty ? 0 : max(1, members.count / 10)).map { members[Int($0)] })
            testing += members.filter { drawn.contains($0) }
            training += members.filter { members.count == 1 || !drawn.contains($0) }
        }
        func part(_ images: [Int], _ name: String) throws(CLMatError) -> LabelledImages {
            let size = whole.shape.count
            var pixels: [UInt8] = []
            pixels.reserveCapacity(images.count * size)
            for image in images { pixels += whole.pixels[image * size..<(image + 1) * size] }
            return try LabelledImages(
                name: "\(title), \(name)", shape: whole.shape, pixels: pixels, labels: images.map { whole.labels[$0] },
                classNames: whole.classNames)
        }
        (self.name, self.title) = (name, title)
        (train, test) = (try part(training.sorted(), "training"), try part(testing.sorted(), "test"))
        (self.notes, self.hasClasses, self.whole) = (notes, hasClasses, whole)
    }

    /// The images for a model that is not tested on others: those for training, or all of a data set without such parts.
    public var points: LabelledImages { whole ?? train }

    /// ``notes``, and what a model should say that is tested on ``test``.
    public var partNotes: [String] {
        guard let whole else { return notes }
        return notes + [
            "\(title) has no folders train and test: \(test.count) of its \(whole.count) images, drawn at random, are for the test."
        ]
    }
}

// MARK: - By name or path

extension ImageDataSet {
    /// The names that ``load(_:environment:)`` knows.
    public static let knownNames = ["fashion-mnist", "mnist"]

    /// Reads a data set.
    ///
    /// - Parameters:
    ///   - nameOrPath: one of these; a name wins over a folder of that name, which `./name` reaches.
    ///     - `fashion-mnist`: Debian's package `dataset-fashion-mnist`, else `$CLMAT_DATA/fashion-mnist`;
    ///     - `mnist`: `$CLMAT_DATA/mnist`, else `./data/mnist`;
    ///     - a folder with four IDX files under MNIST's names (``IDXFile``), each plain or packed with gzip;
    ///     - a folder with images as `train/CLASS/*.png` and `test/CLASS/*.png`, as `CLASS/*.png`, or as `*.png`; they may be
    ///       JPEG, BMP or GIF as well, and have all one size. They have one channel if all pixels are grey, else three;
    ///       transparent ones are laid over white, and those that EXIF calls turned are turned back.
    ///   - environment: where `CLMAT_DATA` is looked up.
    /// - Throws: ``CLMatError/unknownName(kind:name:known:)``; ``CLMatError/invalidValue(setting:value:accepted:)`` for
    ///   a path to something else; ``CLMatError/fileMissing(path:hint:)``, which says how to get the data;
    ///   ``CLMatError/fileDamaged(path:place:problem:)``; ``CLMatError/dataMismatch(_:)`` if the files do not belong
    ///   together.
    /// - Source: H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking machine
    ///   learning algorithms", arXiv:1708.07747, 2017; Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database of
    ///   handwritten digits".
    public static func load(
        _ nameOrPath: String, environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(CLMatError) -> ImageDataSet {
        let data = environment["CLMAT_DATA"].flatMap { $0.isEmpty ? nil : $0 }
        switch nameOrPath {
        case "fashion-mnist":
            let package = "/usr/share/datasets/fashion-mnist"
            return try load(
                name: nameOrPath, title: "Fashion-MNIST",
                folders: [package] + (data.map { ["\($0)/fashion-mnist"] } ?? []),
                classNames: fashionClassNames, hint: "To get it: apt-get install dataset-fashion-mnist")
        case "mnist":
            return try load(
                name: nameOrPath, title: "MNIST", folders: (data.map { ["\($0)/mnist"] } ?? []) + ["data/mnist"],
                classNames: (0...9).map(String.init),
                hint: """
                    Set CLMAT_DATA to a folder that holds mnist/ with the four files \
                    \(IDXPart.listed), plain or .gz.
                    """)
        default:
            return try load(path: nameOrPath)
        }
    }

    private static let fashionClassNames = [
        "t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
    ]

    /// Reads from the first of `folders` that is there.
    private static func load(
        name: String, title: String, folders: [String], classNames: [String], hint: String
    ) throws(CLMatError) -> ImageDataSet {
        guard let folder = folders.first(where: isFolder) else { throw .fileMissing(path: folders[0], hint: hint) }
        return try loadIDX(folder, name: name, title: title, classNames: classNames)
    }

    private static func load(path: String) throws(CLMatError) -> ImageDataSet {
        guard FileManager.default.fileExists(atPath: path) else {
            let hint = "Check the path, or name one of \(knownNames.joined(separator: ", "))."
            if path.contains("/") || BytePath.hint(path, else: hint) != hint {
                throw .fileMissing(path: path, hint: BytePath.hint(path, else: hint))
            }
            throw .unknownName(kind: "data set", name: path, known: knownNames)
        }
        let title = URL(fileURLWithPath: path).standardizedFileURL.lastPathComponent
        if IDXPart.all.contains(where: { $0.path(in: path) != nil }) {
            return try loadIDX(path, name: path, title: title, classNames: nil)
        }
        if holdsImages(path) { return try loadImages(path, name: path, title: title) }
        throw .invalidValue(
            setting: "data", value: path,
            accepted: """
                a folder with the four IDX files \(IDXPart.listed), or a folder with images as train/CLASS/*.png and \
                test/CLASS/*.png, as CLASS/*.png, or as *.png
                """)
    }
}

// MARK: - IDX files

/// One of the four files of a data set like MNIST.
private struct IDXPart {
    /// The names that it goes by; the first is the original one.
    let names: [String]

    init(_ what: String, dimensions: Int) {
        names = ["\(what)-idx\(dimensions)-ubyte", "\(what).idx\(dimensions)-ubyte"]
    }

    static let trainImages = IDXPart("train-images", dimensions: 3)
    static let trainLabels = IDXPart("train-labels", dimensions: 1)
    static let testImages = IDXPart("t10k-images", dimensions: 3)
    static let testLabels = IDXPart("t10k-labels", dimensions: 1)
    static let all = [trainImages, trainLabels, testImages, testLabels]
    /// The original names, for a person to read.
    static var listed: String { all.map { $0.names[0] }.joined(separator: ", ") }

    /// Nil if `folder` holds it under none of its names.
    func path(in folder: String) -> String? {
        names.flatMap { ["\(folder)/\($0)", "\(folder)/\($0).gz"] }.first { FileManager.default.fileExists(atPath: $0) }
    }

    func read(in folder: String) throws(CLMatError) -> IDXFile {
        guard let path = path(in: folder) else {
            throw .fileMissing(
                path: "\(folder)/\(names[0])", hint: "The folder has to hold four files, plain or .gz: \(Self.listed).")
        }
        return try IDXFile(path)
    }
}

extension ImageDataSet {
    /// - Parameter classNames: if nil, the classes are named by number, up to the largest label.
    private static func loadIDX(
        _ folder: String, name: String, title: String, classNames: [String]?
    ) throws(CLMatError) -> ImageDataSet {
        let trainLabelFile = try IDXPart.trainLabels.read(in: folder)
        let testLabelFile = try IDXPart.testLabels.read(in: folder)
        let trainLabels = try labels(trainLabelFile, classCount: classNames?.count)
        let testLabels = try labels(testLabelFile, classCount: classNames?.count)
        let largest = max(trainLabels.max() ?? 0, testLabels.max() ?? 0)
        // One damaged byte among the labels would otherwise make a hundred classes.
        let present = Set(trainLabels).count
        guard classNames != nil || 2 * present > Int(largest) else {
            throw .dataMismatch(
                "The labels in \(folder) go up to \(largest), but only \(present) different ones occur in training: "
                    + "at least half of the classes must have images. Is the file of labels damaged?")
        }
        let classNames = classNames ?? (0...largest).map(String.init)

        let trainFile = try IDXPart.trainImages.read(in: folder)
        let train = try LabelledImages(
            name: "\(title), training", shape: shape(trainFile, labels: trainLabelFile), pixels: trainFile.pixelBytes(),
            labels: trainLabels, classNames: classNames)
        let testFile = try IDXPart.testImages.read(in: folder)
        let test = try LabelledImages(
            name: "\(title), test", shape: shape(testFile, labels: testLabelFile), pixels: testFile.pixelBytes(),
            labels: testLabels, classNames: classNames)
        return try ImageDataSet(name: name, title: title, train: train, test: test)
    }

    private static func labels(_ file: IDXFile, classCount: Int?) throws(CLMatError) -> [UInt8] {
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

    /// N × D are vectors, N × H × W are grey images, N × C × H × W have channels. There is one label for each.
    private static func shape(_ images: IDXFile, labels: IDXFile) throws(CLMatError) -> ImageShape {
        let sizes = images.dimensions
        guard sizes[0] == labels.count else {
            throw .dataMismatch(
                "\(images.path) holds \(sizes[0]) images, but \(labels.path) holds \(labels.count) labels.")
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

func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
}
