import CLMat
import Dispatch
import Exploration
import Synchronization
import Viewer

/// What a script asks of the program beside the run. Pictures are drawn on the main thread, where windows live; the
/// learner's thread waits for them, so that they show the run as it is at that step.
final class ScriptStage: ScriptHost {
    private let isQuiet: Bool
    private let requests = Mutex<[Request]>([])
    private let state = Mutex(State())

    private struct State {
        /// Panels that the script opened or closed, by name.
        var panels: [String: Bool] = [:]
        /// Those that the open window does not know of yet.
        var news: [(name: String, isOpen: Bool)] = []
        var learner: Learner?
    }

    private final class Request: Sendable {
        let path: String
        let done = DispatchSemaphore(value: 0)
        let error = Mutex<CLMatError?>(nil)
        init(_ path: String) { self.path = path }
    }

    init(isQuiet: Bool) { self.isQuiet = isQuiet }

    /// The run whose panels the script speaks of.
    func watch(_ learner: Learner) { state.withLock { $0.learner = learner } }

    /// Panels that the script opened or closed, by name.
    var panels: [String: Bool] { state.withLock { $0.panels } }

    /// What the open window does not know of yet.
    func takePanels() -> [(name: String, isOpen: Bool)] {
        state.withLock { state in
            defer { state.news = [] }
            return state.news
        }
    }

    func add(panel: String) throws(CLMatError) { try set(panel, open: true) }
    func remove(panel: String) throws(CLMatError) { try set(panel, open: false) }

    private func set(_ panel: String, open: Bool) throws(CLMatError) {
        if let learner = state.withLock({ $0.learner }) { try Viewer.check(panel: panel, of: learner.dashboard) }
        state.withLock { state in
            state.panels[panel] = open
            state.news.append((panel, open))
        }
    }

    func screenshot(to path: String) throws(CLMatError) {
        let request = Request(path)
        requests.withLock { $0.append(request) }
        request.done.wait()
        if let error = request.error.withLock({ $0 }) { throw error }
    }

    func say(_ text: String) {
        if !isQuiet { StandardError.say(text) }
    }

    /// Called by the main thread now and then: draws what was asked for.
    func serve(_ draw: (String) throws(CLMatError) -> Void) {
        let waiting = requests.withLock { requests in
            defer { requests = [] }
            return requests
        }
        for request in waiting {
            do throws(CLMatError) {
                try draw(request.path)
            } catch {
                request.error.withLock { $0 = error }
            }
            request.done.signal()
        }
    }
}
