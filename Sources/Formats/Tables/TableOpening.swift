import CLMat
import Foundation

/// The start of a table: what stands before its first row, and a sample of rows, by which its ``Dialect`` is chosen.
package struct TableOpening {
    /// Which line was taken for the columns' names.
    ///
    /// - Parameter thing: what a line is otherwise: "point".
    package static func headerNote(_ file: String, line: Int, names: [String], isNo thing: String) -> String {
        let shown = names.prefix(12).map { "'\($0)'" }.joined(separator: ", ") + (names.count > 12 ? ", …" : "")
        return "\(file): line \(line) names the column\(names.count == 1 ? "" : "s"), and is no \(thing): \(shown)."
    }

    let path: String
    package let text: TableText
    /// The first block of the text, or more if rows are long.
    let block: [UInt8]
    /// Where the first row starts, and in which line.
    private(set) var place = 0
    private(set) var line = 1
    /// The separator that a line `sep=;` names, as spreadsheets write it.
    private(set) var separator: UInt8?
    /// Lines before the first row that start with #.
    private(set) var comments = 0
    /// The last of them.
    private(set) var lastComment: (place: Int, line: Int)?

    private static let sampleRows = 200
    private static let sampleBytes = 1 << 18
    private static let longestStart = 1 << 25

    /// - Throws: ``/CLMat/CLMatError/fileMissing(path:hint:)``; ``/CLMat/CLMatError/fileDamaged(path:place:problem:)`` for what looks like
    ///   UTF-16 without its mark; what the text throws.
    package init(_ path: String) throws(CLMatError) {
        self.path = path
        text = try TableText(path)
        var block = try text.next()
        // Three whole lines, unless they are absurdly long.
        while !text.isAtEnd, block.count < Self.longestStart, !Self.hasLines(4, block) { block += try text.next() }
        self.block = block
        let start = block.prefix(1000)
        if let zero = start.firstIndex(of: 0), 4 * start.count(where: { $0 == 0 }) > start.count {
            throw .fileDamaged(
                path: path, place: "byte \(zero)",
                problem: "zero bytes stand between the letters: it seems to be UTF-16 without a mark; save it as UTF-8")
        }
        takeSeparatorLine()
        passOverComments()
    }

    private static func hasLines(_ wanted: Int, _ block: [UInt8]) -> Bool {
        var count = 0
        for byte in block where byte == 10 || byte == 13 {
            count += 1
            if count == wanted { return true }
        }
        return false
    }

    /// Where the line that starts at `start` ends, and where the next one starts.
    private func lineEnd(_ start: Int) -> (end: Int, next: Int) {
        let end = block[start...].firstIndex { $0 == 10 || $0 == 13 } ?? block.count
        let isPair = end + 1 < block.count && block[end] == 13 && block[end + 1] == 10
        return (end, min(block.count, end + (isPair ? 2 : 1)))
    }

    private mutating func takeSeparatorLine() {
        let (end, next) = lineEnd(0)
        let words = block[..<end].filter { $0 != UInt8(ascii: "\"") }
        guard words.count == 5, String(decoding: words.prefix(4), as: UTF8.self).lowercased() == "sep=" else { return }
        let byte = words[4]
        guard byte < 0x80, byte == 9 || byte >= 0x20, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else {
            return
        }
        (separator, place, line) = (byte, next, 2)
    }

    private mutating func passOverComments() {
        var (start, number) = (place, line)
        while start < block.count {
            let (end, next) = lineEnd(start)
            let first = block[start..<end].first { $0 != 0x20 && $0 != 9 }
            guard first == nil || first == UInt8(ascii: "#") else { break }
            if first != nil {
                comments += 1
                lastComment = (start, number)
                (place, line) = (next, number + 1)
            }
            (start, number) = (next, number + 1)
        }
    }

    /// The last line with # is the first row after all.
    mutating func takeBackComment() {
        guard let lastComment else { return }
        (place, line) = lastComment
        comments -= 1
        self.lastComment = nil
    }

    /// How the lines with # are said.
    package var note: String? {
        guard comments > 0 else { return nil }
        return comments == 1
            ? "\(name): 1 line before the table starts with #, and is passed over."
            : "\(name): \(comments) lines before the table start with #, and are passed over."
    }

    /// The file's name.
    package var name: String { URL(fileURLWithPath: path).lastPathComponent }

    /// All rows.
    package func reader(_ dialect: Dialect) -> RecordReader {
        RecordReader(path, dialect, block: block, place: place, line: line, text: text)
    }

    // MARK: - Samples

    /// The first rows under a dialect.
    package struct Sample {
        package var dialect: Dialect
        /// Rows that hold something.
        package var records: [TableRecord] = []
        /// Whether quotation marks do not fit.
        var isMalformed = false
    }

    /// The rows of the sample with a separator; quotation marks as they fit.
    func sample(_ separator: UInt8?, bytes: [UInt8]) -> Sample {
        let standard = sample(Dialect(separator: separator), bytes: bytes)
        guard standard.isMalformed else { return standard }
        for other in [
            Dialect(separator: separator, skipsBlanks: false), Dialect(separator: separator, escapes: true),
        ] {
            let sample = sample(other, bytes: bytes)
            if !sample.isMalformed { return sample }
        }
        return standard
    }

    private func sample(_ dialect: Dialect, bytes: [UInt8]) -> Sample {
        var reader = RecordReader(path, dialect, block: bytes, place: 0, line: line, text: nil)
        var sample = Sample(dialect: dialect)
        let isWhole = text.isAtEnd && place + bytes.count == block.count
        do throws(CLMatError) {
            var record = TableRecord()
            while sample.records.count < Self.sampleRows, try reader.next(&record) {
                if !record.isEmpty { sample.records.append(record) }
            }
            // The last row goes on behind the sample.
            let isComplete = bytes.last == 10 || bytes.last == 13
            if !isWhole, !isComplete, sample.records.count > 1 { sample.records.removeLast() }
        } catch {
            // A field in quotation marks that goes on behind the sample is not damaged.
            sample.isMalformed = isWhole || !reader.endedInQuotes
        }
        return sample
    }

    /// Whole lines for a sample: a few hundred at most, and a few at least.
    var sampleBytes: [UInt8] {
        var (end, lines) = (place, 0)
        while end < block.count, lines < Self.sampleRows, end - place < Self.sampleBytes || lines < 4 {
            end = lineEnd(end).next
            lines += 1
        }
        return Array(block[place..<end])
    }

    // MARK: - Tables of numbers

    /// The separator under which most rows have one number of fields, and most fields are numbers.
    ///
    /// Commas come last but for blanks: `1,5;2,5` is two numbers with decimal commas.
    func sampleOfNumbers() -> Sample {
        let bytes = sampleBytes
        if let separator { return sample(separator, bytes: bytes) }
        let ending = path.lowercased()
        let isTabbed = [".tsv", ".tab", ".tsv.gz", ".tab.gz"].contains { ending.hasSuffix($0) }
        var best: (sample: Sample, score: Double)?
        for separator in [UInt8(ascii: "\t"), UInt8(ascii: ";"), UInt8(ascii: "|"), UInt8(ascii: ","), nil] {
            let sample = sample(separator, bytes: bytes)
            let score = Self.score(sample)
            if score > best?.score ?? 0 { best = (sample, score) }
            if isTabbed, separator == 9, score > 0 { break }
        }
        return best?.sample ?? sample(UInt8(ascii: ","), bytes: bytes)
    }

    private static func score(_ sample: Sample) -> Double {
        let width = Self.width(sample.records)
        guard width >= 2 else { return 0 }
        let consistent = sample.records.filter { $0.count >= width && $0.countToLastFilled <= width }
        var (fields, numbers) = (0, 0.0)
        // The first row can be names.
        for record in consistent.count > 1 ? consistent.dropFirst() : consistent[...] {
            for field in 0..<width {
                let value = record.number(field)
                fields += 1
                switch value {
                case .whole, .settled, .ambiguous, .missing, .percentage, .infinite: numbers += 1
                // More than the two of three that blanks make of '1 150;2 250'.
                case .text: if record.resemblesNumber(field) { numbers += 0.7 }
                }
            }
        }
        let share = Double(consistent.count) / Double(sample.records.count)
        return share * (0.01 + numbers / Double(max(1, fields)))
    }

    /// How many fields most rows have, those at the end that are empty not counted.
    static func width(_ records: [TableRecord]) -> Int {
        var counts: [Int: Int] = [:]
        for record in records { counts[record.countToLastFilled, default: 0] += 1 }
        return counts.max { ($0.value, $0.key) < ($1.value, $1.key) }?.key ?? 0
    }

    // MARK: - Tables of texts

    /// The separator that sets two or more names apart in the first row, and the same number of fields in most others.
    package mutating func sampleOfTexts() -> Sample {
        let sample = bestSampleOfTexts()
        // `#id,text` names columns, `# made by hand` does not.
        if let lastComment, let first = sample.records.first, first.count > 1 {
            let (end, _) = lineEnd(lastComment.place)
            let comment = self.sample(sample.dialect, bytes: Array(block[lastComment.place..<end]))
            if comment.records.first?.count == first.count {
                takeBackComment()
                return bestSampleOfTexts()
            }
        }
        return sample
    }

    private func bestSampleOfTexts() -> Sample {
        let bytes = sampleBytes
        if let separator { return sample(separator, bytes: bytes) }
        let ending = path.lowercased()
        if ending.hasSuffix(".tsv") || ending.hasSuffix(".tsv.gz") { return sample(9, bytes: bytes) }
        var best: (sample: Sample, score: (Double, Int))?
        for separator in [UInt8](",;\t|".utf8) {
            let sample = sample(separator, bytes: bytes)
            guard let width = sample.records.first?.countToLastFilled, width > 1 else { continue }
            let consistent = sample.records.count { $0.count >= width && $0.countToLastFilled <= width }
            let score = (Double(consistent) / Double(sample.records.count), width)
            if let best, score <= best.score { continue }
            best = (sample, score)
        }
        return best?.sample ?? sample(UInt8(ascii: ","), bytes: bytes)
    }
}

extension TableRecord {
    package func number(_ field: Int) -> NumberField {
        bytes.withUnsafeBytes { NumberField.read(UnsafeRawBufferPointer(rebasing: $0[range(field)])) }
    }

    /// Whether a field that is no number holds digits and signs alone, as `1 150`, `2 €` and a date do.
    func resemblesNumber(_ field: Int) -> Bool {
        let text = bytes[range(field)]
        return text.count < 40 && text.contains { (0x30...0x39).contains($0) }
            && !text.contains { (0x41...0x5A).contains($0 & 0xDF) || [UInt8](";|\t".utf8).contains($0) }
    }

    /// A field as an error names it: its start, without control characters.
    func excerpt(_ field: Int) -> String {
        let text = text(field).trimmingCharacters(in: .whitespacesAndNewlines)
        let start = text.unicodeScalars.prefix(40).map { scalar -> String in
            switch scalar.value {
            case 0..<0x20, 0x7F: scalar == "\n" || scalar == "\r" ? "⏎" : "�"
            default: String(scalar)
            }
        }
        return start.joined() + (text.unicodeScalars.count > 40 ? "…" : "")
    }
}
