import ArgumentParser
import CLMat
import Foundation

/// What CLMat could run on, and what it would.
struct Devices: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "devices", abstract: "List the devices, test them, and say which would be used and why.")

    func run() throws {
        for (index, device) in Device.all.enumerated() {
            let failure = device.selfTest()
            print("\(index)  \(device.name)")
            print("   kind       \(device.kind.rawValue), \(device.computeUnits) compute units")
            print("   memory     \(device.memory >> 20) MiB")
            print("   details    \(device.details)")
            print("   self-test  \(failure.map { "FAILED: \($0)" } ?? "passed")")
        }
        for sentence in Device.unavailable { print("\n\(sentence)") }
        if Device.openCL.isEmpty, Device.unavailable.isEmpty {
            print(
                """

                No OpenCL platform was found. Packages that bring one (Debian):
                   NVIDIA GPUs         nvidia-opencl-icd (with the driver)
                   AMD GPUs            mesa-opencl-icd, or AMD's ROCm
                   Intel GPUs          intel-opencl-icd
                   any CPU, to test    pocl-opencl-icd
                """)
        }
        let (chosen, reason) = try Device.choose()
        print("\nWould be used: \(chosen.name), \(reason).")
    }
}
