import CLMat
import Formats
import Foundation

/// The records of a file, plain or packed with gzip, one after the other, as keys of features.
final class ClickText {
    let format: ClickFormat
    /// The last record: after ``next()``.
    private(set) var parser: ClickParser
    /// Records that were read.
    private(set) var records = 0
    private let name: String
    private let lines: LineReader
    private var blankLines = 0
    private let wasFound: Bool

    /// - Parameter format: nil for what the content says.
    /// - Throws: ``/CLMat/CLMatError/fileMissing(path:hint:)``; ``/CLMat/CLMatError/fileDamaged(path:place:problem:)`` for a file without
    ///   records, or a header that cannot be used; ``/CLMat/CLMatError/invalidValue(setting:value:accepted:)`` for content of no known format.
    init(_ path: String, _ format: ClickFormat?) throws(CLMatError) {
        name = URL(fileURLWithPath: path).lastPathComponent
        wasFound = format == nil
        self.format = if let format { format } else { try ClickFormat.found(in: path) }
        lines = try LineReader(path)
        var header: UnsafeRawBufferPointer?
        if self.format == .avazu {
            header = try Self.next(lines)
            while let line = header, line.allSatisfy({ $0 == 0x20 }) { header = try Self.next(lines) }
            guard header != nil else { throw Self.empty(path) }
        }
        do throws(LineProblem) { parser = try ClickParser(self.format, header: header) } catch {
            throw lines.damaged(error.text)
        }
    }

    /// The line that was read last, from 1.
    var line: Int { lines.line }

    /// Reads the next record; false after the last.
    ///
    /// - Throws: ``/CLMat/CLMatError/fileDamaged(path:place:problem:)`` with the line.
    func next() throws(CLMatError) -> Bool {
        while let line = try Self.next(lines) {
            do throws(LineProblem) {
                guard try parser.read(line) else {
                    blankLines += 1
                    continue
                }
            } catch { throw lines.damaged(error.text) }
            records += 1
            return true
        }
        return false
    }

    /// An error for a file without a record.
    func checkForRecords() throws(CLMatError) {
        guard records == 0 else { return }
        throw line == 0 ? Self.empty(lines.path) : lines.damaged("the file ends here, and has no record")
    }

    /// How the file was read so far, a sentence each.
    var notes: [String] {
        var notes = ["\(name) is read as \(format.described)\(wasFound ? " (found by its content)" : "")."]
        if blankLines > 0 {
            notes.append(
                "\(name): \(blankLines == 1 ? "1 blank line is" : "\(blankLines) blank lines are") passed over.")
        }
        if parser.hasMinus { notes.append("\(name): labels are -1 and 1; -1 is taken as 0, no click.") }
        if let encoding = lines.markedEncoding, encoding != .utf8 {
            notes.append("\(name): its mark says that it is not UTF-8; it is read as what the mark says.")
        }
        return notes
    }

    static func next(_ lines: LineReader) throws(CLMatError) -> UnsafeRawBufferPointer? {
        do throws(CLMatError) { return try lines.next() } catch {
            // Damaged gzip data have a place of bytes in the packed file; a person counts lines.
            guard case .fileDamaged(let path, let place, let problem) = error, place.hasPrefix("byte") else {
                throw error
            }
            throw .fileDamaged(path: path, place: "\(place), after line \(lines.line)", problem: problem)
        }
    }

    private static func empty(_ path: String) -> CLMatError {
        .fileDamaged(path: path, place: "byte 0", problem: "the file is empty")
    }
}

extension ClickFormat {
    /// What a note says of it.
    var described: String {
        switch self {
        case .criteo:
            """
            Criteo's format: a label, 13 numbers and 26 categories, with tabs between; blank fields are missing, and a number n above 2 \
            counts as the category ⌊ln² n⌋
            """
        case .avazu:
            """
            Avazu's format: columns with a header and commas between; 'click' is the label, 'id' is passed over, 'hour' counts as hour of \
            the day and day of the week, all else as categories
            """
        case .libsvm: "LIBSVM's format: a label, then index:value of each feature"
        case .ffm: "LIBFFM's format: a label, then field:feature:value of each feature"
        }
    }

    /// What the first lines of a file look like.
    ///
    /// - Throws: ``/CLMat/CLMatError/fileDamaged(path:place:problem:)`` for an empty file;
    ///   ``/CLMat/CLMatError/invalidValue(setting:value:accepted:)`` for what is none of them.
    static func found(in path: String) throws(CLMatError) -> ClickFormat {
        let lines = try LineReader(path, block: 1 << 16)
        var isEmpty = true
        while lines.line < 1000, let line = try ClickText.next(lines) {
            if lines.line == 1, TextKinds.isBinary(line.prefix(1 << 16)) {
                throw .fileDamaged(path: path, place: "byte 0", problem: "it is binary, not a text")
            }
            guard !line.allSatisfy({ $0 == 0x20 }) else { continue }
            isEmpty = false
            if let format = of(line) { return format }
            // A label without features says nothing yet.
            guard line.count <= 5 else { break }
        }
        guard !isEmpty else {
            throw .fileDamaged(
                path: path, place: lines.line == 0 ? "byte 0" : "line \(lines.line)",
                problem: lines.line == 0 ? "the file is empty" : "the file ends here, and has no record")
        }
        throw .invalidValue(
            setting: "data", value: path,
            accepted: """
                a file whose line \(lines.line) is a record of clicks: a label, 13 numbers and 26 categories with tabs between (criteo); a \
                header with a column 'click' and commas between (avazu); a label and index:value (libsvm) or field:feature:value (ffm) of \
                each feature; or say the format
                """)
    }

    /// What a line looks like; nil if it is like none.
    static func of(_ line: UnsafeRawBufferPointer) -> ClickFormat? {
        let (tab, comma, colon) = (UInt8(ascii: "\t"), UInt8(ascii: ","), UInt8(ascii: ":"))
        let tokens = line.split(maxSplits: 2, omittingEmptySubsequences: true) { $0 == 0x20 || $0 == tab || $0 == 0x0D }
        if tokens.count > 1 {
            let parts = tokens[1].split(separator: colon, omittingEmptySubsequences: false)
            let areNumbers = parts.allSatisfy { ClickNumber.decimal(UnsafeRawBufferPointer(rebasing: $0)) != nil }
            if parts.count == 2, areNumbers { return .libsvm }
            if parts.count == 3, areNumbers { return .ffm }
        }
        if line.reduce(0, { $0 + ($1 == tab ? 1 : 0) }) >= 13 { return .criteo }
        let quotes: Set<UInt8> = [UInt8(ascii: "\""), 0x20]
        let names = Set(
            line.split(separator: comma).map { field in
                String(decoding: field.filter { !quotes.contains($0) }, as: UTF8.self)
            })
        return names.contains("click") || names.isSuperset(of: ["id", "hour"]) ? .avazu : nil
    }
}
