import CLMat
import COpenBLAS
import Foundation

/// Somebody else who does the same work.
package protocol Rival {
    /// Does a case once.
    func run(_ test: Case) throws -> (rate: Double, name: String)
}

/// Python's libraries, in a process that does a case when it is asked.
package final class Peer: Rival {
    private let process = Process()
    private let requests = Pipe()
    private let answers = Pipe()
    private var pending = Data()

    /// - Parameter device: "cuda", or the CPU.
    package init(python: String, program: String, threads: Int, device: String = "cpu") throws {
        for file in [python, program] where !FileManager.default.fileExists(atPath: file) {
            throw CLMatError.fileMissing(path: file, hint: "make bench makes the peers' virtual environment.")
        }
        process.executableURL = URL(fileURLWithPath: python)
        process.arguments = [program, "\(threads)", device]
        process.standardInput = requests
        process.standardOutput = answers
        try process.run()
    }

    /// At the end of its input the peer ends, and so do the processes that it has.
    deinit {
        try? requests.fileHandleForWriting.close()
        for _ in 0..<100 where process.isRunning { Thread.sleep(forTimeInterval: 0.05) }
        if process.isRunning { process.terminate() }
    }

    package func run(_ test: Case) throws -> (rate: Double, name: String) {
        let answer = try ask(test.request ?? [test.name])
        return (answer.work / answer.seconds, answer.name)
    }

    /// - Parameter request: a case of the peer's, and what it needs.
    package func ask(_ request: [String]) throws -> (seconds: Double, work: Double, name: String) {
        requests.fileHandleForWriting.write(Data((request.joined(separator: "\t") + "\n").utf8))
        guard let answer = try JSONSerialization.jsonObject(with: nextLine()) as? [String: Any],
            let seconds = answer["seconds"] as? Double, let work = answer["work"] as? Double,
            let name = answer["name"] as? String
        else { throw CLMatError.dataMismatch("The peer gave no answer to '\(request[0])'.") }
        return (seconds, work, name)
    }

    private func nextLine() throws -> Data {
        while true {
            if let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
                defer { pending = Data(pending[(end + 1)...]) }
                return Data(pending[..<end])
            }
            let more = answers.fileHandleForReading.availableData
            guard !more.isEmpty else {
                throw CLMatError.dataMismatch("The peer's process ended; see what it said above.")
            }
            pending += more
        }
    }
}

/// OpenBLAS called directly, with its own threads.
package struct OpenBLASRival: Rival {
    let threads: Int

    package init(threads: Int) { self.threads = threads }

    package func run(_ test: Case) throws -> (rate: Double, name: String) {
        guard let (m, k, n, repeats) = test.product else {
            throw CLMatError.invalidArgument(operation: test.name, problem: "OpenBLAS does products alone.")
        }
        let a = [Float](repeating: 0.5, count: m * k)
        let b = [Float](repeating: 0.25, count: k * n)
        var c = [Float](repeating: 0, count: m * n)
        openblas_set_num_threads(Int32(threads))
        defer { openblas_set_num_threads(1) }  // as CLMat's pool needs it
        let start = ContinuousClock.now
        for _ in 0..<repeats {
            cblas_sgemm(
                CblasRowMajor, CblasNoTrans, CblasNoTrans, Int32(m), Int32(n), Int32(k), 1, a, Int32(k), b, Int32(n), 0,
                &c, Int32(n))
        }
        let seconds = (ContinuousClock.now - start).seconds
        return (2e-9 * Double(m * k * n * repeats) / seconds, "OpenBLAS directly, \(threads) threads")
    }
}
