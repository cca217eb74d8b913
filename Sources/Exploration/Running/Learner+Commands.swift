import CLMat

extension Learner {
    /// Does what is scheduled here, what the queue holds and what the director asks for.
    func handleMail(_ pace: inout Pace) throws(CLMatError) {
        let here = timeline.step
        if here != pace.lastScheduled {
            pace.lastScheduled = here
            for scheduled in options.schedule where scheduled.step == here {
                try handle(Message(command: scheduled.command, gesture: nil), &pace)
            }
        }
        let messages = queue.withLock { box in
            defer { box = [] }
            return box
        }
        for message in messages { try handle(message, &pace) }
        if let director = options.director, director.needsValues(at: timeline.position) { try settle() }
        while let director = options.director,
            let (command, gesture) = try director.nextInGesture(at: timeline.position, of: self)
        {
            try handle(Message(command: command, gesture: gesture), &pace, isDirected: true)
        }
    }

    private func handle(_ message: Message, _ pace: inout Pace, isDirected: Bool = false) throws(CLMatError) {
        // What was measured before comes before it in the record.
        try settle()
        do throws(CLMatError) {
            try perform(message, &pace, isDirected: isDirected)
        } catch {
            // A person's slip does not end the run; a device that fails does, and so does a director's slip.
            if isDirected || error.isOfTheDevice { throw error }
            state.withLock { $0.status.lastRefusal = "\(error)" }
        }
        let (canUndo, canRedo) = navigator.withLock { ($0.canUndo, $0.canRedo) }
        state.withLock { state in
            state.status.canUndo = canUndo
            state.status.canRedo = canRedo
        }
    }

    private func perform(_ message: Message, _ pace: inout Pace, isDirected: Bool) throws(CLMatError) {
        let command = message.command
        switch command {
        case .pause: state.withLock { $0.status.isPaused = true }
        case .resume: state.withLock { $0.status.isPaused = false }
        case .step(let count):
            state.withLock { $0.status.isPaused = false }
            pace.stepsToPause = max(1, count)
        case .preset(let id, let values): return try apply(preset: id, values, gesture: message.gesture, &pace)
        case .set, .attach, .detach, .act, .addMixin, .removeMixin, .link, .unlink:
            return try dashboard.isView(command) ? look(command) : change(command, gesture: message.gesture)
        case .rewind, .visit, .go, .undo, .redo:
            return try goElsewhere(command, &pace, isDirected: isDirected)
        case .branch(let name):
            try navigator.withLock { navigator throws(CLMatError) in try navigator.branch(named: name) }
        case .rename(let branch, let name): try timeline.rename(branch, to: name)
        case .delete(let branch):
            try navigator.withLock { navigator throws(CLMatError) in try navigator.delete(branch: branch) }
            if state.withLock({ $0.status.comparedBranch == branch }) { try compare(with: nil) }
        case .compare(let branch): try compare(with: branch)
        }
        note(command)
    }

    /// Does a command that changes the model, and notes it if anything changed.
    private func change(_ command: Command, gesture: Int?) throws(CLMatError) {
        let logged = try navigator.withLock { navigator throws(CLMatError) in
            try navigator.change(command, gesture: gesture)
        }
        try refresh()
        guard let logged else { return }
        record { recorder throws(CLMatError) in try recorder.record(logged) }
    }

    /// The same for one that only concerns what is shown.
    private func look(_ command: Command) throws(CLMatError) {
        guard try navigator.withLock({ navigator throws(CLMatError) in try navigator.look(command) }) else { return }
        try refresh()
        // Both sides of a comparison are looked at in the same way.
        if let (run, context) = otherFigures.published {
            let anew = navigator.withLock { $0.figureContext(of: run, context.settings, step: context.step) }
            otherFigures.publish(run, anew, isStill: true)
        }
        note(command)
    }

    /// Sets what a preset names, of what is there: one change of the model, and what is shown.
    ///
    /// - Parameter given: the values, where the record has them; then all have to be there.
    private func apply(preset id: String, _ given: [String: Double]?, gesture: Int?, _ pace: inout Pace)
        throws(CLMatError)
    {
        let dashboard = dashboard
        let values: [String: Double]
        if let given {
            values = given
        } else {
            values = try dashboard.preset(id).values.filter { dashboard.control($0.key) != nil }
        }
        let view = navigator.withLock { $0.view }
        var looks: [Command] = []
        var looksBefore: [Command] = []
        for (id, value) in values.sorted(by: { $0.key < $1.key }) {
            let control = try dashboard.known(id)
            guard control.isView else { continue }
            looks.append(.set(control: id, to: try control.checked(value)))
            looksBefore.append(.set(control: id, to: view.values[id] ?? control.initial))
        }
        let moved = values.filter { dashboard.control($0.key)?.isView != true }
        // A preset is noted with its values: they hold whatever comes to be called so.
        if !moved.isEmpty {
            try change(.preset(id, values: moved), gesture: gesture)
            if let number = lastChange, !looks.isEmpty {
                pace.presetLooks[number] = PresetLooks(before: looksBefore, after: looks)
            }
        }
        for command in looks { try look(command) }
    }

    /// Goes elsewhere in the history. A way that ended before its goal is noted as one to where it ended; one that was given up is
    /// no command that took effect.
    private func goElsewhere(_ command: Command, _ pace: inout Pace, isDirected: Bool) throws(CLMatError) {
        let left = timeline.position
        let changeBefore = lastChange
        let arrival = try telling { (navigator, progress) throws(CLMatError) in
            switch command {
            case .rewind(let step):
                guard let target = navigator.place(of: step) else {
                    throw .invalidValue(
                        setting: "rewind", value: "\(step)",
                        accepted: "a step from \(navigator.timeline.start) to \(navigator.timeline.lastStep)")
                }
                return try navigator.go(to: target, progress)
            case .visit(let place): return try navigator.go(to: navigator.checked(place), progress)
            case .go(let branch): return try navigator.go(to: navigator.endPlace(of: branch), progress)
            case .undo: return try navigator.undo(progress)
            default: return try navigator.redo(progress)
            }
        }
        guard arrival != .nowhere else { return }
        pace.lastScheduled = timeline.step
        pace.stepsToPause = nil
        let here = timeline.position
        state.withLock { state in
            // A branch is not compared with itself.
            if state.status.comparedBranch == here.branch { state.status.comparedBranch = nil }
            // What happened later has not happened here; on another branch the next step will tell.
            state.status.warnings.removeAll { $0.since > here.step || left.branch != here.branch }
            // A person looks round first; a script goes on. A branch's end is where one goes on from.
            if case .go = command, arrival == .there { return }
            if !isDirected, left != here { state.status.isPaused = true }
        }
        try refresh()
        publish()
        note(arrival == .there ? command : .visit(here))
        // Scripts and records say what they look at themselves.
        guard arrival == .there, !isDirected, lastChange != changeBefore else { return }
        let looks =
            command == .undo
            ? changeBefore.flatMap { pace.presetLooks[$0]?.before }
            : command == .redo ? lastChange.flatMap { pace.presetLooks[$0]?.after } : nil
        for command in looks ?? [] { try look(command) }
    }

    /// The number of the change that was made last on the way to where the run is.
    private var lastChange: Int? {
        let here = timeline.position
        return timeline.commands(of: here.branch).prefix(here.changes).last?.change
    }

    /// Does what may take long, telling how far it is. A run that is being stopped gives up.
    private func telling<Result>(
        _ body: (inout RunNavigator, RunNavigator.Progress) throws(CLMatError) -> Result
    ) throws(CLMatError) -> Result {
        state.withLock { $0.isInterrupted = false }
        defer {
            state.withLock { state in
                state.isInterrupted = false
                (state.status.stepsToReplay, state.status.secondsToReplay) = (nil, nil)
            }
        }
        // Steps take as long as those that were made here, as soon as there are any.
        let start = ContinuousClock.now
        var most = 0
        return try navigator.withLock { navigator throws(CLMatError) in
            try body(&navigator) { left, secondsPerStep in
                most = max(most, left)
                let made = most - left
                let pace = made > 0 ? (ContinuousClock.now - start).seconds / Double(made) : secondsPerStep
                return state.withLock { state in
                    state.status.stepsToReplay = left
                    state.status.secondsToReplay = Double(left) * pace
                    return state.status.isStopping ? .giveUp : state.isInterrupted ? .stayHere : .goOn
                }
            }
        }
    }

    private func note(_ command: Command) {
        let logged = timeline.note(command)
        record { recorder throws(CLMatError) in try recorder.record(logged) }
    }

    private func compare(with branch: Int?) throws(CLMatError) {
        if let branch {
            let end = try telling { (navigator, progress) throws(CLMatError) in
                try navigator.end(of: branch, progress).map { end in
                    (run: end.run, context: navigator.figureContext(of: end.run, end.settings, step: end.place.step))
                }
            }
            guard let end else {
                throw .invalidArgument(
                    operation: "compare", problem: "The way to the end of the branch was given up.")
            }
            otherFigures.publish(end.run, end.context, isStill: true)
        }
        state.withLock { $0.status.comparedBranch = branch }
    }

    /// Takes over what a change or a rewind may have altered.
    func refresh() throws(CLMatError) {
        let (dashboard, settings, view, step) = try navigator.withLock { navigator throws(CLMatError) in
            (try navigator.run.dashboard(), navigator.settings, navigator.view, navigator.position.step)
        }
        state.withLock { state in
            for control in state.dashboard.controls where dashboard.control(control.id) == nil {
                state.formerControls[control.id] = control
            }
            state.dashboard = dashboard
            state.status.settings = settings.showing(view, of: dashboard.controls)
            state.status.view = view
            state.status.step = step
        }
    }
}

extension Timeline {
    /// A branch's name tells it from the others.
    func checkNew(_ name: String) throws(CLMatError) {
        guard !name.isEmpty, !branches.contains(where: { $0.name == name }) else {
            throw .invalidValue(setting: "a branch's name", value: name, accepted: "one that no other branch has")
        }
    }

    /// The branch of this number.
    ///
    /// - Throws: ``/CLMat/CLMatError/unknownName(kind:name:known:)`` if there is none, or it was deleted.
    func known(_ branch: Int) throws(CLMatError) -> Branch {
        let all = branches
        guard let found = all.first(where: { $0.id == branch }) else {
            throw .unknownName(kind: "branch", name: "\(branch)", known: all.map { "\($0.id)" })
        }
        return found
    }

    /// Brings back a branch that was deleted. Where its name was taken meanwhile, it has another.
    func restore(_ branch: Int) {
        let taken = Set(branches.map(\.name))
        withRecord { record in
            guard let own = record.branches[branch], own.isDeleted else { return }
            var name = own.branch.name
            while taken.contains(name) { name += " again" }
            record.branches[branch]!.branch.name = name
            record.branches[branch]!.isDeleted = false
            record.version += 1
        }
    }

    func rename(_ branch: Int, to name: String) throws(CLMatError) {
        if try known(branch).name == name { return }
        try checkNew(name)
        withRecord { record in
            record.branches[branch]!.branch.name = name
            record.version += 1
        }
    }
}
