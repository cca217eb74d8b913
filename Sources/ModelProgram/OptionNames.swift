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
        case .dataMismatch(var problem):
            // In brackets stand the properties to loosen.
            for (name, option) in options { problem.replace("(\(name))", with: "(\(option))") }
            return .dataMismatch(problem)
        default: return self
        }
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
