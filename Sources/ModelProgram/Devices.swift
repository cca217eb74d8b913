import ArgumentParser
import CLMat
import Foundation

/// What CLMat could run on, and what it would.
struct Devices: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "devices", abstract: "List the devices, test them, and say which would be used and why.")

    func run() throws {
        for (index, device) in Device.all.enumerated() {
            // A compiler without a place for its files is not to blame for what its device computes: nothing was computed.
            let problem = device.compilerProblem
            let failure = problem == nil ? device.selfTest() : nil
            try StandardOutput.say(
                """
                \(index)  \(device.name)
                   kind       \(device.kind.rawValue), \(device.computeUnits) compute units
                   memory     \(device.memory >> 20) MiB
                   details    \(device.details)
                   self-test  \(problem == nil ? failure.map { "FAILED: \($0)" } ?? "passed" : "not run")
                """)
            if let problem { try StandardOutput.say("   compiler   cannot write its cache: \(problem)") }
            if let note = device.compilerNote { try StandardOutput.say("   compiler   \(note)") }
        }
        for sentence in Device.unavailable { try StandardOutput.say("\n\(sentence)") }
        if Device.openCL.isEmpty, Device.unavailable.isEmpty {
            try StandardOutput.say(
                """

                No OpenCL platform was found. Packages that bring one (Debian):
                   NVIDIA GPUs         nvidia-opencl-icd (with the driver)
                   AMD GPUs            mesa-opencl-icd, or AMD's ROCm
                   Intel GPUs          intel-opencl-icd
                   any CPU, to test    pocl-opencl-icd
                """)
        }
        let (chosen, reason) = try Device.choose()
        try StandardOutput.say("\nWould be used: \(chosen.name), \(reason).")
    }
}
