import Testing

/// Records what a comparison found, if it found anything: in words, which `#expect` does not show of a call that can
/// throw.
func expectNone(_ difference: String?, _ comment: String = "", sourceLocation: SourceLocation = #_sourceLocation) {
    guard let difference else { return }
    Issue.record("\(comment.isEmpty ? "" : comment + ": ")\(difference)", sourceLocation: sourceLocation)
}
