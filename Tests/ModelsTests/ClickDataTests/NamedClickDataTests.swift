import CLMat
import Formats
import Foundation
import TestSupport
import Testing

@testable import Models

@Suite struct NamedClickDataTests {
    /// Different categories per field of a file, and clicks, found with other means: by splitting its lines.
    static func categories(_ path: String) throws -> (fields: [Set<Substring>], clicks: Int, filled: Int) {
        let text = String(decoding: try GzipFile.read(path), as: UTF8.self)
        var (fields, clicks, filled) = ([Set<Substring>](repeating: [], count: 26), 0, 0)
        for line in text.split(separator: "\n") {
            let values = line.split(separator: "\t", omittingEmptySubsequences: false)
            for field in 0..<26 where !values[14 + field].isEmpty { fields[field].insert(values[14 + field]) }
            if values[0] == "1" { clicks += 1 }
            filled += values.dropFirst().reduce(0) { $0 + ($1.isEmpty ? 0 : 1) }
        }
        return (fields, clicks, filled)
    }

    @Test(.enabled(if: hasData("criteo"), "needs CLMAT_DATA, a folder that holds criteo/"))
    func criteoRowsAreRead() throws {
        let data = try ClickData.load("criteo")
        #expect(data.train.count == 8000 && data.test.count == 5000)
        let train = try data.train.batch(0..<8000)
        #expect(train.labels.reduce(0, +) == 1728)
        #expect(try data.test.batch(0..<5000).labels.reduce(0, +) == 1271)
        // Each category of the file is a feature: 37,088 of them, 4,524 in the largest field.
        let found = try Self.categories("\(dataFolder)/criteo/train.txt.gz")
        #expect(
            found.fields.reduce(0) { $0 + $1.count } == 37_088 && found.fields.map(\.count).max() == 4524
                && found.clicks == 1728)
        var ids: Set<Int32> = []
        for (field, texts) in found.fields.enumerated() {
            for text in texts {
                ids.insert(
                    data.vocabulary.id(
                        of: Array(text.utf8).withUnsafeBytes { ClickKey(field: UInt64(14 + field)).key($0) }))
            }
        }
        #expect(ids.count == 37_088 && ids.allSatisfy { $0 < data.vocabulary.counted })
        #expect(train.features.count == found.filled && data.vocabulary.total == found.filled)
        // The numbers add few.
        #expect((37_089...38_500).contains(data.vocabulary.counted), "\(data.vocabulary.counted)")
        // Counts are those of the records, and do not rise.
        var counts = [Int](repeating: 0, count: data.vocabulary.counted)
        for id in train.features { counts[Int(id)] += 1 }
        #expect(counts == data.vocabulary.counts && counts == counts.sorted(by: >))
    }

    @Test(.enabled(if: hasData("criteo/terabyte_day0.txt.gz"), "needs CLMAT_DATA, a folder that holds criteo/"))
    func terabyteRowsAreRead() throws {
        let data = try ClickData.load("criteo-terabyte")
        #expect(data.train.count == 9000 && data.test.count == 1000)
        let clicks = try data.train.batch(0..<9000).labels.reduce(0, +) + data.test.batch(0..<1000).labels.reduce(0, +)
        #expect(clicks == 265)
    }

    @Test(.enabled(if: hasData("avazu"), "needs CLMAT_DATA, a folder that holds avazu/"))
    func avazuRowsAreRead() throws {
        var options = ClickOptions()
        options.testShare = 0
        let data = try ClickData.load("avazu", options)
        let batch = try data.train.batch(0..<data.train.count)
        #expect(batch.count == 8999 && batch.labels.reduce(0, +) == 1563)
        // 21 columns of categories, and of the hour its two features, which all rows share.
        #expect(batch.features.count == 23 * 8999)
        #expect(data.vocabulary.counts.prefix(2) == [8999, 8999] && data.vocabulary.count(of: 2) < 8999)
        // Found with another program.
        #expect(data.vocabulary.counted == 10350)
    }
}
