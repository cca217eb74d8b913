import CLMatKernels
import COpenBLAS
import Foundation
import Synchronization

/// The CPU as a device: C loops over one thread pool, OpenBLAS for matrix products. Work is done when a call returns.
final class CPUBackend: Backend {
    let pool: ThreadPool
    private let memory: CPUMemory

    init(threadCount: Int) {
        pool = ThreadPool(threadCount: threadCount)
        memory = CPUMemory()
        openblas_set_num_threads(1)
    }

    func allocate(bytes: Int) throws(CLMatError) -> Buffer { try memory.allocate(bytes) }

    /// Bytes that can still be taken: from the system, or from what waits to be used again.
    var freeMemory: Int {
        let (sum, overflow) = CPUMemory.available.addingReportingOverflow(memory.waiting)
        return overflow ? .max : sum
    }

    func write(_ bytes: UnsafeRawBufferPointer, to buffer: Buffer) throws(CLMatError) {
        if let source = bytes.baseAddress { cpu(buffer).memory.copyMemory(from: source, byteCount: bytes.count) }
    }

    func read(_ buffer: Buffer, into bytes: UnsafeMutableRawBufferPointer) throws(CLMatError) {
        bytes.baseAddress?.copyMemory(from: cpu(buffer).memory, byteCount: bytes.count)
    }

    func copy(_ source: Buffer, to target: Buffer, bytes: Int) throws(CLMatError) {
        let (from, to) = (cpu(source).memory, cpu(target).memory)
        pool.run(bytes, grain: 1 << 18) { range in
            (to + range.lowerBound).copyMemory(from: from + range.lowerBound, byteCount: range.count)
        }
    }

    func launch(_ kernel: Kernel, _ arguments: [Argument], over work: WorkSize) throws(CLMatError) {
        let pieces = work.isUneven ? 32 : 4
        switch kernel.form {
        case .closure(let body):
            let arguments = KernelArguments(values: arguments)
            pool.run(work.items, grain: work.grain, piecesPerThread: pieces) { body(arguments, $0) }
        case .function(let function):
            function.withLoop(over: arguments) {
                pool.run(work.items, grain: work.grain, piecesPerThread: pieces, $0)
            }
        }
    }

    func finish() throws(CLMatError) {}

    /// A line of the cache, and what the widest loads are aligned to.
    var partAlignment: Int? { 64 }

    func part(of whole: Buffer, at offset: Int, bytes: Int) throws(CLMatError) -> Buffer {
        CPUBuffer(byteCount: bytes, of: cpu(whole), at: offset)
    }

    // MARK: - Matrix products

    func gemm(_ g: Gemm) throws(CLMatError) {
        let a = cpu(g.a.buffer).floats + g.a.offset
        let b = cpu(g.b.buffer).floats + g.b.offset
        let c = cpu(g.c.buffer).floats + g.c.offset
        HostGemm.run(g, a, b, c, on: pool)
    }

    // MARK: - Convolutions

    func convolve(_ task: ConvolutionTask) throws(CLMatError) -> Bool {
        let geometry = task.geometry
        if geometry.hasTinyGroups { return false }
        var g = geometry.cStruct
        let images = task.images
        let isToWeights: Int32 = if case .backwardToWeights = task.direction { 1 } else { 0 }
        let isComplete =
            convolution_has_lanes(Int32(images), &g, isToWeights) != 0
            ? try convolveSideBySide(task, g) : try convolveOneByOne(task, g)
        guard isComplete else {
            throw .outOfDeviceMemory(
                device: "CPU", asked: 4 * geometry.patchSize * geometry.output.area, available: CPUMemory.available)
        }
        if case .backwardToWeights(_, let gradient, _, let biases?) = task.direction {
            let area = geometry.output.area
            try launch(
                .channelSums,
                [.int(images), .int(geometry.filters), .int(area), .buffer(gradient), .buffer(biases)],
                over: .elements(geometry.filters, bytes: 4 * images * area, operations: 0))
        }
        return true
    }

    /// Whether all calls for parts of the items had memory enough.
    private func runAll(_ items: Int, grain: Int, pieces: Int = 4, _ work: (Range<Int>) -> Int32) -> Bool {
        let isComplete = Atomic<Bool>(true)
        pool.run(items, grain: grain, piecesPerThread: pieces) { range in
            if work(range) == 0 { isComplete.store(false, ordering: .relaxed) }
        }
        return isComplete.load(ordering: .relaxed)
    }

    /// Image by image. False if there was no memory for the patches of one.
    private func convolveOneByOne(_ task: ConvolutionTask, _ g: clmat_convolution) throws(CLMatError) -> Bool {
        var g = g
        let (geometry, images) = (task.geometry, task.images)
        let flops = 2 * geometry.filters * geometry.patchSize * geometry.output.area
        let grain = max(1, 400_000 / max(1, flops))
        switch task.direction {
        case .forward(let x, let weights, let biases, let y):
            return runAll(images, grain: grain) { range in
                convolution_forward(
                    range.lowerBound, range.upperBound, &g, HostGemm.function, cpu(x).floats, cpu(weights).floats,
                    biases.map { cpu($0).floats }, cpu(y).floats)
            }
        case .backwardToInput(let gradient, let weights, let x):
            return runAll(images, grain: grain) { range in
                convolution_backward_input(
                    range.lowerBound, range.upperBound, &g, HostGemm.function, cpu(gradient).floats,
                    cpu(weights).floats, cpu(x).floats)
            }
        case .backwardToWeights(let x, let gradient, let weights, _):
            let count = geometry.filters * geometry.patchSize
            let blocks = min(images, 16)
            let partials = try memory.allocate(4 * blocks * count)
            let isComplete = runAll(blocks, grain: 1) { range in
                convolution_backward_weights(
                    range.lowerBound, range.upperBound, Int32(images), Int32(blocks), &g, HostGemm.function,
                    cpu(x).floats, cpu(gradient).floats, partials.floats)
            }
            try launch(
                .columnSum, [.int(blocks), .int(count), .buffer(partials), .buffer(weights)],
                over: .elements(count, bytes: 64, operations: 0))
            return isComplete
        }
    }

    /// Many images at a time, where one is too little for a product. False if there was no memory for a copy of them.
    private func convolveSideBySide(_ task: ConvolutionTask, _ g: clmat_convolution) throws(CLMatError) -> Bool {
        var g = g
        let images = Int32(task.images)
        switch task.direction {
        case .forward(let x, let weights, let biases, let y):
            return runAll(convolution_lane_items(images, &g, 0), grain: 1, pieces: 8) { range in
                convolution_forward_lanes(
                    range.lowerBound, range.upperBound, images, &g, cpu(x).floats, cpu(weights).floats,
                    biases.map { cpu($0).floats }, cpu(y).floats)
            }
        case .backwardToInput(let gradient, let weights, let x):
            return runAll(convolution_lane_items(images, &g, 1), grain: 1, pieces: 8) { range in
                convolution_backward_input_lanes(
                    range.lowerBound, range.upperBound, images, &g, cpu(gradient).floats, cpu(weights).floats,
                    cpu(x).floats)
            }
        case .backwardToWeights(let x, let gradient, let weights, _):
            let turned = try memory.allocate(4 * convolution_turned_count(images, &g))
            pool.run(task.images, grain: 1) { range in
                convolution_turn(range.lowerBound, range.upperBound, images, &g, cpu(x).floats, turned.floats)
            }
            return runAll(convolution_weight_items(&g), grain: 1, pieces: 8) { range in
                convolution_backward_weights_lanes(
                    range.lowerBound, range.upperBound, images, &g, turned.floats, cpu(gradient).floats,
                    cpu(weights).floats)
            }
        }
    }
}

/// A buffer of the CPU backend, from its own pool.
final class CPUBuffer: Buffer, @unchecked Sendable {
    let memory: UnsafeMutableRawPointer
    let capacity: Int
    /// Nil of a part, whose memory belongs to the whole.
    private let owner: CPUMemory?

    init(byteCount: Int, memory: UnsafeMutableRawPointer, capacity: Int, owner: CPUMemory) {
        (self.memory, self.capacity, self.owner) = (memory, capacity, owner)
        super.init(byteCount: byteCount)
    }

    init(byteCount: Int, of whole: CPUBuffer, at offset: Int) {
        (memory, capacity, owner) = (whole.memory + offset, byteCount, nil)
        super.init(byteCount: byteCount, of: whole, at: offset)
    }

    var floats: UnsafeMutablePointer<Float> { memory.assumingMemoryBound(to: Float.self) }

    deinit { owner?.takeBack(memory, capacity) }
}

/// A buffer handed to the CPU backend is one of its own: operations check the device before they launch.
func cpu(_ buffer: Buffer) -> CPUBuffer {
    guard let buffer = buffer as? CPUBuffer else { preconditionFailure("a buffer of another device") }
    return buffer
}

/// The pool of host memory: freed blocks wait for the next request of their size, so that a steady step touches no
/// new pages.
///
/// `@unchecked Sendable`: the free lists are behind a mutex; a raw pointer in them belongs to nobody else.
final class CPUMemory: @unchecked Sendable {
    private struct Free {
        var blocks: [Int: [UnsafeMutableRawPointer]] = [:]
        var bytes = 0
    }
    private let lock = NSLock()
    private var free = Free()
    /// Free blocks beyond this go back to the system: a sixteenth of the machine, since the pages of a block that was
    /// given back have to be cleared before they can be used again.
    private static let retained = max(256 << 20, sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE)) / 16)

    func allocate(_ bytes: Int) throws(CLMatError) -> CPUBuffer {
        let capacity = Self.sizeClass(bytes)
        lock.lock()
        let recycled = free.blocks[capacity]?.popLast()
        if recycled != nil { free.bytes -= capacity }
        lock.unlock()
        if let recycled { return CPUBuffer(byteCount: bytes, memory: recycled, capacity: capacity, owner: self) }

        var memory: UnsafeMutableRawPointer?
        // The system hands out more than it has; what it really has is asked for large requests.
        let tooMuch = capacity > 64 << 20 && capacity > Self.available
        guard !tooMuch, posix_memalign(&memory, 64, capacity) == 0, let memory else {
            throw .outOfDeviceMemory(device: "CPU", asked: bytes, available: Self.available)
        }
        return CPUBuffer(byteCount: bytes, memory: memory, capacity: capacity, owner: self)
    }

    func takeBack(_ memory: UnsafeMutableRawPointer, _ capacity: Int) {
        lock.lock()
        let keep = free.bytes + capacity <= Self.retained
        if keep {
            free.blocks[capacity, default: []].append(memory)
            free.bytes += capacity
        }
        lock.unlock()
        if !keep { Foundation.free(memory) }
    }

    /// Sizes go in steps of an eighth of a power of two, so that little is wasted and blocks are found again.
    static func sizeClass(_ bytes: Int) -> Int {
        guard bytes > 512 else { return (max(bytes, 4) + 63) / 64 * 64 }
        guard bytes < Int.max / 2 else { return bytes }
        let step = 1 << max(6, Int.bitWidth - 1 - bytes.leadingZeroBitCount - 3)
        return (bytes + step - 1) / step * step
    }

    /// Bytes of blocks that wait for their next use.
    var waiting: Int {
        lock.lock()
        defer { lock.unlock() }
        return free.bytes
    }

    /// Bytes that the machine could still give, by its own account.
    static var available: Int { HostMemory.free ?? Int.max }
}
