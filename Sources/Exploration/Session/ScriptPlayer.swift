import CLMat
import Synchronization

/// What a script does beside the run: pictures and panels, which are not the engine's.
public protocol ScriptHost: Sendable {
    /// Opens a panel: a metric or figure by its id.
    func add(panel: String) throws(CLMatError)
    /// Closes a panel: a metric or figure by its id.
    func remove(panel: String) throws(CLMatError)
    /// Draws the window, with the run as it is at this moment, into a PNG file.
    func screenshot(to path: String) throws(CLMatError)
    /// Tells a person what was found.
    func say(_ text: String)
}

/// Plays a script on a run. An expectation that does not hold ends the run with an error that has both values.
public final class ScriptPlayer: Director {
    private let script: Script
    private let host: any ScriptHost
    private let state: Mutex<State>

    private struct State {
        var next = 0
        var kept: [String: Double] = [:]
        var isDone = false
        var expectations = 0
        /// Whether the run is over with the last entry.
        var endsTheRun: Bool
    }

    /// Plays `script` from its first entry; `endsTheRun` has the run end with the last one.
    public init(_ script: Script, host: any ScriptHost, endsTheRun: Bool) {
        (self.script, self.host) = (script, host)
        state = Mutex(State(endsTheRun: endsTheRun))
    }

    /// The run is over with the last entry, where nobody is there who could end it.
    public func endTheRunWithTheScript() { state.withLock { $0.endsTheRun = true } }

    public var isDone: Bool { state.withLock { $0.isDone } }
    /// How many expectations were found to hold.
    public var expectationsMet: Int { state.withLock { $0.expectations } }
    /// The entries that the run did not come to.
    public var entriesLeft: Int { script.entries.count - state.withLock { $0.next } }

    public func needsValues(at position: Position) -> Bool {
        let number = state.withLock { $0.next }
        return number < script.entries.count && script.entries[number].step <= position.step
    }

    public func next(at position: Position, of learner: Learner) throws(CLMatError) -> Command? {
        while true {
            let number = state.withLock { $0.next }
            guard number < script.entries.count else {
                state.withLock { $0.isDone = $0.endsTheRun }
                return nil
            }
            let entry = script.entries[number]
            if entry.step < position.step {
                throw wrong(entry, "step \(entry.step) is in the past: the run is at step \(position.step)")
            }
            guard entry.step == position.step else { return nil }
            state.withLock { $0.next += 1 }
            switch entry.instruction {
            case .command(.setTyped(let id, let text)):
                return .set(control: id, to: try value(of: id, typed: text, entry, learner))
            case .command(.command(.preset(let id, nil))):
                do throws(CLMatError) {
                    let note = try learner.dashboard.noteOfMissing(from: learner.dashboard.preset(id))
                    if let note { host.say("step \(grouped(entry.step)): \(note)") }
                } catch {
                    throw wrong(entry, "\(error)")
                }
                return .preset(id)
            case .command(let parsed): return try parsed.command(learner.timeline)
            case .keep(let metric, let name, let over):
                let value = try mean(metric, over, entry, learner)
                state.withLock { $0.kept[name] = value }
                host.say("step \(grouped(entry.step)): \(name) = \(metric) = \(format(value, digits: 5))")
            case .expect(let expectation): try check(expectation, entry, learner)
            case .add(let panel): try host.add(panel: panel)
            case .remove(let panel): try host.remove(panel: panel)
            case .screenshot(let path):
                // What the panels show is to be of this step.
                learner.publish(isStill: true)
                try host.screenshot(to: path)
            case .say(let text):
                learner.say(text)
                if !text.isEmpty { host.say("step \(grouped(entry.step)): \(text)") }
            }
        }
    }

    private func wrong(_ entry: Script.Entry, _ problem: String) -> CLMatError {
        .fileDamaged(path: script.source, place: "entry \(entry.number)", problem: problem)
    }

    private func value(
        of id: String, typed text: String, _ entry: Script.Entry, _ learner: Learner
    ) throws(CLMatError) -> Double {
        do throws(CLMatError) {
            guard let control = learner.dashboard.control(id) else {
                throw .unknownName(kind: "control", name: id, known: learner.dashboard.controls.map(\.id))
            }
            return try control.parse(text)
        } catch {
            throw wrong(entry, "\(error)")
        }
    }

    private func mean(
        _ metric: String, _ over: Int, _ entry: Script.Entry, _ learner: Learner
    ) throws(CLMatError) -> Double {
        guard learner.dashboard.metric(metric) != nil else {
            throw .unknownName(kind: "metric", name: metric, known: learner.dashboard.metrics.map(\.id))
        }
        guard let value = learner.timeline.mean(metric, over: over) else {
            throw wrong(entry, "'\(metric)' was not measured in the last \(over) steps; give a larger \"over\"")
        }
        return value
    }

    private func check(
        _ expectation: Script.Expectation, _ entry: Script.Entry, _ learner: Learner
    ) throws(CLMatError) {
        let value = try mean(expectation.metric, expectation.over, entry, learner)
        let standard: Double
        var words: String
        switch expectation.standard {
        case .number(let number): (standard, words) = (number, format(number, digits: 5))
        case .kept(let name, let times):
            guard let kept = state.withLock({ $0.kept[name] }) else {
                throw wrong(entry, "nothing was kept as '\(name)' before")
            }
            standard = kept * times
            words = (times == 1 ? name : "\(format(times)) × \(name)") + " = \(format(standard, digits: 5))"
        }
        let holds: Bool
        switch expectation.relation {
        case .below: (holds, words) = (value < standard, "below \(words)")
        case .above: (holds, words) = (value > standard, "above \(words)")
        case .near(let within):
            holds = abs(value - standard) <= within * abs(standard)
            words = "within \(format(within * 100)) % of \(words)"
        }
        let found = "\(expectation.metric) = \(format(value, digits: 5))"
        guard holds else {
            throw .expectationFailed(
                script: script.source, entry: entry.number, step: entry.step,
                problem: "\(found) is not \(words)")
        }
        state.withLock { $0.expectations += 1 }
        host.say("step \(grouped(entry.step)): \(found) is \(words), as expected")
    }
}
