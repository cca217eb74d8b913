import CLMat
import Synchronization

/// How a device can fail in the middle of a run.
public enum Fault: Sendable, CaseIterable {
    /// Every call fails from then on, reads too: a driver that crashed, a cable that was pulled.
    case lost
    /// Nothing more can be allocated; what is there can be read and used.
    case outOfMemory
    /// A kernel that is needed only now does not compile.
    case buildFails

    public var error: CLMatError {
        switch self {
        case .lost: .deviceFailed(device: "failing", operation: "launch", status: "CL_OUT_OF_RESOURCES")
        case .outOfMemory: .outOfDeviceMemory(device: "failing", asked: 1 << 20, available: 0)
        case .buildFails: .kernelBuildFailed(kernel: "late", device: "failing", log: "1: error: on purpose")
        }
    }
}

extension Device {
    /// A device that works as the CPU does, and fails with `fault` from the call after the first `calls`: of the
    /// allocations where memory runs out, else of the launches and products.
    public static func failing(with fault: Fault, after calls: Int) -> Device {
        Device(
            name: "failing", kind: .accelerator, details: "fails after \(calls) calls", memory: Device.cpu.memory,
            computeUnits: 1, backend: FailingBackend(fault, after: calls))
    }
}

private final class FailingBackend: Backend {
    private let inner = Device.cpu.backend
    private let fault: Fault
    private let callsLeft: Mutex<Int>

    init(_ fault: Fault, after calls: Int) {
        self.fault = fault
        callsLeft = Mutex(calls)
    }

    /// One of the calls that are counted.
    private func spend() throws(CLMatError) {
        let isSpent = callsLeft.withLock { left in
            left -= 1
            return left < 0
        }
        if isSpent { throw fault.error }
    }

    private func failIfLost() throws(CLMatError) {
        if fault == .lost, callsLeft.withLock({ $0 < 0 }) { throw fault.error }
    }

    func allocate(bytes: Int) throws(CLMatError) -> Buffer {
        if fault == .outOfMemory { try spend() }
        try failIfLost()
        return try inner.allocate(bytes: bytes)
    }

    func write(_ bytes: UnsafeRawBufferPointer, to buffer: Buffer) throws(CLMatError) {
        try failIfLost()
        try inner.write(bytes, to: buffer)
    }

    func read(_ buffer: Buffer, into bytes: UnsafeMutableRawBufferPointer) throws(CLMatError) {
        try failIfLost()
        try inner.read(buffer, into: bytes)
    }

    func copy(_ source: Buffer, to target: Buffer, bytes: Int) throws(CLMatError) {
        try failIfLost()
        try inner.copy(source, to: target, bytes: bytes)
    }

    func gemm(_ product: Gemm) throws(CLMatError) {
        if fault != .outOfMemory { try spend() }
        try inner.gemm(product)
    }

    func launch(_ kernel: Kernel, _ arguments: [Argument], over work: WorkSize) throws(CLMatError) {
        if fault != .outOfMemory { try spend() }
        try inner.launch(kernel, arguments, over: work)
    }

    func finish() throws(CLMatError) {
        try failIfLost()
        try inner.finish()
    }
}
