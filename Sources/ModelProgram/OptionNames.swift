import CLMat

// The library speaks of its own properties; whoever typed a command line knows options.

extension CLMatError {
    /// The same error with settings named as they are typed.
    ///
    /// - Parameter options: by what the library calls them.
    func naming(_ options: [String: String]) -> CLMatError {
        switch self {
        case .invalidValue(let setting, let value, let accepted):
            return .invalidValue(setting: options[setting] ?? setting, value: value, accepted: accepted)
        case .dataMismatch(let problem): return .dataMismatch(Self.naming(problem, options))
        case .modelTooLarge(let model, let device, let needed, let available, let remedy):
            return .modelTooLarge(
                model: model, device: device, needed: needed, available: available,
                remedy: Self.naming(remedy, options))
        default: return self
        }
    }

    /// In brackets stand the properties to loosen.
    private static func naming(_ text: String, _ options: [String: String]) -> String {
        options.reduce(text) { $0.replacing("(\($1.key))", with: "(\($1.value))") }
    }
}

extension ModelProgram {
    /// Options by what errors call them.
    var optionNames: [String: String] {
        models.reduce(into: ["data": "--data", "batch": "--batch", "seed": "--seed"]) { names, model in
            names.merge(model.optionNames) { $1 }
        }
    }
}
