import Foundation
import Testing

/// Streams are declared where they are used, so that no list shows whether two share a number: the sources do.
@Suite struct RandomStreamTests {
    @Test func noTwoStreamsShareANumber() throws {
        let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Sources/Models")
        let files = try #require(FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
        let declaration = /static let (\w+): UInt32 = (\w+)/
        var names: [UInt32: [String]] = [:]
        for case let file as URL in files where file.pathExtension == "swift" {
            let text = try String(contentsOf: file, encoding: .utf8)
            guard let start = text.firstRange(of: "extension Streams {") else { continue }
            for match in text[start.upperBound...].matches(of: declaration) {
                let digits = match.2.replacing("_", with: "")
                let number = digits.hasPrefix("0x") ? UInt32(digits.dropFirst(2), radix: 16) : UInt32(digits)
                names[try #require(number), default: []].append(String(match.1))
            }
        }
        #expect(names.count > 10 && names.allSatisfy { $0.value.count == 1 }, "\(names)")
        // The rows of a sampler, the parameters and the stages of a network have 2¹⁶ numbers each; nothing else is among them.
        #expect(names.keys.filter { $0 >= 0x1_0000 }.sorted() == [0x1_0000, 0x2_0000, 0x3_0000])
    }
}
