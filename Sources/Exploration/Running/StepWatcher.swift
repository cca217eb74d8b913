import CLMat

/// Who is told of each step, in the order in which they came.
struct StepWatchers: Sendable {
    var next = 0
    var all: [Int: @Sendable (Position) -> Bool] = [:]
}

extension Learner {
    /// Has `watcher` called after each step, on the learner's thread: the next step waits for it. It is taken off when it returns
    /// false. Several can watch.
    public func watchSteps(_ watcher: @escaping @Sendable (Position) -> Bool) {
        stepWatchers.withLock { watchers in
            watchers.next += 1
            watchers.all[watchers.next] = watcher
        }
    }

    var isWatched: Bool { stepWatchers.withLock { !$0.all.isEmpty } }

    func tellWatchers(_ position: Position) {
        // Without the lock: a watcher may bring another one.
        for (number, watcher) in stepWatchers.withLock({ $0.all }).sorted(by: { $0.key < $1.key }) {
            if !watcher(position) { stepWatchers.withLock { _ = $0.all.removeValue(forKey: number) } }
        }
    }

    /// The content of a figure of the model as it is now, computed on the caller's thread: for a watcher of steps, which sees the model
    /// of its step, whatever was published last.
    public func contentNow(of figure: String) throws -> any FigureContent {
        let (run, context) = navigator.withLock { ($0.run, $0.figureContext) }
        var memory: (any Sendable)?
        return try run.content(of: figure, context, &memory).content
    }
}
