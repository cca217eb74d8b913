import CLMat
import Testing

@testable import Models

@Suite struct ClickVocabularyTests {
    static func key(_ text: String, field: UInt64 = 1) -> UInt64 {
        Array(text.utf8).withUnsafeBytes { ClickKey(field: field).key($0) }
    }

    /// Models are saved with keys, so they stay as they are.
    @Test func keysStayAsTheyAre() {
        #expect(Self.key("68fd1e64", field: 14) == 0xD379_9B5F_FE66_4CDF)
        #expect(Self.key("a longer text", field: 0) == 0xBF11_ED0D_D834_F9FC)
        #expect(Self.key("", field: 0) == 0x4821_8226_FF3C_D4BF)
        #expect(ClickKey(field: "site_id").key(5) == 0x278F_4369_E7CF_75BC)
    }

    @Test func keysDifferByFieldTextAndLength() {
        var keys: Set<UInt64> = []
        var count = 0
        for field in 0..<20 as Range<UInt64> {
            for number in 0..<200 {
                keys.insert(Self.key("\(number)", field: field))
                keys.insert(Self.key("a text with the number \(number)", field: field))
                keys.insert(ClickKey(field: field).key(Int64(number)))
                keys.insert(ClickKey(field: field).key(Int64(number), kind: 1))
                count += 4
            }
            // Zero bytes do not vanish.
            for length in 1...10 { keys.insert(Self.key(String(repeating: "\0", count: length), field: field)) }
            count += 10
        }
        #expect(keys.count == count)
    }

    @Test func countedFeaturesAreRanksAndOthersHaveRowsBehindThem() throws {
        let names = (0..<1000).map { "feature \($0)" }
        let vocabulary = try ClickVocabulary(
            keys: names.map { Self.key($0) }, counts: (0..<1000).map { 1000 - $0 / 2 }, unseenRoom: 16)
        #expect(vocabulary.count == 1016 && vocabulary.counted == 1000 && vocabulary.kind == .counted)
        for (rank, name) in names.enumerated() { #expect(vocabulary.id(of: Self.key(name)) == Int32(rank)) }
        #expect(vocabulary.count(of: 3) == 999 && vocabulary.count(of: 1003) == 0 && vocabulary.count(of: -1) == 0)
        var rows = [Int](repeating: 0, count: 16)
        for number in 0..<1600 {
            let id = vocabulary.id(of: Self.key("another \(number)"))
            #expect((1000..<1016).contains(id))
            if id >= 1000, id < 1016 { rows[Int(id) - 1000] += 1 }
        }
        // 100 in each, with a deviation of 10.
        #expect(rows.allSatisfy { (50...150).contains($0) }, "\(rows)")
        // The same again from what is saved.
        let saved = try ClickVocabulary(keys: vocabulary.keys, counts: vocabulary.counts, unseenRoom: 16)
        #expect(saved == vocabulary)
        #expect(saved.id(of: Self.key("another 7")) == vocabulary.id(of: Self.key("another 7")))
        // Without room they are no ids.
        let bare = try ClickVocabulary(keys: vocabulary.keys, counts: vocabulary.counts, unseenRoom: 0)
        #expect(bare.count == 1000 && bare.id(of: Self.key("another 7")) == -1)
    }

    @Test func ranksOfTenAreCountedTogether() throws {
        let vocabulary = try ClickVocabulary(numberedByCounts: (0..<250).map { 250 - $0 })
        #expect(vocabulary.countsByRank.map(\.ranks) == [0..<10, 10..<100, 100..<250])
        #expect(vocabulary.countsByRank.map(\.tokens) == [2455, 17_595, 11_325])
        #expect(vocabulary.total == 250 * 251 / 2 && vocabulary.id(of: 249) == 249 && vocabulary.id(of: 250) == -1)
    }

    @Test func bucketsTakeAllFeatures() throws {
        let vocabulary = try ClickVocabulary(bucketCounts: [3, 0, 7, 3])
        #expect(vocabulary.keys == [2, 0, 3, 1] && vocabulary.counts == [7, 3, 3, 0])
        var found: Set<Int32> = []
        for number in 0..<100 {
            let key = Self.key("\(number)")
            found.insert(vocabulary.id(of: key))
            #expect(vocabulary.keys[Int(vocabulary.id(of: key))] == UInt64(ClickVocabulary.bucket(of: key, 4)))
        }
        #expect(found == [0, 1, 2, 3])
        #expect(try ClickVocabulary(buckets: vocabulary.keys, counts: vocabulary.counts) == vocabulary)
    }

    @Test func whatIsNoVocabularyIsRefused() {
        func problem(_ make: () throws -> ClickVocabulary) -> String {
            do {
                _ = try make()
                return "none"
            } catch { return "\(error)" }
        }
        #expect(problem { try .init(keys: [1, 2], counts: [3], unseenRoom: 0) }.contains("2 features has 1 counts"))
        #expect(problem { try .init(keys: [1, 2, 1], counts: [3, 2, 1], unseenRoom: 0) }.contains("0 and 2"))
        #expect(problem { try .init(keys: [1, 2], counts: [3, 4], unseenRoom: 0) }.contains("sort them"))
        #expect(problem { try .init(keys: [1, 2], counts: [3, -4], unseenRoom: 0) }.contains("feature 1"))
        #expect(problem { try .init(keys: [1, 2], counts: [.max, .max], unseenRoom: 0) }.contains("feature 1"))
        for room in [-1, Int.max] {
            #expect(problem { try .init(keys: [1], counts: [1], unseenRoom: room) }.contains("unseenRoom"))
        }
        #expect(problem { try .init(buckets: [0, 0], counts: [1, 1]) }.contains("Bucket 0"))
        #expect(problem { try .init(buckets: [0, 2], counts: [1, 1]) }.contains("Bucket 2"))
        #expect(problem { try .init(buckets: [.max, 0], counts: [1, 1]) }.contains("Bucket"))
        #expect(problem { try .init(buckets: [], counts: []) }.contains("one bucket"))
    }

    @Test func rankingIsByFallingCountThenByNumber() {
        let counts: [UInt32] = [2, 0, 5, 2, 9, 1, 5]
        let all = ClickRanking(counts, minimumCount: 1, largest: nil)
        #expect(all.order == [4, 2, 6, 0, 3, 5] && all.counts == [9, 5, 5, 2, 2, 1])
        #expect(all.cut == (0, 0))
        let frequent = ClickRanking(counts, minimumCount: 2, largest: 4)
        #expect(frequent.order == [4, 2, 6, 0] && frequent.cut == (2, 3))
    }

    @Test func numbersOfKeysAreInTheOrderInWhichTheyCome() {
        var table = ClickKeyTable()
        // More than the table begins with.
        let keys = (0..<20_000).map { UInt64($0) &* 0x1_0000 }
        for (number, key) in keys.enumerated() { #expect(table.number(of: key) == Int32(number)) }
        #expect(table.number(of: keys[7]) == 7 && table.count == keys.count && table.keys == keys)
    }
}
