/// A path as the system has it: bytes, which need not be text.
package struct BytePath: Sendable, Hashable {
    package let bytes: [UInt8]

    package init(_ path: String) { bytes = [UInt8](path.utf8) }
    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// What is called `name` in this folder.
    package func appending(_ name: [UInt8]) -> BytePath { BytePath(bytes + [UInt8(ascii: "/")] + name) }
    package func appending(_ name: String) -> BytePath { appending([UInt8](name.utf8)) }

    /// For the system's functions.
    package var cString: [CChar] { bytes.map { CChar(bitPattern: $0) } + [0] }
    /// For a person, on one line.
    package var shown: String { Self.shown(bytes) }

    /// A name for a person, on one line: bytes that are not UTF-8, and characters that end a line or steer a terminal, as `\xE9`.
    package static func shown(_ name: some Collection<UInt8>) -> String {
        let name = [UInt8](name)
        if let text = String(validating: name, as: UTF8.self), text.unicodeScalars.allSatisfy(isPlain) { return text }
        var (text, place) = ("", 0)
        while place < name.count {
            // The longest that is one character: of one to four bytes.
            let length = (1...4).first { size in
                guard place + size <= name.count,
                    let scalars = String(validating: name[place..<place + size], as: UTF8.self)?.unicodeScalars
                else { return false }
                return scalars.allSatisfy(isPlain)
            }
            if let length {
                text += String(decoding: name[place..<place + length], as: UTF8.self)
            } else {
                let digits = String(name[place], radix: 16, uppercase: true)
                text += "\\x" + (digits.count < 2 ? "0" : "") + digits
            }
            place += length ?? 1
        }
        return text
    }

    /// What to do about a path that was given and is not there: a program is given no more of a name that is not UTF-8 than
    /// question marks for its bytes.
    package static func hint(_ path: String, else hint: String) -> String {
        path.unicodeScalars.contains("\u{FFFD}")
            ? "Its name is not UTF-8, and cannot be given like this: rename it, or give a link to it (ln -s)." : hint
    }

    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }
}
