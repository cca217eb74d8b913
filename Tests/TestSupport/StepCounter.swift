import CLMat
import Synchronization

/// What a device was asked to do.
public struct DeviceCounts: Sendable, Equatable {
    /// Launches by the kernel's name; matrix products are not among them.
    public var launches: [String: Int] = [:]
    public var products = 0
    /// Times at which the host waited for all that was queued: reads that wait, and reads begun without waiting that somebody waited for
    /// before anything else was launched.
    public var waits = 0
    /// Reads that were begun without waiting.
    public var readsBegun = 0
    public var writes = 0
    public var copies = 0

    public var allLaunches: Int { launches.values.reduce(0, +) }

    /// What was done since.
    public func since(_ before: DeviceCounts) -> DeviceCounts {
        var own = self
        own.launches.merge(before.launches) { $0 - $1 }
        own.launches = own.launches.filter { $0.value != 0 }
        own.products -= before.products
        own.waits -= before.waits
        own.readsBegun -= before.readsBegun
        own.writes -= before.writes
        own.copies -= before.copies
        return own
    }
}

/// Counts what is done on a device.
public final class StepCounter: Sendable {
    private let state = Mutex(DeviceCounts())
    public var counts: DeviceCounts { state.withLock { $0 } }
    fileprivate func note(_ change: (inout DeviceCounts) -> Void) { state.withLock { change(&$0) } }
}

extension Device {
    /// The same device, which counts what it is asked to do.
    public func counting() -> (device: Device, counter: StepCounter) {
        let counter = StepCounter()
        let device = Device(
            name: name, kind: kind, details: details, memory: memory, computeUnits: computeUnits,
            backend: StepCountingBackend(backend, counter))
        return (device, counter)
    }
}

private final class StepCountingBackend: ForwardingBackend, @unchecked Sendable {
    private let counter: StepCounter

    init(_ inner: any Backend, _ counter: StepCounter) {
        self.counter = counter
        super.init(inner)
    }

    /// One that says whether anything was launched since it was begun.
    private final class CountedRead: PendingRead {
        let inner: any PendingRead
        let counter: StepCounter
        let launches: Int
        let hasCome = Atomic<Bool>(false)

        init(_ inner: any PendingRead, _ counter: StepCounter) {
            (self.inner, self.counter, launches) = (inner, counter, counter.counts.allLaunches)
        }

        func wait() throws(CLMatError) -> [UInt32] {
            let isFirst = !hasCome.exchange(true, ordering: .relaxed)
            if isFirst, counter.counts.allLaunches == launches { counter.note { $0.waits += 1 } }
            return try inner.wait()
        }
    }

    override func write(_ bytes: UnsafeRawBufferPointer, to buffer: Buffer) throws(CLMatError) {
        counter.note { $0.writes += 1 }
        try inner.write(bytes, to: buffer)
    }

    override func read(_ buffer: Buffer, into bytes: UnsafeMutableRawBufferPointer) throws(CLMatError) {
        counter.note { $0.waits += 1 }
        try inner.read(buffer, into: bytes)
    }

    override func startReading(_ buffer: Buffer, bytes: Int) throws(CLMatError) -> any PendingRead {
        counter.note { $0.readsBegun += 1 }
        return CountedRead(try inner.startReading(buffer, bytes: bytes), counter)
    }

    override func copy(_ source: Buffer, to target: Buffer, bytes: Int) throws(CLMatError) {
        counter.note { $0.copies += 1 }
        try inner.copy(source, to: target, bytes: bytes)
    }

    override func gemm(_ product: Gemm) throws(CLMatError) {
        counter.note { $0.products += 1 }
        try inner.gemm(product)
    }

    override func launch(_ kernel: Kernel, _ arguments: [Argument], over work: WorkSize) throws(CLMatError) {
        counter.note { $0.launches[kernel.name, default: 0] += 1 }
        try inner.launch(kernel, arguments, over: work)
    }

    override func gemm(_ batch: GemmBatch) throws(CLMatError) {
        counter.note { $0.products += 1 }
        try inner.gemm(batch)
    }
}
