/// A field of comma-separated values as RFC 4180 has them: in quotation marks if it has to be.
public func csvField(_ text: String) -> String {
    let scalars = text.unicodeScalars
    guard scalars.contains(where: { ",\"\n\r".unicodeScalars.contains($0) }) else { return text }
    let parts = scalars.split(separator: "\"", omittingEmptySubsequences: false).map { String($0) }
    return "\"" + parts.joined(separator: "\"\"") + "\""
}

/// Rows of comma-separated values as RFC 4180 has them, but with a line feed alone after each.
public func csvLines(_ rows: [[String]]) -> String {
    rows.map { $0.map(csvField).joined(separator: ",") + "\n" }.joined()
}
