/// What a device must be able to do. Every operation is written once, on top of these.
///
/// Work on one device happens in the order of the calls. Only `read` and `finish` wait for it.
public protocol Backend: Sendable {
    /// Memory for `bytes` bytes, from a pool: a steady training step allocates nothing. The content is undefined.
    func allocate(bytes: Int) throws(CLMatError) -> Buffer
    /// Copies `bytes` before it returns; the device may get them later.
    func write(_ bytes: UnsafeRawBufferPointer, to buffer: Buffer) throws(CLMatError)
    /// Waits for the work that produces `buffer`, then copies it to the host.
    func read(_ buffer: Buffer, into bytes: UnsafeMutableRawBufferPointer) throws(CLMatError)
    /// Begins to copy `bytes` bytes to the host, after the work that produces `buffer`, and does not wait. By default it waits.
    func startReading(_ buffer: Buffer, bytes: Int) throws(CLMatError) -> any PendingRead
    /// Copies `bytes` bytes from the start of one buffer to the start of another.
    func copy(_ source: Buffer, to target: Buffer, bytes: Int) throws(CLMatError)
    /// C ← α·op(A)·op(B) + β·C, row-major, with leading dimensions and offsets.
    func gemm(_ product: Gemm) throws(CLMatError)
    /// Products of one shape at once; one after the other (the default) where the backend has no way of its own.
    func gemm(_ batch: GemmBatch) throws(CLMatError)
    /// Whether each tile of a product is one work-group, so that a product with few tiles leaves the device idle and is to be
    /// split over k. False by default.
    var multipliesInTiles: Bool { get }
    /// The most work-items that a work-group can have. Kernels are written for 64, some for 256 where a device has as many.
    var largestGroup: Int { get }
    /// Runs `kernel` over the index space of `work`.
    func launch(_ kernel: Kernel, _ arguments: [Argument], over work: WorkSize) throws(CLMatError)
    /// Waits for all work.
    func finish() throws(CLMatError)
    /// Sends on what it may have kept back until there is more of it: asked for before the host turns to something else. By
    /// default there is nothing to send.
    func flush()
    /// Gives back the memory that it keeps for later, when there is not enough. By default it keeps none.
    func releaseUnused() throws(CLMatError)

    /// Where a part of a buffer may begin: multiples of so many bytes. Nil (the default) if the backend has no ``part(of:at:bytes:)``.
    var partAlignment: Int? { get }
    /// A part of a buffer as a buffer, which keeps the whole one alive.
    ///
    /// - Parameter offset: in bytes, a multiple of ``partAlignment``.
    func part(of whole: Buffer, at offset: Int, bytes: Int) throws(CLMatError) -> Buffer

    /// Does a whole convolution, if the backend has a way of its own; false (the default) if it has not, and it is to
    /// be done by launches and products.
    func convolve(_ task: ConvolutionTask) throws(CLMatError) -> Bool

    /// Does the loss of a softmax over many words, and its gradient, if the backend has a way of its own; false (the default) if it has not,
    /// and it is to be done by launches and products.
    func softmaxLoss(_ task: SoftmaxLossTask) throws(CLMatError) -> Bool

    /// Throws ``CLMatError/deviceFailed(device:operation:status:)`` if the loops of a work-item of `kernel`, so many iterations in
    /// sum, are more than the device does; by default there is no limit. A launch asks for its ``WorkSize/loop`` itself.
    func requireLoops(of iterations: Int, in kernel: String) throws(CLMatError)
}

extension Backend {
    /// Nothing: most backends keep nothing back.
    public func flush() {}
    /// Nothing: a backend without a pool has none.
    public func releaseUnused() throws(CLMatError) {}
}

/// Memory on a device. It goes back to the device's pool when nobody holds it any more.
///
/// `@unchecked Sendable`: its content is reached only through a backend, which orders the accesses; Swift code writes
/// to a buffer only while it is uniquely referenced (``Matrix``).
open class Buffer: @unchecked Sendable {
    /// Its size in bytes.
    public let byteCount: Int
    /// The buffer that this one is a part of; nil if it is memory of its own.
    public let whole: Buffer?
    /// Bytes from the start of ``whole`` to that of the part.
    public let offset: Int

    /// Memory of so many bytes, for a backend's own subclass.
    public init(byteCount: Int) { (self.byteCount, whole, offset) = (byteCount, nil, 0) }

    /// A part of another buffer, for a backend's own subclass.
    public init(byteCount: Int, of whole: Buffer, at offset: Int) {
        (self.byteCount, self.whole, self.offset) = (byteCount, whole, offset)
    }
}

/// What is on its way to the host.
public protocol PendingRead: Sendable {
    /// The bytes in units of four, when they are there. Waits for them, and for no work behind them.
    func wait() throws(CLMatError) -> [UInt32]
}

/// An argument of a kernel, in the order of its parameters.
public enum Argument: Sendable {
    /// A C `int`: the value is cut to 32 bits.
    case int(Int)
    /// A C `uint` of 32 bits, such as a part of a ``RandomKey``.
    case word(UInt32)
    /// A C `float`.
    case float(Float)
    /// A pointer to memory on the device (``Matrix/argument``).
    case buffer(Buffer)
}

/// The index space of a launch and what one item of it costs.
public struct WorkSize: Sendable {
    /// Items: elements, rows, planes. The CPU's threads share them.
    public var items: Int
    /// OpenCL work-items for each item.
    public var workItems: Int
    /// The size of an OpenCL work-group, where the kernel asks for one.
    public var groupSize: Int?
    /// Bytes read and written by one item, and its floating-point operations: for the profile, and to decide how
    /// finely the CPU's threads share the items.
    public var bytesPerItem: Int
    /// Floating-point operations of one item.
    public var operationsPerItem: Int
    /// How many numbers of 4 bytes one OpenCL work-item reads or writes, one after another: the longest there is. For the
    /// profile (``LaunchCost``).
    public var loop: Int
    /// Whether some items are far more work than others: the CPU's threads then share them in smaller pieces.
    public var isUneven = false

    /// An index space of `items`; without a group size the device chooses one.
    ///
    /// - Parameter loop: see ``loop``; if not given, all work-items of an item have an equal share of its bytes.
    public init(
        items: Int, workItems: Int = 1, groupSize: Int? = nil, bytesPerItem: Int, operationsPerItem: Int = 0,
        loop: Int? = nil
    ) {
        (self.items, self.workItems, self.groupSize) = (items, workItems, groupSize)
        (self.bytesPerItem, self.operationsPerItem) = (bytesPerItem, operationsPerItem)
        let share = 4 * max(1, workItems)
        self.loop = loop ?? (bytesPerItem + share - 1) / share
    }

    /// One work-item per element.
    public static func elements(_ count: Int, bytes: Int, operations: Int = 1, loop: Int? = nil) -> WorkSize {
        WorkSize(items: count, bytesPerItem: bytes, operationsPerItem: operations, loop: loop)
    }

    /// One work-group of `size` work-items per item.
    public static func groups(
        _ count: Int, of size: Int = 64, bytes: Int, operations: Int = 1, loop: Int? = nil
    ) -> WorkSize {
        WorkSize(
            items: count, workItems: size, groupSize: size, bytesPerItem: bytes, operationsPerItem: operations,
            loop: loop)
    }

    /// Work-items of an OpenCL work-group: what the kernel asks for, else `size`, or less where items are few: then more groups
    /// have a share of them. 32 is what NVIDIA's processors do at once.
    func groupSize(usually size: Int) -> Int {
        if let groupSize { return groupSize }
        let total = items * workItems
        var size = size
        while size > 32, (total + size - 1) / size < LaunchCost.enoughGroups { size /= 2 }
        return size
    }

    /// The fewest items that are worth a thread of their own: some ten microseconds of work.
    var grain: Int { max(1, 65536 / max(1, bytesPerItem + operationsPerItem / 4)) }
}

/// C ← α·op(A)·op(B) + β·C with op(A) m × k and op(B) k × n, all row-major. Offsets are in elements.
public struct Gemm: Sendable {
    /// A matrix where it lies in a buffer.
    public struct Operand: Sendable {
        /// The memory that the matrix lies in.
        public var buffer: Buffer
        /// Where its first element lies, in elements from the start of the buffer.
        public var offset: Int
        /// Elements from one row to the next.
        public var leadingDimension: Int
        /// Whether the product takes its transpose.
        public var isTransposed: Bool

        /// A matrix in a buffer; by default it begins at the start and is taken as it is.
        public init(_ buffer: Buffer, offset: Int = 0, leadingDimension: Int, isTransposed: Bool = false) {
            (self.buffer, self.offset) = (buffer, offset)
            (self.leadingDimension, self.isTransposed) = (leadingDimension, isTransposed)
        }
    }

    /// Rows of op(A) and of C.
    public var m: Int
    /// Columns of op(B) and of C.
    public var n: Int
    /// Columns of op(A), which are the rows of op(B).
    public var k: Int
    /// α, the factor of the product.
    public var alpha: Float = 1
    /// A.
    public var a: Operand
    /// B.
    public var b: Operand
    /// β, the factor of what C holds before.
    public var beta: Float = 0
    /// C, which is written.
    public var c: Operand
}
