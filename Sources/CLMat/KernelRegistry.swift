import CLMatKernels

/// What C files said of their loops with `CLMAT_KERNEL` (`clmat/registry.h`), in this library and in packages that depend on it.
///
/// `@unchecked Sendable`: entries are written before main, and never again.
struct RegisteredKernel: @unchecked Sendable {
    let entry: UnsafePointer<clmat_kernel>

    private init(_ entry: UnsafePointer<clmat_kernel>) { self.entry = entry }

    /// Every one that the program holds.
    static var all: [RegisteredKernel] {
        Array(sequence(first: clmat_first_kernel()) { $0?.pointee.next }.prefix { $0 != nil }).compactMap {
            $0.map(RegisteredKernel.init)
        }
    }

    /// The one of that family and name.
    ///
    /// That there is one is up to who wrote the program, so that another stops it, with what to do about it.
    static func named(_ name: String, in family: String) -> RegisteredKernel {
        let found = all.filter { $0.name == name && $0.family == family }
        precondition(
            found.count == 1,
            """
            \(found.count) C functions are registered for the kernel '\(name)' of the family '\(family)', not one. Is there a line \
            CLMAT_KERNEL(\(family), \(name), …) behind it, and is its target among the dependencies?
            """)
        return found[0]
    }

    var family: String { String(cString: entry.pointee.family) }
    var name: String { String(cString: entry.pointee.name) }
    /// What each parameter is.
    var parameters: [KernelParameter] { kinds.map { KernelParameter(rawValue: $0) ?? .int } }

    private var kinds: UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: entry.pointee.kinds, count: entry.pointee.count)
    }

    /// Whether a launch has as many arguments as there are parameters, and each is of its kind.
    func takes(_ arguments: [Argument]) -> Bool {
        guard arguments.count == kinds.count else { return false }
        for index in arguments.indices where !fits(arguments[index], kinds[index]) { return false }
        return true
    }

    private func fits(_ argument: Argument, _ kind: UInt8) -> Bool {
        switch argument {
        case .int: kind == KernelParameter.int.rawValue
        case .word: kind == KernelParameter.word.rawValue
        case .float: kind == KernelParameter.float.rawValue
        case .buffer: kind >= KernelParameter.floats.rawValue
        }
    }

    /// What is wrong with arguments that it does not take.
    func problem(with arguments: [Argument]) -> String {
        let signature = parameters.map(\.description).joined(separator: ", ")
        guard arguments.count == kinds.count else {
            return "\(arguments.count) arguments were passed for \(kinds.count) parameters: \(signature)."
        }
        let index = arguments.indices.first { !fits(arguments[$0], kinds[$0]) } ?? 0
        return "Argument \(index) is \(arguments[index].kindInWords); the parameters are: \(signature)."
    }

    /// Lets `body` have a function that does a range of items with these arguments, which fit.
    func withLoop(over arguments: [Argument], _ body: ((Range<Int>) -> Void) -> Void) {
        guard let loop = entry.pointee.loop else { preconditionFailure("\(name) has no C function") }
        withUnsafeTemporaryAllocation(of: clmat_argument.self, capacity: max(1, arguments.count)) { passed in
            for (index, argument) in arguments.enumerated() {
                passed.initializeElement(at: index, to: argument.cValue)
            }
            let values = passed.baseAddress
            body { loop($0.lowerBound, $0.upperBound, values) }
        }
    }
}

/// Texts that C files embed with `CLMAT_TEXT`: those of families, and headers that they include.
enum RegisteredText {
    private static let all: [String: String] = {
        var texts: [String: String] = [:]
        var next = clmat_first_text()
        while let text = next?.pointee {
            texts[String(cString: text.name)] = String(cString: text.text)
            next = text.next
        }
        return texts
    }()

    static func named(_ name: String) -> String? { all[name] }
    static var names: [String] { Array(all.keys) }

    /// A text with each registered header in place of the first line that includes it, and nothing in place of further ones: what a
    /// preprocessor would do, for compilers that see no files. A header that is not known is left to the compiler to complain of.
    static func including(_ text: String) -> String {
        guard text.contains("#include") else { return text }
        var included: Set<String> = []
        return expanded(text, &included)
    }

    private static func expanded(_ text: String, _ included: inout Set<String>) -> String {
        var result: [String] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            guard let name = header(in: line), let header = all[name] else {
                result.append(String(line))
                continue
            }
            if included.insert(name).inserted { result.append(expanded(header, &included)) }
        }
        return result.joined(separator: "\n")
    }

    /// The name in a line `#include <name>`.
    private static func header(in line: Substring) -> String? {
        guard line.hasPrefix("#include"), let start = line.firstIndex(of: "<"), let end = line.lastIndex(of: ">"),
            start < end
        else { return nil }
        return String(line[line.index(after: start)..<end])
    }
}

/// What a parameter of a kernel is: a number, or memory and what is done with it. A line `CLMAT_KERNEL` of a C file says it.
public enum KernelParameter: UInt8, Sendable, CaseIterable, CustomStringConvertible {
    /// A C `int`, passed as ``Argument/int(_:)``.
    case int
    /// A C `uint`, passed as ``Argument/word(_:)``.
    case word
    /// A C `float`, passed as ``Argument/float(_:)``.
    case float
    /// Floats that are read.
    case floats
    /// 32-bit integers that are read.
    case ints
    /// Unsigned 32-bit integers that are read.
    case words
    /// Unsigned bytes that are read.
    case bytes
    /// Floats that are written, all of them, whatever they were before.
    case writtenFloats
    /// 32-bit integers that are written, all of them.
    case writtenInts
    /// Floats that are read and written, or written in part.
    case changedFloats
    /// 32-bit integers that are read and written, or written in part.
    case changedInts

    /// Whether it is an output alone.
    public var isWritten: Bool { self == .writtenFloats || self == .writtenInts }
    /// Whether it is an input and an output.
    public var isChanged: Bool { self == .changedFloats || self == .changedInts }

    public var description: String {
        switch self {
        case .int: "int"
        case .word: "word"
        case .float: "float"
        case .floats: "floats"
        case .ints: "ints"
        case .words: "words"
        case .bytes: "bytes"
        case .writtenFloats: "floats to write"
        case .writtenInts: "ints to write"
        case .changedFloats: "floats to change"
        case .changedInts: "ints to change"
        }
    }
}

extension Argument {
    var kindInWords: String {
        switch self {
        case .int: "an int"
        case .word: "a word"
        case .float: "a float"
        case .buffer: "memory"
        }
    }

    /// As C wants it, of a device that is the CPU.
    fileprivate var cValue: clmat_argument {
        switch self {
        case .int(let value): clmat_argument(integer: Int32(truncatingIfNeeded: value))
        case .word(let value): clmat_argument(word: value)
        case .float(let value): clmat_argument(real: value)
        case .buffer(let buffer): clmat_argument(memory: cpu(buffer).memory)
        }
    }
}
