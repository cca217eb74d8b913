import CLMat
import Formats
import TestSupport
import Testing

@testable import Models

/// CIFAR-10's binary version, and images in archives.
@Suite struct CIFAR10Tests {
    /// A batch of so many images, of which image i has label i % 10 and pixels of i.
    private static func batch(_ images: Range<Int>) -> [UInt8] {
        images.flatMap { image in
            [UInt8(image % 10)] + (0..<3072).map { UInt8(truncatingIfNeeded: image &+ $0 / 1024) }
        }
    }

    private static func write(to folder: TemporaryFolder, changing: (String, [UInt8]) -> [UInt8]? = { $1 }) throws {
        for number in 1...5 {
            let name = "data_batch_\(number).bin"
            if let bytes = changing(name, batch(2 * number..<2 * number + 2)) { try folder.write(bytes, name) }
        }
        if let bytes = changing("test_batch.bin", batch(30..<33)) { try folder.write(bytes, "test_batch.bin") }
    }

    @Test func imagesAndLabelsAreThoseOfTheRecords() throws {
        let folder = try TemporaryFolder()
        try Self.write(to: folder)
        let data = try ImageDataSet.load(folder.path)
        #expect(data.shape == ImageShape(channels: 3, height: 32, width: 32) && data.classNames[9] == "truck")
        #expect(data.train.labels == [2, 3, 4, 5, 6, 7, 8, 9, 0, 1] && data.test.labels == [0, 1, 2])
        #expect(data.test.pixels[3072] == 31 && data.test.pixels[3072 + 2048] == 33)
        #expect(data.train.classCounts == [Int](repeating: 1, count: 10))
    }

    @Test func damagedBatchesSayWhere() throws {
        let cut = try TemporaryFolder()
        try Self.write(to: cut) { name, bytes in name == "data_batch_3.bin" ? Array(bytes.dropLast()) : bytes }
        let short = #expect(throws: CLMatError.self) { try ImageDataSet.load(cut.path) }
        #expect(
            short?.description.contains("data_batch_3.bin is damaged at byte 3073: it ends within an image") == true)
        let wrong = try TemporaryFolder()
        try Self.write(to: wrong) { name, bytes in name == "test_batch.bin" ? [77] + bytes.dropFirst() : bytes }
        let label = #expect(throws: CLMatError.self) { try ImageDataSet.load(wrong.path) }
        #expect(label?.description.contains("test_batch.bin is damaged at byte 0: label 77") == true)
        let missing = try TemporaryFolder()
        try Self.write(to: missing) { name, bytes in name == "data_batch_5.bin" ? nil : bytes }
        let gone = #expect(throws: CLMatError.self) { try ImageDataSet.load(missing.path) }
        #expect(gone?.description.contains("data_batch_5.bin") == true)
    }

    @Test func theNameSaysWhereItLooks() {
        let error = #expect(throws: CLMatError.self) {
            try ImageDataSet.load("cifar10", environment: ["CLMAT_DATA": "/nowhere"])
        }
        #expect(error?.description.contains("/nowhere/cifar10") == true)
        #expect(error?.description.contains("cifar-10-binary.tar.gz") == true)
    }

    // MARK: - Archives

    /// An entry of a tar archive.
    private static func entry(_ name: String, _ content: [UInt8]) -> [UInt8] {
        var header = [UInt8](repeating: 0, count: 512)
        header.replaceSubrange(0..<name.utf8.count, with: name.utf8)
        let size = String(content.count, radix: 8)
        header.replaceSubrange(124..<124 + size.utf8.count, with: size.utf8)
        header[156] = UInt8(ascii: "0")
        return header + content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    }

    /// A grey image of 2 × 2 pixels as a PNG file.
    private static func image(_ value: UInt8, in folder: TemporaryFolder) throws -> [UInt8] {
        let path = "\(folder.path)/one.png"
        try PNGFile.write([UInt8](repeating: value, count: 12), width: 2, height: 2, channels: 3, to: path)
        return try GzipFile.read(path)
    }

    @Test func archivesOfClassFoldersAreRead() throws {
        let (folder, scratch) = (try TemporaryFolder(), try TemporaryFolder())
        func archive(_ part: String, _ files: [(String, UInt8)]) throws {
            var bytes: [UInt8] = []
            for (name, value) in files {
                bytes += Self.entry("\(part)/\(name)", try Self.image(value, in: scratch))
            }
            bytes += Self.entry("\(part)/notes.txt", [65])
            try folder.write(bytes + [UInt8](repeating: 0, count: 1024), "\(part).tar")
        }
        // In the order of their names, whatever the archive's.
        try archive("train", [("dog/2.png", 12), ("cat/1.png", 10), ("dog/1.png", 11)])
        try archive("test", [("dog/9.png", 20), ("cat/9.png", 21)])
        let data = try ImageDataSet.load(folder.path)
        #expect(data.classNames == ["cat", "dog"] && data.shape == ImageShape(height: 2, width: 2))
        #expect(data.train.labels == [0, 1, 1] && data.train.pixels.count == 12)
        #expect((0..<3).map { data.train.pixels[4 * $0] } == [10, 11, 12])
        #expect(data.test.labels == [0, 1] && data.test.pixels[0] == 21)

        try archive("test", [("cow/9.png", 20)])
        let error = #expect(throws: CLMatError.self) { try ImageDataSet.load(folder.path) }
        #expect(error?.description.contains("has a class 'cow'") == true)
    }
}
