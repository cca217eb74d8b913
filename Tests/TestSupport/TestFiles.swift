import CStb
import CZlib
import Foundation
import Testing

/// A folder that goes when the test ends.
public final class TemporaryFolder {
    public let path: String

    public init() throws {
        path = NSTemporaryDirectory() + "clmat-data-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file, with the folders on the way to it, and returns its path.
    @discardableResult
    public func write(_ bytes: [UInt8], _ name: String) throws -> String {
        let file = URL(fileURLWithPath: "\(path)/\(name)")
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: file)
        return "\(path)/\(name)"
    }

    @discardableResult
    public func write(_ text: String, _ name: String) throws -> String { try write([UInt8](text.utf8), name) }

    /// `bytes` as one gzip member.
    public func packed(_ bytes: [UInt8]) throws -> [UInt8] {
        let name = "\(path)/packing-\(UUID().uuidString)"
        let file = try #require(gzopen(name, "wb"))
        if !bytes.isEmpty { #expect(gzwrite(file, bytes, UInt32(bytes.count)) == bytes.count) }
        gzclose(file)
        defer { try? FileManager.default.removeItem(atPath: name) }
        return [UInt8](try Data(contentsOf: URL(fileURLWithPath: name)))
    }
}

/// The bytes of an IDX file.
public func idx(type: UInt8 = 0x08, _ dimensions: [Int], _ body: [UInt8]) -> [UInt8] {
    [0, 0, type, UInt8(dimensions.count)] + dimensions.flatMap { bigEndian(UInt32($0)) } + body
}

public func bigEndian<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
    withUnsafeBytes(of: value.bigEndian) { [UInt8]($0) }
}

/// Numbers as unlike each other as bytes can be.
public func ramp(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 * 37) } }

/// An image of one colour as PNG.
public func png(width: Int, height: Int, red: UInt8, green: UInt8, blue: UInt8) throws -> [UInt8] {
    let pixels = (0..<width * height).flatMap { _ in [red, green, blue] }
    var length: Int32 = 0
    let encoded = try #require(clmat_png_encode(pixels, Int32(width), Int32(height), 3, &length))
    defer { clmat_png_free(encoded) }
    return [UInt8](UnsafeBufferPointer(start: encoded, count: Int(length)))
}

/// 8 × 8 pixels of red, about (200, 40, 40), as JPEG.
public let redJPEG = """
    /9j/4AAQSkZJRgABAQAAAQABAAD/2wCEABQODxIPDRQSEBIXFRQYHjIhHhwcHj0sLiQySUBMS0dARkVQWnNiUFVtVkVGZIhlbXd7gYKBTmCNl4
    x9lnN+gXwBFRcXHhoeOyEhO3xTRlN8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fP/AABEIAAgACAMB
    IgACEQEDEQH/xAGiAAABBQEBAQEBAQAAAAAAAAAAAQIDBAUGBwgJCgsQAAIBAwMCBAMFBQQEAAABfQECAwAEEQUSITFBBhNRYQcicRQygZGhCC
    NCscEVUtHwJDNicoIJChYXGBkaJSYnKCkqNDU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6g4SFhoeIiYqSk5SVlpeYmZqi
    o6Slpqeoqaqys7S1tre4ubrCw8TFxsfIycrS09TV1tfY2drh4uPk5ebn6Onq8fLz9PX29/j5+gEAAwEBAQEBAQEBAQAAAAAAAAECAwQFBgcICQ
    oLEQACAQIEBAMEBwUEBAABAncAAQIDEQQFITEGEkFRB2FxEyIygQgUQpGhscEJIzNS8BVictEKFiQ04SXxFxgZGiYnKCkqNTY3ODk6Q0RFRkdI
    SUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqCg4SFhoeIiYqSk5SVlpeYmZqio6Slpqeoqaqys7S1tre4ubrCw8TFxsfIycrS09TV1tfY2dri4+
    Tl5ufo6ery8/T19vf4+fr/2gAMAwEAAhEDEQA/AM+iiiuU94//2Q==
    """

/// Damage to files, drawn with a seed.
public struct Mutations: RandomNumberGenerator {
    private var generator: SplitMix64

    public init(seed: UInt64) { generator = SplitMix64(seed: seed) }

    public mutating func next() -> UInt64 { generator.next() }

    /// `bytes` with one to four changes: a byte, a bit, four bytes of a size, a cut, an insertion, a removal.
    public mutating func damage(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &self) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &self)
            switch Int.random(in: 0..<6, using: &self) {
            case 0: bytes[place] = .random(in: 0...255, using: &self)
            case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &self)
            case 2:
                let size: [UInt8] =
                    [[0, 0, 0, 0], [0xff, 0xff, 0xff, 0xff], [0x7f, 0xff, 0xff, 0xff], [0, 0, 0, 1]]
                    .randomElement(using: &self) ?? []
                let start = Int.random(in: 0..<min(bytes.count, 20), using: &self) & ~3
                for (offset, byte) in size.enumerated() where start + offset < bytes.count {
                    bytes[start + offset] = byte
                }
            case 3: bytes.removeLast(bytes.count - place)
            case 4: bytes.insert(.random(in: 0...255, using: &self), at: place)
            default: bytes.remove(at: place)
            }
        }
        return bytes
    }
}
