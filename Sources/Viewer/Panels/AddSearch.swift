import Foundation

/// How well what can be added fits the words that are looked for.
enum SearchMatch: Int, Comparable {
    /// The title begins so, has them, the id has them, or what it means.
    case title, inTitle, inID, inMeaning

    static func < (left: SearchMatch, right: SearchMatch) -> Bool { left.rawValue < right.rawValue }

    /// Nil where one of the words is not found. Case and accents do not matter.
    init?(_ query: String, title: String, id: String, help: String) {
        func plain(_ text: String) -> String {
            text.folding(options: [.caseInsensitive, .diacriticInsensitive], locale: nil)
        }
        let words = plain(query).split(separator: " ")
        let (title, id, help) = (plain(title), plain(id), plain(help))
        guard words.allSatisfy({ title.contains($0) || id.contains($0) || help.contains($0) }) else { return nil }
        if title.hasPrefix(words.joined(separator: " ")) {
            self = .title
        } else if words.allSatisfy({ title.contains($0) }) {
            self = .inTitle
        } else if words.allSatisfy({ title.contains($0) || id.contains($0) }) {
            self = .inID
        } else {
            self = .inMeaning
        }
    }
}
