import CCLBlast
import COpenCL
import Foundation

/// An OpenCL device: one context, one in-order queue, made when it is first used. Only `read` and `finish` wait.
///
/// `@unchecked Sendable`: OpenCL calls are thread-safe but for `clSetKernelArg` on one kernel object (OpenCL 1.2,
/// appendix A.2); kernel objects are used under `lock`, from the first argument to the enqueueing, and so is the rest of what
/// changes here.
final class OpenCLBackend: Backend, @unchecked Sendable {
    let name: String
    let platform: String
    let id: cl_device_id
    private let kind: Device.Kind
    let largestGroup: Int
    private let memory: OpenCLMemory
    private let profile: Profile
    /// For matrix products of OpenCL CPU devices in OpenBLAS, on mapped buffers (``ProductLibrary``).
    private let hostPool: ThreadPool?

    private let loops = LoopLimit()

    private let lock = NSLock()
    private var connection: OpenCLConnection?
    private var kernels: [Compiled?] = []
    private var programs: [Int: cl_program] = [:]
    private var pendingEvents: [(String, cl_event)] = []
    /// Commands that were enqueued since the last flush; nil if the device has none left to work on.
    private var unflushed: Int?

    private struct Compiled {
        let object: cl_kernel
        /// Work-items of a group where the launch does not ask for a number.
        let groupSize: Int
    }

    /// - Parameter profile: the device's; while it records, the queue keeps times.
    init(
        id: cl_device_id, name: String, platform: String, kind: Device.Kind, memory: Int, largestBuffer: Int,
        profile: Profile
    ) {
        (self.id, self.name, self.platform, self.kind) = (id, name, platform, kind)
        self.profile = profile
        var largestGroup = 0
        clGetDeviceInfo(id, cl_device_info(CL_DEVICE_MAX_WORK_GROUP_SIZE), MemoryLayout<Int>.size, &largestGroup, nil)
        self.largestGroup = largestGroup
        self.memory = OpenCLMemory(device: name, memory: memory, largestBuffer: largestBuffer)
        hostPool =
            kind == .openCLCPU && ProductLibrary.forCPUs == .openBLAS
            ? ThreadPool(threadCount: Device.cpu.computeUnits) : nil
    }

    deinit {
        connection?.finish()
        for event in pendingEvents { clReleaseEvent(event.1) }
        for case let kernel? in kernels { clReleaseKernel(kernel.object) }
        for program in programs.values { clReleaseProgram(program) }
    }

    // MARK: - The connection

    private func locked<Value>(_ body: () throws(CLMatError) -> Value) throws(CLMatError) -> Value {
        lock.lock()
        defer { lock.unlock() }
        return try body()
    }

    /// Whether somebody used it.
    var isConnected: Bool { lock.withLock { connection != nil } }

    /// The context and what lives in it; made now if nobody needed it before. Under the lock.
    private func connected() throws(CLMatError) -> OpenCLConnection {
        if let connection { return connection }
        let made = try OpenCLConnection(id, name)
        connection = made
        return made
    }

    /// The queue for the next command, of the sort that is needed now. Under the lock, which is held until the command is
    /// enqueued, so that no other queue takes its place between.
    ///
    /// A queue that keeps times costs 15 % of a launch on NVIDIA, so there is one only while somebody profiles.
    private func currentQueue() throws(CLMatError) -> cl_command_queue {
        let connection = try connected()
        let isRecording = profile.isRecording
        if connection.keepsTimes != isRecording { try connection.changeQueue(keepsTimes: isRecording) }
        return connection.queue
    }

    /// Begins to copy a buffer to the host, in the queue of the moment.
    func startReading(_ buffer: Buffer, bytes: Int) throws(CLMatError) -> any PendingRead {
        guard bytes > 0 else { return KnownRead(words: []) }
        return try locked { () throws(CLMatError) in
            let queue = try currentQueue()
            let connection = try connected()
            let target = try connection.pinned.take(bytes, connection.context, queue)
            var event: cl_event?
            let status = clEnqueueReadBuffer(
                queue, openCL(buffer).memory, cl_bool(CL_FALSE), 0, bytes, target.pointer, 0, nil, &event)
            guard status == CL_SUCCESS, let event else {
                connection.pinned.takeBack(target)
                throw failure("clEnqueueReadBuffer", status)
            }
            // What is awaited is not to lie in the driver.
            clFlush(queue)
            unflushed = 0
            return OpenCLRead(target, bytes, event, connection.pinned, self)
        }
    }

    /// Does what waits with the current queue, and without the lock: others go on meanwhile. What the caller enqueued before is in
    /// this queue, or was finished when it took the place of another.
    private func waiting(_ operation: String, _ body: (cl_command_queue) -> cl_int) throws(CLMatError) {
        let queue = try locked { () throws(CLMatError) in
            let queue = try currentQueue()
            clRetainCommandQueue(queue)
            return queue
        }
        defer { clReleaseCommandQueue(queue) }
        try check(body(queue), operation)
        try locked { () throws(CLMatError) in unflushed = nil }
        collectProfile()
    }

    /// Notes a command that was enqueued, under the lock, and sends commands to the device now and then.
    ///
    /// Some drivers keep commands until they are flushed (Mesa's rusticl, AMD's), which would leave the device idle until the host
    /// waits. A device that has nothing to do gets its first command at once; after that one flush for sixteen commands
    /// costs next to nothing, and the device is busy with the ones before.
    private func noteEnqueued(_ queue: cl_command_queue) {
        let count = unflushed.map { $0 + 1 } ?? Self.flushInterval
        if count >= Self.flushInterval { clFlush(queue) }
        unflushed = count >= Self.flushInterval ? 0 : count
    }

    private static let flushInterval = 16

    func flush() {
        lock.lock()
        defer { lock.unlock() }
        guard let connection, unflushed ?? 0 > 0 else { return }
        clFlush(connection.queue)
        unflushed = 0
    }

    // MARK: - Memory

    func allocate(bytes: Int) throws(CLMatError) -> Buffer {
        let context = try locked { () throws(CLMatError) in try connected().context }
        return try memory.allocate(bytes, in: context)
    }

    /// Bytes of the device that are not in use.
    var freeMemory: Int { memory.unused }

    func releaseUnused() throws(CLMatError) {
        // Queued work may still use what waits in the pool.
        try finish()
        memory.releaseUnused()
    }

    func write(_ bytes: UnsafeRawBufferPointer, to buffer: Buffer) throws(CLMatError) {
        guard bytes.count > 0 else { return }
        let target = openCL(buffer).memory
        let staging = try locked { () throws(CLMatError) in
            let queue = try currentQueue()
            return try connected().staging(queue)
        }
        try staging.write(
            bytes,
            OpenCLStaging.Queue { (staged, offset, count) throws(CLMatError) in
                try self.locked { () throws(CLMatError) in
                    let queue = try self.currentQueue()
                    try self.check(
                        clEnqueueWriteBuffer(queue, target, cl_bool(CL_FALSE), offset, count, staged, 0, nil, nil),
                        "clEnqueueWriteBuffer")
                    self.noteEnqueued(queue)
                }
            } mark: { () throws(CLMatError) in
                try self.locked { () throws(CLMatError) in
                    let queue = try self.currentQueue()
                    var event: cl_event?
                    try self.check(clEnqueueMarkerWithWaitList(queue, 0, nil, &event), "clEnqueueMarkerWithWaitList")
                    guard let event else { throw self.failure("clEnqueueMarkerWithWaitList", CL_OUT_OF_HOST_MEMORY) }
                    clFlush(queue)
                    self.unflushed = 0
                    return event
                }
            })
    }

    func read(_ buffer: Buffer, into bytes: UnsafeMutableRawBufferPointer) throws(CLMatError) {
        guard let target = bytes.baseAddress, bytes.count > 0 else { return }
        try waiting("clEnqueueReadBuffer") { queue in
            clEnqueueReadBuffer(queue, openCL(buffer).memory, cl_bool(CL_TRUE), 0, bytes.count, target, 0, nil, nil)
        }
    }

    func copy(_ source: Buffer, to target: Buffer, bytes: Int) throws(CLMatError) {
        guard bytes > 0 else { return }
        try locked { () throws(CLMatError) in
            let queue = try currentQueue()
            try check(
                clEnqueueCopyBuffer(queue, openCL(source).memory, openCL(target).memory, 0, 0, bytes, 0, nil, nil),
                "clEnqueueCopyBuffer")
            noteEnqueued(queue)
        }
    }

    func finish() throws(CLMatError) { try waiting("clFinish") { clFinish($0) } }

    // MARK: - Kernels

    func requireLoops(of iterations: Int, in kernel: String) throws(CLMatError) {
        try loops.require(iterations, of: kernel, on: self, name)
    }

    func launch(_ kernel: Kernel, _ arguments: [Argument], over work: WorkSize) throws(CLMatError) {
        try requireLoops(of: work.loop, in: kernel.name)
        lock.lock()
        defer { lock.unlock() }
        let queue = try currentQueue()
        let compiled = try self.compiled(kernel)
        for (index, argument) in arguments.enumerated() {
            try set(argument, cl_uint(index), of: compiled.object, kernel.name)
        }
        var local = work.groupSize(usually: compiled.groupSize)
        let total = work.items * work.workItems
        var global = (total + local - 1) / local * local
        try check(
            withEvent(kernel.name) {
                clEnqueueNDRangeKernel(queue, compiled.object, 1, nil, &global, &local, 0, nil, $0)
            },
            kernel.name)
        noteEnqueued(queue)
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
        if status != CL_SUCCESS { throw failure("argument \(index) of \(name)", status) }
    }

    /// The compiled kernel, by its number: a launch looks at no text.
    private func compiled(_ kernel: Kernel) throws(CLMatError) -> Compiled {
        if kernel.id < kernels.count, let found = kernels[kernel.id] { return found }
        let program = try self.program(of: kernel.family)
        var status: cl_int = 0
        guard let object = clCreateKernel(program, kernel.name, &status), status == CL_SUCCESS else {
            throw failure("clCreateKernel for \(kernel.name)", status)
        }
        var largest = 0
        let size = MemoryLayout<Int>.size
        status = clGetKernelWorkGroupInfo(
            object, id, cl_kernel_work_group_info(CL_KERNEL_WORK_GROUP_SIZE), size, &largest, nil)
        let made = Compiled(
            object: object, groupSize: Self.groupSize(on: kind, largest: status == CL_SUCCESS ? largest : nil))
        if kernels.count <= kernel.id {
            kernels += [Compiled?](repeating: nil, count: kernel.id + 1 - kernels.count)
        }
        kernels[kernel.id] = made
        return made
    }

    /// Work-items of a group, where any number is right: 256 on a GPU, where elementwise kernels with 64 reach half the bandwidth
    /// (measured on an H200), and 64 elsewhere; in no case more than the device can run of this kernel.
    ///
    /// - Parameter largest: what the device says of the kernel; nil if it says nothing.
    static func groupSize(on kind: Device.Kind, largest: Int?) -> Int {
        let wanted = kind == .gpu ? 256 : 64
        guard let largest else { return min(wanted, 64) }
        return max(1, min(wanted, largest))
    }

    private func program(of family: KernelFamily) throws(CLMatError) -> cl_program {
        if let found = programs[family.id] { return found }
        // Where its disk is full, PoCL's compiler ends the process without an error that could be caught.
        if let problem = CompilerCache.problem(platform: platform) {
            throw .compilerFailed(device: name, status: "it was not started", log: "", remedy: problem)
        }
        let context = try connected().context
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
        programs[family.id] = program
        Log.event("\(name): built '\(family.name)' in \(ContinuousClock.now - start)")
        return program
    }

    // MARK: - Matrix products

    /// CLBlast keeps its compiled programs in caches that all devices of the process share, and until 1.6.1 two threads that use them
    /// at once can damage them ("a multithreading bug related to storing objects in the cache"; Debian 12 has 1.5.3). So one lock
    /// holds for all backends.
    private static let clBlast = NSLock()

    func gemm(_ g: Gemm) throws(CLMatError) {
        if let hostPool { return try gemmOnHost(g, hostPool) }
        guard g.k > 0 else { return try scaleOnly(g) }
        try multiply("CLBlastSgemm") { queue, event in
            CLBlastSgemm(
                CLBlastLayoutRowMajor, g.a.isTransposed ? CLBlastTransposeYes : CLBlastTransposeNo,
                g.b.isTransposed ? CLBlastTransposeYes : CLBlastTransposeNo, g.m, g.n, g.k, g.alpha,
                openCL(g.a.buffer).memory, g.a.offset, g.a.leadingDimension, openCL(g.b.buffer).memory, g.b.offset,
                g.b.leadingDimension, g.beta, openCL(g.c.buffer).memory, g.c.offset, g.c.leadingDimension, queue, event)
        }
    }

    /// Lets CLBlast enqueue a product.
    private func multiply(
        _ name: String,
        _ enqueue: (UnsafeMutablePointer<cl_command_queue?>, UnsafeMutablePointer<cl_event?>?) -> CLBlastStatusCode
    ) throws(CLMatError) {
        lock.lock()
        defer { lock.unlock() }
        let queue = try currentQueue()
        // CLBlast takes the queue's address: that of a copy, since others read the property.
        var own: cl_command_queue? = queue
        var status = CLBlastSuccess
        Self.clBlast.withLock {
            _ = withEvent("gemm") { event in
                status = enqueue(&own, event)
                return cl_int(CL_SUCCESS)
            }
        }
        guard status == CLBlastSuccess else {
            // Its statuses begin with those of OpenCL; it needs memory for operands that it has to lay out anew.
            if status.rawValue == CL_MEM_OBJECT_ALLOCATION_FAILURE { throw failure(name, status.rawValue) }
            throw .deviceFailed(device: self.name, operation: name, status: "CLBlast status \(status.rawValue)")
        }
        noteEnqueued(queue)
    }

    var multipliesInTiles: Bool { hostPool == nil }

    func gemm(_ batch: GemmBatch) throws(CLMatError) {
        let g = batch.first
        if let hostPool { return try gemmOnHost(batch, hostPool) }
        guard g.k > 0 else {
            for index in 0..<batch.count { try scaleOnly(batch[index]) }
            return
        }
        try multiply("CLBlastSgemmStridedBatched") { queue, event in
            CLBlastSgemmStridedBatched(
                CLBlastLayoutRowMajor, g.a.isTransposed ? CLBlastTransposeYes : CLBlastTransposeNo,
                g.b.isTransposed ? CLBlastTransposeYes : CLBlastTransposeNo, g.m, g.n, g.k, g.alpha,
                openCL(g.a.buffer).memory, g.a.offset, g.a.leadingDimension, batch.aStride, openCL(g.b.buffer).memory,
                g.b.offset, g.b.leadingDimension, batch.bStride, g.beta, openCL(g.c.buffer).memory, g.c.offset,
                g.c.leadingDimension, batch.cStride, batch.count, queue, event)
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
        try onHost(g) { HostGemm.run(g, $0, $1, $2, on: pool) }
    }

    private func gemmOnHost(_ batch: GemmBatch, _ pool: ThreadPool) throws(CLMatError) {
        try onHost(batch.first) { HostGemm.run(batch, $0, $1, $2, on: pool) }
    }

    /// Maps the operands of a product for work on their first elements.
    private func onHost(
        _ g: Gemm,
        _ work: (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>) -> Void
    ) throws(CLMatError) {
        let buffers = [(g.a.buffer, CL_MAP_READ), (g.b.buffer, CL_MAP_READ), (g.c.buffer, CL_MAP_READ | CL_MAP_WRITE)]
        var mapped: [UnsafeMutableRawPointer] = []
        defer {
            // Behind it comes what the caller launches next, so it goes into the queue that holds then.
            lock.lock()
            if let queue = connection?.queue {
                for (pointer, entry) in zip(mapped, buffers) {
                    clEnqueueUnmapMemObject(queue, openCL(entry.0).memory, pointer, 0, nil, nil)
                }
            }
            lock.unlock()
        }
        for (buffer, flags) in buffers {
            var pointer: UnsafeMutableRawPointer?
            try waiting("clEnqueueMapBuffer") { queue in
                var status: cl_int = 0
                pointer = clEnqueueMapBuffer(
                    queue, openCL(buffer).memory, cl_bool(CL_TRUE), cl_map_flags(flags), 0, openCL(buffer).capacity, 0,
                    nil, nil, &status)
                return status
            }
            guard let pointer else { throw failure("clEnqueueMapBuffer", CL_MAP_FAILURE) }
            mapped.append(pointer)
        }
        let start = ContinuousClock.now
        let floats = mapped.map { $0.assumingMemoryBound(to: Float.self) }
        work(floats[0] + g.a.offset, floats[1] + g.b.offset, floats[2] + g.c.offset)
        if profile.isRecording { profile.add("gemm", seconds: (ContinuousClock.now - start).seconds) }
    }

    // MARK: - Profile and errors

    /// Enqueues with an event if the queue keeps times, else without. Under the lock.
    private func withEvent(_ kernel: String, _ enqueue: (UnsafeMutablePointer<cl_event?>?) -> cl_int) -> cl_int {
        guard connection?.keepsTimes == true else { return enqueue(nil) }
        var event: cl_event?
        let status = enqueue(&event)
        if let event { pendingEvents.append((kernel, event)) }
        return status
    }

    /// Takes the times of what is done. What others enqueued since is looked at the next time.
    func collectProfile() {
        lock.lock()
        let events = pendingEvents
        pendingEvents = []
        lock.unlock()
        guard !events.isEmpty else { return }
        var unfinished: [(String, cl_event)] = []
        for (kernel, event) in events {
            var (start, end): (cl_ulong, cl_ulong) = (0, 0)
            let status = clGetEventProfilingInfo(event, cl_profiling_info(CL_PROFILING_COMMAND_END), 8, &end, nil)
            if status == CL_PROFILING_INFO_NOT_AVAILABLE, !hasFailed(event) {
                unfinished.append((kernel, event))
                continue
            }
            if status == CL_SUCCESS,
                clGetEventProfilingInfo(event, cl_profiling_info(CL_PROFILING_COMMAND_START), 8, &start, nil)
                    == CL_SUCCESS,
                end > start
            {
                profile.add(kernel, seconds: Double(end - start) * 1e-9)
            }
            clReleaseEvent(event)
        }
        guard !unfinished.isEmpty else { return }
        lock.lock()
        pendingEvents = unfinished + pendingEvents
        lock.unlock()
    }

    /// Whether a command is over, or never will be: then there are no times to wait for.
    private func hasFailed(_ event: cl_event) -> Bool {
        var status = CL_QUEUED
        let size = MemoryLayout.size(ofValue: status)
        let answer = clGetEventInfo(event, cl_event_info(CL_EVENT_COMMAND_EXECUTION_STATUS), size, &status, nil)
        return answer != CL_SUCCESS || status <= CL_COMPLETE
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
    private let device: String
    private let total: Int
    private let largestBuffer: Int
    private let lock = NSLock()
    private var free: [Int: [cl_mem]] = [:]
    private var freeBytes = 0
    private var usedBytes = 0

    init(device: String, memory: Int, largestBuffer: Int) {
        (self.device, self.total, self.largestBuffer) = (device, memory, largestBuffer)
    }

    deinit { releaseFree() }

    /// Bytes that are not in use, of however many buffers.
    var unused: Int {
        lock.lock()
        defer { lock.unlock() }
        return max(0, total - usedBytes)
    }

    var available: Int {
        lock.lock()
        defer { lock.unlock() }
        return max(0, min(total - usedBytes, largestBuffer))
    }

    func allocate(_ bytes: Int, in context: cl_context) throws(CLMatError) -> OpenCLBuffer {
        let capacity = CPUMemory.sizeClass(bytes)
        lock.lock()
        if let recycled = free[capacity]?.popLast() {
            freeBytes -= capacity
            usedBytes += capacity
            lock.unlock()
            return OpenCLBuffer(byteCount: bytes, memory: recycled, capacity: capacity, owner: self)
        }
        let fits = capacity <= largestBuffer && usedBytes + capacity <= total
        // Drivers that find the memory of a buffer only when it is used would not say that the pool is in the way.
        if fits, usedBytes + freeBytes + capacity > total { releaseFree() }
        lock.unlock()
        guard fits else { throw .outOfDeviceMemory(device: device, asked: bytes, available: available) }

        var status: cl_int = 0
        var memory = clCreateBuffer(context, cl_mem_flags(CL_MEM_READ_WRITE), capacity, nil, &status)
        if memory == nil || status != CL_SUCCESS {
            releaseUnused()  // what waits in the pool may be all that is missing
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

    /// Gives back what waits in the pool.
    func releaseUnused() {
        lock.lock()
        defer { lock.unlock() }
        releaseFree()
    }

    private func releaseFree() {
        for block in free.values.flatMap({ $0 }) { clReleaseMemObject(block) }
        free = [:]
        freeBytes = 0
    }
}
