import CLMat
import TestSupport
import Testing

@testable import Models

/// Which file is which, names say in many ways.
@Suite struct IDXFolderTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private static let images = idx([3, 2, 2], ramp(12)), labels = idx([3], [0, 1, 2])

    /// Each file with three images, or their labels, by what its name says.
    private func write(_ names: [String], _ set: String = "set") throws -> String {
        for name in names {
            let bytes = name.lowercased().contains("label") ? Self.labels : Self.images
            try folder.write(name.lowercased().hasSuffix(".gz") ? folder.packed(bytes) : bytes, "\(set)/\(name)")
        }
        return "\(folder.path)/\(set)"
    }

    @Test(arguments: [
        ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"],
        ["train-images.idx3-ubyte", "train-labels.idx1-ubyte", "t10k-images.idx3-ubyte", "t10k-labels.idx1-ubyte"],
        [
            "emnist-letters-train-images-idx3-ubyte.gz", "emnist-letters-train-labels-idx1-ubyte.gz",
            "emnist-letters-test-images-idx3-ubyte.gz", "emnist-letters-test-labels-idx1-ubyte.gz",
        ],
        [
            "train-images-idx3-float.gz", "train-labels-idx1-ubyte.gz", "test-images-idx3-float.gz",
            "test-labels-idx1-int.gz",
        ],
        ["Train_Images.IDX", "Train_Labels.IDX", "Test_Images.IDX.GZ", "Test_Labels.IDX"],
        [
            "k49-train-images-idx3-ubyte (1)", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte.gz",
            "t10k-labels-idx1-ubyte-copy",
        ],
        ["images_train.idx3", "labels_train.idx1", "images_test.idx3", "labels_test.idx1"],
    ])
    func theFourFilesAreFound(_ names: [String]) throws {
        let path = try write(names + ["README.md", "mapping.txt"])
        let set = try ImageDataSet.load(path)
        #expect(set.train.count == 3 && set.test.count == 3 && set.shape == ImageShape(height: 2, width: 2))
        #expect(try LabelledImages.loadForPoints(path).images.pixels == ramp(12))
    }

    @Test func severalDataSetsAreToldApart() throws {
        let digits = ["train-images-idx3", "train-labels-idx1", "test-images-idx3", "test-labels-idx1"]
        for set in ["emnist-digits", "emnist-letters"] { _ = try write(digits.map { "\(set)-\($0)-ubyte" }) }
        let path = "\(folder.path)/set"
        for read in [{ _ = try ImageDataSet.load(path) }, { _ = try LabelledImages.loadForPoints(path) }] {
            let problem = said { try read() }
            #expect(
                problem.contains("one of the data sets in this folder: \(path)/emnist-digits, \(path)/emnist-letters"),
                "\(problem)")
        }
        let letters = try ImageDataSet.load("\(path)/emnist-letters")
        #expect(letters.title == "emnist-letters" && letters.train.count == 3)
        #expect(try LabelledImages.loadForPoints("\(path)/emnist-digits").title == "emnist-digits")
        #expect(thrownCase { _ = try ImageDataSet.load("\(path)/emnist-other") } == "fileMissing")
    }

    @Test func filesThatCouldBothBeMeantAreNamed() throws {
        let path = try write([
            "train-images-idx3-ubyte", "train-images-idx3-float", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
            "t10k-labels-idx1-ubyte",
        ])
        let problem = said { _ = try ImageDataSet.load(path) }
        #expect(problem.contains("train-images-idx3-float, train-images-idx3-ubyte"), "\(problem)")
        // Plain and packed, or two spellings, are one file.
        let twice = try write(
            ["train-images-idx3-ubyte", "train-images.idx3-ubyte.gz", "train-labels-idx1-ubyte"]
                + ["t10k-images-idx3-ubyte", "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte"], "twice")
        #expect(try ImageDataSet.load(twice).train.count == 3)
    }

    @Test func pointsNeedNoLabels() throws {
        for names in [
            ["images-idx3-ubyte"], ["train-images-idx3-ubyte.gz"], ["x.idx3-ubyte"], ["t10k-images-idx3-ubyte"],
        ] {
            let path = try write(names, names[0] + "-set")
            let (images, title, notes) = try LabelledImages.loadForPoints(path)
            #expect(images.count == 3 && images.pixels == ramp(12) && title == names[0] + "-set")
            #expect(notes.isEmpty == (names[0].first != "t" || names[0].hasPrefix("train")))
            #expect(try LabelledImages.loadForPoints("\(path)/\(names[0])").images.count == 3)
            #expect {
                try ImageDataSet.load(path)
            } throws: {
                // It has labels of that place to look for, by the pattern of the images' name.
                guard case CLMatError.fileMissing(let missing, let hint) = $0 else { return false }
                return missing.hasPrefix(path + "/") && missing.hasSuffix("train-labels-idx1-ubyte")
                    && hint.hasPrefix("The folder has to hold four files, plain or .gz: ")
            }
        }
        let labelled = try write(["train-images-idx3-ubyte", "train-labels-idx1-ubyte"], "labelled")
        #expect(try LabelledImages.loadForPoints(labelled).images.labels == [0, 1, 2])
        try folder.write(idx([3], [0, 1, 200]), "labelled/train-labels-idx1-ubyte")
        #expect(damage { _ = try LabelledImages.loadForPoints(labelled) }?.place == "byte 10")
        let onlyLabels = try write(["train-labels-idx1-ubyte"], "only")
        #expect(said { _ = try LabelledImages.loadForPoints(onlyLabels) }.contains("holds labels, but no images"))
    }

    @Test func aLabelBeyondTheOthersIsNamed() throws {
        let path = try write([
            "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte",
        ])
        try folder.write(idx([3], [0, 99, 2]), "set/t10k-labels-idx1-ubyte")
        let found = try #require(damage { _ = try ImageDataSet.load(path) })
        #expect(found.place == "byte 9" && found.problem.contains("label 99 is far beyond the others"))
    }
}
