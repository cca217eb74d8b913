import CLMat
import Dispatch
import Exploration
import Synchronization

/// What a script asks of the program beside the run. Pictures are drawn on the main thread, where windows live; the
/// learner's thread waits for them, so that they show the run as it is at that step.
final class ScriptStage: Stage {
    private let isQuiet: Bool
    private let requests = Mutex<[Request]>([])
    /// Panels that the script opened or closed.
    private let panels = Mutex<(added: Set<String>, removed: Set<String>)>(([], []))

    private final class Request: Sendable {
        let path: String
        let done = DispatchSemaphore(value: 0)
        let error = Mutex<CLMatError?>(nil)
        init(_ path: String) { self.path = path }
    }

    init(isQuiet: Bool) { self.isQuiet = isQuiet }

    var added: Set<String> { panels.withLock { $0.added } }
    var removed: Set<String> { panels.withLock { $0.removed } }

    func add(panel: String) throws(CLMatError) {
        panels.withLock { panels in
            panels.added.insert(panel)
            panels.removed.remove(panel)
        }
    }

    func remove(panel: String) throws(CLMatError) {
        panels.withLock { panels in
            panels.removed.insert(panel)
            panels.added.remove(panel)
        }
    }

    func screenshot(to path: String) throws(CLMatError) {
        let request = Request(path)
        requests.withLock { $0.append(request) }
        request.done.wait()
        if let error = request.error.withLock({ $0 }) { throw error }
    }

    func say(_ text: String) {
        if !isQuiet { standardError(text) }
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
