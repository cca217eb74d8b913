import CLMat

/// What the bytes of an image file say before it is decoded: its format, whether it is whole, and how the camera was held.
///
/// The decoder (stb) takes half a JPEG for a whole one, and reads the missing part as grey or black.
/// - Source: W3C, "Portable Network Graphics (PNG) Specification (Third Edition)"; ITU-T T.81, annex B (JPEG); CompuServe,
///   "Graphics Interchange Format, version 89a"; Microsoft, "Bitmap Storage"; CIPA DC-008, "Exif 2.32", section 4.6.4.
package struct ImageContainer {
    enum Format: String {
        case png = "PNG"
        case jpeg = "JPEG"
        case bmp = "BMP"
        case gif = "GIF"
    }
    let format: Format
    /// EXIF's orientation, 1 to 8; 1 is upright.
    private(set) var orientation = 1
    /// Whether a GIF has more images than the first.
    private(set) var hasMoreImages = false
    private let path: String
    private let bytes: [UInt8]

    /// The endings of files that are read.
    package static let endings: Set<String> = ["png", "jpg", "jpeg", "jpe", "jfif", "bmp", "dib", "gif"]
    /// Endings of images that are not read.
    package static let otherEndings: Set<String> = [
        "webp", "tif", "tiff", "heic", "heif", "avif", "jxl", "jp2", "j2k", "psd", "tga", "pgm", "ppm", "pbm", "pnm",
        "pfm",
        "exr", "hdr", "svg", "raw", "dng", "cr2", "nef", "arw", "pcx", "ico", "dcm", "xcf",
    ]

    /// - Parameter path: what errors name.
    /// - Throws: ``/CLMat/CLMatError/dataMismatch(_:)`` for another format, with its name where it is known, and what to do;
    ///   ``/CLMat/CLMatError/fileDamaged(path:place:problem:)`` for a file that breaks off, or whose checksum is wrong.
    init(_ bytes: [UInt8], path: String) throws(CLMatError) {
        guard let format = Self.format(bytes) else {
            guard let other = Self.otherFormat(bytes) else {
                throw .dataMismatch(
                    "\(path) is none of the images that are read, PNG, JPEG, BMP and GIF, whatever its name says. "
                        + "Take it out of the folder, or put the right file in its place.")
            }
            throw .dataMismatch(
                "\(path) is an image in the format \(other), which is not read, whatever its name says. "
                    + "Convert it to PNG (\(other == "WebP" ? "dwebp of libwebp" : "convert of ImageMagick") does it).")
        }
        (self.format, self.path, self.bytes) = (format, path, bytes)
        switch format {
        case .png: try walkPNG()
        case .jpeg: try walkJPEG()
        case .bmp: try checkBMP()
        case .gif: try walkGIF()
        }
    }

    private static func format(_ bytes: [UInt8]) -> Format? {
        if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) { return .png }
        if bytes.starts(with: [0xFF, 0xD8]) { return .jpeg }
        if bytes.starts(with: "GIF87a".utf8) || bytes.starts(with: "GIF89a".utf8) { return .gif }
        if bytes.starts(with: "BM".utf8) { return .bmp }
        return nil
    }

    private static func otherFormat(_ bytes: [UInt8]) -> String? {
        func has(_ text: String, at place: Int) -> Bool { bytes.dropFirst(place).starts(with: text.utf8) }
        if has("RIFF", at: 0), has("WEBP", at: 8) { return "WebP" }
        if has("II*\0", at: 0) || has("MM\0*", at: 0) { return "TIFF" }
        if has("ftypavi", at: 4) { return "AVIF" }
        if has("ftyphei", at: 4) || has("ftypmif1", at: 4) || has("ftyphevc", at: 4) { return "HEIF" }
        if has("8BPS", at: 0) { return "Photoshop" }
        if bytes.starts(with: [0, 0, 0, 0x0C, 0x6A, 0x50, 0x20, 0x20]) { return "JPEG 2000" }
        if bytes.starts(with: [0xFF, 0x0A]) || bytes.starts(with: [0, 0, 0, 0x0C, 0x4A, 0x58, 0x4C, 0x20]) {
            return "JPEG XL"
        }
        if let first = bytes.first, first == UInt8(ascii: "P"), bytes.count > 2, (0x31...0x36).contains(bytes[1]),
            [0x20, 0x09, 0x0A, 0x0D].contains(bytes[2])
        {
            return "PNM"
        }
        return nil
    }

    // MARK: - Numbers

    /// `count` bytes as a number; nil past the end.
    private func number(_ place: Int, _ count: Int, isBig: Bool) -> Int? {
        guard place >= 0, place + count <= bytes.count else { return nil }
        let part = bytes[place..<place + count]
        return isBig ? part.reduce(0) { $0 << 8 | Int($1) } : part.reversed().reduce(0) { $0 << 8 | Int($1) }
    }

    private func breaksOff() -> CLMatError {
        .fileDamaged(
            path: path, place: "byte \(bytes.count)",
            problem: "the \(format.rawValue) image breaks off; get the file again, or take it out of the folder")
    }

    // MARK: - Formats

    private mutating func walkPNG() throws(CLMatError) {
        var place = 8
        while true {
            guard let length = number(place, 4, isBig: true), place + 12 + length <= bytes.count else {
                throw breaksOff()
            }
            let type = bytes[place + 4..<place + 8]
            // Chunks that a decoder needs have a capital letter first.
            if type.first.map({ $0 & 0x20 == 0 }) == true {
                let sum = CRC32.of(Array(bytes[place + 4..<place + 8 + length]))
                guard number(place + 8 + length, 4, isBig: true) == Int(sum) else {
                    throw .fileDamaged(
                        path: path, place: "byte \(place)",
                        problem: "the checksum of this part of the PNG image is wrong; get the file again")
                }
            }
            if type.elementsEqual("IEND".utf8) { return }
            if type.elementsEqual("eXIf".utf8) { readOrientation(from: place + 8, to: place + 8 + length) }
            place += 12 + length
        }
    }

    private mutating func walkJPEG() throws(CLMatError) {
        var place = 2
        while place + 1 < bytes.count {
            guard bytes[place] == 0xFF, bytes[place + 1] != 0xFF else {
                place += 1
                continue
            }
            let marker = bytes[place + 1]
            switch marker {
            case 0xD9: return
            case 0x00, 0x01, 0xD0...0xD8: place += 2
            case 0xDA:
                // The header of a scan, and then its data, up to the next marker that is none of its own.
                place += 2 + max(2, number(place + 2, 2, isBig: true) ?? 2)
                while place + 1 < bytes.count {
                    if bytes[place] == 0xFF, ![0x00, 0xFF].contains(bytes[place + 1]),
                        !(0xD0...0xD7).contains(bytes[place + 1])
                    {
                        break
                    }
                    place += 1
                }
            default:
                let length = max(2, number(place + 2, 2, isBig: true) ?? 2)
                let content = place + 4
                if marker == 0xE1, content + 6 <= bytes.count,
                    bytes[content..<content + 6].elementsEqual("Exif\0\0".utf8)
                {
                    readOrientation(from: content + 6, to: min(bytes.count, place + 2 + length))
                }
                place += 2 + length
            }
        }
        throw breaksOff()
    }

    /// Tag 0x0112 of the first directory of a TIFF file that lies within the image's.
    private mutating func readOrientation(from start: Int, to end: Int) {
        guard start + 8 <= end else { return }
        let isBig = bytes[start] == UInt8(ascii: "M")
        func value(_ place: Int, _ count: Int) -> Int? {
            place + count <= end ? number(place, count, isBig: isBig) : nil
        }
        guard bytes[start] == bytes[start + 1], isBig || bytes[start] == UInt8(ascii: "I"), value(start + 2, 2) == 42,
            let directory = value(start + 4, 4), let entries = value(start + directory, 2)
        else { return }
        for entry in 0..<entries {
            let place = start + directory + 2 + 12 * entry
            guard let tag = value(place, 2), let type = value(place + 2, 2) else { return }
            guard tag == 0x0112 else { continue }
            // A 16-bit number; some programs write 32 bits.
            if let found = value(place + 8, type == 4 ? 4 : 2), (1...8).contains(found) { orientation = found }
            return
        }
    }

    private func checkBMP() throws(CLMatError) {
        guard let offset = number(10, 4, isBig: false), let header = number(14, 4, isBig: false),
            let width = header == 12 ? number(18, 2, isBig: false) : number(18, 4, isBig: false),
            let stored = header == 12 ? number(20, 2, isBig: false) : number(22, 4, isBig: false),
            let depth = header == 12 ? number(24, 2, isBig: false) : number(28, 2, isBig: false)
        else { throw breaksOff() }
        // A negative height: from top to bottom.
        let height = stored > Int(Int32.max) ? (1 << 32) - stored : stored
        // Sizes beyond these are refused where the image is decoded.
        guard width <= 1 << 24, height <= 1 << 24, depth <= 32 else { return }
        let isPlain = header == 12 || [0, 3].contains(number(30, 4, isBig: false))
        if isPlain, offset + (depth * width + 31) / 32 * 4 * height > bytes.count { throw breaksOff() }
    }

    /// Up to a second image, if there is one.
    private mutating func walkGIF() throws(CLMatError) {
        func colours(_ flags: UInt8) -> Int { flags & 0x80 == 0 ? 0 : 3 << (Int(flags & 7) + 1) }
        guard bytes.count > 13 else { throw breaksOff() }
        var place = 13 + colours(bytes[10])
        var images = 0
        while place < bytes.count {
            switch bytes[place] {
            case 0x21: place += 2
            case 0x2C:
                if images == 1 {
                    hasMoreImages = true
                    return
                }
                guard place + 10 < bytes.count else { throw breaksOff() }
                place += 11 + colours(bytes[place + 9])
                images += 1
            case 0x3B where images > 0: return
            default:
                // What follows the first image is not needed.
                if images > 0 { return }
                throw .fileDamaged(
                    path: path, place: "byte \(place)",
                    problem: "no part of a GIF image starts there; get the file again")
            }
            // Blocks, each with its length before it, up to an empty one.
            while true {
                guard place < bytes.count else { throw breaksOff() }
                let length = Int(bytes[place])
                place += 1 + length
                if length == 0 { break }
            }
        }
        guard images > 0 else { throw breaksOff() }
    }
}
