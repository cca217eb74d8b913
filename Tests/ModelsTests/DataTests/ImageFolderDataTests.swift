import CLMat
import Formats
import Foundation
import TestSupport
import Testing

@testable import Models

/// Folders of images as people have them.
@Suite struct ImageFolderDataTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// A data set of one training image, and a grey test image of its size unless given.
    private func read(_ bytes: [UInt8], _ name: String = "a.png") throws -> ImageDataSet {
        try folder.write(bytes, "set/train/a/\(name)")
        try folder.write(bytes, "set/test/a/\(name)")
        return try ImageDataSet.load("\(folder.path)/set")
    }

    private func grey(_ samples: [UInt16], width: Int, depth: Int = 8) throws -> [UInt8] {
        try MadePNG(width: width, height: samples.count / width, depth: depth, samples: samples).bytes()
    }

    // MARK: - Orientation

    /// The pixels 1 2 3 over 4 5 6 as they are seen: by row, and the width.
    private static let seen: [Int: ([UInt8], Int)] = [
        1: ([1, 2, 3, 4, 5, 6], 3), 2: ([3, 2, 1, 6, 5, 4], 3), 3: ([6, 5, 4, 3, 2, 1], 3), 4: ([4, 5, 6, 1, 2, 3], 3),
        5: ([1, 4, 2, 5, 3, 6], 2), 6: ([4, 1, 5, 2, 6, 3], 2), 7: ([6, 3, 5, 2, 4, 1], 2), 8: ([3, 6, 2, 5, 1, 4], 2),
    ]

    @Test(arguments: 1...8, [false, true])
    func exifSaysHowAnImageIsSeen(_ orientation: Int, isBigEndian: Bool) throws {
        let mark = exif(orientation: orientation, isBigEndian: isBigEndian, bits: isBigEndian ? 16 : 32)
        let png = MadePNG(width: 3, height: 2, samples: [1, 2, 3, 4, 5, 6], chunks: [("eXIf", mark)])
        let set = try read(png.bytes())
        let (pixels, width) = try #require(Self.seen[orientation])
        #expect(set.train.pixels == pixels)
        #expect(set.shape == ImageShape(height: 6 / width, width: width))
        #expect(set.notes.contains { $0.contains("EXIF") } == (orientation > 1))
    }

    /// A JPEG that was bright on the left is bright above once it is turned, and the sizes of turned images are compared.
    @Test func jpegIsTurned() throws {
        let jpeg = try decoded(leftJPEG)
        let set = try read(marked(jpeg, with: exif(orientation: 6, isBigEndian: true)), "a.jpg")
        #expect(set.shape == ImageShape(height: 16, width: 8))
        #expect(set.train.pixels[0..<64].allSatisfy { $0 > 190 } && set.train.pixels[64...].allSatisfy { $0 < 60 })
        try folder.write(jpeg, "set/train/a/b.jpg")
        #expect(said { _ = try ImageDataSet.load("\(folder.path)/set") }.contains("b.jpg is 16 × 8 pixels, but"))
    }

    @Test func marksThatMakeNoSenseAreNone() throws {
        var random = Mutations(seed: 21)
        let mark = exif(orientation: 3, isBigEndian: false)
        for _ in 0..<300 {
            let png = MadePNG(
                width: 3, height: 2, samples: [1, 2, 3, 4, 5, 6], chunks: [("eXIf", random.damage(mark))])
            let pixels = try read(png.bytes()).train.pixels
            #expect(Self.seen.values.contains { $0.0 == pixels })
        }
    }

    // MARK: - Transparency

    /// A pixel that is not there is white, whatever its colour; half of black is grey.
    @Test func transparencyIsLaidOverWhite() throws {
        let cases: [(MadePNG, [UInt8])] = [
            (MadePNG(width: 3, height: 1, colour: .greyAlpha, samples: [0, 0, 0, 255, 0, 128]), [255, 0, 127]),
            (
                MadePNG(width: 2, height: 1, colour: .rgba, samples: [9, 8, 7, 0, 10, 20, 30, 255]),
                [255, 10, 255, 20, 255, 30]
            ),
            // A grey level, a colour, and an entry of the palette that stand for nothing.
            (MadePNG(width: 2, height: 1, samples: [5, 6], chunks: [("tRNS", [0, 5])]), [255, 6]),
            (
                MadePNG(
                    width: 2, height: 1, colour: .rgb, samples: [1, 2, 3, 1, 2, 4],
                    chunks: [("tRNS", [0, 1, 0, 2, 0, 3])]),
                [255, 1, 255, 2, 255, 4]
            ),
            (
                MadePNG(
                    width: 2, height: 1, colour: .palette, samples: [0, 1],
                    chunks: [("PLTE", [7, 7, 7, 60, 60, 60]), ("tRNS", [0])]), [255, 60]
            ),
            (MadePNG(width: 2, height: 1, colour: .greyAlpha, depth: 16, samples: [0, 0, 0, 65535]), [255, 0]),
        ]
        for (png, pixels) in cases {
            let set = try read(png.bytes())
            #expect(set.train.pixels == pixels, "\(png.colour)")
            #expect(set.notes.first == "All 2 images are transparent in places, and laid over white.")
        }
        let opaque = MadePNG(width: 1, height: 1, colour: .greyAlpha, samples: [3, 255])
        #expect(try read(opaque.bytes()).notes == [])
    }

    // MARK: - Bits

    /// 16 bits become 8 by one rule for the whole set: by the bits that the largest value of its images takes.
    @Test(arguments: [
        ([0, 257 * 100, 65535, 257 * 7] as [UInt16], [0, 100, 255, 7] as [UInt8], 65535),
        ([0, 100, 249, 7], [0, 100, 249, 7], 255), ([0, 4095, 2048, 16], [0, 255, 128, 1], 4095),
        ([1, 0, 0, 1], [255, 0, 0, 255], 1), ([0, 0, 0, 0], [0, 0, 0, 0], 1),
    ])
    func sixteenBitsKeepTheirRange(_ samples: [UInt16], _ pixels: [UInt8], white: Int) throws {
        let set = try read(grey(samples, width: 2, depth: 16))
        #expect(set.train.pixels == pixels)
        #expect(
            set.notes.first?.hasPrefix("All 2 images have 16 bits in a channel: read in 8 bits, with white at \(white)")
                == true)
    }

    @Test func trainingAndTestHaveOneScale() throws {
        try folder.write(grey([0, 200], width: 2, depth: 16), "set/train/a/1.png")
        try folder.write(grey([10, 20], width: 2), "set/train/a/2.png")
        try folder.write(grey([0, 1000], width: 2, depth: 16), "set/test/a/1.png")
        let set = try ImageDataSet.load("\(folder.path)/set")
        // 10 bits: 200 · 255 / 1023 = 49.9. An image of 8 bits stays as it is.
        #expect(set.train.pixels == [0, 50, 10, 20])
        #expect(set.test.pixels == [0, 249])
        #expect(
            set.notes == [
                "2 of 3 images have 16 bits in a channel: read in 8 bits, with white at 1023, the largest number of the bits that "
                    + "their values take."
            ])
    }

    @Test(arguments: [1, 2, 4])
    func fewBitsFillTheRange(_ depth: Int) throws {
        let most = UInt16(1 << depth) - 1
        #expect(
            try read(grey([0, most, most, 0, most], width: 5, depth: depth)).train.pixels == [0, 255, 255, 0, 255])
    }

    // MARK: - Formats

    @Test func otherFormatsAreReadByTheirContent() throws {
        // A JPEG called .png.
        #expect(try read(decoded(leftJPEG)).shape == ImageShape(height: 8, width: 16))
        let cmyk = try read(decoded(cmykJPEG), "a.png").train
        for (channel, value) in [200, 40, 90].enumerated() { #expect(abs(Int(cmyk.pixels[64 * channel]) - value) < 8) }

        // From bottom to top, each row filled up to four bytes: 24 bits, blue first.
        let bmp: [UInt8] =
            Array("BM".utf8) + [70, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 1, 0, 24, 0]
            + [UInt8](repeating: 0, count: 24) + [3, 2, 1, 6, 5, 4, 0, 0, 9, 8, 7, 12, 11, 10, 0, 0]
        try FileManager.default.removeItem(atPath: "\(folder.path)/set")
        #expect(try read(bmp, "a.bmp").train.pixels == [7, 10, 1, 4, 8, 11, 2, 5, 9, 12, 3, 6])
        try FileManager.default.removeItem(atPath: "\(folder.path)/set")
        let gif = try read(decoded(movingGIF), "a.gif")
        #expect(gif.train.pixels == [10, 40, 70, 70, 40, 10, 20, 50, 80, 80, 50, 20, 30, 60, 90, 90, 60, 30])
        #expect(gif.notes == ["All 2 images are GIFs of several images: the first is read."])
    }

    @Test(arguments: ["RIFF\0\0\0\0WEBPVP8 ", "II*\0\u{8}\0\0\0", "P5 2 2 255\nabcd", "%PDF-1.4 "])
    func whatIsNoneIsNamed(_ content: String) throws {
        let problem = said { _ = try read([UInt8](content.utf8), "a.jpg") }
        #expect(problem.contains("set/train/a/a.jpg is "))
        let name = ["RIFF": "WebP", "II*\0": "TIFF", "P5 2": "PNM"][String(content.prefix(4))]
        #expect(
            problem.contains(
                name.map { "an image in the format \($0), which is not read" } ?? "none of the images that are read"))
    }

    /// Every start of a file is refused: the decoder itself would fill a JPEG up with grey.
    @Test func imagesThatBreakOffAreNamed() throws {
        // A JPEG inside, as EXIF's preview is, does not make the file a whole one.
        let jpeg = try marked(decoded(leftJPEG), with: exif(orientation: 1, isBigEndian: true) + decoded(leftJPEG))
        let bmp: [UInt8] =
            Array("BM".utf8) + [58, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 24, 0]
            + [UInt8](repeating: 0, count: 24) + [1, 2, 3, 0]
        let files = [
            ("a.png", try grey([1, 2, 3, 4], width: 2)), ("a.jpg", jpeg), ("a.bmp", bmp),
            ("a.gif", try decoded(movingGIF)),
        ]
        for (name, bytes) in files {
            // What is behind a GIF's first image is not looked at.
            let last = name == "a.gif" ? 47 : bytes.count
            try folder.write(bytes, "part/test/a/\(name)")
            for length in 1..<last {
                try folder.write(Array(bytes[..<length]), "part/train/a/\(name)")
                let problem = said { _ = try ImageDataSet.load("\(folder.path)/part") }
                #expect(problem.contains("part/train/a/\(name)"), "\(name), \(length) of \(bytes.count): \(problem)")
            }
            try FileManager.default.removeItem(atPath: "\(folder.path)/part")
        }
    }

    @Test func imagesThatAreTooLargeAreRefusedBeforeTheyAreDecoded() throws {
        var bytes = try MadePNG(width: 1, height: 1, depth: 1, samples: [0]).bytes()
        // A header of 4096 × 4096 pixels, with its checksum, before the data of one.
        let header = [UInt8]("IHDR".utf8) + bigEndian(UInt32(4096)) + bigEndian(UInt32(4096)) + [1, 0, 0, 0, 0]
        bytes.replaceSubrange(12..<33, with: header + bigEndian(UInt32(CRC32.of(header))))
        #expect(said { _ = try read(bytes) }.contains("4096 × 4096 pixels, and 4194304 are the most that are read"))
    }

    /// A damaged image of any format is read, or refused by its name.
    @Test func damagedImagesOfEveryFormat() throws {
        let jpeg = try marked(decoded(leftJPEG), with: exif(orientation: 6, isBigEndian: false))
        let files = [("a.jpg", jpeg), ("b.jpg", try decoded(cmykJPEG)), ("c.gif", try decoded(movingGIF))]
        for (name, bytes) in files {
            var random = Mutations(seed: 22)
            for _ in 0..<150 {
                try folder.write(random.damage(bytes), "damaged/\(name)")
                do throws(CLMatError) {
                    let set = try ImageDataSet.load("\(folder.path)/damaged")
                    #expect(set.points.pixels.count == set.shape.count)
                } catch {
                    #expect("\(error)".contains("damaged/\(name)") || "\(error)".contains("Passed over"), "\(error)")
                }
            }
            try FileManager.default.removeItem(atPath: "\(folder.path)/damaged")
        }
    }

    @Test func pngChecksumsAreChecked() throws {
        var bytes = try grey([1, 2, 3, 4], width: 2)
        bytes[bytes.count - 20] ^= 1
        #expect(said { _ = try read(bytes) }.contains("the checksum of this part of the PNG image is wrong"))
    }

    // MARK: - Folders

    /// Names that are not UTF-8 are read, and shown on one line.
    @Test func namesAreBytes() throws {
        for part in ["train", "test"] {
            let directory = "\(folder.path)/set/\(part)/a"
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            for (name, level) in [([0x62, 0xE9], UInt16(1)), ([0x61, 0x0A], 2)] as [([UInt8], UInt16)] {
                let path = [UInt8]("\(directory)/".utf8) + name + [UInt8](".png".utf8) + [0]
                let file = try #require(fopen(path.map { CChar(bitPattern: $0) }, "w"))
                let bytes = try grey([level, level], width: 2)
                #expect(fwrite(bytes, 1, bytes.count, file) == bytes.count)
                fclose(file)
            }
        }
        let set = try ImageDataSet.load("\(folder.path)/set")
        // By bytes: "a" comes first.
        #expect(set.train.pixels == [2, 2, 1, 1])
        #expect(
            BytePath.shown([0x62, 0xE9, 0xC3, 0xA9, 0x0A, 0xE2, 0x80, 0xA8, 0x5C]) == "b\\xE9é\\x0A\\xE2\\x80\\xA8\\")
        #expect(BytePath.shown([0xF0, 0x9F, 0x98]) == "\\xF0\\x9F\\x98")
    }

    @Test func whatIsPassedOverIsSaid() throws {
        let image = try grey([1, 2], width: 2)
        for (name, bytes) in [
            ("a.png", image), ("b.png", []), ("notes.txt", [1]), (".DS_Store", [1]), ("Thumbs.db", [1]),
            ("c.webp", [1]),
            ("inner/d.png", image),
        ] as [(String, [UInt8])] { try folder.write(bytes, "set/train/x/\(name)") }
        try folder.write(image, "set/train/loose.png")
        try folder.write([1], "set/train/.ipynb_checkpoints/a")
        try folder.write(image, "set/test/x/a.png")
        let inner = "\(folder.path)/set/test/x"
        #expect(symlink("nowhere", "\(inner)/broken.png") == 0)
        #expect(symlink("round.png", "\(inner)/round.png") == 0)
        #expect(mkfifo("\(inner)/pipe.png", 0o600) == 0)
        #expect(symlink("a.png", "\(inner)/b.png") == 0)
        let set = try ImageDataSet.load("\(folder.path)/set")
        #expect(set.train.count == 1 && set.test.count == 2)
        #expect(
            set.notes == [
                """
                11 files and folders passed over: 1 of another kind (train/x/notes.txt), 1 of image formats that are not read: \
                convert them to PNG (train/x/c.webp), 1 outside the class folders (train/loose.png), 1 folder inside \
                (train/x/inner), 1 empty (train/x/b.png), 2 broken links (test/x/broken.png, test/x/round.png), \
                1 no plain file (test/x/pipe.png), 3 hidden (train/.ipynb_checkpoints, train/x/.DS_Store, train/x/Thumbs.db).
                """
            ])
    }

    @Test(.enabled(if: geteuid() != 0, "root opens everything"))
    func whatCannotBeOpenedIsSaid() throws {
        let image = try grey([1, 2], width: 2)
        for name in ["train/x/a.png", "train/x/b.png", "test/x/a.png"] { try folder.write(image, "set/\(name)") }
        chmod("\(folder.path)/set/train/x/b.png", 0)
        #expect(
            try ImageDataSet.load("\(folder.path)/set").notes
                == ["1 file passed over: 1 that cannot be opened (train/x/b.png)."])
        chmod("\(folder.path)/set/train/x", 0)
        defer { chmod("\(folder.path)/set/train/x", 0o700) }
        #expect(
            said { _ = try ImageDataSet.load("\(folder.path)/set") }.contains(
                "train/x. It is a folder that cannot be opened"))
    }

    @Test func greyAndColourTogetherAreColour() throws {
        try folder.write(grey([9], width: 1), "set/train/a/1.png")
        try folder.write(png(width: 1, height: 1, red: 1, green: 2, blue: 3), "set/train/a/2.png")
        try folder.write(grey([7], width: 1), "set/test/a/1.png")
        let set = try ImageDataSet.load("\(folder.path)/set")
        #expect(set.train.pixels == [9, 9, 9, 1, 2, 3])
        #expect(set.notes == ["1 of 3 images has colours, the others are grey: all are read as colour images."])
    }

    // MARK: - Folders without train and test

    @Test func classFoldersAreEnough() throws {
        for image in 0..<30 {
            try folder.write(grey([UInt16(image)], width: 1), "set/\(image % 2 == 0 ? "even" : "odd")/\(image).png")
        }
        try folder.write([1], "set/readme.txt")
        try folder.write([1], "set/docs/a.txt")
        let set = try ImageDataSet.load("\(folder.path)/set")
        #expect(set.classNames == ["even", "odd"] && set.hasClasses)
        #expect(set.points.count == 30 && set.train.count == 28 && set.test.count == 2)
        #expect(set.points.labels == [UInt16](repeating: 0, count: 15) + [UInt16](repeating: 1, count: 15))
        #expect(set.test.labels == [0, 1])
        // Each image is in one part, with its class.
        #expect((set.train.pixels + set.test.pixels).sorted() == (0..<30).map(UInt8.init))
        for part in [set.train, set.test] {
            for (pixel, label) in zip(part.pixels, part.labels) { #expect(pixel % 2 == label) }
        }
        #expect(
            set.notes == ["2 files and folders passed over: 1 of another kind (readme.txt), 1 folder inside (docs)."])
        #expect(
            set.partNotes.last
                == "set has no folders train and test: 2 of its 30 images, drawn at random, are for the test.")
    }

    @Test func imagesAloneAreOneClass() throws {
        for image in 0..<3 { try folder.write(grey([UInt16(image)], width: 1), "set/\(image).png") }
        try folder.write(grey([9], width: 1), "set/previews/0.png")
        let set = try ImageDataSet.load("\(folder.path)/set")
        #expect(set.points.pixels == [0, 1, 2] && !set.hasClasses)
        #expect(set.notes == ["1 folder passed over: 1 folder inside (previews)."])
    }
}
