import CLMat

/// A model or an attachment that takes mixins. It lists the ``Mixins/controls`` and ``Mixins/metrics`` among its own, and hands
/// ``Mixins/archive(_:)`` on.
public protocol MixinHost: Sendable {
    /// What its mixins act on.
    associatedtype Subject: MixinSubject
    /// Those that are on, and those that can be added.
    var mixins: Mixins<Subject> { get set }
}

/// What is known of a mixin that is on the run or can be.
public struct MixinInfo: Sendable, Equatable, Identifiable {
    /// Its own, under the name of the attachment that has it: `l2-weight`, `ldam-2.l2-weight`.
    public let id: String
    /// What a person calls it: its weight's title.
    public let title: String
    /// One line on what it does.
    public let help: String
    /// Whether the run has it now.
    public let isOn: Bool
    /// Ids of its control and of its score's metric.
    public let weight: String
    /// The id of its score's metric.
    public let score: String
}

/// The list of a host, whatever it acts on.
protocol AnyMixins: Sendable {
    var ids: [String] { get }
    /// Those that are on and those that can be.
    func infos(_ extensions: Extensions) -> [MixinInfo]
    /// Puts on what this list or the extensions available. One that is on and was set aside begins anew.
    mutating func add(_ id: String, from extensions: Extensions) throws(CLMatError)
    mutating func remove(_ id: String) throws(CLMatError)
    /// Has exactly these on.
    mutating func put(_ ids: [String], from extensions: Extensions) throws(CLMatError)
    func takes(_ mixin: any Sendable) -> Bool
}

extension Mixins: AnyMixins {
    private func known(_ extensions: Extensions) -> [any Mixin<Subject>] {
        var known = available
        for other in extensions.mixins(of: Subject.self) where !known.contains(where: { $0.id == other.id }) {
            known.append(other)
        }
        for entry in entries where !known.contains(where: { $0.id == entry.mixin.id }) { known.append(entry.mixin) }
        return known
    }

    func infos(_ extensions: Extensions) -> [MixinInfo] {
        let on = Set(ids)
        return known(extensions).map { mixin in
            MixinInfo(
                id: mixin.id, title: mixin.weight.title, help: mixin.weight.help, isOn: on.contains(mixin.id),
                weight: mixin.weight.id, score: mixin.score.id)
        }
    }

    mutating func add(_ id: String, from extensions: Extensions) throws(CLMatError) {
        let known = known(extensions)
        guard let mixin = known.first(where: { $0.id == id }) else {
            throw .unknownName(kind: "mixin", name: id, known: known.map(\.id))
        }
        if let old = entries.first(where: { $0.mixin.id == id }) {
            guard old.failure != nil else { return }
            try remove(id)
        }
        try add(mixin)
    }

    mutating func put(_ wanted: [String], from extensions: Extensions) throws(CLMatError) {
        for id in ids where !wanted.contains(id) { try remove(id) }
        for id in wanted { try add(id, from: extensions) }
        entries.sort { (wanted.firstIndex(of: $0.mixin.id) ?? 0) < (wanted.firstIndex(of: $1.mixin.id) ?? 0) }
    }

    func takes(_ mixin: any Sendable) -> Bool { mixin is any Mixin<Subject> }
}
