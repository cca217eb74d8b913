import CLMat
import Foundation
import Models
import TestSupport
import Testing

@Suite struct LabelledImagesDataTests {
    private func images(
        pixels: Int, labels: [UInt8], shape: ImageShape = ImageShape(height: 2, width: 2)
    ) throws(CLMatError) -> LabelledImages {
        try LabelledImages(name: "toys", shape: shape, pixels: ramp(pixels), labels: labels, classNames: ["a", "b"])
    }

    @Test func whatBelongsTogetherIsTaken() throws {
        #expect(try images(pixels: 4, labels: [1]).count == 1)
        #expect(try images(pixels: 12, labels: [1, 0, 1]).count == 3)
    }

    @Test(arguments: [(8, 3), (9, 2), (0, 1), (4, 0)])
    func pixelsAndLabelsMustBeOfTheSameImages(_ pixels: Int, _ labels: Int) {
        #expect(
            throws: CLMatError.dataMismatch(
                """
                toys: \(pixels) pixels and \(labels) labels do not belong together. There has to be a label for each \
                image, and an image of 1 × 2 × 2 has 4 pixels.
                """)
        ) { try images(pixels: pixels, labels: [UInt8](repeating: 0, count: labels)) }
    }

    @Test func whatIsEmptyOrUnlabelledIsRefused() {
        #expect(throws: CLMatError.dataMismatch("toys holds no images.")) { try images(pixels: 0, labels: []) }
        #expect(
            throws: CLMatError.dataMismatch(
                """
                toys: 0 pixels and 1 labels do not belong together. There has to be a label for each image, and an image \
                of 1 × 0 × 2 has 0 pixels.
                """)
        ) {
            try images(pixels: 0, labels: [0], shape: ImageShape(height: 0, width: 2))
        }
        #expect(
            throws: CLMatError.dataMismatch("toys: image 1 has label 2, but there are 2 classes, counted from 0.")
        ) { try images(pixels: 8, labels: [1, 2]) }
    }
}

@Suite struct ImageDataSetDataTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Four IDX files of `trainCount` and `testCount` images of 2 × 3 pixels, with labels 0, 1, 2, 0, 1, …
    private func writeFiles(
        train: Int = 5, test: Int = 3, into name: String = "toys", packed: Bool = false, dots: Bool = false
    ) throws -> String {
        for (what, count) in [("train", train), ("t10k", test)] {
            let images = idx([count, 2, 3], ramp(count * 6))
            let labels = idx([count], (0..<count).map { UInt8($0 % 3) })
            let (separator, ending) = (dots ? "." : "-", packed ? ".gz" : "")
            try folder.write(
                packed ? folder.packed(images) : images, "\(name)/\(what)-images\(separator)idx3-ubyte\(ending)")
            try folder.write(
                packed ? folder.packed(labels) : labels, "\(name)/\(what)-labels\(separator)idx1-ubyte\(ending)")
        }
        return "\(folder.path)/\(name)"
    }

    // MARK: - IDX files

    @Test(arguments: [false, true], [false, true])
    func aFolderOfFourFiles(packed: Bool, dots: Bool) throws {
        let path = try writeFiles(packed: packed, dots: dots)
        let set = try ImageDataSet.load(path)

        #expect(set.name == path)
        #expect(set.title == "toys")
        #expect(set.shape == ImageShape(height: 2, width: 3))
        #expect(set.classNames == ["0", "1", "2"])
        #expect(set.train.name == "toys, training")
        #expect(set.train.pixels == ramp(30))
        #expect(set.train.labels == [0, 1, 2, 0, 1])
        #expect(set.test.pixels == ramp(18))
        #expect(set.test.labels == [0, 1, 2])
    }

    @Test func oneImageIsEnough() throws {
        let set = try ImageDataSet.load(writeFiles(train: 1, test: 1))
        #expect(set.train.count == 1 && set.test.count == 1)
        #expect(set.classNames == ["0"])
    }

    @Test func noImagesAreAnError() throws {
        let path = try writeFiles(test: 0)
        #expect(
            throws: CLMatError.dataMismatch("\(path)/t10k-images-idx3-ubyte holds no images: its sizes are 0 × 2 × 3.")
        ) { try ImageDataSet.load(path) }

        // 2³² - 1 twice: the number of pixels would not fit.
        try folder.write(idx([0, 4_294_967_295, 4_294_967_295], []), "toys/t10k-images-idx3-ubyte")
        #expect(
            throws: CLMatError.dataMismatch(
                "\(path)/t10k-images-idx3-ubyte holds no images: its sizes are 0 × 4294967295 × 4294967295.")
        ) { try ImageDataSet.load(path) }
        try folder.write(idx([3, 0, 4_294_967_295], []), "toys/t10k-images-idx3-ubyte")
        try folder.write(idx([3], [0, 1, 2]), "toys/t10k-labels-idx1-ubyte")
        #expect(
            throws: CLMatError.dataMismatch(
                "\(path)/t10k-images-idx3-ubyte holds no pixels: its sizes are 3 × 0 × 4294967295.")
        ) { try ImageDataSet.load(path) }
    }

    @Test func imagesAndLabelsMustBeAsMany() throws {
        let path = try writeFiles()
        try folder.write(idx([4], [0, 1, 2, 0]), "toys/train-labels-idx1-ubyte")
        #expect(
            throws: CLMatError.dataMismatch(
                """
                \(path)/train-images-idx3-ubyte holds 5 images, but \(path)/train-labels-idx1-ubyte holds 4 labels.
                """)
        ) { try ImageDataSet.load(path) }
    }

    @Test func bothPartsMustHaveOneShape() throws {
        let path = try writeFiles()
        try folder.write(idx([3, 3, 3], ramp(27)), "toys/t10k-images-idx3-ubyte")
        #expect(
            throws: CLMatError.dataMismatch(
                "toys: the training images are 1 × 2 × 3, but the test images are 1 × 3 × 3.")
        ) { try ImageDataSet.load(path) }
    }

    @Test func theNumberOfDimensionsSaysTheShape() throws {
        let path = try writeFiles(train: 2, test: 2)
        for part in ["train", "t10k"] {
            try folder.write(idx([2, 3, 4, 5], ramp(120)), "toys/\(part)-images-idx3-ubyte")
        }
        #expect(try ImageDataSet.load(path).shape == ImageShape(channels: 3, height: 4, width: 5))
        for part in ["train", "t10k"] { try folder.write(idx([2, 60], ramp(120)), "toys/\(part)-images-idx3-ubyte") }
        #expect(try ImageDataSet.load(path).shape == .vector(60))
        try folder.write(idx([2], [1, 2]), "toys/train-images-idx3-ubyte")
        #expect(
            throws: CLMatError.fileDamaged(
                path: "\(path)/train-images-idx3-ubyte", place: "byte 3",
                problem: "images have 2 to 4 dimensions, but this file has 1")
        ) { try ImageDataSet.load(path) }
        try folder.write(idx([2, 1], [1, 2]), "toys/t10k-labels-idx1-ubyte")
        #expect(
            throws: CLMatError.fileDamaged(
                path: "\(path)/t10k-labels-idx1-ubyte", place: "byte 3",
                problem: "labels have 1 dimension, but this file has 2")
        ) { try ImageDataSet.load(path) }
    }

    @Test func aMissingFileIsNamed() throws {
        let path = try writeFiles()
        try FileManager.default.removeItem(atPath: "\(path)/t10k-labels-idx1-ubyte")
        let error = #expect(throws: CLMatError.self) { try ImageDataSet.load(path) }
        guard case .fileMissing("\(path)/t10k-labels-idx1-ubyte", let hint) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(hint.contains("four files, plain or .gz: train-images-idx3-ubyte, train-labels-idx1-ubyte"))
    }

    // MARK: - Names

    @Test func namesAreLookedUpUnderCLMATData() throws {
        _ = try writeFiles(into: "mnist", packed: true)
        let set = try ImageDataSet.load("mnist", environment: ["CLMAT_DATA": folder.path])
        #expect(set.name == "mnist")
        #expect(set.title == "MNIST")
        #expect(set.classNames == (0...9).map(String.init))

        let labels = "\(folder.path)/mnist/train-labels-idx1-ubyte.gz"
        try folder.write(folder.packed(idx([5], [0, 1, 10, 0, 1])), "mnist/train-labels-idx1-ubyte.gz")
        #expect(
            throws: CLMatError.fileDamaged(
                path: labels, place: "byte 10 (unpacked)", problem: "label 10 is not one of the 10 classes, 0 to 9")
        ) { try ImageDataSet.load("mnist", environment: ["CLMAT_DATA": folder.path]) }
    }

    @Test func whatIsMissingSaysHowToGetIt() {
        let error = #expect(throws: CLMatError.self) {
            try ImageDataSet.load("mnist", environment: ["CLMAT_DATA": "\(folder.path)/none"])
        }
        #expect(
            "\(error as Any)".contains("Set CLMAT_DATA to a folder that holds mnist/ with the four files train-images"))
        let path = "\(folder.path)/none"
        #expect(
            throws: CLMatError.fileMissing(
                path: path, hint: "Check the path, or name one of fashion-mnist, mnist, cifar10.")
        ) { try ImageDataSet.load(path) }
    }

    @Test func anUnknownNameListsTheKnownOnes() {
        let error = CLMatError.unknownName(
            kind: "data set", name: "mnits", known: ["fashion-mnist", "mnist", "cifar10"])
        #expect(throws: error) { try ImageDataSet.load("mnits") }
        #expect(
            "\(error)" == "There is no data set 'mnits'. Did you mean 'mnist'? Known: fashion-mnist, mnist, cifar10.")
        #expect(
            throws: CLMatError.unknownName(kind: "data set", name: "", known: ["fashion-mnist", "mnist", "cifar10"])
        ) {
            try ImageDataSet.load("")
        }
    }

    @Test func aFolderOfSomethingElseSaysWhatIsTaken() throws {
        try folder.write([1], "else/file")
        for path in ["\(folder.path)/else", "\(folder.path)/else/file"] {
            let error = #expect(throws: CLMatError.self) { try ImageDataSet.load(path) }
            #expect("\(error as Any)".contains("It takes a folder with the four IDX files train-images-idx3-ubyte"))
        }
    }

    // MARK: - Folders of images

    @Test func colourImagesComeInPlanes() throws {
        try folder.write(png(width: 3, height: 2, red: 10, green: 20, blue: 30), "pets/train/cat/1.png")
        try folder.write(png(width: 3, height: 2, red: 40, green: 40, blue: 40), "pets/train/cat/2.PNG")
        try folder.write(png(width: 3, height: 2, red: 1, green: 2, blue: 3), "pets/train/dog/a.png")
        try folder.write(png(width: 3, height: 2, red: 4, green: 5, blue: 6), "pets/test/dog/a.png")
        try folder.write([1, 2, 3], "pets/train/dog/notes.txt")
        try folder.write([1, 2, 3], "pets/train/.hidden/a.png")

        let set = try ImageDataSet.load("\(folder.path)/pets/")

        #expect(set.title == "pets")
        #expect(set.classNames == ["cat", "dog"])
        #expect(set.shape == ImageShape(channels: 3, height: 2, width: 3))
        #expect(set.train.labels == [0, 0, 1])
        #expect(set.test.labels == [1])
        let planes: [UInt8] = [10, 20, 30, 40, 40, 40, 1, 2, 3]
        #expect(set.train.pixels == planes.flatMap { [UInt8](repeating: $0, count: 6) })
    }

    @Test func greyImagesHaveOneChannel() throws {
        try folder.write(png(width: 2, height: 1, red: 9, green: 9, blue: 9), "shades/train/dark/1.png")
        try folder.write(png(width: 2, height: 1, red: 8, green: 8, blue: 8), "shades/train/dark/2.png")
        try folder.write(png(width: 2, height: 1, red: 7, green: 7, blue: 7), "shades/test/dark/1.png")
        let set = try ImageDataSet.load("\(folder.path)/shades")
        #expect(set.shape == ImageShape(channels: 1, height: 1, width: 2))
        #expect(set.train.pixels == [9, 9, 8, 8])
        #expect(set.test.pixels == [7, 7])
    }

    @Test func jpegIsRead() throws {
        let bytes = [UInt8](try #require(Data(base64Encoded: redJPEG.filter { !$0.isWhitespace })))
        for part in ["train", "test"] { try folder.write(bytes, "colours/\(part)/red/1.jpg") }
        let set = try ImageDataSet.load("\(folder.path)/colours")
        #expect(set.shape == ImageShape(channels: 3, height: 8, width: 8))
        // JPEG at a low quality: some levels off.
        #expect(abs(Int(set.train.pixels[0]) - 200) < 12)
        #expect(abs(Int(set.train.pixels[64]) - 40) < 12)
    }

    @Test func anImageOfAnotherSizeIsNamed() throws {
        let first = try folder.write(png(width: 2, height: 2, red: 1, green: 1, blue: 1), "sizes/train/a/1.png")
        let other = try folder.write(png(width: 3, height: 2, red: 1, green: 1, blue: 1), "sizes/test/a/1.png")
        #expect(
            throws: CLMatError.dataMismatch(
                """
                \(other) is 3 × 2 pixels, but \(first) is 2 × 2. The images of a data set all have one size.
                """)
        ) { try ImageDataSet.load("\(folder.path)/sizes") }
    }

    @Test func otherDamageIsSaid() throws {
        let image = try png(width: 2, height: 2, red: 1, green: 1, blue: 1)
        let bad = try folder.write(Array(image[..<20]), "bad/train/a/1.png")
        try folder.write(image, "bad/test/a/1.png")
        #expect(
            throws: CLMatError.fileDamaged(
                path: bad, place: "byte 20",
                problem: "the PNG image breaks off; get the file again, or take it out of the folder")
        ) { try ImageDataSet.load("\(folder.path)/bad") }
        try folder.write([], "bad/train/a/1.png")
        #expect(
            throws: CLMatError.dataMismatch(
                "\(folder.path)/bad/train/a holds no PNG, JPEG, BMP or GIF images. Passed over: 1 empty (train/a/1.png)."
            )
        ) { try ImageDataSet.load("\(folder.path)/bad") }

        try folder.write(image, "stray/train/a/1.png")
        #expect(
            throws: CLMatError.fileMissing(
                path: "\(folder.path)/stray/test",
                hint: "The data set needs images as train/CLASS/*.png and test/CLASS/*.png, or as CLASS/*.png alone.")
        ) {
            try ImageDataSet.load("\(folder.path)/stray")
        }
        try folder.write(image, "stray/test/b/1.png")
        #expect(
            throws: CLMatError.dataMismatch(
                """
                \(folder.path)/stray/test has a class 'b', but \(folder.path)/stray/train has none of that name.
                """)
        ) { try ImageDataSet.load("\(folder.path)/stray") }

        try folder.write(image, "empty/train/a/1.png")
        try folder.write([], "empty/test/a/notes.txt")
        #expect(
            throws: CLMatError.dataMismatch(
                """
                \(folder.path)/empty/test holds no PNG, JPEG, BMP or GIF images in class folders. Passed over: \
                1 of another kind (test/a/notes.txt).
                """)
        ) { try ImageDataSet.load("\(folder.path)/empty") }
    }

    // MARK: - Real data

    private static let hasFashion = FileManager.default.fileExists(atPath: "/usr/share/datasets/fashion-mnist")

    @Test(.enabled(if: hasFashion, "needs Debian's package dataset-fashion-mnist"))
    func fashionMNISTIsWhole() throws {
        let set = try ImageDataSet.load("fashion-mnist")
        #expect(set.title == "Fashion-MNIST")
        #expect(set.shape == ImageShape(height: 28, width: 28))
        #expect(set.classNames[9] == "ankle boot")
        #expect(counts(set.train) == [Int](repeating: 6000, count: 10))
        #expect(counts(set.test) == [Int](repeating: 1000, count: 10))
        #expect(set.train.labels[0] == 9)
    }

    @Test(.enabled(if: hasMNIST, "needs CLMAT_DATA, a folder that holds mnist/"))
    func mnistIsWhole() throws {
        let set = try ImageDataSet.load("mnist")
        #expect(set.shape == ImageShape(height: 28, width: 28))
        // Digits in each part, as LeCun's page has them.
        #expect(counts(set.train) == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949])
        #expect(counts(set.test) == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009])
        #expect(set.train.labels[..<5] == [5, 0, 4, 1, 9])
    }

    private func counts(_ images: LabelledImages) -> [Int] {
        var counts = [Int](repeating: 0, count: images.classNames.count)
        for label in images.labels { counts[Int(label)] += 1 }
        return counts
    }
}
