import CZlib
import Foundation
import TestSupport
import Testing

/// A PNG file of any kind, from its samples.
struct MadePNG {
    enum Colour: UInt8 {
        case grey = 0
        case rgb = 2
        case palette = 3
        case greyAlpha = 4
        case rgba = 6

        var channels: Int {
            switch self {
            case .grey, .palette: 1
            case .greyAlpha: 2
            case .rgb: 3
            case .rgba: 4
            }
        }
    }
    var width: Int
    var height: Int
    var colour = Colour.grey
    var depth = 8
    /// Height × width × channels.
    var samples: [UInt16]
    /// Chunks between the header and the pixels, by type.
    var chunks: [(type: String, content: [UInt8])] = []

    func bytes() throws -> [UInt8] {
        var rows: [UInt8] = []
        let inRow = width * colour.channels
        for y in 0..<height {
            // No filter; then the samples, packed from the left.
            rows.append(0)
            var (bits, count) = (UInt32(0), 0)
            for sample in samples[y * inRow..<(y + 1) * inRow] {
                bits = bits << UInt32(depth) | UInt32(sample)
                count += depth
                while count >= 8 {
                    count -= 8
                    rows.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
                }
            }
            if count > 0 { rows.append(UInt8(truncatingIfNeeded: bits << UInt32(8 - count))) }
        }
        var size = compressBound(uLong(rows.count))
        var packed = [UInt8](repeating: 0, count: Int(size))
        #expect(compress(&packed, &size, rows, uLong(rows.count)) == Z_OK)
        let header = bigEndian(UInt32(width)) + bigEndian(UInt32(height)) + [UInt8(depth), colour.rawValue, 0, 0, 0]
        var file: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        for (type, content) in [("IHDR", header)] + chunks + [("IDAT", Array(packed.prefix(Int(size)))), ("IEND", [])] {
            let body = [UInt8](type.utf8) + content
            file += bigEndian(UInt32(content.count)) + body + bigEndian(UInt32(crc32(0, body, uInt(body.count))))
        }
        return file
    }
}

/// What EXIF writes of the camera: a TIFF directory with one tag before the orientation.
func exif(orientation: Int, isBigEndian: Bool, bits: Int = 16) -> [UInt8] {
    func number(_ value: Int, _ count: Int) -> [UInt8] {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        return isBigEndian ? bytes.reversed() : bytes
    }
    let value = bits == 16 ? number(orientation, 2) + [0, 0] : number(orientation, 4)
    return [UInt8]((isBigEndian ? "MM" : "II").utf8) + number(42, 2) + number(8, 4) + number(2, 2)
        + number(0x0100, 2) + number(4, 2) + number(1, 4) + number(99, 4)
        + number(0x0112, 2) + number(bits == 16 ? 3 : 4, 2) + number(1, 4) + value + number(0, 4)
}

/// A JPEG with a segment APP1 of EXIF after its first mark.
func marked(_ jpeg: [UInt8], with exif: [UInt8]) -> [UInt8] {
    let content = [UInt8]("Exif\0\0".utf8) + exif
    return [0xFF, 0xD8, 0xFF, 0xE1] + bigEndian(UInt16(content.count + 2)) + content + jpeg.dropFirst(2)
}

func decoded(_ base64: String) throws -> [UInt8] {
    [UInt8](try #require(Data(base64Encoded: base64.filter { !$0.isWhitespace })))
}

/// 16 × 8 grey pixels as JPEG: about 200 on the left half, 50 on the right one.
let leftJPEG = """
    /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMUFRUVDA8XGB
    YUGBIUFRT/wAALCAAIABABAREA/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIh
    MUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhI
    WGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/9oACAEBAAA/APsC
    vxvr/9k=
    """

/// 8 × 8 pixels of about (200, 40, 90) as JPEG in cyan, magenta, yellow and black, as Adobe's programs write it.
let cmykJPEG = """
    /9j/7gAOQWRvYmUAZAAAAAAA/9sAQwAIBgYHBgUIBwcHCQkICgwUDQwLCwwZEhMPFB0aHx4dGhwcICQuJyAiLCMcHCg3KSwwMTQ0NB8nOT04Mj
    wuMzQy/8AAFAgACAAIBEMRAE0RAFkRAEsRAP/EAB8AAAEFAQEBAQEBAAAAAAAAAAABAgMEBQYHCAkKC//EALUQAAIBAwMCBAMFBQQEAAABfQEC
    AwAEEQUSITFBBhNRYQcicRQygZGhCCNCscEVUtHwJDNicoIJChYXGBkaJSYnKCkqNDU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dX
    Z3eHl6g4SFhoeIiYqSk5SVlpeYmZqio6Slpqeoqaqys7S1tre4ubrCw8TFxsfIycrS09TV1tfY2drh4uPk5ebn6Onq8fLz9PX29/j5+v/aAA4E
    QwBNAFkASwAAPwD0ivJ65mvf6//Z
    """

/// 3 × 2 pixels as GIF, of two images; the first is (10, 20, 30), (40, 50, 60), (70, 80, 90), and the same from right to left.
let movingGIF = """
    R0lGODdhAwACAIEAAAoUHigyPEZQWgAAACwAAAAAAwACAAAICQABBBAgIACAgAAh+QQBAAABACwAAAAAAwACAIFGUFoAAAAAAAAAAAAICAABAA
    gQQGBAADs=
    """
