import CLMat
import Exploration

/// Does what a list says, in its order, each when so many steps have been made.
public final class ListDirector: Director {
    public struct Entry: Sendable {
        public let step: Int
        public let command: Command
        public init(_ step: Int, _ command: Command) { (self.step, self.command) = (step, command) }
    }
    private let rest: Locked<ArraySlice<Entry>>
    private let isOver = Locked(false)
    private let end: Int?

    /// - Parameter end: the step at which the run ends once the list is done.
    public init(_ entries: [Entry], endsAt end: Int? = nil) { (rest, self.end) = (Locked(entries[...]), end) }

    public var isDone: Bool { isOver.withLock { $0 } }

    public func next(at position: Position, of learner: Learner) throws(CLMatError) -> Command? {
        let next = rest.withLock { rest -> Entry? in rest.first?.step == position.step ? rest.removeFirst() : nil }
        if next == nil, let end, position.step >= end, rest.withLock({ $0.isEmpty }) { isOver.withLock { $0 = true } }
        return next?.command
    }
}
