extension Backend {
    /// Writes all elements of an array to the start of a buffer.
    func write<Element: BitwiseCopyable>(_ values: [Element], to buffer: Buffer) throws(CLMatError) {
        guard !values.isEmpty else { return }
        // The standard library's closures do not carry typed errors out.
        let result = values.withUnsafeBytes { bytes in
            Result { () throws(CLMatError) in try write(bytes, to: buffer) }
        }
        try result.get()
    }

    /// The first `count` elements of a buffer. Waits for the device.
    func read<Element: BitwiseCopyable & ExpressibleByIntegerLiteral>(
        _ count: Int, from buffer: Buffer
    ) throws(CLMatError) -> [Element] {
        guard count > 0 else { return [] }
        var values = [Element](repeating: 0, count: count)
        let result = values.withUnsafeMutableBytes { bytes in
            Result { () throws(CLMatError) in try read(buffer, into: bytes) }
        }
        try result.get()
        return values
    }

    /// No limit.
    public func requireLoops(of iterations: Int, in kernel: String) throws(CLMatError) {}
}

/// What has come already.
struct KnownRead: PendingRead {
    let words: [UInt32]
    func wait() -> [UInt32] { words }
}

extension Backend {
    public func startReading(_ buffer: Buffer, bytes: Int) throws(CLMatError) -> any PendingRead {
        KnownRead(words: try read(bytes / 4, from: buffer))
    }

    public var partAlignment: Int? { nil }

    public func part(of whole: Buffer, at offset: Int, bytes: Int) throws(CLMatError) -> Buffer {
        throw .invalidArgument(operation: "part", problem: "This backend's buffers have no parts.")
    }
}
