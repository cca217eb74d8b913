import CLMat
import TestSupport
import Testing

@testable import Formats

@Suite struct PNGFileTests {
    @Test(arguments: [1, 3, 4])
    func whatIsWrittenIsReadAgain(channels: Int) throws {
        try inTemporaryFolder { folder in
            let path = folder + "/a.png"
            // Opaque, where there is opacity.
            let pixels = ramp(2 * 3 * channels).enumerated().map {
                $0.offset % 4 == 3 && channels == 4 ? 255 : $0.element
            }
            try PNGFile.write(pixels, width: 3, height: 2, channels: channels, to: path)
            let image = try ImageFile(BytePath(path), like: nil)
            #expect(image.width == 3 && image.height == 2 && image.lowPlanes == nil && !image.wasTransparent)
            let colours = channels == 1 ? [0, 0, 0] : [0, 1, 2]
            #expect(image.planes == colours.flatMap { colour in (0..<6).map { pixels[$0 * channels + colour] } })
        }
    }

    @Test func pixelsThatAreNotSoManyAreRefused() throws {
        try inTemporaryFolder { folder in
            for (count, width, channels) in [(11, 3, 2), (0, 0, 4), (10, 1, 5)] {
                let pixels = [UInt8](repeating: 0, count: count)
                #expect(
                    thrownCase {
                        try PNGFile.write(pixels, width: width, height: 2, channels: channels, to: folder + "/a")
                    }
                        == "invalidArgument")
            }
        }
    }
}
