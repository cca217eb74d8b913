import Synchronization

/// How many iterations a device gives to the loops of a work-item.
///
/// Mesa's llvmpipe ends all loops of a work-item after 65,535 iterations in sum, without a word, and what they computed is wrong
/// then. So a device is asked, by a kernel that counts, before the first launch whose loops are long enough for that to
/// matter; launches with longer loops than it can do are refused.
final class LoopLimit: Sendable {
    /// About loops that are not longer no device is asked: each does these.
    static let unasked = 1 << 14

    private enum Answer {
        case none
        case most(Int)
    }
    private let answer = Mutex<Answer?>(nil)

    /// Throws ``CLMatError/deviceFailed(device:operation:status:)`` if the device ends loops before so many iterations.
    func require(_ iterations: Int, of kernel: String, on backend: any Backend, _ device: String) throws(CLMatError) {
        guard iterations > Self.unasked else { return }
        let known: Answer
        if let answer = answer.withLock({ $0 }) { known = answer } else { known = try ask(backend) }
        guard case .most(let most) = known, iterations > most else { return }
        throw .deviceFailed(
            device: device, operation: "\(kernel), which was not started",
            status: "loops of \(iterations) iterations, since its driver ends loops after \(most); take smaller pieces")
    }

    private func ask(_ backend: any Backend) throws(CLMatError) -> Answer {
        let buffer = try backend.allocate(bytes: 8)
        try backend.write([Int32(0), 0], to: buffer)
        try backend.launch(
            Self.counting, [.int(Self.tried), .buffer(buffer)],
            over: WorkSize(items: 1, workItems: 64, groupSize: 64, bytesPerItem: 8, loop: 1))
        let count: [Int32] = try backend.read(1, from: buffer)
        let found: Answer = Int(count[0]) < Self.tried ? .most(Int(count[0])) : .none
        answer.withLock { $0 = found }
        return found
    }

    /// Twice the shortest limit that is known.
    private static let tried = 1 << 17

    private static let counting = Kernel(
        "count_iterations",
        in: KernelFamily(
            "loops",
            source: """
                // ys[0] <- how many of n iterations a loop does. ys[1], which is 0, keeps compilers from knowing the answer.
                __kernel void count_iterations(const int n, __global int *ys)
                {
                    const int zero = ys[1];
                    int count = 0;
                    for (int i = 0; i < n; i++) count += (i ^ zero) >= 0;
                    if (get_global_id(0) == 0) ys[0] = count;
                }
                """)
    ) { arguments, _ in arguments.mutableInts(1)[0] = arguments.int(0) }
}
