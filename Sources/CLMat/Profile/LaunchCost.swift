/// What one piece of work of a device consists of, as far as it can be counted without running it there.
public struct LaunchCost: Sendable, Equatable {
    /// What sort of work it is.
    public enum Kind: Sendable, Equatable {
        /// A kernel over an index space.
        case kernel
        /// A matrix product of a library, or several of one shape in one call, with m·n·k of one of them.
        case product(size: Int)
        /// The host waits for numbers of the device.
        case read
        /// Numbers of the host, or of another buffer, go to the device: nobody waits.
        case transfer
    }

    /// A kernel, a product or a transfer.
    public var kind: Kind
    /// Work-groups: how many parts of the device can work at the same time.
    public var groups: Int
    /// Bytes read and written.
    public var bytes: Int
    /// Floating-point operations.
    public var operations: Int
    /// How many numbers of 4 bytes one work-item reads or writes, one after another.
    public var loop: Int

    /// Some work; by default a kernel in one work-group.
    public init(kind: Kind = .kernel, groups: Int = 1, bytes: Int, operations: Int = 0, loop: Int = 1) {
        (self.kind, self.groups) = (kind, groups)
        (self.bytes, self.operations, self.loop) = (bytes, operations, loop)
    }

    /// Fewer work-groups than this leave a large GPU idle: it has up to 150 processors, each of which wants two.
    static let enoughGroups = 256
    /// Rows and columns of a tile of CLBlast's direct kernel, as its tuning has it for most GPUs.
    static let directTile = 32

    /// Whether it would leave much of a GPU idle: fewer than 256 work-groups for more than 1 MFLOP or 1 MB.
    public var leavesAGPUIdle: Bool {
        switch kind {
        case .kernel, .product: groups < Self.enoughGroups && max(bytes, operations) > 1_000_000
        case .read, .transfer: false
        }
    }
}

extension LaunchCost {
    /// The size of work-groups on a GPU where a kernel asks for none.
    static let usualGroupSize = 256

    /// A launch of a kernel.
    init(of work: WorkSize) {
        let size = work.groupSize(usually: Self.usualGroupSize)
        let workItems = work.items * work.workItems
        self.init(
            groups: (workItems + size - 1) / size, bytes: work.items * work.bytesPerItem,
            operations: work.items * work.operationsPerItem, loop: work.loop)
    }

    /// A product, or `batch` of them in one call.
    ///
    /// CLBlast's direct kernel, which takes all but large products, has tiles of 32 × 32 numbers and 128 work-items per tile,
    /// each of which loads 16 numbers per 32 terms (`src/database/kernels/xgemm_direct`, NVIDIA's default, in version 1.5.3).
    /// The kernel for large products has tiles of 64 × 64.
    init(productOf m: Int, _ n: Int, _ k: Int, batch: Int = 1) {
        let size = m * n * k
        let tile = size < DeviceModel.largeProduct ? Self.directTile : 64
        func tiles(_ count: Int) -> Int { (count + tile - 1) / tile }
        self.init(
            kind: .product(size: size), groups: tiles(m) * tiles(n) * batch,
            bytes: 4 * batch * (m * k + k * n + m * n), operations: 2 * size * batch, loop: (k + 31) / 32 * 16)
    }
}
