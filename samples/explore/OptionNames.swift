import CLMat

// The library speaks of its own properties; whoever typed a command line knows options.

extension CLMatError {
    private static let options = [
        "minimumDocuments": "--min-documents", "maximumShare": "--max-share", "minimumLength": "--min-length",
        "stopWords": "--stop-words", "vocabularySize": "--vocabulary", "column": "--column", "data": "--data",
        "batch": "--batch", "augment": "--augment", "blocks": "--blocks", "clusters": "--clusters", "parts": "--parts",
        "topics": "--topics", "seed": "--seed",
    ]

    /// The same error with settings named as they are typed.
    var namingOptions: CLMatError {
        switch self {
        case .invalidValue(let setting, let value, let accepted):
            return .invalidValue(setting: Self.options[setting] ?? setting, value: value, accepted: accepted)
        case .dataMismatch(var problem):
            // In brackets stand the properties to loosen.
            problem.replace("(minimumLength, maximumLength)", with: "(--min-length)")
            for (name, option) in Self.options { problem.replace("(\(name))", with: "(\(option))") }
            return .dataMismatch(problem)
        default: return self
        }
    }
}
