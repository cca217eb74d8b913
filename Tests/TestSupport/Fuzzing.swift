import CLMat
import Foundation
import Testing

/// How many damaged inputs a fuzz test reads: some hundreds, or as many as `CLMAT_FUZZ` says for a long run.
public func fuzzInputs(_ ordinary: Int = 300) -> Int {
    ProcessInfo.processInfo.environment["CLMAT_FUZZ"].flatMap { Int($0) } ?? ordinary
}

/// What became of the inputs of a fuzz test.
public struct FuzzResult: Sendable {
    public var (read, refused) = (0, 0)
    /// The most memory that an input took beyond twenty times its size, in bytes.
    public var memory = 0
}

/// Reads damaged copies of valid files, in turns: each is read, or refused by a ``CLMatError`` with words. None may trap, take
/// more than twenty seconds of processor time, or more memory than 64 MB and twenty times its size.
///
/// Memory and time are those of the process, and a trap ends it: so it is called inside an exit test,
/// `await #expect(processExitsWith: .success) { … }`. What was read last is left in the temporary folder then, as
/// `clmat-fuzz-…/NAME`.
/// - Parameters:
///   - name: the file that each input is written to; it may lead through folders.
///   - wrap: packs what `valid` has into a file. Half of the inputs are damaged before, half afterwards: what is wrapped up, with a
///     checksum or a size of the whole, is read further if the wrapping is right.
///   - prepare: makes what has to lie beside the file, in the folder that it is given.
///   - read: reads the file at the path that it is given.
@discardableResult
public func fuzz(
    _ valid: [[UInt8]], as name: String, seed: UInt64, inputs: Int = fuzzInputs(),
    wrap: ([UInt8]) throws -> [UInt8] = { $0 }, prepare: (String) throws -> Void = { _ in },
    _ read: (String) throws -> Void
) throws -> FuzzResult {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("clmat-fuzz-\(UUID().uuidString)")
    let file = folder.appendingPathComponent(name)
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try prepare(folder.path)
    // The valid ones are read: what is found afterwards is the damage's doing.
    for bytes in valid {
        try Data(wrap(bytes)).write(to: file)
        try read(file.path)
    }
    var result = FuzzResult()
    var mutator = Mutator(seed: seed)
    for input in 0..<inputs {
        let whole = valid[input / 2 % valid.count]
        let bytes = input % 2 == 0 ? try mutator.mutate(wrap(whole)) : try wrap(mutator.mutate(whole))
        try Data(bytes).write(to: file)
        limitProcessorTime(seconds: 20)
        var failure: (any Error)?
        let memory = peakMemory { do { try read(file.path) } catch { failure = error } }
        let most = 64 << 20 + 20 * bytes.count
        result.memory = max(result.memory, memory - 20 * bytes.count)
        if memory > most {
            Issue.record("input \(input), \(bytes.count) bytes, took \(memory >> 20) MiB: \(file.path)")
            return result
        }
        guard let failure else {
            result.read += 1
            continue
        }
        result.refused += 1
        guard let failure = failure as? CLMatError, !"\(failure)".isEmpty else {
            Issue.record("input \(input) of \(file.path): \(failure)")
            return result
        }
    }
    try FileManager.default.removeItem(at: folder)
    log(
        "\(name), \(inputs) inputs: \(result.read) read, \(result.refused) refused, "
            + "at most \(result.memory >> 20) MiB beyond 20 times the file")
    return result
}

/// Tables with long rows, many rows, and fields that do not end.
public func longTables() -> [String] {
    // In a long run large enough that 64 MB do not hide anything.
    let size = isLongRun ? 1 << 23 : 1 << 17
    func repeated(_ text: String) -> String { String(repeating: text, count: size / text.utf8.count) }
    return [
        repeated("1\n"), repeated("1,"), repeated(","), repeated("1,\n"), "a,b\n1,\"" + repeated("x\n"),
        repeated("1\n\n"), repeated("#\n"), repeated("\n"), repeated("1,150;1\n") + "0,5;1\n", repeated("9"),
        repeated("\"\","), repeated("1 "), repeated("1,2;3|4\t5\n"),
        ",a\n" + (0..<size / 9).map { "\($0),1\n" }.joined(),
    ]
}

/// What reading one of ``longTables()`` may take.
public func mostMemory(forTableOf text: String) -> Int { (isLongRun ? 64 << 20 : 24 << 20) + 20 * text.utf8.count }

private var isLongRun: Bool { ProcessInfo.processInfo.environment["CLMAT_FUZZ"] != nil }

/// A safetensors file as its header and the numbers behind it: a header that is damaged is still found by its length.
public struct SafetensorsParts: Sendable {
    public let header: [UInt8]
    private let numbers: [UInt8]

    public init(_ file: Data) {
        let bytes = [UInt8](file)
        let length = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        (header, numbers) = (Array(bytes[8..<8 + length]), Array(bytes[(8 + length)...]))
    }

    public func wrap(_ header: [UInt8]) -> [UInt8] {
        withUnsafeBytes(of: UInt64(header.count).littleEndian) { [UInt8]($0) } + header + numbers
    }
}

/// Adds a line to the file that `CLMAT_FUZZ_LOG` names: what an exit test writes on standard error is not shown.
private func log(_ line: String) {
    guard let path = ProcessInfo.processInfo.environment["CLMAT_FUZZ_LOG"] else { return }
    let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { return }
    let bytes = Array("\(line)\n".utf8)
    _ = write(descriptor, bytes, bytes.count)
    close(descriptor)
}

/// From now on the process may use so much processor time more; a signal ends it then.
private func limitProcessorTime(seconds: Int) {
    var used = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used)
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_CPU.rawValue), &limit)
    limit.rlim_cur = rlim_t(used.tv_sec + seconds)
    setrlimit(__rlimit_resource_t(RLIMIT_CPU.rawValue), &limit)
}
