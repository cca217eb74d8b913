import ArgumentParser
import BenchCases
import CLMat
import Foundation

/// Whether CLMat works on this machine's GPU, and how fast: every kernel against its reference, then the models. It needs
/// no Swift; what it needs lies beside it in its archive. Its report is what somebody with a card can send.
@main
struct CheckGPU: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-gpu",
        abstract: "Check CLMat on an OpenCL GPU: every kernel against its reference, then rates of the models.",
        discussion: """
            The exit status is 0 if all went well, 1 if something failed, and 2 if there is no OpenCL GPU. It takes some \
            minutes.
            """)

    @Option(help: ArgumentHelp("Another device than the first GPU: a part of its name.", valueName: "name"))
    var device: String?

    @Option(
        help: ArgumentHelp(
            "A folder with mnist and uci-bow/nips; $CLMAT_DATA if not given. Without one, data are made up.",
            valueName: "folder"))
    var data: String?

    @Option(help: ArgumentHelp("Where the report goes: NAME.txt, NAME.json and NAME.log.", valueName: "name"))
    var report = "check-gpu-report"

    @Option(help: ArgumentHelp("How long each model runs, in seconds.", valueName: "n"))
    var seconds = 3.0

    @Option(help: ArgumentHelp("A Python that may have PyTorch with CUDA.", valueName: "path"))
    var python = "python3"

    @Flag(help: "Only the kernels.")
    var kernelsOnly = false

    static func main() {
        Descriptors.prepare()
        main(nil)
    }

    func validate() throws {
        guard (0.1...600).contains(seconds) else { throw ValidationError("--seconds is a number from 0.1 to 600.") }
    }

    func run() throws {
        let environment = ProcessInfo.processInfo.environment
        // The start script's folder of libraries is for the tests, not for Python.
        if let before = environment["CHECK_GPU_LIBRARY_PATH"] { setenv("LD_LIBRARY_PATH", before, 1) }
        let data = data ?? environment["CLMAT_DATA"]
        if let data { setenv("CLMAT_DATA", data, 1) }

        for suffix in ["txt", "json", "log"] { try Files.checkWritable("\(report).\(suffix)") }
        guard let device = try chosen() else { throw ExitCode(2) }
        var report = Report()
        try report.section("Device", facts(of: device))

        let tests = KernelTests(libraries: environment["LD_LIBRARY_PATH"], log: "\(self.report).log")
        try StandardOutput.say("Every kernel against its reference: a minute or two ...")
        let result = try tests.run(on: device)
        try report.add(result)

        if !kernelsOnly {
            let runs = ModelRuns(device: device, seconds: seconds, python: python)
            try report.note(runs.peerNote)
            for test in ModelRuns.cases(hasNIPS: runs.hasNIPS) { try report.add(runs.measure(test)) }
        }
        try report.write(to: self.report)
        guard report.isGood else { throw ExitCode(1) }
    }

    /// The first GPU, or the device that was asked for; nil if there is no GPU, which is said.
    private func chosen() throws -> Device? {
        if let device { return try Device.choose(device).device }
        if let gpu = Device.openCL.first(where: { $0.kind == .gpu }) { return gpu }
        let others = Device.openCL.isEmpty ? "no OpenCL device" : Device.openCL.map(\.summary).joined(separator: "\n  ")
        let lines =
            ["There is no OpenCL GPU here. Found:", "  " + others] + Device.unavailable.map { "  " + $0 } + [
                """
                A GPU's OpenCL comes with its driver (NVIDIA), or from the packages intel-opencl-icd, mesa-opencl-icd or \
                rocm-opencl-runtime. --device NAME checks another device.
                """
            ]
        try StandardOutput.say(lines.joined(separator: "\n"))
        return nil
    }

    private func facts(of device: Device) -> [(name: String, value: String)] {
        [("name", device.name), ("kind", device.kind.rawValue)] + (OpenCLFacts.of(deviceNamed: device.name))
            + [("host", "\(Device.cpu.details); \(ProcessInfo.processInfo.operatingSystemVersionString)")]
    }
}
