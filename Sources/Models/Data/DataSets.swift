import CLMat
import Formats
import Foundation

/// Labelled images to learn from, and others of the same kind to be tested on.
public struct ImageDataSet: Sendable {
    /// How `--data` names it: `mnist`, or a folder's path.
    public let name: String
    /// What a person calls it: "MNIST", or the folder's name.
    public let title: String
    /// What models learn from.
    public let train: LabelledImages
    /// What they are tested on.
    public let test: LabelledImages
    /// How the data were read where that was not obvious, a sentence each.
    public let notes: [String]
    /// Whether the classes say something of the images: a folder of images alone is one class.
    public let hasClasses: Bool
    /// All images in the order of their names, where ``train`` and ``test`` were drawn from them; nil if the data set has such
    /// parts itself.
    private let whole: LabelledImages?

    /// Channels × height × width of every image.
    public var shape: ImageShape { train.shape }
    /// The name of each class, by its label.
    public var classNames: [String] { train.classNames }

    /// - Throws: ``/CLMat/CLMatError/dataMismatch(_:)`` if the two parts differ in the shape of their images or in their
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
            let members = whole.labels.indices.filter { whole.labels[$0] == UInt16(label) }
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
    public static let knownNames = ["fashion-mnist", "mnist", "cifar10"]

    /// Reads a data set.
    ///
    /// - Parameters:
    ///   - nameOrPath: one of these; a name wins over a folder of that name, which `./name` reaches.
    ///     - `fashion-mnist`: Debian's package `dataset-fashion-mnist`, else `$CLMAT_DATA/fashion-mnist`;
    ///     - `mnist`: `$CLMAT_DATA/mnist`, else `./data/mnist`;
    ///     - `cifar10`: `$CLMAT_DATA/cifar10`, else `./data/cifar10`: the binary version, its archive, or images as below;
    ///     - a folder with CIFAR-10's binary version (``CIFAR10``);
    ///     - a folder with four IDX files (``/Formats/IDXFile``), each plain or packed with gzip: their names say which is which, as
    ///       MNIST's and EMNIST's do. Of several data sets in a folder, FOLDER/NAME is the one whose files have NAME in theirs;
    ///     - a folder with images as `train/CLASS/*.png` and `test/CLASS/*.png`, as `CLASS/*.png`, or as `*.png`; they may be
    ///       JPEG, BMP or GIF as well, and have all one size. They have one channel if all pixels are grey, else three;
    ///       transparent ones are laid over white, and those that EXIF calls turned are turned back. Instead of `train` and `test`
    ///       there may be archives of them, `.tar`, `.tar.gz` or `.tar.xz`.
    ///   - environment: where `CLMAT_DATA` is looked up.
    /// - Throws: ``/CLMat/CLMatError/unknownName(kind:name:known:)``; ``/CLMat/CLMatError/invalidValue(setting:value:accepted:)`` for
    ///   a path to something else; ``/CLMat/CLMatError/fileMissing(path:hint:)``, which says how to get the data;
    ///   ``/CLMat/CLMatError/fileDamaged(path:place:problem:)``; ``/CLMat/CLMatError/dataMismatch(_:)`` if the files do not belong
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
                    \(IDXFolder.listed), plain or .gz.
                    """)
        case "cifar10":
            let folders = (data.map { ["\($0)/cifar10"] } ?? []) + ["data/cifar10"]
            guard let folder = folders.first(where: Files.isFolder) else {
                throw .fileMissing(
                    path: folders[0],
                    hint: """
                        Set CLMAT_DATA to a folder that holds cifar10/ with cifar-10-binary.tar.gz, what is in it, or images in \
                        train/CLASS/ and test/CLASS/.
                        """)
            }
            return try load(path: folder, name: nameOrPath, title: "CIFAR-10", environment)
        default:
            return try load(
                path: nameOrPath, name: nameOrPath,
                title: URL(fileURLWithPath: nameOrPath).standardizedFileURL.lastPathComponent, environment)
        }
    }

    private static let fashionClassNames = [
        "t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
    ]

    /// Reads from the first of `folders` that is there.
    private static func load(
        name: String, title: String, folders: [String], classNames: [String], hint: String
    ) throws(CLMatError) -> ImageDataSet {
        guard let folder = folders.first(where: Files.isFolder) else {
            throw .fileMissing(path: folders[0], hint: hint)
        }
        let files = IDXFolder(folder)
        // Known data sets have no name of their own in the files' names, or their own.
        var set = files.sets.count > 1 ? try files.set("") : nil
        if set == nil, files.sets.count > 1 { set = try files.set(name) }
        if set == nil { set = try files.set() }
        return try loadIDX(
            set ?? IDXSet(folder: folder, name: "", files: [:]), name: name, title: title, classNames: classNames)
    }

    /// The IDX files that a path names: a folder with one data set, or FOLDER/NAME for the one of that name in the folder. Nil if
    /// there are none.
    static func idxSet(_ path: String) throws(CLMatError) -> IDXSet? {
        if Files.isFolder(path) { return try IDXFolder(path).set() }
        guard !FileManager.default.fileExists(atPath: path), path.contains("/") else { return nil }
        let url = URL(fileURLWithPath: path)
        return try IDXFolder(url.deletingLastPathComponent().path).set(url.lastPathComponent)
    }

    private static func load(
        path: String, name: String, title: String, _ environment: [String: String]
    ) throws(CLMatError) -> ImageDataSet {
        if let files = CIFAR10(path) { return try files.read(name: name, title: title) }
        if let set = try idxSet(path) { return try loadIDX(set, name: name, title: title, classNames: nil) }
        guard FileManager.default.fileExists(atPath: path) else {
            let hint = "Check the path, or name one of \(knownNames.joined(separator: ", "))."
            if path.contains("/") || BytePath.hint(path, else: hint) != hint {
                throw .fileMissing(path: path, hint: BytePath.hint(path, else: hint))
            }
            throw .unknownName(kind: "data set", name: path, known: knownNames)
        }
        if let archives = ImageArchives(path) { return try archives.read(name: name, title: title, environment) }
        if holdsImages(path) { return try loadImages(path, name: name, title: title) }
        throw .invalidValue(
            setting: "data", value: path,
            accepted: """
                a folder with the four IDX files \(IDXFolder.listed), with CIFAR-10's binary version, or with images as \
                train/CLASS/*.png and test/CLASS/*.png, as CLASS/*.png, or as *.png
                """)
    }
}

extension Streams {
    /// What is held out of the data.
    static let heldOut: UInt32 = 32
}
