import CCLBlast
import COpenCL
import Foundation
import Synchronization

/// An OpenCL device: one context, one in-order queue. Only `read` and `finish` wait.
///
/// `@unchecked Sendable`: OpenCL calls are thread-safe but for `clSetKernelArg` on one kernel object (OpenCL 1.2,
/// appendix A.2); kernel objects are used under `lock`, from the first argument to the enqueueing.
final class OpenCLBackend: Backend, @unchecked Sendable {
    let name: String
    private let platform: String
    let id: cl_device_id
    let context: cl_context
    private(set) var queue: cl_command_queue?
    private let isCPU: Bool
    private let memory: OpenCLMemory
    /// For matrix products of OpenCL CPU devices in OpenBLAS, on mapped buffers (``ProductLibrary``).
    private let hostPool: ThreadPool?

    private let lock = NSLock()
    private var kernels: [String: cl_kernel] = [:]
    private var programs: [String: cl_program] = [:]
    private weak var profile: Profile?
    private var pendingEvents: [(String, cl_event)] = []
    private let uploads = OpenCLUploads()
    let pinned = OpenCLPinnedMemory()

    init(
        id: cl_device_id, name: String, platform: String, isCPU: Bool, memory: Int, largestBuffer: Int
    ) throws(CLMatError) {
        (self.id, self.name, self.platform, self.isCPU) = (id, name, platform, isCPU)
        var status: cl_int = 0
        var device: cl_device_id? = id
        guard let context = clCreateContext(nil, 1, &device, nil, nil, &status), status == CL_SUCCESS else {
            throw .deviceFailed(device: name, operation: "clCreateContext", status: statusName(status))
        }
        self.context = context
        queue = clCreateCommandQueue(
            context, id, cl_command_queue_properties(CL_QUEUE_PROFILING_ENABLE), &status)
        guard queue != nil, status == CL_SUCCESS else {
            clReleaseContext(context)
            throw .deviceFailed(device: name, operation: "clCreateCommandQueue", status: statusName(status))
        }
        self.memory = OpenCLMemory(context: context, device: name, memory: memory, largestBuffer: largestBuffer)
        hostPool = isCPU && ProductLibrary.forCPUs == .openBLAS ? ThreadPool(threadCount: Device.cpu.computeUnits) : nil
    }

    deinit {
        clFinish(queue)
        uploads.free()
        pinned.release(queue)
        for kernel in kernels.values { clReleaseKernel(kernel) }
        for program in programs.values { clReleaseProgram(program) }
        if let queue { clReleaseCommandQueue(queue) }
        clReleaseContext(context)
    }

    func attachProfile(_ profile: Profile) { self.profile = profile }

    // MARK: - Memory

    func allocate(bytes: Int) throws(CLMatError) -> Buffer { try memory.allocate(bytes) }

    func write(_ bytes: UnsafeRawBufferPointer, to buffer: Buffer) throws(CLMatError) {
        guard let source = bytes.baseAddress, bytes.count > 0 else { return }
        uploads.free()
        // A copy of our own: the caller's memory is not used after we return. It is freed when the device has it.
        guard let staging = malloc(bytes.count) else {
            throw .outOfDeviceMemory(device: "the host", asked: bytes.count, available: CPUMemory.available)
        }
        staging.copyMemory(from: source, byteCount: bytes.count)
        var event: cl_event?
        let status = clEnqueueWriteBuffer(
            queue, openCL(buffer).memory, cl_bool(CL_FALSE), 0, bytes.count, staging, 0, nil, &event)
        guard status == CL_SUCCESS, let event else {
            free(staging)
            throw failure("clEnqueueWriteBuffer", status)
        }
        uploads.add(staging, event)
    }

    func read(_ buffer: Buffer, into bytes: UnsafeMutableRawBufferPointer) throws(CLMatError) {
        guard let target = bytes.baseAddress, bytes.count > 0 else { return }
        try check(
            clEnqueueReadBuffer(
                queue, openCL(buffer).memory, cl_bool(CL_TRUE), 0, bytes.count, target, 0, nil, nil),
            "clEnqueueReadBuffer")
        uploads.free()
        collectProfile()
    }

    func copy(_ source: Buffer, to target: Buffer, bytes: Int) throws(CLMatError) {
        guard bytes > 0 else { return }
        try check(
            clEnqueueCopyBuffer(queue, openCL(source).memory, openCL(target).memory, 0, 0, bytes, 0, nil, nil),
            "clEnqueueCopyBuffer")
    }

    func finish() throws(CLMatError) {
        try check(clFinish(queue), "clFinish")
        uploads.free()
        collectProfile()
    }

    // MARK: - Kernels

    func launch(_ kernel: Kernel, _ arguments: [Argument], over work: WorkSize) throws(CLMatError) {
        lock.lock()
        defer { lock.unlock() }
        let object = try self.object(for: kernel)
        for (index, argument) in arguments.enumerated() {
            try set(argument, cl_uint(index), of: object, kernel.name)
        }
        var local = work.groupSize ?? 64
        let total = work.items * work.workItems
        var global = (total + local - 1) / local * local
        try check(
            withEvent(kernel.name) { clEnqueueNDRangeKernel(queue, object, 1, nil, &global, &local, 0, nil, $0) },
            kernel.name)
    }

    private func set(_ argument: Argument, _ index: cl_uint, of object: cl_kernel, _ name: String) throws(CLMatError) {
        let status: cl_int
        switch argument {
        case .int(let value):
            var value = Int32(truncatingIfNeeded: value)
            status = clSetKernelArg(object, index, 4, &value)
        case .word(var value):
            status = clSetKernelArg(object, index, 4, &value)
        case .float(var value):
            status = clSetKernelArg(object, index, 4, &value)
        case .buffer(let buffer):
            var memory: cl_mem? = openCL(buffer).memory
            status = clSetKernelArg(object, index, MemoryLayout<cl_mem?>.size, &memory)
        }
        try check(status, "argument \(index) of \(name)")
    }

    /// The compiled kernel. The cache's key has the family's whole text; the context belongs to this backend alone.
    private func object(for kernel: Kernel) throws(CLMatError) -> cl_kernel {
        let key = kernel.name + "\u{0}" + kernel.family.source
        if let found = kernels[key] { return found }
        let program = try self.program(of: kernel.family)
        var status: cl_int = 0
        guard let object = clCreateKernel(program, kernel.name, &status), status == CL_SUCCESS else {
            throw failure("clCreateKernel for \(kernel.name)", status)
        }
        kernels[key] = object
        return object
    }

    private func program(of family: KernelFamily) throws(CLMatError) -> cl_program {
        if let found = programs[family.source] { return found }
        // Where its disk is full, PoCL's compiler ends the process without an error that could be caught.
        if let problem = CompilerCache.problem(platform: platform) {
            throw .compilerFailed(device: name, status: "it was not started", log: "", remedy: problem)
        }
        let start = ContinuousClock.now
        var status: cl_int = 0
        let program = family.source.withCString { text in
            var text: UnsafePointer<CChar>? = text
            return clCreateProgramWithSource(context, 1, &text, nil, &status)
        }
        guard let program, status == CL_SUCCESS else { throw failure("clCreateProgramWithSource", status) }
        var device: cl_device_id? = id
        status = clBuildProgram(program, 1, &device, "-cl-std=CL1.2", nil, nil)
        guard status == CL_SUCCESS else {
            let log = informationString {
                clGetProgramBuildInfo(program, device, cl_program_build_info(CL_PROGRAM_BUILD_LOG), $0, $1, $2)
            }
            clReleaseProgram(program)
            throw CompilerFailure.error(
                kernel: family.name, source: family.source, device: name, status: status, log: log,
                remedy: CompilerCache.remedy(platform: platform))
        }
        programs[family.source] = program
        Log.event("\(name): built '\(family.name)' in \(ContinuousClock.now - start)")
        return program
    }

    // MARK: - Matrix products

    func gemm(_ g: Gemm) throws(CLMatError) {
        if let hostPool { return try gemmOnHost(g, hostPool) }
        guard g.k > 0 else { return try scaleOnly(g) }
        lock.lock()
        defer { lock.unlock() }
        var event: cl_event?
        let status = CLBlastSgemm(
            CLBlastLayoutRowMajor, g.a.isTransposed ? CLBlastTransposeYes : CLBlastTransposeNo,
            g.b.isTransposed ? CLBlastTransposeYes : CLBlastTransposeNo, g.m, g.n, g.k, g.alpha,
            openCL(g.a.buffer).memory, g.a.offset, g.a.leadingDimension, openCL(g.b.buffer).memory, g.b.offset,
            g.b.leadingDimension, g.beta, openCL(g.c.buffer).memory, g.c.offset, g.c.leadingDimension, &queue, &event)
        guard status == CLBlastSuccess else {
            throw .deviceFailed(device: name, operation: "CLBlastSgemm", status: "CLBlast status \(status.rawValue)")
        }
        if let event {
            if let profile, profile.isRecording { pendingEvents.append(("gemm", event)) } else { clReleaseEvent(event) }
        }
    }

    /// C ← β·C, which is what a product over no terms leaves to do; CLBlast refuses k = 0.
    private func scaleOnly(_ g: Gemm) throws(CLMatError) {
        for row in 0..<g.m {
            let offset = g.c.offset + row * g.c.leadingDimension
            try launch(
                .scaleRange,
                [.int(g.n), .int(offset), .float(g.beta), .buffer(g.c.buffer)],
                over: .elements(g.n, bytes: 8))
        }
    }

    private func gemmOnHost(_ g: Gemm, _ pool: ThreadPool) throws(CLMatError) {
        let buffers = [(g.a.buffer, CL_MAP_READ), (g.b.buffer, CL_MAP_READ), (g.c.buffer, CL_MAP_READ | CL_MAP_WRITE)]
        var mapped: [UnsafeMutableRawPointer] = []
        defer {
            for (pointer, entry) in zip(mapped, buffers) {
                clEnqueueUnmapMemObject(queue, openCL(entry.0).memory, pointer, 0, nil, nil)
            }
        }
        for (buffer, flags) in buffers {
            var status: cl_int = 0
            let pointer = clEnqueueMapBuffer(
                queue, openCL(buffer).memory, cl_bool(CL_TRUE), cl_map_flags(flags), 0, openCL(buffer).capacity, 0, nil,
                nil, &status)
            guard let pointer, status == CL_SUCCESS else { throw failure("clEnqueueMapBuffer", status) }
            mapped.append(pointer)
        }
        let start = ContinuousClock.now
        let floats = mapped.map { $0.assumingMemoryBound(to: Float.self) }
        HostGemm.run(g, floats[0] + g.a.offset, floats[1] + g.b.offset, floats[2] + g.c.offset, on: pool)
        if let profile, profile.isRecording {
            profile.add("gemm", seconds: (ContinuousClock.now - start).seconds)
        }
    }

    // MARK: - Profile and errors

    /// Enqueues with an event if the profile is recording, else without.
    private func withEvent(_ kernel: String, _ enqueue: (UnsafeMutablePointer<cl_event?>?) -> cl_int) -> cl_int {
        guard let profile, profile.isRecording else { return enqueue(nil) }
        var event: cl_event?
        let status = enqueue(&event)
        if let event { pendingEvents.append((kernel, event)) }
        return status
    }

    private func collectProfile() {
        lock.lock()
        let events = pendingEvents
        pendingEvents = []
        lock.unlock()
        note(events)
    }

    /// The same where work is still queued: the queue is in order, so what is done comes first.
    func collectFinished() {
        lock.lock()
        let done = pendingEvents.prefix { entry in
            var status = CL_QUEUED
            return clGetEventInfo(entry.1, cl_event_info(CL_EVENT_COMMAND_EXECUTION_STATUS), 4, &status, nil)
                == CL_SUCCESS && status == CL_COMPLETE
        }
        pendingEvents.removeFirst(done.count)
        lock.unlock()
        uploads.free()
        note(Array(done))
    }

    private func note(_ events: [(String, cl_event)]) {
        for (kernel, event) in events {
            var (start, end): (cl_ulong, cl_ulong) = (0, 0)
            if clGetEventProfilingInfo(event, cl_profiling_info(CL_PROFILING_COMMAND_START), 8, &start, nil)
                == CL_SUCCESS,
                clGetEventProfilingInfo(event, cl_profiling_info(CL_PROFILING_COMMAND_END), 8, &end, nil) == CL_SUCCESS,
                end > start
            {
                profile?.add(kernel, seconds: Double(end - start) * 1e-9)
            }
            clReleaseEvent(event)
        }
    }

    func failure(_ operation: String, _ status: cl_int) -> CLMatError {
        if status == CL_MEM_OBJECT_ALLOCATION_FAILURE {
            return .outOfDeviceMemory(device: name, asked: 0, available: memory.available)
        }
        return .deviceFailed(device: name, operation: operation, status: statusName(status))
    }

    private func check(_ status: cl_int, _ operation: String) throws(CLMatError) {
        guard status == CL_SUCCESS else { throw failure(operation, status) }
    }
}

/// A buffer handed to an OpenCL backend is one of its own: operations check the device before they launch.
func openCL(_ buffer: Buffer) -> OpenCLBuffer {
    guard let buffer = buffer as? OpenCLBuffer else { preconditionFailure("a buffer of another device") }
    return buffer
}

/// A buffer of an OpenCL backend, from its own pool.
final class OpenCLBuffer: Buffer, @unchecked Sendable {
    let memory: cl_mem
    let capacity: Int
    /// Nil of a part, whose memory belongs to the whole.
    private let owner: OpenCLMemory?

    init(byteCount: Int, memory: cl_mem, capacity: Int, owner: OpenCLMemory) {
        (self.memory, self.capacity, self.owner) = (memory, capacity, owner)
        super.init(byteCount: byteCount)
    }

    init(byteCount: Int, memory: cl_mem, of whole: OpenCLBuffer, at offset: Int) {
        (self.memory, capacity, owner) = (memory, byteCount, nil)
        super.init(byteCount: byteCount, of: whole, at: offset)
    }

    deinit {
        if let owner { owner.takeBack(memory, capacity) } else { clReleaseMemObject(memory) }
    }
}

/// The pool of a device's memory. A block that is still used by queued work may be handed out again: the queue is in
/// order, so the next user's work comes after.
///
/// `@unchecked Sendable`: the free lists are behind a lock; retaining and releasing are thread-safe in OpenCL.
final class OpenCLMemory: @unchecked Sendable {
    private let context: cl_context
    private let device: String
    private let total: Int
    private let largestBuffer: Int
    private let lock = NSLock()
    private var free: [Int: [cl_mem]] = [:]
    private var freeBytes = 0
    private var usedBytes = 0

    init(context: cl_context, device: String, memory: Int, largestBuffer: Int) {
        clRetainContext(context)
        (self.context, self.device, self.total, self.largestBuffer) = (context, device, memory, largestBuffer)
    }

    deinit {
        releaseFree()
        clReleaseContext(context)
    }

    var available: Int {
        lock.lock()
        defer { lock.unlock() }
        return max(0, min(total - usedBytes, largestBuffer))
    }

    func allocate(_ bytes: Int) throws(CLMatError) -> OpenCLBuffer {
        let capacity = CPUMemory.sizeClass(bytes)
        lock.lock()
        if let recycled = free[capacity]?.popLast() {
            freeBytes -= capacity
            usedBytes += capacity
            lock.unlock()
            return OpenCLBuffer(byteCount: bytes, memory: recycled, capacity: capacity, owner: self)
        }
        let fits = capacity <= largestBuffer && usedBytes + capacity <= total
        lock.unlock()
        guard fits else { throw .outOfDeviceMemory(device: device, asked: bytes, available: available) }

        var status: cl_int = 0
        var memory = clCreateBuffer(context, cl_mem_flags(CL_MEM_READ_WRITE), capacity, nil, &status)
        if memory == nil || status != CL_SUCCESS {
            lock.lock()
            releaseFree()  // what waits in the pool may be all that is missing
            lock.unlock()
            memory = clCreateBuffer(context, cl_mem_flags(CL_MEM_READ_WRITE), capacity, nil, &status)
        }
        guard let memory, status == CL_SUCCESS else {
            throw .outOfDeviceMemory(device: device, asked: bytes, available: available)
        }
        lock.lock()
        usedBytes += capacity
        lock.unlock()
        return OpenCLBuffer(byteCount: bytes, memory: memory, capacity: capacity, owner: self)
    }

    func takeBack(_ memory: cl_mem, _ capacity: Int) {
        lock.lock()
        defer { lock.unlock() }
        usedBytes -= capacity
        // A quarter of the device may wait in the pool.
        if freeBytes + capacity > total / 4 {
            clReleaseMemObject(memory)
        } else {
            free[capacity, default: []].append(memory)
            freeBytes += capacity
        }
    }

    private func releaseFree() {
        for block in free.values.flatMap({ $0 }) { clReleaseMemObject(block) }
        free = [:]
        freeBytes = 0
    }
}
