/// What can go wrong, with the values that a caller or a person needs to mend it.
///
/// Nothing in CLMat traps on what a file, a device or a person can cause: it throws one of these.
public enum CLMatError: Error, Equatable, Sendable {
    // MARK: Matrices
    /// Two operands do not fit, or one does not fit the operation.
    case shapeMismatch(operation: String, left: Shape, right: Shape, rule: String)
    /// An argument is outside what the operation takes.
    case invalidArgument(operation: String, problem: String)
    /// Operands live on different devices.
    case deviceMismatch(operation: String, left: String, right: String)

    // MARK: Devices
    /// A kernel's source does not compile on this device; `log` has the compiler's words and the numbered source lines around
    /// what it names.
    case kernelBuildFailed(kernel: String, device: String, log: String)
    /// The device's compiler does not work, whatever it is given: no room or permission for its files, a part that is missing.
    case compilerFailed(device: String, status: String, log: String, remedy: String)
    /// A device that was asked for cannot be had, though something of its name is installed.
    case deviceUnavailable(name: String, problem: String)
    /// The device cannot hold what was asked for (bytes).
    case outOfDeviceMemory(device: String, asked: Int, available: Int)
    /// A model that takes more memory than its device has free (bytes): nothing of it was made. `remedy` says what would fit.
    case modelTooLarge(model: String, device: String, needed: Int, available: Int, remedy: String)
    /// A call to the device failed; `status` is the name of the OpenCL status.
    case deviceFailed(device: String, operation: String, status: String)

    // MARK: Names and values that a person gives
    /// A name that is not among the known ones.
    case unknownName(kind: String, name: String, known: [String])
    /// A value that a setting does not accept.
    case invalidValue(setting: String, value: String, accepted: String)

    /// Two things of one run that have the same id, which scripts and sessions could not tell apart.
    case duplicateID(kind: String, id: String)

    // MARK: Networks
    /// A layer that cannot take what the layer before it gives.
    case layerMismatch(layer: String, input: ImageShape, problem: String)

    // MARK: Files and data
    /// A file or folder that is not there or cannot be opened. `hint` says where it could come from.
    case fileMissing(path: String, hint: String)
    /// A file whose content is not what its format says. `place` is "byte 16", "line 7" or the like.
    case fileDamaged(path: String, place: String, problem: String)
    /// A file that cannot be written, with the system's reason.
    case fileNotWritable(path: String, reason: String)
    /// Parts of a data set that should belong together do not.
    case dataMismatch(String)
    /// A data source that could not be opened or read on at a sample of a pass, both from 0.
    indirect case streamFailed(source: String, sample: Int, pass: Int, reason: CLMatError)

    // MARK: Scripts
    /// What a script expects of a metric does not hold; `problem` has both values.
    case expectationFailed(script: String, entry: Int, step: Int, problem: String)

    // MARK: The window
    /// The window system refused; the run can go on without a window.
    case windowUnavailable(reason: String)
}

extension CLMatError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .shapeMismatch(let operation, let left, let right, let rule):
            return "\(operation): \(left) and \(right) do not fit. \(rule)"
        case .invalidArgument(let operation, let problem):
            return "\(operation): \(problem)"
        case .deviceMismatch(let operation, let left, let right):
            return "\(operation): one operand is on \(left), the other on \(right). Move one with copied(to:)."
        case .kernelBuildFailed(let kernel, let device, let log):
            return """
                The kernels of '\(kernel)' did not compile on \(device). The compiler said:
                \(log)
                Correct the source, or pick another device with CLMAT_DEVICE (CLMAT_DEVICE=cpu needs no compiler).
                """
        case .compilerFailed(let device, let status, let log, let remedy):
            let words = log.isEmpty ? "." : ": \(log)"
            return """
                The compiler of \(device) does not work (\(status))\(words)
                \(remedy)
                CLMAT_DEVICE=cpu needs no compiler.
                """
        case .deviceUnavailable(let name, let problem):
            return "There is no device '\(name)': \(problem)"
        case .outOfDeviceMemory(let device, let asked, let available):
            return """
                \(device) cannot hold \(megabytes(asked)) more: it has \(megabytes(available)). \
                Use a smaller batch, less data, or another device (CLMAT_DEVICE).
                """
        case .modelTooLarge(let model, let device, let needed, let available, let remedy):
            return
                "\(model) takes \(megabytes(needed)) at least, but \(device) has \(megabytes(available)) free. \(remedy)"
        case .deviceFailed(let device, let operation, let status):
            return """
                \(device) failed in \(operation) with \(status). \
                If it happens again, try another device (CLMAT_DEVICE=cpu) or CLMAT_LOG=2 to see the last launches.
                """
        case .unknownName(let kind, let name, let known):
            let near = known.min { distance(name, $0) < distance(name, $1) }
            let hint = near.map { distance(name, $0) <= max(2, name.count / 3) ? " Did you mean '\($0)'?" : "" } ?? ""
            return
                "There is no \(kind) '\(name)'.\(hint) Known: \(known.isEmpty ? "none" : known.joined(separator: ", "))."
        case .duplicateID(let kind, let id):
            return "There are two \(kind)s with the id '\(id)'. Give one of them another id, or take one off."
        case .invalidValue(let setting, let value, let accepted):
            return "'\(value)' is not a value for \(setting). It takes \(accepted)."
        case .layerMismatch(let layer, let input, let problem):
            return "Layer '\(layer)' cannot take \(input): \(problem)"
        case .fileMissing(let path, let hint):
            return "There is no readable file \(path). \(hint)"
        case .fileDamaged(let path, let place, let problem):
            return "\(path) is damaged at \(place): \(problem)"
        case .fileNotWritable(let path, let reason):
            return "Cannot write \(path): \(reason)."
        case .dataMismatch(let problem):
            return problem
        case .streamFailed(let source, let sample, let pass, let reason):
            return "\(source) cannot be read at sample \(sample) of pass \(pass): \(reason)"
        case .expectationFailed(let script, let entry, let step, let problem):
            return "\(script), entry \(entry), after step \(step): \(problem)."
        case .windowUnavailable(let reason):
            return "No window can be opened: \(reason). Run with --headless, or set DISPLAY or WAYLAND_DISPLAY."
        }
    }
}

private func megabytes(_ bytes: Int) -> String {
    bytes < 1 << 20 ? "\(bytes) bytes" : "\((bytes >> 20) + (bytes % (1 << 20) == 0 ? 0 : 1)) MiB"
}

/// Levenshtein's edit distance, for "did you mean".
private func distance(_ a: String, _ b: String) -> Int {
    let (a, b) = (Array(a.lowercased()), Array(b.lowercased()))
    var row = Array(0...b.count)
    for i in 0..<a.count {
        var diagonal = row[0]
        row[0] = i + 1
        for j in 0..<b.count {
            let substitution = diagonal + (a[i] == b[j] ? 0 : 1)
            diagonal = row[j + 1]
            row[j + 1] = min(substitution, row[j] + 1, diagonal + 1)
        }
    }
    return row[b.count]
}

extension CLMatError {
    /// Whether a device or its compiler is to blame, and not what was asked of it.
    public var isOfTheDevice: Bool {
        switch self {
        case .deviceFailed, .outOfDeviceMemory, .kernelBuildFailed, .compilerFailed, .deviceUnavailable: true
        case .streamFailed(_, _, _, let reason): reason.isOfTheDevice
        default: false
        }
    }
}
