import CLMatKernels
import Foundation
import Synchronization

/// Where matrices live and kernels run: the CPU, or an OpenCL device of any vendor.
public final class Device: Sendable {
    /// What sort of device it is, by the words of its platform.
    public enum Kind: String, Sendable {
        /// The CPU by CLMat's own C and OpenBLAS.
        case cpu = "CPU"
        /// An OpenCL GPU.
        case gpu = "GPU"
        /// An OpenCL accelerator, such as an FPGA.
        case accelerator = "accelerator"
        /// The CPU by an OpenCL platform, such as PoCL.
        case openCLCPU = "OpenCL CPU"
    }

    /// What a person calls it.
    public let name: String
    /// What sort of device it is.
    public let kind: Kind
    /// Platform, versions: one line.
    public let details: String
    /// Bytes of memory.
    public let memory: Int
    /// Threads or compute units.
    public let computeUnits: Int
    /// What allocates, copies, multiplies and launches on it.
    public let backend: any Backend
    /// Whether its memory is apart from the host's, as far as its kind and its driver tell: that of an integrated GPU is not.
    public var hasOwnMemory: Bool { (kind == .gpu || kind == .accelerator) && !sharesHostMemory }
    /// Whether its driver says that it works in the host's memory.
    let sharesHostMemory: Bool
    /// Time, launches, bytes and operations by kernel.
    public let profile: Profile
    /// Who gives way when its memory runs out.
    let memoryRelief = MemoryRelief()
    /// Rows of numbers that stay the same.
    let constantRows = ConstantRows()

    /// For the platforms that are searched, and for tests of what a device does that fails.
    package init(
        name: String, kind: Kind, details: String, memory: Int, computeUnits: Int, sharesHostMemory: Bool = false,
        backend: any Backend, profile: Profile = Profile()
    ) {
        (self.name, self.kind, self.details) = (name, kind, details)
        (self.memory, self.computeUnits, self.sharesHostMemory) = (memory, computeUnits, sharesHostMemory)
        (self.backend, self.profile) = (backend, profile)
    }

    /// The CPU, with `CLMAT_THREADS` threads or as many as there are cores.
    public static let cpu: Device = {
        let cores = sysconf(Int32(_SC_NPROCESSORS_ONLN))
        let asked = ProcessInfo.processInfo.environment["CLMAT_THREADS"]
        let threads = asked.flatMap { Int($0) } ?? cores
        if let asked, Int(asked) == nil || !(1...1024).contains(threads) {
            Log.notice("CLMAT_THREADS=\(asked) is not a number from 1 to 1024; using \(cores) threads.")
        }
        let count = (1...1024).contains(threads) ? threads : cores
        let instructions = String(cString: clmat_instruction_set())
        let pages = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
        return Device(
            name: "CPU", kind: .cpu, details: "\(count) threads, \(instructions), OpenBLAS for \(HostGemm.coreName)",
            memory: pages, computeUnits: count, backend: CPUBackend(threadCount: count))
    }()

    /// Every OpenCL device that the system offers.
    public static let openCL: [Device] = platforms.devices

    private static let platforms = OpenCLPlatforms.search()

    /// What is to be said of OpenCL platforms that are installed but offer no device, and of drivers that are named by an ICD file but
    /// cannot be loaded: a sentence or two each.
    public static var unavailable: [String] {
        platforms.emptyPlatforms.map { "\($0.name) is installed, but offers no device. \($0.reason)" } + driverProblems
    }

    private static let driverProblems = OpenCLDrivers.problems()

    /// Why its compiler cannot work, and what to do: it has no place for what it compiles. nil if nothing is in its way.
    public var compilerProblem: String? {
        (backend as? OpenCLBackend).flatMap { CompilerCache.problem(platform: $0.platform) }
    }

    /// What is slower than it need be, and what to do; nil if nothing is.
    public var compilerNote: String? {
        (backend as? OpenCLBackend).flatMap { CompilerCache.note(platform: $0.platform) }
    }

    /// The CPU and every OpenCL device found.
    public static var all: [Device] { [cpu] + openCL }

    /// The device that is used when nobody names one, and why: `CLMAT_DEVICE` (`cpu`, an index into ``all`` or a part of
    /// a name), else the largest OpenCL GPU (or accelerator) that passes its self-test, else the CPU. OpenCL CPU devices
    /// only when asked for.
    ///
    /// A GPU with memory of its own comes before one that shares the host's; of several the one with the most memory × compute
    /// units comes first.
    ///
    /// - Throws: ``CLMatError/unknownName(kind:name:known:)`` if `CLMAT_DEVICE` names none.
    public static func choose(_ name: String? = nil) throws(CLMatError) -> (device: Device, reason: String) {
        if let asked = name ?? ProcessInfo.processInfo.environment["CLMAT_DEVICE"], !asked.isEmpty {
            let device = try named(asked)
            // Other devices test themselves when somebody asks (`explore devices`): theirs costs a compilation.
            if device == cpu { try requireWorkingCPU() }
            return (device, name == nil ? "CLMAT_DEVICE=\(asked)" : "asked for as '\(asked)'")
        }
        var failures: [String] = []
        let candidates = openCL.map(DeviceCandidate.init)
        for index in DeviceCandidate.order(candidates) {
            guard let failure = openCL[index].selfTest() else {
                return (openCL[index], DeviceCandidate.reason(for: index, of: candidates, failures: failures))
            }
            failures.append("\(openCL[index].name) failed its self-test: \(failure)")
        }
        try requireWorkingCPU()
        // A platform without a device may be the driver of a GPU.
        failures += unavailable
        let why = failures.map { $0.hasSuffix(".") ? String($0.dropLast()) : $0 }.joined(separator: "; ")
        return (cpu, why.isEmpty ? "no OpenCL GPU found" : why)
    }

    private static func requireWorkingCPU() throws(CLMatError) {
        guard let failure = cpu.selfTest() else { return }
        throw .deviceFailed(
            device: cpu.name,
            operation: "its self-test: \(failure); OpenBLAS has kernels for '\(HostGemm.coreName)' "
                + "(OPENBLAS_CORETYPE=Haswell or =Prescott chooses others)",
            status: "wrong numbers")
    }

    private static let chosen = Result { try choose() }

    /// The device of ``choose(_:)``; which one is said once on standard error.
    public static var `default`: Device {
        get throws(CLMatError) {
            switch chosen {
            case .success(let (device, reason)):
                announceOnce(device, reason)
                return device
            case .failure(let error):
                throw (error as? CLMatError) ?? .deviceFailed(device: "any", operation: "choose", status: "\(error)")
            }
        }
    }

    private static let announcement = Mutex(false)
    private static func announceOnce(_ device: Device, _ reason: String) {
        let isFirst = announcement.withLock { said in
            defer { said = true }
            return !said
        }
        if isFirst { Log.notice("CLMat runs on \(device.summary): \(reason).") }
    }

    private static func named(_ text: String) throws(CLMatError) -> Device {
        let wanted = text.lowercased()
        if wanted == "cpu" { return cpu }
        let all = Device.all
        let index = Int(wanted)
        if let index, all.indices.contains(index) { return all[index] }
        // A number is an index, even one that there is not: names hold digits too.
        if index == nil, let match = openCL.first(where: { ("\($0.name) \($0.details)").lowercased().contains(wanted) })
        {
            return match
        }
        // What people call PoCL is in its device's version alone.
        let empty = platforms.emptyPlatforms.first {
            $0.name.lowercased().contains(wanted) || $0.name == CompilerCache.pocl && "pocl".contains(wanted)
        }
        if let empty {
            throw .deviceUnavailable(
                name: text, problem: "\(empty.name) is installed, but offers no device. \(empty.reason)")
        }
        throw .unknownName(
            kind: "device", name: text,
            known: ["cpu"] + all.enumerated().dropFirst().map { "\($0.offset) (\($0.element.name))" })
    }

    /// One line: "CPU, 2 threads".
    public var summary: String { kind == .cpu ? "CPU, \(computeUnits) threads" : "\(name) (\(details))" }

    // MARK: - Work

    /// Runs `kernel` over `work`, and notes it in the profile and the log.
    ///
    /// - Throws: ``CLMatError/invalidArgument(operation:problem:)`` if the kernel's C function takes other arguments; what the
    ///   device throws.
    public func launch(_ kernel: Kernel, _ arguments: [Argument], over work: WorkSize) throws(CLMatError) {
        guard work.items > 0 else { return }
        try kernel.check(arguments)
        try noting(kernel.name, "\(work.items) items", LaunchCost(of: work)) { () throws(CLMatError) in
            try backend.launch(kernel, arguments, over: work)
            return true
        }
    }

    func gemm(_ product: Gemm) throws(CLMatError) {
        let (m, n, k) = (product.m, product.n, product.k)
        if backend.multipliesInTiles, let slices = GemmSlices(m: m, n: n, k: k) {
            return try gemmBySlices(product, slices)
        }
        try gemmWhole(product)
    }

    /// One product, as the backend does it.
    func gemmWhole(_ product: Gemm) throws(CLMatError) {
        let (m, n, k) = (product.m, product.n, product.k)
        guard m > 0, n > 0 else { return }
        try noting("gemm", "\(m) × \(k) × \(n)", LaunchCost(productOf: m, n, k)) { () throws(CLMatError) in
            try backend.gemm(product)
            return true
        }
    }

    /// Lets the backend do some work, with its time in the profile (where it is known at once) and in the log. The
    /// work says whether it was done.
    @discardableResult
    func noting(
        _ name: String, _ size: @autoclosure () -> String, _ cost: @autoclosure () -> LaunchCost,
        _ work: () throws(CLMatError) -> Bool
    ) throws(CLMatError) -> Bool {
        let start = profile.clock
        let logStart = Log.level >= 2 ? ContinuousClock.now : nil
        guard try relieving(work) else { return false }
        if let start { profile.note(name, cost(), since: start, isDone: kind == .cpu) }
        if let logStart {
            try backend.finish()  // the log's time is that of the device, at the cost of waiting for it
            Log.launch(name, size(), ContinuousClock.now - logStart, on: self)
        }
        return true
    }

    /// The first `count` elements of a buffer. Waits for the device.
    func read<Element: BitwiseCopyable & ExpressibleByIntegerLiteral>(
        _ count: Int, from buffer: Buffer
    ) throws(CLMatError) -> [Element] {
        let start = profile.clock
        let values: [Element] = try backend.read(count, from: buffer)
        let bytes = count * MemoryLayout<Element>.stride
        if let start { profile.note("read", LaunchCost(kind: .read, bytes: bytes), since: start, isDone: true) }
        return values
    }

    /// Begins to copy the first `count` elements of a buffer, of four bytes each, to the host, and does not wait for them.
    func startReading(_ buffer: Buffer, _ count: Int) throws(CLMatError) -> any PendingRead {
        let start = profile.clock
        let read = try backend.startReading(buffer, bytes: 4 * count)
        if let start {
            profile.note(
                "read later", LaunchCost(kind: .transfer, bytes: 4 * count), since: start, isDone: true)
            // What has come already waits for nothing, and is to be known at once.
            if read is KnownRead { return read }
            return ProfiledRead(read: read, bytes: 4 * count, profile: profile, launches: profile.launches)
        }
        return read
    }

    /// Writes all elements of an array to the start of a buffer.
    func write<Element: BitwiseCopyable>(_ values: [Element], to buffer: Buffer) throws(CLMatError) {
        guard !values.isEmpty else { return }
        let start = profile.clock
        try relieving { () throws(CLMatError) in try backend.write(values, to: buffer) }
        let bytes = values.count * MemoryLayout<Element>.stride
        if let start { profile.note("write", LaunchCost(kind: .transfer, bytes: bytes), since: start, isDone: true) }
    }

    /// Copies `bytes` bytes from the start of one buffer to the start of another.
    func copy(_ source: Buffer, to target: Buffer, bytes: Int) throws(CLMatError) {
        let start = profile.clock
        try relieving { () throws(CLMatError) in try backend.copy(source, to: target, bytes: bytes) }
        if let start { profile.note("copy", LaunchCost(kind: .transfer, bytes: 2 * bytes), since: start, isDone: true) }
    }

    /// Waits for all work.
    public func finish() throws(CLMatError) { try backend.finish() }

    /// Sends on what the device's driver may have kept back, before the host turns to something else.
    public func flush() { backend.flush() }
}

extension Device: Equatable, CustomStringConvertible {
    public static func == (a: Device, b: Device) -> Bool { a === b }
    public var description: String { name }
}
