import Synchronization

/// What others add to a run of a model that is not theirs, also while it goes on: mixins, figures. Every snapshot of the run
/// knows them, since they are no part of its history.
final class Extensions: Sendable {
    private struct Lists {
        var mixins: [any Sendable] = []
        var figures: [any Sendable] = []
    }
    private let lists = Mutex(Lists())

    // MARK: - Mixins

    /// One of the same id is replaced.
    func register<Subject>(_ mixin: any Mixin<Subject>) {
        lists.withLock { lists in
            lists.mixins.removeAll { ($0 as? any Mixin<Subject>)?.id == mixin.id }
            lists.mixins.append(mixin)
        }
    }

    func mixins<Subject>(of type: Subject.Type) -> [any Mixin<Subject>] {
        lists.withLock { $0.mixins.compactMap { $0 as? any Mixin<Subject> } }
    }

    // MARK: - Figures

    /// One of the same id is replaced.
    func add<Subject>(_ figure: Figure<Subject>) {
        lists.withLock { lists in
            lists.figures.removeAll { ($0 as? Figure<Subject>)?.info.id == figure.info.id }
            lists.figures.append(figure)
        }
    }

    func figures<Subject>(of type: Subject.Type) -> [Figure<Subject>] {
        lists.withLock { $0.figures.compactMap { $0 as? Figure<Subject> } }
    }
}
