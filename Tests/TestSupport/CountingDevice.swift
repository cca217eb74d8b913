import CLMat
import Synchronization

/// How often the host asked a device for something.
public struct DeviceCalls: Sendable, Equatable {
    /// Arrays that were written to it, and their bytes.
    public var writes = 0, bytesWritten = 0
    /// Reads, each of which waits for the device.
    public var reads = 0
    /// Launches of kernels, matrix products apart.
    public var launches = 0
    /// Matrix products.
    public var products = 0
    /// Memory that was asked for.
    public var allocations = 0

    public init() {}
}

/// A device that works as another does and counts what is asked of it.
public final class DeviceCounter: Sendable {
    /// The device to give to what is counted.
    public let device: Device
    private let backend: CountingBackend

    /// - Parameters:
    ///   - kind: what it says that it is; what the inner device is if nil.
    ///   - memory: bytes that may be in use at once; beyond them it has none left. nil if only the inner device's count.
    public init(_ inner: Device, kind: Device.Kind? = nil, memory: Int? = nil) {
        backend = CountingBackend(inner, memory)
        device = Device(
            name: inner.name + ", counted", kind: kind ?? inner.kind, details: inner.details,
            memory: memory ?? inner.memory,
            computeUnits: inner.computeUnits, backend: backend)
    }

    /// What was asked for since the last call.
    public func take() -> DeviceCalls {
        backend.calls.withLock { calls in
            defer { calls = DeviceCalls() }
            return calls
        }
    }

    /// Bytes that are in use, and the most that ever were.
    public var bytes: (now: Int, most: Int) { backend.ledger.bytes }

    /// From now on no more than so many bytes may be in use at once.
    public func limit(to bytes: Int) { backend.ledger.limit(to: bytes) }
}

/// Bytes in use. Buffers know it, which may outlive their backend.
final class MemoryLedger: Sendable {
    private let state: Mutex<(used: Int, most: Int, limit: Int)>

    init(limit: Int) { state = Mutex((0, 0, limit)) }

    var bytes: (now: Int, most: Int) { state.withLock { ($0.used, $0.most) } }
    func limit(to bytes: Int) { state.withLock { $0.limit = bytes } }
    /// Returns nil if they were taken, else how many are left.
    func take(_ bytes: Int) -> Int? {
        state.withLock { state in
            guard state.used + bytes <= state.limit else { return state.limit - state.used }
            state.used += bytes
            state.most = max(state.most, state.used)
            return nil
        }
    }
    func giveBack(_ bytes: Int) { state.withLock { $0.used -= bytes } }
}

private final class CountingBackend: Backend {
    let calls = Mutex(DeviceCalls())
    let ledger: MemoryLedger
    private let inner: any Backend
    private let name: String
    /// Its buffers are counted ones, which the inner device's kernels do not take as they are.
    private let isBounded: Bool

    init(_ inner: Device, _ memory: Int?) {
        (self.inner, name, isBounded) = (inner.backend, inner.name, memory != nil)
        ledger = MemoryLedger(limit: memory ?? .max)
    }

    private func note(_ change: (inout DeviceCalls) -> Void) { calls.withLock { change(&$0) } }

    func allocate(bytes: Int) throws(CLMatError) -> Buffer {
        note { $0.allocations += 1 }
        guard isBounded else { return try inner.allocate(bytes: bytes) }
        if let left = ledger.take(bytes) {
            throw .outOfDeviceMemory(device: name, asked: bytes, available: max(0, left))
        }
        do throws(CLMatError) {
            return CountedBuffer(try inner.allocate(bytes: bytes), ledger)
        } catch {
            ledger.giveBack(bytes)
            throw error
        }
    }

    func write(_ bytes: UnsafeRawBufferPointer, to buffer: Buffer) throws(CLMatError) {
        note {
            $0.writes += 1
            $0.bytesWritten += bytes.count
        }
        try inner.write(bytes, to: plain(buffer))
    }

    func read(_ buffer: Buffer, into bytes: UnsafeMutableRawBufferPointer) throws(CLMatError) {
        note { $0.reads += 1 }
        try inner.read(plain(buffer), into: bytes)
    }

    func copy(_ source: Buffer, to target: Buffer, bytes: Int) throws(CLMatError) {
        try inner.copy(plain(source), to: plain(target), bytes: bytes)
    }

    func gemm(_ product: Gemm) throws(CLMatError) {
        note { $0.products += 1 }
        var product = product
        product.a.buffer = plain(product.a.buffer)
        product.b.buffer = plain(product.b.buffer)
        product.c.buffer = plain(product.c.buffer)
        try inner.gemm(product)
    }

    func launch(_ kernel: Kernel, _ arguments: [Argument], over work: WorkSize) throws(CLMatError) {
        note { $0.launches += 1 }
        let arguments = arguments.map { argument -> Argument in
            if case .buffer(let buffer) = argument { .buffer(plain(buffer)) } else { argument }
        }
        try inner.launch(kernel, arguments, over: work)
    }

    func gemm(_ batch: GemmBatch) throws(CLMatError) {
        note { $0.products += 1 }
        var first = batch.first
        first.a.buffer = plain(first.a.buffer)
        first.b.buffer = plain(first.b.buffer)
        first.c.buffer = plain(first.c.buffer)
        try inner.gemm(
            GemmBatch(
                first, count: batch.count, aStride: batch.aStride, bStride: batch.bStride, cStride: batch.cStride))
    }

    var multipliesInTiles: Bool { inner.multipliesInTiles }
    var largestGroup: Int { inner.largestGroup }
    func finish() throws(CLMatError) { try inner.finish() }
    func flush() { inner.flush() }
    func releaseUnused() throws(CLMatError) { try inner.releaseUnused() }

    private func plain(_ buffer: Buffer) -> Buffer { (buffer as? CountedBuffer)?.inner ?? buffer }
}

/// Memory of another device that gives back what it took of a ledger.
private final class CountedBuffer: Buffer, @unchecked Sendable {
    let inner: Buffer
    private let ledger: MemoryLedger

    init(_ inner: Buffer, _ ledger: MemoryLedger) {
        (self.inner, self.ledger) = (inner, ledger)
        super.init(byteCount: inner.byteCount)
    }

    deinit { ledger.giveBack(byteCount) }
}
