import ArgumentParser

extension ModelArgument {
    /// The options and flags that are properties of a command, and those of its groups, as a command line gave them: all but
    /// ``RunOptions``, which do not make the model.
    ///
    /// They are called as the parser calls them by itself: `learningRate` is `--learning-rate`.
    static func all(of command: Any) -> [ModelArgument] {
        Mirror(reflecting: command).children.flatMap { property -> [ModelArgument] in
            guard let given = property.value as? any GivenProperty else { return [] }
            // What a wrapper wraps as `rate` is stored as `_rate`.
            return given.arguments(named: optionName((property.label ?? "").drop { $0 == "_" }))
        }
    }

    private static func optionName(_ property: Substring) -> String {
        var name = "--"
        for (letter, before) in zip(property, "_" + property) {
            name += (letter.isUppercase && !before.isUppercase ? "-" : "") + letter.lowercased()
        }
        return name
    }
}

/// A property that a command line gives a value.
private protocol GivenProperty {
    func arguments(named name: String) -> [ModelArgument]
}

extension Option: GivenProperty {
    func arguments(named name: String) -> [ModelArgument] {
        let values = wrappedValue as? [any ExpressibleByArgument]
        let value = wrappedValue as? any ExpressibleByArgument
        return [ModelArgument(name, (values ?? [value].compactMap(\.self)).map(\.defaultValueDescription))]
    }
}

extension Flag: GivenProperty {
    func arguments(named name: String) -> [ModelArgument] {
        [ModelArgument(flag: name, wrappedValue as? Bool ?? false)]
    }
}

extension OptionGroup: GivenProperty {
    func arguments(named name: String) -> [ModelArgument] {
        wrappedValue is RunOptions ? [] : ModelArgument.all(of: wrappedValue)
    }
}
