import CLMat
import Formats
import Foundation

/// Images in two archives of a folder, `train.tar.xz` and `test.tar.xz` (or `.tar`, `.tar.gz`), with a folder of images for each class.
struct ImageArchives {
    private let train: String
    private let test: String

    private static let endings = ["tar", "tar.gz", "tgz", "tar.xz", "txz"]

    /// Nil if a folder does not hold both, or has them unpacked too.
    init?(_ path: String) {
        func archive(_ name: String) -> String? {
            guard !Files.isFolder("\(path)/\(name)") else { return nil }
            return Self.endings.map { "\(path)/\(name).\($0)" }.first { FileManager.default.fileExists(atPath: $0) }
        }
        guard let train = archive("train"), let test = archive("test") else { return nil }
        (self.train, self.test) = (train, test)
    }

    /// The data set. Files that are no images are passed over, and said so.
    ///
    /// - Throws: as a folder of images; ``/CLMat/CLMatError/fileMissing(path:hint:)`` if there is no `xz` for a `.tar.xz`.
    func read(name: String, title: String, _ environment: [String: String]) throws(CLMatError) -> ImageDataSet {
        var images = FolderImages()
        var passedOver = PassedOver()
        var classNames: [String] = []
        let training = try Self.read(train, &classNames, &images, &passedOver, environment)
        let known = classNames
        let testing = try Self.read(test, &classNames, &images, &passedOver, environment)
        if classNames.count > known.count {
            throw .dataMismatch(
                "\(test) has a class '\(classNames[known.count])', but \(train) has none of that name.")
        }
        let scale = images.fullScale(of: [training, testing])
        return try ImageDataSet(
            name: name, title: title,
            train: images.labelled(training, scale, name: "\(title), training", classNames: classNames),
            test: images.labelled(testing, scale, name: "\(title), test", classNames: classNames),
            notes: images.notes(scale) + [passedOver.note].compactMap { $0 })
    }

    /// The images of an archive in the order of their names. Classes that are not known yet are added.
    private static func read(
        _ path: String, _ classNames: inout [String], _ images: inout FolderImages, _ passedOver: inout PassedOver,
        _ environment: [String: String]
    ) throws(CLMatError) -> FolderImages.Part {
        let archive = try PackedArchive(path, environment)
        var part = FolderImages.Part()
        for file in archive.files {
            let steps = file.name.split(separator: "/").filter { $0 != "." }
            guard let last = steps.last, steps.count >= 2, !last.hasPrefix(".") else { continue }
            let ending = last.split(separator: ".").last.map { $0.lowercased() } ?? ""
            guard ImageContainer.endings.contains(ending) else {
                passedOver.add(file.name, .otherKind)
                continue
            }
            let className = String(steps[steps.count - 2])
            let label = classNames.firstIndex(of: className) ?? classNames.count
            if label == classNames.count { classNames.append(className) }
            try images.append([UInt8](archive.bytes[file.content]), path: "\(path): \(file.name)", to: &part)
            part.labels.append(UInt16(truncatingIfNeeded: label))
        }
        guard !part.labels.isEmpty else {
            throw .dataMismatch("\(path) holds no PNG, JPEG, BMP or GIF images in class folders.")
        }
        guard classNames.count <= Int(UInt16.max) + 1 else {
            throw .dataMismatch("\(path) has \(classNames.count) class folders; a data set has 1 to 65,536 classes.")
        }
        return part
    }
}
