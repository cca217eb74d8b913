import COpenCL
import Foundation
import Synchronization

// Parts of buffers, and what reads are that the host does not wait for.
extension OpenCLBackend {
    /// By the specification a part begins at a multiple of what the device aligns memory to, which it tells in bits.
    var partAlignment: Int? {
        var bits: cl_uint = 0
        let status = clGetDeviceInfo(id, cl_device_info(CL_DEVICE_MEM_BASE_ADDR_ALIGN), 4, &bits, nil)
        return status == CL_SUCCESS && bits > 0 ? max(64, Int(bits) / 8) : nil
    }

    func part(of whole: Buffer, at offset: Int, bytes: Int) throws(CLMatError) -> Buffer {
        let whole = openCL(whole)
        var region = cl_buffer_region(origin: offset, size: bytes)
        var status: cl_int = 0
        let memory = clCreateSubBuffer(
            whole.memory, cl_mem_flags(CL_MEM_READ_WRITE), cl_buffer_create_type(CL_BUFFER_CREATE_TYPE_REGION),
            &region, &status)
        guard let memory, status == CL_SUCCESS else { throw failure("clCreateSubBuffer", status) }
        return OpenCLBuffer(byteCount: bytes, memory: memory, of: whole, at: offset)
    }
}

/// A read that was enqueued.
///
/// `@unchecked Sendable`: OpenCL's functions for events may be called by any thread, and the memory is the read's own until the last
/// who holds it lets go.
final class OpenCLRead: PendingRead, @unchecked Sendable {
    private let target: OpenCLPinnedMemory.Block
    private let bytes: Int
    private let event: cl_event
    private let memory: OpenCLPinnedMemory
    private let backend: OpenCLBackend

    init(
        _ target: OpenCLPinnedMemory.Block, _ bytes: Int, _ event: cl_event, _ memory: OpenCLPinnedMemory,
        _ backend: OpenCLBackend
    ) {
        (self.target, self.bytes, self.event) = (target, bytes, event)
        (self.memory, self.backend) = (memory, backend)
    }

    func wait() throws(CLMatError) -> [UInt32] {
        var event: cl_event? = event
        let status = clWaitForEvents(1, &event)
        guard status == CL_SUCCESS else { throw backend.failure("clWaitForEvents for a read", status) }
        backend.collectProfile()
        return Array(
            UnsafeBufferPointer(start: target.pointer.assumingMemoryBound(to: UInt32.self), count: bytes / 4))
    }

    deinit {
        // The device may still write to it.
        var event: cl_event? = event
        clWaitForEvents(1, &event)
        clReleaseEvent(self.event)
        memory.takeBack(target)
    }
}

/// Memory of the host that a device writes to by itself: a read into other memory waits, on some drivers, whatever it was asked to do.
///
/// `@unchecked Sendable`: blocks that nobody uses are behind a lock.
final class OpenCLPinnedMemory: @unchecked Sendable {
    /// A block of it; of the common heap if there is no buffer.
    struct Block: @unchecked Sendable {
        let pointer: UnsafeMutableRawPointer
        let buffer: cl_mem?
        let size: Int
    }

    /// The measured numbers of a step take less than the first, as a rule; labels of a large minibatch need the second.
    private static let sizes = [64 << 10, 1 << 20]
    private let lock = NSLock()
    private var free: [Block] = []

    func take(_ bytes: Int, _ context: cl_context, _ queue: cl_command_queue?) throws(CLMatError) -> Block {
        if let size = Self.sizes.first(where: { bytes <= $0 }) {
            lock.lock()
            let place = free.firstIndex { $0.size == size }
            let found = place.map { free.remove(at: $0) }
            lock.unlock()
            if let found { return found }
            if let new = Self.pinned(size, context, queue) { return new }
        }
        guard let pointer = malloc(bytes) else {
            throw .outOfDeviceMemory(device: "the host", asked: bytes, available: CPUMemory.available)
        }
        return Block(pointer: pointer, buffer: nil, size: bytes)
    }

    /// Memory that stays mapped as long as it lives (the way that drivers' guides recommend).
    private static func pinned(_ size: Int, _ context: cl_context, _ queue: cl_command_queue?) -> Block? {
        var status: cl_int = 0
        let flags = cl_mem_flags(CL_MEM_READ_WRITE | CL_MEM_ALLOC_HOST_PTR)
        guard let buffer = clCreateBuffer(context, flags, size, nil, &status), status == CL_SUCCESS else { return nil }
        let access = cl_map_flags(CL_MAP_READ | CL_MAP_WRITE)
        let pointer = clEnqueueMapBuffer(queue, buffer, cl_bool(CL_TRUE), access, 0, size, 0, nil, nil, &status)
        guard let pointer, status == CL_SUCCESS else {
            clReleaseMemObject(buffer)
            return nil
        }
        return Block(pointer: pointer, buffer: buffer, size: size)
    }

    func takeBack(_ block: Block) {
        guard block.buffer != nil else { return Foundation.free(block.pointer) }
        lock.lock()
        free.append(block)
        lock.unlock()
    }

    func release(_ queue: cl_command_queue?) {
        for block in free {
            clEnqueueUnmapMemObject(queue, block.buffer, block.pointer, 0, nil, nil)
            clReleaseMemObject(block.buffer)
        }
        free = []
    }
}
