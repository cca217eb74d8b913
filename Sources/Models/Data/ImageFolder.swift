import CLMat
import CStb
import Foundation

extension ImageDataSet {
    /// Reads a folder of class folders: `train/CLASS/*.png` and `test/CLASS/*.png`, PNG or JPEG.
    ///
    /// Classes and, within a class, images are in the order of their names. Files whose names start with a dot or end
    /// otherwise are passed over.
    static func loadImages(_ folder: String, name: String, title: String) throws(CLMatError) -> ImageDataSet {
        let classNames = try visibleNames("\(folder)/train").filter { isFolder("\(folder)/train/\($0)") }
        guard !classNames.isEmpty, classNames.count <= 256 else {
            throw .dataMismatch(
                "\(folder)/train has \(classNames.count) class folders; a data set has 1 to 256 classes.")
        }
        let testNames = try visibleNames("\(folder)/test").filter { isFolder("\(folder)/test/\($0)") }
        if let stranger = testNames.first(where: { !classNames.contains($0) }) {
            throw .dataMismatch("\(folder)/test has a class '\(stranger)', but \(folder)/train has none of that name.")
        }

        var images = FolderImages()
        let train = try images.read("\(folder)/train", classNames)
        if let empty = classNames.indices.first(where: { !train.labels.contains(UInt8($0)) }) {
            throw .dataMismatch("\(folder)/train/\(classNames[empty]) holds no PNG or JPEG images.")
        }
        let test = try images.read("\(folder)/test", classNames)
        return try ImageDataSet(
            name: name, title: title,
            train: images.labelled(train, name: "\(title), training", classNames: classNames),
            test: images.labelled(test, name: "\(title), test", classNames: classNames))
    }
}

/// What all images of a data set have in common, found while they are read.
private struct FolderImages {
    struct Part {
        /// N × 3·H·W.
        var pixels: [UInt8] = []
        var labels: [UInt8] = []
    }

    /// The first image read; the others must have its size.
    private var first: (path: String, width: Int, height: Int)?
    private var isGrey = true
    private var bytesRead = 0

    /// Reads the images of one part.
    mutating func read(_ folder: String, _ classNames: [String]) throws(CLMatError) -> Part {
        var part = Part()
        for (label, className) in classNames.enumerated() where isFolder("\(folder)/\(className)") {
            for file in try visibleNames("\(folder)/\(className)") where isImage(file) {
                try append("\(folder)/\(className)/\(file)", to: &part.pixels)
                part.labels.append(UInt8(label))
            }
        }
        guard !part.labels.isEmpty else {
            throw .dataMismatch("\(folder) holds no PNG or JPEG images in class folders.")
        }
        return part
    }

    /// As grey or as colour images, as all that were read decide.
    func labelled(_ part: Part, name: String, classNames: [String]) throws(CLMatError) -> LabelledImages {
        let (width, height) = first.map { ($0.width, $0.height) } ?? (0, 0)
        let area = width * height
        var pixels = part.pixels
        if isGrey {
            // The three channels are equal: the first of each image is kept.
            pixels = []
            pixels.reserveCapacity(part.labels.count * area)
            for image in part.labels.indices { pixels += part.pixels[image * 3 * area..<(image * 3 + 1) * area] }
        }
        return try LabelledImages(
            name: name, shape: ImageShape(channels: isGrey ? 1 : 3, height: height, width: width), pixels: pixels,
            labels: part.labels, classNames: classNames)
    }

    /// Appends the image's red, green and blue planes.
    private mutating func append(_ path: String, to pixels: inout [UInt8]) throws(CLMatError) {
        let file = try GzipFile.read(path, limit: 1 << 25)
        try ImageSize.check(file, path)
        var (width, height): (Int32, Int32) = (0, 0)
        let decoded = file.withUnsafeBufferPointer { bytes in
            clmat_image_decode(bytes.baseAddress, Int32(bytes.count), &width, &height)
        }
        guard let rgba = decoded else {
            throw .fileDamaged(path: path, place: "byte 0", problem: "it cannot be decoded as a PNG or JPEG image")
        }
        defer { free(rgba) }
        let area = Int(width) * Int(height)

        if let first, (first.width, first.height) != (Int(width), Int(height)) {
            throw .dataMismatch(
                """
                \(path) is \(width) × \(height) pixels, but \(first.path) is \(first.width) × \(first.height). \
                The images of a data set all have one size.
                """)
        }
        if first == nil { first = (path, Int(width), Int(height)) }
        bytesRead += 3 * area
        guard bytesRead <= GzipFile.standardLimit else {
            throw .dataMismatch(
                "At \(path) the images together exceed \(GzipFile.standardLimit) bytes, the most that is read.")
        }

        let start = pixels.count
        pixels.append(contentsOf: repeatElement(0, count: 3 * area))
        let isGreyImage = pixels.withUnsafeMutableBufferPointer { pixels in
            var isGrey = true
            for index in 0..<area {
                let (red, green, blue) = (rgba[4 * index], rgba[4 * index + 1], rgba[4 * index + 2])
                pixels[start + index] = red
                pixels[start + area + index] = green
                pixels[start + 2 * area + index] = blue
                if red != green || green != blue { isGrey = false }
            }
            return isGrey
        }
        isGrey = isGrey && isGreyImage
    }
}

private func isImage(_ name: String) -> Bool {
    ["png", "jpg", "jpeg"].contains(URL(fileURLWithPath: name).pathExtension.lowercased())
}

/// The names in a folder that do not start with a dot, in order.
private func visibleNames(_ folder: String) throws(CLMatError) -> [String] {
    do {
        return try FileManager.default.contentsOfDirectory(atPath: folder).filter { !$0.hasPrefix(".") }.sorted()
    } catch {
        throw .fileMissing(path: folder, hint: "The data set needs images as train/CLASS/*.png and test/CLASS/*.png.")
    }
}
