import CLMat

/// The plain files of a tar archive that is in memory.
///
/// - Source: IEEE Std 1003.1, `pax`, "ustar Interchange Format" and "pax Header Block"; GNU tar's entries `L`.
package enum TarArchive {
    /// Names, and where the content of each is.
    ///
    /// - Parameter path: what errors name.
    /// - Throws: ``/CLMat/CLMatError/fileDamaged(path:place:problem:)`` with the byte of the archive.
    package static func files(
        _ bytes: [UInt8], path: String
    ) throws(CLMatError) -> [(name: String, content: Range<Int>)] {
        var found: [(name: String, content: Range<Int>)] = []
        var longName: String?
        var place = 0
        while place + 512 <= bytes.count {
            let header = [UInt8](bytes[place..<place + 512])
            // Zeros end the archive.
            if header.allSatisfy({ $0 == 0 }) { break }
            func text(_ range: Range<Int>) -> String {
                String(decoding: header[range].prefix { $0 != 0 }, as: UTF8.self)
            }
            let digits = text(124..<136).split(separator: " ").first ?? ""
            guard let size = Int(digits, radix: 8), size >= 0, size <= bytes.count - place - 512 else {
                throw .fileDamaged(
                    path: path, place: "byte \(place) (unpacked)", problem: "no entry of a tar archive is there")
            }
            let content = place + 512..<place + 512 + size
            switch header[156] {
            case UInt8(ascii: "0"), 0:
                // GNU's own format ("ustar " there) has other things where the folder would be.
                let prefix = text(257..<263) == "ustar" ? text(345..<500) : ""
                found.append((longName ?? (prefix.isEmpty ? "" : prefix + "/") + text(0..<100), content))
                longName = nil
            case UInt8(ascii: "L"):
                longName = String(decoding: bytes[content].prefix { $0 != 0 }, as: UTF8.self)
            case UInt8(ascii: "x"):
                // Lines "LENGTH path=NAME".
                for line in String(decoding: bytes[content], as: UTF8.self).split(separator: "\n") {
                    if let space = line.firstIndex(of: " "), line[space...].hasPrefix(" path=") {
                        longName = String(line[space...].dropFirst(6))
                    }
                }
            default: longName = nil
            }
            place = content.upperBound + (512 - size % 512) % 512
        }
        guard !found.isEmpty else {
            throw .fileDamaged(path: path, place: "byte 0 (unpacked)", problem: "no file is in it")
        }
        return found
    }
}
