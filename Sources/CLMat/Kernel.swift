import Synchronization

/// A function that runs over an index space on any device: a kernel of that name in OpenCL C, and a C function (or
/// any closure) that does the same for a range of items on the CPU. Neither can exist without the other.
///
/// ```swift
/// extension Kernel {
///     /// yᵢ = 2 xᵢ
///     static let twice = Kernel(
///         "twice",
///         in: KernelFamily(
///             "twice",
///             source: """
///                 __kernel void twice(const int n, __global const float *xs, __global float *ys)
///                 {
///                     const int i = get_global_id(0);
///                     if (i < n) ys[i] = 2 * xs[i];
///                 }
///                 """)
///     ) { arguments, items in
///         let (x, y) = (arguments.floats(1), arguments.mutableFloats(2))
///         for i in items { y[i] = 2 * x[i] }
///     }
/// }
/// ```
/// The article <doc:AKernel> shows how it is launched. CLMat declares its own in the same way.
public struct Kernel: Sendable, CustomStringConvertible {
    /// Its name in the OpenCL C text, which profiles and logs show too.
    public let name: String
    /// The text that it is compiled from.
    public let family: KernelFamily
    let form: CPUForm
    /// Tells kernels apart by family and name, so that a launch need not look at any text.
    let id: Int
    public var description: String { name }

    /// What does the same on the CPU.
    enum CPUForm: Sendable {
        case closure(@Sendable (KernelArguments, Range<Int>) -> Void)
        case function(RegisteredKernel)
    }

    /// A kernel of `family`, with the closure that does the same on the CPU.
    public init(
        _ name: String, in family: KernelFamily, cpu: @escaping @Sendable (KernelArguments, Range<Int>) -> Void
    ) {
        (self.name, self.family, form) = (name, family, .closure(cpu))
        id = Self.id(of: name, in: family)
    }

    /// A kernel of `family`, with the C function that does the same on the CPU: the one that a line
    /// `CLMAT_KERNEL(family, name, …)` of a C file stands behind (`clmat/registry.h`). Launches are checked against the parameters
    /// that the line names.
    ///
    /// - Precondition: The program holds exactly one such line for the family's name and this one.
    public init(_ name: String, in family: KernelFamily) {
        (self.name, self.family) = (name, family)
        form = .function(.named(name, in: family.name))
        id = Self.id(of: name, in: family)
    }

    /// Every kernel that a line `CLMAT_KERNEL` of a C file declares, in CLMat and whatever else the program holds, by family and
    /// name: for a test that goes through them all.
    public static var registered: [Kernel] {
        let all = RegisteredKernel.all.sorted { ($0.family, $0.name) < ($1.family, $1.name) }
        return all.map { Kernel($0, in: KernelFamily(registered: $0.family)) }
    }

    private init(_ function: RegisteredKernel, in family: KernelFamily) {
        (name, self.family, form) = (function.name, family, .function(function))
        id = Self.id(of: name, in: family)
    }

    private static func id(of name: String, in family: KernelFamily) -> Int {
        SourceIDs.kernels.id(of: .init(family: family.id, text: name))
    }

    /// What its parameters are, or nil of a kernel with a closure.
    public var parameters: [KernelParameter]? {
        guard case .function(let function) = form else { return nil }
        return function.parameters
    }

    /// Does the items of a range on the CPU; called from several threads at once, with ranges that do not overlap.
    public var cpu: @Sendable (KernelArguments, Range<Int>) -> Void {
        switch form {
        case .closure(let body): body
        case .function(let function): { arguments, items in function.withLoop(over: arguments.values) { $0(items) } }
        }
    }

    /// Throws ``CLMatError/invalidArgument(operation:problem:)`` if a launch's arguments are known not to fit.
    func check(_ arguments: [Argument]) throws(CLMatError) {
        guard case .function(let function) = form, !function.takes(arguments) else { return }
        throw .invalidArgument(operation: name, problem: function.problem(with: arguments))
    }
}

/// Kernels that are compiled together: one OpenCL C text.
public struct KernelFamily: Sendable, Hashable {
    /// What errors call the text.
    public let name: String
    /// OpenCL C, with all kernels of the family.
    public let source: String
    /// Tells texts apart.
    let id: Int

    /// A family from its text, which is compiled for a device at the first launch there.
    ///
    /// Lines `#include <clmat/philox.h>` and the like are replaced with CLMat's headers, or those that another library embeds.
    public init(_ name: String, source: String) {
        let text = RegisteredText.including(source)
        (self.name, self.source) = (name, text)
        id = SourceIDs.families.id(of: .init(family: 0, text: text))
    }

    /// The family whose text a C file embeds, behind a line `CLMAT_TEXT(name)` (`clmat/registry.h`).
    ///
    /// - Precondition: The program holds such a line.
    public init(_ name: String) {
        precondition(
            RegisteredText.named(name) != nil,
            """
            There is no text of a family '\(name)'. Is there a line CLMAT_TEXT(\(name)) in a C file, and is its target among the \
            dependencies?
            """)
        self.init(registered: name)
    }

    /// The same, with an empty text where there is none.
    init(registered name: String) { self.init(name, source: RegisteredText.named(name) ?? "") }
}

/// The arguments of a launch as the CPU's function wants them. The index is the place among the kernel's parameters;
/// asking for another type than was passed is a mistake in the kernel's declaration, and stops the program.
public struct KernelArguments: Sendable {
    let values: [Argument]

    /// The argument at `index`, which was passed as ``Argument/int(_:)``.
    public func int(_ index: Int) -> Int32 {
        guard case .int(let value) = values[index] else { wrong(index, "an int") }
        return Int32(truncatingIfNeeded: value)
    }

    /// The argument at `index`, which was passed as ``Argument/word(_:)``.
    public func word(_ index: Int) -> UInt32 {
        guard case .word(let value) = values[index] else { wrong(index, "a word") }
        return value
    }

    /// The argument at `index`, which was passed as ``Argument/float(_:)``.
    public func float(_ index: Int) -> Float {
        guard case .float(let value) = values[index] else { wrong(index, "a float") }
        return value
    }

    /// The buffer at `index` as floats to write.
    public func mutableFloats(_ index: Int) -> UnsafeMutablePointer<Float> {
        memory(index).assumingMemoryBound(to: Float.self)
    }
    /// The buffer at `index` as 32-bit integers to write.
    public func mutableInts(_ index: Int) -> UnsafeMutablePointer<Int32> {
        memory(index).assumingMemoryBound(to: Int32.self)
    }
    /// The buffer at `index` as floats to read.
    public func floats(_ index: Int) -> UnsafePointer<Float> { UnsafePointer(mutableFloats(index)) }
    /// The buffer at `index` as 32-bit integers to read.
    public func ints(_ index: Int) -> UnsafePointer<Int32> { UnsafePointer(mutableInts(index)) }
    /// The buffer at `index` as unsigned 32-bit integers to read.
    public func words(_ index: Int) -> UnsafePointer<UInt32> {
        UnsafePointer(memory(index).assumingMemoryBound(to: UInt32.self))
    }
    /// The buffer at `index` as bytes to read.
    public func bytes(_ index: Int) -> UnsafePointer<UInt8> {
        UnsafePointer(memory(index).assumingMemoryBound(to: UInt8.self))
    }

    private func memory(_ index: Int) -> UnsafeMutableRawPointer {
        guard case .buffer(let buffer) = values[index], let buffer = buffer as? CPUBuffer else {
            wrong(index, "a buffer")
        }
        return buffer.memory
    }

    private func wrong(_ index: Int, _ wanted: String) -> Never {
        preconditionFailure("argument \(index) of a kernel is \(values[index]), not \(wanted)")
    }
}

/// Small numbers for texts, from 0: the text is looked at when a kernel is declared, and never at a launch. Who declares the same
/// text again gets the same number, so it is not compiled again.
private final class SourceIDs: Sendable {
    struct Key: Hashable, Sendable {
        let family: Int
        let text: String
    }

    static let families = SourceIDs()
    static let kernels = SourceIDs()

    private let known = Mutex<[Key: Int]>([:])

    func id(of key: Key) -> Int {
        known.withLock { known in
            if let id = known[key] { return id }
            known[key] = known.count
            return known.count - 1
        }
    }
}
