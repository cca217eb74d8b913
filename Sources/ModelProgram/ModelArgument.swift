/// An option that makes a model what it is, as it was given: what sessions and checkpoints keep of it.
public struct ModelArgument: Sendable, Equatable {
    /// As it is typed: `--clusters`.
    public let name: String
    /// The words of a command line that give it; none if it is not given.
    let words: [String]

    /// An option with a value; nil or an empty one is not given.
    public init(_ name: String, _ value: String?) { self.init(name, value.map { [$0] } ?? []) }

    /// An option that can be given several times.
    public init(_ name: String, _ values: [String]) {
        self.name = name
        words = values.filter { !$0.isEmpty }.flatMap { [name, $0] }
    }

    /// An option without a value.
    public init(flag name: String, _ isOn: Bool) { (self.name, words) = (name, isOn ? [name] : []) }

    package var isGiven: Bool { !words.isEmpty }

    /// Its value for a person to read; "" if it is not given.
    var text: String { words == [name] ? "on" : words.filter { $0 != name }.joined(separator: " ") }
}
