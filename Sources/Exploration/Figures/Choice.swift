/// That a thing can be chosen in one figure and is marked in all that show it: a cluster, a topic, a class.
///
/// What is chosen is view state: a click does ``action``, one of the model's ``Model/viewActions``, so that nothing of the model
/// changes.
public struct Choice: Sendable, Equatable {
    /// Whether it is marked.
    public var isChosen: Bool
    /// Chooses it, or takes the mark away if it is chosen.
    public var action: Action

    /// A thing that can be chosen by `action`.
    public init(isChosen: Bool, action: Action) { (self.isChosen, self.action) = (isChosen, action) }

    /// One of several things of a kind, counted from 0: a click sends `choose` with its number, or `unchoose` without any.
    ///
    /// - Parameter what: what a menu calls it: "cluster".
    public init(of index: Int, chosen: Int?, _ what: String, choose: String, unchoose: String) {
        isChosen = index == chosen
        action =
            index == chosen
            ? Action(unchoose, title: "unmark this \(what)")
            : Action(choose, title: "mark this \(what) in all figures", arguments: [index])
    }
}

extension Sequence where Element == Choice? {
    /// What takes the mark away; nil if none of them is chosen.
    public var unmark: Action? { lazy.compactMap { $0 }.first(where: \.isChosen)?.action }
}
