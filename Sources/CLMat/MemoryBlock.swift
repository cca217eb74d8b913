/// Memory on a device that values share: who counts what snapshots keep alive counts each block once.
public struct MemoryBlock: Sendable {
    /// Two blocks with one identity are the same memory, as long as a value holds it.
    public struct Identity: Sendable, Hashable {
        private let object: ObjectIdentifier
        init(_ buffer: Buffer) { object = ObjectIdentifier(buffer) }
    }

    /// Tells one block from another.
    public let identity: Identity
    /// The size of the block in bytes.
    public let bytes: Int

    init(_ buffer: Buffer) {
        // Who holds a part keeps the whole alive.
        let whole = buffer.whole ?? buffer
        (identity, bytes) = (Identity(whole), whole.byteCount)
    }
}

extension Matrix {
    /// The memory that holds the elements.
    public var memory: MemoryBlock { MemoryBlock(buffer) }
}

extension IntVector {
    /// The memory that holds the elements.
    public var memory: MemoryBlock { MemoryBlock(buffer) }
}
