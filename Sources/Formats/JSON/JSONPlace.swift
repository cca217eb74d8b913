/// Where a text stops being JSON, for an error that leads to the place.
///
/// - Source: T. Bray (ed.), "The JavaScript Object Notation (JSON) Data Interchange Format", RFC 8259, 2017.
public struct JSONPlace {
    /// "line 3, column 5", counted from 1, in bytes.
    public let place: String
    /// What is wrong there.
    public let problem: String

    /// Nil if the text is JSON.
    public static func ofError(in text: some Collection<UInt8>) -> JSONPlace? {
        var scanner = Scanner(bytes: Array(text))
        return scanner.scan().map { JSONPlace(place: scanner.place($0.offset), problem: $0.problem(scanner)) }
    }

    private struct Fault {
        let offset: Int
        let problem: (Scanner) -> String
        init(_ offset: Int, _ problem: String) { (self.offset, self.problem) = (offset, { _ in problem }) }
        init(_ offset: Int, naming: @escaping (Scanner) -> String) { (self.offset, problem) = (offset, naming) }
    }

    /// Goes through the text once; what is open lies on a stack of its own, however deep.
    private struct Scanner {
        let bytes: [UInt8]
        private var at = 0
        /// Where each list or object that is not closed begins.
        private var open: [Int] = []

        init(bytes: [UInt8]) {
            self.bytes = bytes
            if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { at = 3 }
        }

        func place(_ offset: Int) -> String {
            let before = bytes[..<min(offset, bytes.count)]
            let line = before.lazy.filter { $0 == UInt8(ascii: "\n") }.count + 1
            let start = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
            return "line \(line), column \(offset - start + 1)"
        }

        private var next: UInt8? { at < bytes.count ? bytes[at] : nil }

        private mutating func skipSpace() {
            while let byte = next, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { at += 1 }
        }

        /// The first fault.
        mutating func scan() -> Fault? {
            var wantsValue = true
            while true {
                skipSpace()
                guard let byte = next else {
                    if wantsValue, open.isEmpty { return Fault(at, "there is nothing") }
                    return open.last.map(unclosed)
                }
                if wantsValue {
                    if byte == UInt8(ascii: "[") || byte == UInt8(ascii: "{") {
                        open.append(at)
                        at += 1
                        skipSpace()
                        if next == closing { close(&wantsValue) } else if let fault = key() { return fault }
                    } else {
                        if let fault = scalar(byte) { return fault }
                        wantsValue = false
                    }
                } else if open.isEmpty {
                    return Fault(at, "there is more after the end")
                } else if byte == closing {
                    close(&wantsValue)
                } else if byte == UInt8(ascii: ",") {
                    at += 1
                    skipSpace()
                    wantsValue = true
                    if next == closing { return Fault(at, "nothing comes after the comma before it") }
                    if let fault = key() { return fault }
                } else {
                    return Fault(
                        at,
                        naming: { [open] scanner in
                            "there should be a comma, or the end of \(scanner.name(open.last ?? 0))"
                        })
                }
            }
        }

        private var isInObject: Bool { open.last.map { bytes[$0] == UInt8(ascii: "{") } ?? false }
        private var closing: UInt8? {
            open.isEmpty ? nil : isInObject ? UInt8(ascii: "}") : UInt8(ascii: "]")
        }

        private mutating func close(_ wantsValue: inout Bool) {
            at += 1
            open.removeLast()
            wantsValue = false
        }

        func name(_ start: Int) -> String {
            "the \(bytes[start] == UInt8(ascii: "{") ? "object" : "list") that begins in \(place(start))"
        }

        private func unclosed(_ start: Int) -> Fault {
            Fault(bytes.count, naming: { "the text ends, but \($0.name(start)) is not closed" })
        }

        /// The name of an object's entry, and its colon.
        private mutating func key() -> Fault? {
            guard isInObject else { return nil }
            skipSpace()
            guard let byte = next else { return open.last.map(unclosed) }
            guard byte == UInt8(ascii: "\"") else { return Fault(at, "there should be a name in quotation marks") }
            if let fault = string() { return fault }
            skipSpace()
            guard next == UInt8(ascii: ":") else {
                return next == nil ? open.last.map(unclosed) : Fault(at, "there should be a colon after the name")
            }
            at += 1
            return nil
        }

        private mutating func scalar(_ byte: UInt8) -> Fault? {
            if byte == UInt8(ascii: "\"") { return string() }
            let start = at
            while let byte = next, !" \t\r\n,]}:[{\"".utf8.contains(byte) { at += 1 }
            let word = String(decoding: bytes[start..<at], as: UTF8.self)
            if ["true", "false", "null"].contains(word) { return nil }
            guard word.wholeMatch(of: #/-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/#) != nil else {
                return Fault(
                    start, word.isEmpty ? "there should be a value" : "'\(word.prefix(40))' is no value of JSON")
            }
            return nil
        }

        private mutating func string() -> Fault? {
            let start = at
            at += 1
            while let byte = next {
                switch byte {
                case UInt8(ascii: "\""):
                    at += 1
                    return nil
                case UInt8(ascii: "\\"): at += 2
                case UInt8(ascii: "\n"): return Fault(start, "the text that begins here has no closing quotation mark")
                default: at += 1
                }
            }
            return Fault(start, "the text that begins here has no closing quotation mark")
        }
    }
}
