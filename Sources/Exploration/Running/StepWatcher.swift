import CLMat

extension Learner {
    /// Has `watcher` called after each step, on the learner's thread: the next step waits for it. It is taken off when it returns
    /// false, or when another one comes.
    public func watchSteps(_ watcher: (@Sendable (Position) -> Bool)?) { stepWatcher.withLock { $0 = watcher } }

    var isWatched: Bool { stepWatcher.withLock { $0 != nil } }

    func tellWatcher(_ position: Position) {
        guard let watcher = stepWatcher.withLock({ $0 }) else { return }
        if !watcher(position) { stepWatcher.withLock { $0 = nil } }
    }

    /// The content of a figure of the model as it is now, computed on the caller's thread: for a watcher of steps, which sees the model
    /// of its step, whatever was published last.
    public func contentNow(of figure: String) throws -> any FigureContent {
        let (run, context) = navigator.withLock { ($0.run, $0.figureContext) }
        var memory: (any Sendable)?
        return try run.content(of: figure, context, &memory).content
    }
}
