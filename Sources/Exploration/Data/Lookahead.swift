import CLMat
import Foundation
import Synchronization

/// Makes what will probably be asked for next on a thread of its own, while what was asked for last is worked with.
///
/// A value is a function of its key, so all is as without it: what was not foreseen is made at once, on the caller's thread. One
/// value is made ahead at a time. The thread starts when it is first needed, rests while there is nothing to do, and ends with this
/// object, after what it is just making.
public final class Lookahead<Key: Equatable & Sendable, Value: Sendable>: Sendable {
    private let make: @Sendable (Key) throws(CLMatError) -> Value
    private let worker: LookaheadWorker<Key, Value>

    /// - Parameters:
    ///   - name: that of the thread.
    ///   - make: is called on any thread, also on several at once. It does not hold this object.
    public init(name: String, make: @escaping @Sendable (Key) throws(CLMatError) -> Value) {
        self.make = make
        worker = LookaheadWorker(name: name, make: make)
    }

    deinit { worker.stop() }

    /// The value of `key`; then that of `next` is begun.
    ///
    /// - Parameter next: what will probably be asked for next; nil if nothing should be made ahead.
    /// - Throws: what making it throws at this time: an attempt ahead of time that failed is made again.
    public func take(_ key: Key, next: Key?) throws(CLMatError) -> Value {
        // The next one is begun last: a source that is read forward is then where the next one starts.
        let value = if let made = worker.take(key, keeping: next) { made } else { try make(key) }
        worker.begin(next)
        return value
    }
}

/// The part that the thread holds, which so does not keep the ``Lookahead`` alive.
private final class LookaheadWorker<Key: Equatable & Sendable, Value: Sendable>: Sendable {
    /// What is made ahead.
    private final class Guess: Sendable {
        let key: Key
        /// nil until it is made, and if that failed.
        let value = Mutex<Value?>(nil)
        let isDone = DispatchSemaphore(value: 0)

        init(_ key: Key) { self.key = key }
    }

    private struct State {
        var guess: Guess?
        /// Whether the thread is at it, or has done it.
        var isBegun = false
        var hasThread = false
        var isStopped = false
    }

    private let name: String
    private let make: @Sendable (Key) throws(CLMatError) -> Value
    private let state = Mutex(State())
    private let wake = DispatchSemaphore(value: 0)

    init(name: String, make: @escaping @Sendable (Key) throws(CLMatError) -> Value) {
        (self.name, self.make) = (name, make)
    }

    /// What was made ahead for `key`, which is waited for if it is under way; nil if there is nothing. Anything else is thrown away
    /// but for what is next.
    func take(_ key: Key, keeping next: Key?) -> Value? {
        let guess = state.withLock { state -> Guess? in
            guard let guess = state.guess, guess.key == key || guess.key != next else { return nil }
            state.guess = nil
            // What is not begun yet the caller makes sooner.
            return guess.key == key && state.isBegun ? guess : nil
        }
        guard let guess else { return nil }
        guess.isDone.wait()
        return guess.value.withLock { $0 }
    }

    func begin(_ key: Key?) {
        let isNew = state.withLock { state -> Bool in
            guard state.guess?.key != key, !state.isStopped else { return false }
            (state.guess, state.isBegun) = (key.map(Guess.init), false)
            guard key != nil else { return false }
            if !state.hasThread {
                state.hasThread = true
                startThread()
            }
            return true
        }
        if isNew { wake.signal() }
    }

    func stop() {
        state.withLock { $0.isStopped = true }
        wake.signal()
    }

    private func startThread() {
        let thread = Thread { [self] in work() }
        thread.name = name
        thread.stackSize = 4 << 20
        thread.start()
    }

    private func work() {
        while true {
            wake.wait()
            let (guess, isStopped) = state.withLock { state -> (Guess?, Bool) in
                guard !state.isStopped, !state.isBegun else { return (nil, state.isStopped) }
                state.isBegun = true
                return (state.guess, false)
            }
            if isStopped { return }
            guard let guess else { continue }
            // An error belongs to whoever really asks; then it is made again.
            let value = try? make(guess.key)
            guess.value.withLock { $0 = value }
            guess.isDone.signal()
        }
    }
}
