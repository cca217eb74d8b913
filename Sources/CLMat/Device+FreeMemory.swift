extension Device {
    /// Bytes that can still be taken on it, by its own account or, where it works in the host's memory, the system's. One whose backend keeps no
    /// account has all of its ``memory``.
    package var freeMemory: Int {
        switch backend {
        case let backend as CPUBackend: backend.freeMemory
        case let backend as OpenCLBackend:
            hasOwnMemory ? backend.freeMemory : min(backend.freeMemory, HostMemory.free ?? .max)
        default: memory
        }
    }
}
