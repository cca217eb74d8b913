import CLMat
import Foundation
import TestSupport
import Testing

@testable import Models

/// A damaged text is read or refused, within bounds of memory and time; it never ends the program.
@Suite struct FuzzLanguageTests {
    @Test func preparedText() async {
        await #expect(processExitsWith: .success) {
            let valid = Array(" the cat <unk> sat \n the caf\u{E9} 日本\r\n\n\u{FEFF}a\n".utf8)
            for memoryLimit in [1 << 20, 0] {
                var options = LanguageOptions(vocabularySize: 5)
                options.memoryLimit = memoryLimit
                try fuzz(
                    [valid], as: "x.train.txt", seed: 51,
                    prepare: { try Data("the dog\n".utf8).write(to: URL(fileURLWithPath: $0 + "/x.valid.txt")) }
                ) { [options] path in
                    let data = try LanguageData.load(path, options, environment: [:])
                    #expect(data.vocabulary.count <= 5 && data.vocabulary.tokens == data.train.count)
                }
            }
        }
    }

    @Test func plainText() async {
        await #expect(processExitsWith: .success) {
            let text = "“Don’t—” she said… 1,000.5\r\n\r\nภาษาไทย 日本 😀 cafe\u{301} --- <unk>\n"
            let valid = [Array(String(repeating: text, count: 5).utf8), Array("\u{FEFF}\(text)\(text)\(text)".utf8)]
            try fuzz(valid, as: "x.txt", seed: 52) { path in
                let data = try LanguageData.load(path, environment: [:])
                #expect(data.vocabulary.tokens == data.train.count)
            }
        }
    }

    @Test func vocabularies() async {
        await #expect(processExitsWith: .success) {
            let valid = Array("#\ttokens\twords\n#\tcut\t3\t4\nthe\t9\n<unk>\t7\n<eos>\t3\nwhale\t0\n".utf8)
            try fuzz([valid], as: "v.txt", seed: 53) { path in
                let text = String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
                let words = try LanguageVocabulary(text: text, path: path)
                #expect(try LanguageVocabulary(text: words.text, path: path) == words)
            }
        }
    }
}
