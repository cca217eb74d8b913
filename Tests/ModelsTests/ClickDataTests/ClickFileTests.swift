import CLMat
import Foundation
import TestSupport
import Testing

@testable import Models

/// A line in Criteo's format; what is not said is blank.
func criteoLine(_ label: Int, numbers: [Int: String] = [:], categories: [Int: String] = [:]) -> String {
    (["\(label)"] + (1...13).map { numbers[$0] ?? "" } + (1...26).map { categories[$0] ?? "" }).joined(separator: "\t")
}

/// All records, as lists of features.
func features(_ records: any ClickRecords) throws -> [[Int32]] {
    let batch = try records.batch(0..<records.count)
    return (0..<batch.count).map { Array(batch.features[batch.places($0)]) }
}

@Suite struct ClickFileTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    func load(_ text: String, _ options: ClickOptions = ClickOptions(), name: String = "clicks.txt") throws -> ClickData
    {
        try ClickData.load(folder.write(text, name), options, environment: [:])
    }

    /// The error of reading a text.
    func problem(_ text: String, _ options: ClickOptions = ClickOptions()) -> String {
        problem { try load(text, options) }
    }

    func problem(_ body: () throws -> some Any) -> String {
        do {
            _ = try body()
            return "no error"
        } catch let error as CLMatError { return error.description } catch { return "another error: \(error)" }
    }

    // MARK: - Criteo

    @Test func criteoRecordsAreFeaturesByRank() throws {
        let lines = [
            criteoLine(0, numbers: [1: "1"], categories: [1: "68fd1e64", 26: "aa"]),
            criteoLine(1, numbers: [1: "-1"], categories: [1: "68fd1e64", 2: "68fd1e64"]),
            criteoLine(0),
            criteoLine(1, numbers: [1: "1"], categories: [1: "68fd1e64"]),
        ]
        var options = ClickOptions()
        options.testShare = 0
        options.unseenRoom = 0
        let data = try load(lines.joined(separator: "\n"), options)
        // 68fd1e64 of the first category three times, the number 1 twice, then by their first place.
        #expect(try features(data.train) == [[1, 0, 2], [3, 0, 4], [], [1, 0]])
        #expect(data.vocabulary.counts == [3, 2, 1, 1, 1])
        let batch = try data.train.batch(0..<4)
        #expect(batch.labels == [0, 1, 0, 1] && batch.values == nil && batch.starts == [0, 3, 6, 6, 8])
        #expect(try data.train.batch(1..<3).features == [3, 0, 4])
        #expect(data.test.count == 0)
        #expect(data.notes.contains { $0.contains("Criteo") && $0.contains("found by its content") }, "\(data.notes)")
    }

    /// Above 2 a number counts as ⌊ln² n⌋, apart from the numbers that are themselves.
    @Test func criteoNumbersAreCategories() throws {
        let numbers = ["1", "2", "3", "4", "1000", "1100", "-2", "9223372036854775807"]
        // ln² of 3, 4, 1000, 1100 and 2⁶³ − 1: 1.2, 1.9, 47.7, 49.04, 1906.9.
        let same = [0, 1, 2, 2, 3, 4, 5, 6]
        var options = ClickOptions()
        options.testShare = 0
        let data = try load(numbers.map { criteoLine(0, numbers: [5: $0]) }.joined(separator: "\n"), options)
        let found = try features(data.train).map { $0[0] }
        for i in numbers.indices {
            for j in numbers.indices {
                #expect((found[i] == found[j]) == (same[i] == same[j]), "\(numbers[i]), \(numbers[j])")
            }
        }
        #expect(data.vocabulary.counted == 7)
    }

    @Test func marksLineEndsAndBlankLinesDoNotMatter() throws {
        let lines = (0..<20).map { criteoLine($0 % 2, numbers: [3: "\($0 % 3)"], categories: [4: "é\($0 % 5)"]) }
        let plain = try load(lines.joined(separator: "\n") + "\n")
        let texts = [
            lines.joined(separator: "\n"), "\u{FEFF}" + lines.joined(separator: "\r\n") + "\r\n",
            lines.joined(separator: "\n\n") + "\n  \n",
        ]
        for text in texts {
            let data = try load(text)
            #expect(try features(data.train) == features(plain.train) && data.vocabulary == plain.vocabulary)
            #expect(data.train.checksum == plain.train.checksum)
        }
        #expect(try load(texts[2]).notes.contains { $0.contains("20 blank lines") })
        let packed = try folder.write(folder.packed(Array(texts[0].utf8)), "packed.data")
        #expect(try ClickData.load(packed, environment: [:]).train.checksum == plain.train.checksum)
        // Bytes that are no UTF-8 are a category as any other.
        var bytes = Array((criteoLine(1, categories: [1: "ab"]) + "\n" + criteoLine(0, categories: [1: "cd"])).utf8)
        let place = try #require(bytes.firstIndex(of: UInt8(ascii: "a")))
        bytes[place] = 0xFF
        var options = ClickOptions()
        options.testShare = 0
        #expect(try ClickData.load(folder.write(bytes, "x.txt"), options, environment: [:]).vocabulary.counted == 2)
    }

    @Test func criteoDamageNamesItsLine() throws {
        let good = criteoLine(1, numbers: [1: "5"], categories: [1: "aa"])
        let bad: [(line: String, words: String)] = [
            (good + "\t", "41 fields"), (String(good.dropLast(3)), "37 fields"),
            (String(good.dropFirst(2)), "test file"),
            ("x" + good.dropFirst(), "label is 'x'"), ("2" + good.dropFirst(), "neither 0 nor 1"),
            ("-1" + good.dropFirst(), "label is '-1'"), (String(good.dropFirst()), "label is ''"),
            (criteoLine(1, numbers: [2: "1.5"]), "field 3 is '1.5'"),
            (criteoLine(1, numbers: [13: "9223372036854775808"]), "field 14"),
            (criteoLine(1, numbers: [1: "-"]), "field 2 is '-'"), (criteoLine(1, numbers: [1: "nan"]), "'nan'"),
            ("what is this", "1 field,"),
        ]
        for (line, words) in bad {
            let text = [good, "", good, line, good].joined(separator: "\n")
            let found = problem(text)
            #expect(found.contains("line 4") && found.contains(words), "\(found)")
        }
        // A test file is known by its first line.
        #expect(problem(String(good.dropFirst(2))).contains("no labels"))
        for empty in ["", "\n\n", "  \n"] {
            #expect(problem(empty).contains(empty.isEmpty ? "is empty" : "no record"), "\(problem(empty))")
        }
        #expect(problem("a,b\n1,2\n").contains("criteo"))
        #expect(problem("{\"click\": 1}\n").contains("criteo"))
        let packed = try folder.packed(
            Array((0..<2000).map { criteoLine($0 % 2, categories: [1: "\($0 * $0)"]) }.joined(separator: "\n").utf8))
        let cut = try folder.write(Array(packed.prefix(packed.count / 2)), "cut.gz")
        #expect(problem { try ClickData.load(cut, environment: [:]) }.contains("breaks off"))
        #expect(problem { try ClickData.load(folder.path, environment: [:]) }.contains("folder"))
        #expect(problem { try ClickData.load("\(folder.path)/none", environment: [:]) }.contains("Check the path"))
        #expect(problem { try ClickData.load("nonesuch", environment: [:]) }.contains("avazu"))
        #expect(problem { try ClickData.load("criteo", environment: [:]) }.contains("CLMAT_DATA"))
        #expect(problem { try ClickData.load("avazu", environment: ["CLMAT_DATA": folder.path]) }.contains("avazu"))
    }

    // MARK: - Avazu

    @Test func avazuColumnsAreCategoriesByName() throws {
        let text = """
            id,click,hour,site,app
            1,0,14102100,a,b
            2,1,14102101,b,a
            3,1,14102701,"b",
            """
        var options = ClickOptions()
        options.testShare = 0
        let data = try load(text, options)
        #expect(data.notes.contains { $0.contains("Avazu") })
        // 21 October 2014 was a Tuesday, the 27th a Monday: hour, weekday, site, app.
        #expect(try features(data.train) == [[3, 0, 4, 5], [1, 0, 2, 6], [1, 7, 2]])
        #expect(try data.train.batch(0..<3).labels == [0, 1, 1])
        #expect(data.vocabulary.counts == [2, 2, 2, 1, 1, 1, 1, 1])
        // The order of columns does not matter: they have names.
        let moved = try load("click,app,site\n1,b,a\n0,a,b\n1,,b\n", options)
        let key = Array("b".utf8).withUnsafeBytes { ClickKey(field: "site").key($0) }
        #expect(data.vocabulary.id(of: key) == 2 && moved.vocabulary.id(of: key) == 0)
    }

    @Test func hoursHaveDaysOfTheWeek() throws {
        // Sunday is 0.
        for (number, weekday) in [(14_10_21_00, 2), (24_02_29_23, 4), (0_01_01_05, 6), (99_12_31_10, 4)] {
            let time = try #require(ClickParser.time(number))
            #expect(time.weekday == weekday && time.hour == number % 100)
        }
        for number in [-1, 14_13_01_00, 14_00_01_00, 14_02_29_00, 14_10_32_00, 14_10_00_00, 14_10_21_24] {
            #expect(ClickParser.time(number) == nil)
        }
    }

    @Test func avazuDamageNamesItsLine() {
        let header = "id,click,hour,site\n1,0,14102100,a\n"
        let bad: [(line: String, words: String)] = [
            ("2,1,14102100", "3 fields, where the header has 4"), ("2,1,14102100,a,", "5 fields"),
            ("2,2,14102100,a", "click is '2'"),
            ("2,,14102100,a", "click is ''"), ("2,1,14102199,a", "hour is '14102199'"), ("2,1,yesterda,a", "hour"),
            ("2,1,14102100,\"a", "quote"),
        ]
        for (line, words) in bad {
            let found = problem(header + line + "\n")
            #expect(found.contains("line 3") && found.contains(words), "\(found)")
        }
        #expect(problem("id,hour,site\n1,14102100,a\n").contains("no column 'click'"))
        #expect(problem("click,site,site\n1,a,b\n").contains("line 1"))
        #expect(problem("click,\n1,a\n").contains("line 1"))
        #expect(problem("id,click,hour,site\n").contains("no record"))
    }

    // MARK: - Lists of features

    @Test func libsvmHasValues() throws {
        let text = "+1 3:1 7:0.5 # a comment\n-1\t3:1\t8:0\n-1 7:-2e1\n1\n"
        var options = ClickOptions()
        options.testShare = 0
        let data = try load(text, options)
        #expect(
            data.notes.contains { $0.contains("LIBSVM") } && data.notes.contains { $0.contains("-1 is taken as 0") })
        // What is 0 is no feature.
        #expect(try features(data.train) == [[0, 1], [0], [1], []])
        let batch = try data.train.batch(0..<4)
        #expect(batch.labels == [1, 0, 0, 1] && batch.values == [1, 0.5, 1, -20])
        // Ones alone need no values, until one differs.
        #expect(try load("1 3:1\n0 4:1.0\n", options).train.batch(0..<2).values == nil)
        let late = try load("1 3:1 4:1\n0 4:1.0\n0 5:0.25\n", options).train
        #expect(try late.batch(0..<3).values == [1, 1, 1, 0.25] && late.batch(2..<3).values == [0.25])
    }

    @Test func ffmHasFields() throws {
        var options = ClickOptions()
        options.testShare = 0
        let data = try load("1 0:3:1 1:3:0.5\n0 1:3:1\n", options)
        #expect(data.notes.contains { $0.contains("LIBFFM") })
        #expect(try features(data.train) == [[1, 0], [0]])
        // Numbers are numbers, however they are written.
        #expect(try load("1 0:3:1\n0 00:+03:1\n", options).vocabulary.counted == 1)
    }

    @Test func damageOfListsNamesItsLine() {
        let bad: [(line: String, words: String)] = [
            ("2 3:1", "label is '2'"), ("0.5 3:1", "none of 0, 1 and -1"), ("3:1 4:1", "where its label belongs"),
            ("nan 3:1", "nan"),
            ("1 3", "where index:value belongs"), ("1 3:", "finite"), ("1 3:nan", "finite"), ("1 3:inf", "finite"),
            ("1 3:1e999", "finite"),
            ("1 3:1e39", "32 bits"), ("1 3:0x1", "finite"), ("1 -3:1", "index"), ("1 a:1", "index"),
            ("1 1:2:3", "index:value"),
            ("1 99999999999999999999:1", "index"), ("1 :1", "index"), ("-1 3:1", "a line before"),
            ("# nothing", "no label"),
        ]
        for (line, words) in bad {
            let found = problem("0 3:1\n\n" + line + "\n1 3:1\n")
            #expect(found.contains("line 3") && found.contains(words), "\(line): \(found)")
        }
        for (line, words) in [
            ("1 1:2", "field:feature:value"), ("1 1:2:3:4", "field"), ("1 a:2:1", "field"), ("1 1:-2:1", "feature"),
        ] {
            let found = problem("0 1:3:1\n" + line + "\n")
            #expect(found.contains("line 2") && found.contains(words), "\(line): \(found)")
        }
    }

    // MARK: - Parts and vocabularies

    /// Twenty records: record i has the features i mod 4 and, if it is not among the first 18, i.
    static let twenty = (0..<20).map { "\($0 % 2) \($0 % 4 + 1000):1" + ($0 < 18 ? "" : " \($0):1") }

    @Test func theLastRecordsAreHeldOut() throws {
        let data = try load(Self.twenty.joined(separator: "\n"))
        #expect(data.train.count == 18 && data.test.count == 2)
        // Five, five, four and four times; what the training records lack is unseen.
        #expect(data.vocabulary.counts == [5, 5, 4, 4] && data.vocabulary.count == 4 + 1024)
        let held = try features(data.test)
        #expect(held.map { $0[0] } == [2, 3] && held.allSatisfy { $0[1] >= 4 && $0[1] < 1028 })
        #expect(data.notes.contains { $0.contains("2 of the 4 features in the held-out records") }, "\(data.notes)")
        var options = ClickOptions()
        options.unseenRoom = 0
        let bare = try load(Self.twenty.joined(separator: "\n"), options)
        #expect(try features(bare.test) == [[2], [3]])
        #expect(bare.notes.contains { $0.contains("are left out") }, "\(bare.notes)")
        options.testShare = 0.5
        #expect(try load(Self.twenty.joined(separator: "\n"), options).test.count == 10)
    }

    @Test func aSecondFileIsHeldOut() throws {
        var options = ClickOptions()
        options.test = try folder.write(Self.twenty.suffix(3).joined(separator: "\n"), "held.txt")
        let data = try load(Self.twenty.prefix(16).joined(separator: "\n"), options)
        #expect(data.train.count == 16 && data.test.count == 3 && data.vocabulary.counts == [4, 4, 4, 4])
        #expect(data.notes.contains { $0.contains("held.txt is held out") })
        options.test = try folder.write(criteoLine(1), "other.txt")
        #expect(problem(Self.twenty.joined(separator: "\n"), options).contains("one format"))
        options.test = "\(folder.path)/none"
        #expect(problem(Self.twenty.joined(separator: "\n"), options).contains("none"))
    }

    @Test func rareFeaturesAreUnseen() throws {
        var options = ClickOptions()
        options.testShare = 0
        options.minimumCount = 2
        options.unseenRoom = 3
        let data = try load(Self.twenty.joined(separator: "\n"), options)
        #expect(data.vocabulary.counted == 4 && data.vocabulary.count == 7)
        #expect(try features(data.train).suffix(2).allSatisfy { $0.count == 2 && (4..<7).contains($0[1]) })
        #expect(
            data.notes.contains { $0.contains("2 features of the training records (2 occurrences)") }, "\(data.notes)")
        options.minimumCount = 1
        options.largest = 3
        options.unseenRoom = 0
        #expect(
            try features(load(Self.twenty.joined(separator: "\n"), options).train).map(\.count)
                == (0..<20).map { $0 % 4 == 3 ? 0 : 1 })
        options.minimumCount = 100
        #expect(problem(Self.twenty.joined(separator: "\n"), options).contains("minimumCount"))
    }

    @Test func bucketsAreRankedByTheirCounts() throws {
        var options = ClickOptions()
        options.buckets = 5
        let data = try load(Self.twenty.joined(separator: "\n"), options)
        #expect(data.vocabulary.kind == .hashed && data.vocabulary.count == 5 && data.vocabulary.total == 18)
        #expect(try features(data.train).joined().allSatisfy { (0..<5).contains($0) })
        var counts = [Int](repeating: 0, count: 5)
        for id in try features(data.train).joined() { counts[Int(id)] += 1 }
        #expect(counts == data.vocabulary.counts)
        options.minimumCount = 2
        #expect(problem("1 3:1", options).contains("buckets"))
    }

    @Test func aVocabularyThatWasGivenStays() throws {
        let text = Self.twenty.joined(separator: "\n")
        let first = try load(text)
        var options = ClickOptions()
        options.vocabulary = first.vocabulary
        let again = try load(text, options)
        #expect(try features(again.train) == features(first.train) && features(again.test) == features(first.test))
        let other = try load("1 1000:1 55:1\n0 55:1\n", options)
        #expect(try features(other.train)[0][0] == 0 && other.vocabulary == first.vocabulary)
        #expect(other.notes.contains { $0.contains("in the training records are not among those") }, "\(other.notes)")
    }

    /// Files hold what memory holds.
    @Test func recordsInAFileAreTheSame() throws {
        var random = SplitMix64(seed: 9)
        let text = (0..<3000).map { line in
            "\(random.next() & 1)"
                + (0..<Int(random.next() % 6)).map { _ in
                    " \(random.next() % 500):\(line < 2000 ? 1 : random.next() % 4)"
                }.joined()
        }.joined(separator: "\n")
        var options = ClickOptions()
        options.format = .libsvm
        options.minimumCount = 3
        options.unseenRoom = 0
        let inMemory = try load(text, options)
        options.memoryLimit = 0
        let mapped = try load(text, options)
        #expect(mapped.vocabulary == inMemory.vocabulary && mapped.train.checksum == inMemory.train.checksum)
        for range in [0..<0, 0..<1, 1990..<2100, 0..<mapped.train.count] {
            #expect(try mapped.train.batch(range) == inMemory.train.batch(range))
        }
        #expect(try mapped.test.batch(7..<90) == inMemory.test.batch(7..<90))
        #expect(throws: CLMatError.self) { try mapped.test.batch(0..<mapped.test.count + 1) }
        #expect(throws: CLMatError.self) { try mapped.test.batch(-1..<3) }
    }

    @Test func optionsThatMakeNoSenseAreRefused() {
        func refused(_ change: (inout ClickOptions) -> Void, _ words: String) {
            var options = ClickOptions()
            change(&options)
            #expect(problem("1 3:1", options).contains(words))
        }
        refused({ $0.minimumCount = 0 }, "minimumCount")
        refused({ $0.largest = 0 }, "largest")
        refused({ $0.unseenRoom = -1 }, "unseenRoom")
        refused({ $0.testShare = 1 }, "testShare")
        refused({ $0.testShare = .nan }, "testShare")
        refused({ $0.testRecords = -1 }, "testRecords")
        refused({ $0.buckets = 0 }, "buckets")
        refused({ $0.format = .criteo }, "line 1")
    }

    // MARK: - Streams

    @Test func aStreamIsReadInBatches() throws {
        let path = try folder.write(Self.twenty.joined(separator: "\n"), "x.txt")
        let vocabulary = try ClickData.load(path, environment: [:]).vocabulary
        let reader = try ClickReader(path, vocabulary: vocabulary)
        var (sizes, found): ([Int], [Int32]) = ([], [])
        while let batch = try reader.next(6) {
            sizes.append(batch.count)
            found += batch.features
        }
        #expect(sizes == [6, 6, 6, 2] && reader.records == 20 && reader.format == .libsvm)
        let data = try ClickData.load(path, environment: [:])
        #expect(try found == Array((features(data.train) + features(data.test)).joined()))
        #expect(try reader.next(6) == nil)
        #expect(throws: CLMatError.self) { try reader.next(0) }
    }

    /// A value that differs late in a batch.
    @Test func valuesOfAStreamBeginWhereOneDiffers() throws {
        let vocabulary = try ClickVocabulary(keys: [], counts: [], unseenRoom: 10)
        let path = try folder.write("1 3:1 4:1\n0 5:1\n0 5:0.25\n1 3:1\n", "x.txt")
        let reader = try ClickReader(path, vocabulary: vocabulary)
        #expect(try reader.next(2)?.values == nil)
        #expect(try reader.next(2)?.values == [0.25, 1])
        let whole = try ClickReader(path, vocabulary: vocabulary)
        #expect(try whole.next(9)?.values == [1, 1, 1, 0.25, 1])
    }

    @Test func whatComesBeforeDamageIsNotLost() throws {
        let text = Self.twenty.prefix(8).joined(separator: "\n") + "\n1 3:x\n" + Self.twenty.joined(separator: "\n")
        let vocabulary = try ClickVocabulary(keys: [], counts: [], unseenRoom: 10)
        let reader = try ClickReader(folder.write(text, "x.txt"), vocabulary: vocabulary)
        #expect(try reader.next(5)?.count == 5)
        #expect(try reader.next(5)?.count == 3)
        for _ in 0..<2 { #expect(problem { try reader.next(5) }.contains("line 9")) }
        let empty = try folder.write("\n", "empty.txt")
        #expect(
            problem { try ClickReader(empty, vocabulary: vocabulary, format: .libsvm).next(1) }.contains("no record"))
    }

    @Test func numbersAreReadAsWritten() {
        func decimal(_ text: String) -> Double? { Array(text.utf8).withUnsafeBytes { ClickNumber.decimal($0) } }
        for text in [
            "0", "-0.5", "+3", "1e3", "0.1", "123456789.125", "1e-400", "3.4028235e38", "0.30000000000000004", ".5",
            "5.",
        ] {
            #expect(decimal(text) == strtod(text, nil), "\(text)")
        }
        for text in ["", "-", ".", "e5", "1e", "1e999", "nan", "inf", "0x1", "1_0", "1 ", "--1", "1.2.3"] {
            #expect(decimal(text) == nil, "\(text)")
        }
        func whole(_ text: String) -> Int64? { Array(text.utf8).withUnsafeBytes { ClickNumber.whole($0) } }
        #expect(whole("-9223372036854775808") == .min && whole("9223372036854775807") == .max && whole("+07") == 7)
        for text in ["", "+", "9223372036854775808", "-9223372036854775809", "1.0", "99999999999999999999999"] {
            #expect(whole(text) == nil, "\(text)")
        }
    }
}
