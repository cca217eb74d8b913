import CLMat
import Exploration

/// On what a run's bits depend beside its options.
struct RunConditions {
    let device: String
    let threads: Int
    let instructions: String

    init(_ device: Device) {
        (self.device, threads, instructions) = (device.name, Device.cpu.computeUnits, Device.cpu.details)
    }

    func differences(from header: SessionFile.Header) -> [String] {
        var found: [String] = []
        if header.format == 1 { found.append("recorded by CLMat 0.1.0, which rounded some sums otherwise") }
        if header.device != device { found.append("recorded on \(header.device), not on \(device)") }
        if header.threads != threads { found.append("recorded with \(header.threads) threads, not \(threads)") }
        if header.instructions != instructions {
            found.append("recorded with \(header.instructions), not \(instructions)")
        }
        return found
    }
}
