import CLMatKernels

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
public struct Kernel: Sendable {
    /// Its name in the OpenCL C text, which profiles and logs show too.
    public let name: String
    /// The text that it is compiled from.
    public let family: KernelFamily
    /// Does the items of a range; called from several threads at once, with ranges that do not overlap.
    public let cpu: @Sendable (KernelArguments, Range<Int>) -> Void

    /// A kernel of `family`, with the closure that does the same on the CPU.
    public init(
        _ name: String, in family: KernelFamily, cpu: @escaping @Sendable (KernelArguments, Range<Int>) -> Void
    ) {
        (self.name, self.family, self.cpu) = (name, family, cpu)
    }
}

/// Kernels that are compiled together: one OpenCL C text.
public struct KernelFamily: Sendable, Hashable {
    /// What errors call the text.
    public let name: String
    /// OpenCL C, with all kernels of the family.
    public let source: String

    /// A family from its text, which is compiled for a device at the first launch there.
    public init(_ name: String, source: String) {
        (self.name, self.source) = (name, source)
    }

    /// A family that ships with CLMat: Kernels/cl/`name`.cl.
    init(builtIn name: String) {
        self.name = name
        source = clmat_kernel_source(name).map { String(cString: $0) } ?? ""
    }

    static let elementwise = KernelFamily(builtIn: "elementwise")
    static let reduction = KernelFamily(builtIn: "reduction")
    static let layout = KernelFamily(builtIn: "layout")
    static let softmax = KernelFamily(builtIn: "softmax")
    static let random = KernelFamily(builtIn: "random")
    static let convolution = KernelFamily(builtIn: "convolution")
    static let pooling = KernelFamily(builtIn: "pooling")
    static let update = KernelFamily(builtIn: "update")
    static let langevin = KernelFamily(builtIn: "langevin")
    static let kmeans = KernelFamily(builtIn: "kmeans")
    static let samplers = KernelFamily(builtIn: "samplers")
    static let topics = KernelFamily(builtIn: "topics")
    static let parts = KernelFamily(builtIn: "parts")
    static let fused = KernelFamily(builtIn: "fused")
    /// Every family that ships with CLMat.
    static let all = [
        elementwise, reduction, layout, softmax, random, convolution, pooling, update, langevin, kmeans, samplers,
        topics, parts, fused,
    ]
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
