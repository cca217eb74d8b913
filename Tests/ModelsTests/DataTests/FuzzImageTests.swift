import CLMat
import CZlib
import Foundation
import Models
import TestSupport
import Testing

/// Damaged images in a folder are read or refused, within bounds of memory and time; they never end the program.
@Suite struct FuzzImageTests {
    @Test func pngFilesAreReadOrRefused() async {
        await #expect(processExitsWith: .success) {
            let plain = try png(width: 7, height: 6, red: 1, green: 200, blue: 3)
            try fuzzImages([plain] + SmallImages.png.map(unpacked), ending: "png", seed: 51, wrap: rechecked)
        }
    }

    @Test func jpegFilesAreReadOrRefused() async {
        await #expect(processExitsWith: .success) {
            try fuzzImages(SmallImages.jpeg.map(unpacked), ending: "jpg", seed: 52)
        }
    }

    @Test func bmpAndGIFFilesAreReadRefusedOrPassedOver() async {
        await #expect(processExitsWith: .success) {
            try fuzzImages(SmallImages.bmp.map(unpacked), ending: "bmp", seed: 53)
            try fuzzImages(SmallImages.gif.map(unpacked), ending: "gif", seed: 54)
        }
    }

    /// A header can name any size. One that the file cannot hold is refused before memory is asked for.
    @Test(arguments: ["png", "jpg"])
    func anImageOfAbsurdSizeIsRefusedByItsHeader(ending: String) async {
        await #expect(processExitsWith: .success) { [ending] in
            var bytes = unpacked(ending == "png" ? SmallImages.png[0] : SmallImages.jpeg[1])
            if ending == "png" {
                // Width and height stand at bytes 16 and 20.
                bytes.replaceSubrange(16..<24, with: bigEndian(UInt32(15_000)) + bigEndian(UInt32(15_000)))
                bytes = rechecked(bytes)
            } else {
                let frame = try #require((0..<bytes.count - 1).first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xC0 })
                bytes.replaceSubrange(frame + 5..<frame + 9, with: [0x3A, 0x98, 0x3A, 0x98])
            }
            let folder = try TemporaryFolder()
            let path = try folder.write(bytes, "set/train/a/1.\(ending)")
            try folder.write(unpacked(SmallImages.png[0]), "set/test/a/1.png")
            let memory = peakMemory {
                do throws(CLMatError) {
                    _ = try ImageDataSet.load("\(folder.path)/set")
                    Issue.record("it was read")
                } catch {
                    #expect("\(error)".contains(path) && "\(error)".contains("15000 × 15000"), "\(error)")
                }
            }
            #expect(memory < 16 << 20)
        }
    }
}

/// Reads damaged images beside a whole one. Those of another size than it are refused too, so it has the size of all.
private func fuzzImages(
    _ valid: [[UInt8]], ending: String, seed: UInt64, wrap: ([UInt8]) -> [UInt8] = { $0 }
) throws {
    // What cannot be decoded yet is passed over by its ending.
    try fuzz(
        valid, as: "set/train/a/1.\(ending)", seed: seed, wrap: wrap,
        prepare: { folder in
            for name in ["train/a/0.png", "test/a/0.png"] {
                let file = URL(fileURLWithPath: "\(folder)/set/\(name)")
                try FileManager.default.createDirectory(
                    at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(png(width: 7, height: 6, red: 9, green: 9, blue: 9)).write(to: file)
            }
        }
    ) { path in
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().appendingPathComponent("../..")
        let set = try ImageDataSet.load(folder.standardizedFileURL.path)
        #expect(set.train.pixels.count == set.train.count * set.shape.count)
    }
}

/// A PNG with the checksums that its parts should have, as far as their lengths lead.
private func rechecked(_ png: [UInt8]) -> [UInt8] {
    var png = png
    var place = 8
    while place + 12 <= png.count {
        let length = png[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
        guard place + 12 + length <= png.count else { break }
        let end = place + 8 + length
        let body = Array(png[place + 4..<end])
        png.replaceSubrange(end..<end + 4, with: bigEndian(UInt32(crc32(0, body, uInt(body.count)))))
        place = end + 4
    }
    return png
}

private func unpacked(_ text: String) -> [UInt8] {
    [UInt8](Data(base64Encoded: text, options: .ignoreUnknownCharacters) ?? Data())
}

/// Images of 7 × 6 pixels in the ways that programs write them.
private enum SmallImages {
    static let png = [
        // Eight colours by a palette.
        """
        iVBORw0KGgoAAAANSUhEUgAAAAcAAAAGBAMAAAD9IJlFAAAAGFBMVEWaxsao0EA4wGBJgJIAYLDSIGl4ILggIJxQIqmzAAAAJklEQVR4nGM0vSvo
        y/TASYiBoUw0RIHBiU2cgYlVK46BicHhoQIAYk8F2KeuCUUAAAAASUVORK5CYII=
        """,
        // Grey, 16 bits.
        """
        iVBORw0KGgoAAAANSUhEUgAAAAcAAAAGEAAAAAB69QfpAAAAQ0lEQVR4nAXBARGAIBAAsOkZwAhEIMJHIAIRPhoRjECEj0AEN2GZtiOk5yCwLSgN
        aSifa+oYmtRJ5dhSed3dFLaB5gdabhH4mkOBtAAAAABJRU5ErkJggg==
        """,
        // With transparency.
        """
        iVBORw0KGgoAAAANSUhEUgAAAAcAAAAGCAYAAAAPDoR2AAAAYUlEQVR4nAXBAZEEQQwDsb6vBWIohhIogTJQDMVM8hKzuaJLdc6c45u3B7lvHGqD
        SmYRywsU+OG5yeIKZjHCGHv4kCBDW5rQBDl4l08yXSMHVaxFEAB/APSxT6hQldiY8g/0XTjoIJvligAAAABJRU5ErkJggg==
        """,
    ]
    static let jpeg = [
        // Progressive.
        """
        /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1tdhbWGkJ6jq62rZ4C8ybqm
        x5moq6T/2wBDARweHigjKE4rK06kbl1upKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKT/wgARCAAGAAcD
        ASIAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAL/xAAVAQEBAAAAAAAAAAAAAAAAAAACA//aAAwDAQACEAMQAAABgOf/xAAVEAEBAAAAAAAA
        AAAAAAAAAAAAMf/aAAgBAQABBQKv/8QAFREBAQAAAAAAAAAAAAAAAAAAAQD/2gAIAQMBAT8BW//EABcRAAMBAAAAAAAAAAAAAAAAAAABITH/2gAI
        AQIBAT8Bcw//xAAVEAEBAAAAAAAAAAAAAAAAAAAAIf/aAAgBAQAGPwKv/8QAFxABAQEBAAAAAAAAAAAAAAAAAREAIf/aAAgBAQABPyEhOpY7/9oA
        DAMBAAIAAwAAABAH/8QAFhEBAQEAAAAAAAAAAAAAAAAAAQAR/9oACAEDAQE/EGMv/8QAFhEBAQEAAAAAAAAAAAAAAAAAAREA/9oACAECAQE/EEqK
        b//EABsQAQACAgMAAAAAAAAAAAAAAAERIQAxQWGR/9oACAEBAAE/EAIlMM7S6Ncnnef/2Q==
        """,
        // Baseline.
        """
        /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1tdhbWGkJ6jq62rZ4C8ybqm
        x5moq6T/2wBDARweHigjKE4rK06kbl1upKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKT/wAARCAAGAAcD
        ASIAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAP/xAAeEAACAQMFAAAAAAAAAAAAAAABAgADITEREkFhkf/EABQBAQAAAAAAAAAAAAAAAAAA
        AAP/xAAXEQEBAQEAAAAAAAAAAAAAAAABAhEA/9oADAMBAAIRAxEAPwCKha6qKhYpuKuNckXsMcjzuIiNSy5LnBdJnf/Z
        """,
        // Grey, with a mark that it stands on its head.
        """
        /9j/4AAQSkZJRgABAQAAAQABAAD/4QAiRXhpZgAATU0AKgAAAAgAAQESAAMAAAABAAMAAAAAAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6
        PTBCYFVlZF9VXVtqeJmBanGQc1tdhbWGkJ6jq62rZ4C8ybqmx5moq6T/wAALCAAGAAcBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAA//EAB4QAAIB
        AwUAAAAAAAAAAAAAAAECAwAhMRESQWGR/9oACAEBAAA/ABULOqiQsU3FXGuSL2GOR53X/9k=
        """,
    ]
    static let bmp = [
        // 24 bits.
        """
        Qk3GAAAAAAAAADYAAAAoAAAABwAAAAYAAAABABgAAAAAAJAAAADEDgAAxA4AAAAAAAAAAAAAwIAgYCBAwCAAwMCgYEDg4ECAoMAAAAAAwIAgwEBA
        oICAwOCAgCAAoADAwMDAAAAAgGAAQMBg4MCAoABgYMCAYABAwMCgAAAAYEAA4ABgAOCggECgoEDg4EAgQIBgAAAAgMDAYEDAQADA4GAAYGAggCDg
        wABAAAAAwIBgIADgIODAYMBAQMBAgKBgwAAAAAAA
        """
    ]
    static let gif = [
        // One frame.
        """
        R0lGODdhBwAGAIIAAJrGxqjQQDjAYEmAkgBgsNIgaXgguCAgnCwAAAAABwAGAAAIKwAHFAggQMCAAwEKFCAg8MABAwkXCiAgAADEAwAIHBgA4ECB
        jA4BFDAgICAAOw==
        """,
        // Two frames.
        """
        R0lGODlhBwAGAIIAAJrGxqjQQDjAYEmAkgBgsNIgaXgguCAgnCH5BAEAAAAALAAAAAAHAAYAAAgrAAcUCCBAwIADAQoUICDwwAEDCRcKICAAAMQD
        AAgcGADgQIGMDgEUMCAgIAAh+QQBAAAAACwAAAAABwAGAIKczIxAumawS5AtWqCrBYBAC4AAFasAAAAIKQANFAgAAECAAwEIDChAQADCAQIAGHAY
        AGKBggcAECgowMCBhgMXHggIADs=
        """,
    ]
}
