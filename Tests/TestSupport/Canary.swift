import CLMat

/// One launch of a kernel, as a dependent would do it, into memory that is longer than what the kernel may write.
public struct CanaryCase: Sendable {
    public let kernel: String
    let work: WorkSize
    let values: @Sendable (Device) throws -> [CanaryValue]

    public init(_ kernel: String, _ work: WorkSize, _ values: [CanaryValue]) {
        self.init(kernel, work) { _ in values }
    }

    /// With values that depend on the device.
    public init(_ kernel: String, _ work: WorkSize, _ values: @escaping @Sendable (Device) throws -> [CanaryValue]) {
        (self.kernel, self.work, self.values) = (kernel, work, values)
    }

    /// What the kernel did wrong: it wrote behind its outputs, left something in them unwritten, or changed an input.
    public func problems(of kernel: Kernel, _ parameters: [KernelParameter], on device: Device) throws -> [String] {
        let values = try values(device)
        guard values.count == parameters.count else {
            return ["The case has \(values.count) values for \(parameters.count) parameters."]
        }
        var arguments: [Argument] = []
        var places: [(index: Int, memory: CanaryMemory)] = []
        for (index, (value, parameter)) in zip(values, parameters).enumerated() {
            switch value {
            case .int(let number): arguments.append(.int(number))
            case .word(let number): arguments.append(.word(number))
            case .float(let number): arguments.append(.float(number))
            default:
                let memory = try CanaryMemory(value, parameter, seed: UInt64(index + 1), on: device)
                places.append((index, memory))
                arguments.append(.buffer(memory.buffer))
            }
        }
        try device.launch(kernel, arguments, over: work)
        var problems: [String] = []
        for (index, memory) in places {
            try problems += memory.problems(on: device).map { "Argument \(index) (\(parameters[index])): \($0)" }
        }
        return problems
    }

    /// A registered kernel in each of its cases. There must be one.
    public static func problems(of kernel: Kernel, in cases: [CanaryCase], on device: Device) throws -> [String] {
        let own = cases.filter { $0.kernel == kernel.name }
        guard let parameters = kernel.parameters, !own.isEmpty else {
            return ["\(kernel.family.name) has no canary's case for \(kernel.name)."]
        }
        return try own.enumerated().flatMap { index, test in
            try test.problems(of: kernel, parameters, on: device).map { "\(kernel.name), case \(index): \($0)" }
        }
    }
}

/// What is passed for a parameter.
public enum CanaryValue: Sendable {
    case int(Int)
    case word(UInt32)
    case float(Float)
    /// So many elements: of an output, to be written; else floats from −1 to 1, or bytes.
    case memory(Int)
    case floats([Float])
    case ints([Int32])

    /// Floats from 0.01 to a limit.
    public static func positives(_ count: Int, upTo limit: Float = 1) -> CanaryValue {
        var random = SplitMix64(seed: 4)
        return .floats(random.floats(count, in: 0.01...limit))
    }

    /// Whole numbers from 0.
    public static func integers(_ count: Int, below limit: Int) -> CanaryValue {
        var random = SplitMix64(seed: 3)
        return .ints(random.integers(count, below: limit).map { Int32($0) })
    }

    public static func zeros(_ count: Int) -> CanaryValue { .floats([Float](repeating: 0, count: count)) }
}

/// Memory of a device before a launch, and what is to be looked at after it.
private struct CanaryMemory {
    /// No kernel makes it: an odd number as a float, 1,260,241,118 as an int.
    private static let canary: UInt32 = 0x4B1D_C0DE
    private static let surplus = 64

    let buffer: Buffer
    private let parameter: KernelParameter
    private let content: [UInt8]
    /// Bytes of it that the kernel may write.
    private let count: Int

    init(_ value: CanaryValue, _ parameter: KernelParameter, seed: UInt64, on device: Device) throws {
        var random = SplitMix64(seed: seed)
        var words: [UInt32]
        var bytes: [UInt8] = []
        switch value {
        case .floats(let floats): words = floats.map(\.bitPattern)
        case .ints(let ints): words = ints.map { UInt32(bitPattern: $0) }
        case .memory(let count) where parameter.isWritten: words = [UInt32](repeating: Self.canary, count: count)
        case .memory(let count) where parameter == .bytes:
            (words, bytes) = ([], random.integers(count, below: 256).map { UInt8($0) })
        case .memory(let count): words = random.floats(count).map(\.bitPattern)
        case .int, .word, .float: words = []
        }
        count = bytes.count + 4 * words.count
        // An input ends where it ends, so that a checker of memory sees who reads on.
        if parameter.isWritten || parameter.isChanged { words += [UInt32](repeating: Self.canary, count: Self.surplus) }
        content = bytes + words.withUnsafeBytes { Array($0) }
        self.parameter = parameter
        buffer = try device.backend.allocate(bytes: content.count)
        let staging = UnsafeMutableRawBufferPointer.allocate(byteCount: content.count, alignment: 4)
        defer { staging.deallocate() }
        staging.copyBytes(from: content)
        try device.backend.write(UnsafeRawBufferPointer(staging), to: buffer)
    }

    func problems(on device: Device) throws -> [String] {
        let staging = UnsafeMutableRawBufferPointer.allocate(byteCount: content.count, alignment: 4)
        defer { staging.deallocate() }
        try device.backend.read(buffer, into: staging)
        let found = Array(staging)
        guard parameter.isWritten || parameter.isChanged else {
            return found == content ? [] : ["it is read only, and was changed"]
        }
        var problems: [String] = []
        if let place = (count..<found.count).first(where: { found[$0] != content[$0] }) {
            problems.append("it was written behind its end, \((place - count) / 4) elements on")
        }
        let words = found.withUnsafeBytes { Array($0.bindMemory(to: UInt32.self)) }
        if parameter.isWritten, let place = words[..<(count / 4)].firstIndex(of: Self.canary) {
            problems.append("element \(place) of \(count / 4) was not written")
        }
        return problems
    }
}
