import Foundation
import Synchronization

/// Those who can give back memory of one device when there is not enough for what a model needs.
final class MemoryRelief: Sendable {
    private struct Entry: Sendable {
        let id: Int
        let giveWay: @Sendable () -> String?
    }

    private struct State {
        var entries: [Entry] = []
        var nextID = 0
        /// Who gave way before.
        var said: Set<Int> = []
    }

    private let state = Mutex(State())
    /// One thread at a time asks. Recursive: who gives way may need memory for that, and is then refused instead of waiting for
    /// itself.
    private let asking = NSRecursiveLock()
    /// Used under `asking`.
    private let isAsking = Atomic<Bool>(false)

    func add(_ giveWay: @escaping @Sendable () -> String?) -> Int {
        state.withLock { state in
            state.nextID += 1
            state.entries.append(Entry(id: state.nextID, giveWay: giveWay))
            return state.nextID
        }
    }

    func remove(_ id: Int) { state.withLock { $0.entries.removeAll { $0.id == id } } }

    var isEmpty: Bool { state.withLock { $0.entries.isEmpty } }

    /// Asks one after the other, in the order in which they were added, until one gives something back. What that is is said once.
    func ask(for device: String) -> Bool {
        asking.lock()
        defer { asking.unlock() }
        guard !isAsking.load(ordering: .relaxed) else { return false }
        isAsking.store(true, ordering: .relaxed)
        defer { isAsking.store(false, ordering: .relaxed) }
        for entry in state.withLock({ $0.entries }) {
            guard let words = entry.giveWay() else { continue }
            if state.withLock({ $0.said.insert(entry.id).inserted }) {
                Log.notice("\(device) has no memory left, so \(words). The run goes on.")
            }
            return true
        }
        return false
    }
}

/// Says that somebody can give memory of a device back, for as long as this exists (``Device/whenMemoryRunsOut(_:)``).
public final class MemoryYielder: Sendable {
    private let id: Int
    private let relief: MemoryRelief

    init(_ relief: MemoryRelief, _ giveWay: @escaping @Sendable () -> String?) {
        (self.relief, id) = (relief, relief.add(giveWay))
    }

    deinit { relief.remove(id) }
}

extension Device {
    /// Says what can give way when the device has no memory left for what is to be done: copies of a model's past, what is only
    /// shown. It is asked on the thread that needs memory, in the middle of its work, and may read from the device. What was refused is
    /// then tried again; the error comes only when nobody has anything left to give.
    ///
    /// - Parameter giveWay: lets go of memory of the device, and returns what it did as a main clause ("figures rest for 50 steps"); nil
    ///   if it had nothing left. It is said on standard error the first time. Those who were added first are asked first, and
    ///   again while they give something.
    /// - Returns: what to keep as long as the promise holds.
    public func whenMemoryRunsOut(_ giveWay: @escaping @Sendable () -> String?) -> MemoryYielder {
        MemoryYielder(memoryRelief, giveWay)
    }

    /// Memory of the device, for which others give way if need be.
    func allocate(bytes: Int) throws(CLMatError) -> Buffer {
        try relieving { () throws(CLMatError) in try backend.allocate(bytes: bytes) }
    }

    /// Puts memory of one holder alone in the place of a buffer that others hold too, with its first `bytes` bytes if they are wanted.
    func makeUnique(_ buffer: inout Buffer, bytes: Int, keepingContent: Bool) throws(CLMatError) {
        // Where memory is short, who held the other copy may give way: then there is nothing to copy any more.
        let own = try relieving { () throws(CLMatError) -> Buffer? in
            isKnownUniquelyReferenced(&buffer) ? nil : try backend.allocate(bytes: bytes)
        }
        guard let own else { return }
        if keepingContent { try copy(buffer, to: own, bytes: bytes) }
        buffer = own
    }

    /// Does what may find no memory: then others give way, one after the other, and it is tried again.
    func relieving<Value>(_ work: () throws(CLMatError) -> Value) throws(CLMatError) -> Value {
        var refusal: CLMatError
        do throws(CLMatError) { return try work() } catch { refusal = error }
        while case .outOfDeviceMemory(_, let asked, _) = refusal, asked <= memory, !memoryRelief.isEmpty,
            memoryRelief.ask(for: name)
        {
            try backend.releaseUnused()
            do throws(CLMatError) { return try work() } catch { refusal = error }
        }
        throw refusal
    }
}
