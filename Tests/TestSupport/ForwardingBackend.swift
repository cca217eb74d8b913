import CLMat

/// A backend that does what another does. Tests override what they want to see or to change.
///
/// `@unchecked Sendable`: it has nothing but the other one, which is sendable; subclasses see to their own.
open class ForwardingBackend: Backend, @unchecked Sendable {
    public let inner: any Backend

    public init(_ inner: any Backend) { self.inner = inner }

    open func allocate(bytes: Int) throws(CLMatError) -> Buffer { try inner.allocate(bytes: bytes) }
    open func write(_ bytes: UnsafeRawBufferPointer, to buffer: Buffer) throws(CLMatError) {
        try inner.write(bytes, to: buffer)
    }
    open func read(_ buffer: Buffer, into bytes: UnsafeMutableRawBufferPointer) throws(CLMatError) {
        try inner.read(buffer, into: bytes)
    }
    open func startReading(_ buffer: Buffer, bytes: Int) throws(CLMatError) -> any PendingRead {
        try inner.startReading(buffer, bytes: bytes)
    }
    open func copy(_ source: Buffer, to target: Buffer, bytes: Int) throws(CLMatError) {
        try inner.copy(source, to: target, bytes: bytes)
    }
    open func gemm(_ product: Gemm) throws(CLMatError) { try inner.gemm(product) }
    open func gemm(_ batch: GemmBatch) throws(CLMatError) { try inner.gemm(batch) }
    open func launch(_ kernel: Kernel, _ arguments: [Argument], over work: WorkSize) throws(CLMatError) {
        try inner.launch(kernel, arguments, over: work)
    }
    open func convolve(_ task: ConvolutionTask) throws(CLMatError) -> Bool { try inner.convolve(task) }
    open func softmaxLoss(_ task: SoftmaxLossTask) throws(CLMatError) -> Bool { try inner.softmaxLoss(task) }
    open func finish() throws(CLMatError) { try inner.finish() }
    open func flush() { inner.flush() }
    open func releaseUnused() throws(CLMatError) { try inner.releaseUnused() }
    open func part(of whole: Buffer, at offset: Int, bytes: Int) throws(CLMatError) -> Buffer {
        try inner.part(of: whole, at: offset, bytes: bytes)
    }
    open func requireLoops(of iterations: Int, in kernel: String) throws(CLMatError) {
        try inner.requireLoops(of: iterations, in: kernel)
    }
    open var partAlignment: Int? { inner.partAlignment }
    open var multipliesInTiles: Bool { inner.multipliesInTiles }
    open var largestGroup: Int { inner.largestGroup }
}
