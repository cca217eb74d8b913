import Foundation
import Testing

/// The program as scripts and people see it: what it writes, what it says, and its exit status.
@Suite struct ExploreTests {
    private func json(_ text: String) throws -> [String: Any] {
        try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    // MARK: - A run

    @Test func aHeadlessRunWritesItsSummaryAndPictures() throws {
        let folder = try TemporaryFolder()
        try folder.writeData()
        let run = try Program(
            "ldam", "--data", folder.url.path, "--headless", "--steps", "40", "--batch", "20", "--chains", "2",
            "--summary", folder.path("summary.json"), "--pictures", folder.url.path, "--screenshot",
            folder.path("window.png"), "--size", "1280x720", "--seed", "7", "--set", "noise=0.1", "--set",
            "l2-weight=1@20")
        #expect(run.status == 0, "\(run.error)")
        let summary = try json(String(contentsOfFile: folder.path("summary.json"), encoding: .utf8))
        #expect(summary["model"] as? String == "ldam")
        #expect(summary["device"] as? String == "CPU")
        #expect(summary["seed"] as? Int == 7)
        #expect(summary["steps"] as? Int == 40)
        let metrics = try #require(summary["metrics"] as? [String: Double])
        for id in ["train-loss", "train-accuracy", "test-accuracy", "test-accuracy-averaged", "mean-activation"] {
            #expect(metrics[id] != nil, "\(id)")
        }
        let rates = try #require(summary["rates"] as? [String: Double])
        #expect(rates["training-images"]! > 0 && rates["sampling-steps"]! > 0)
        for picture in ["ldam-samples.png", "ldam-first-layer-filters.png", "window.png"] {
            let data = try Data(contentsOf: URL(fileURLWithPath: folder.path(picture)))
            #expect(data.starts(with: [0x89, 0x50, 0x4E, 0x47]), "\(picture)")
        }
        #expect(!folder.files.contains { $0.contains(".part") })
    }

    @Test func theSameSeedGivesTheSameSummary() throws {
        let folder = try TemporaryFolder()
        try folder.writeData()
        func metrics(_ seed: String) throws -> [String: Double] {
            let run = try Program(
                "ldam", "--data", folder.url.path, "--headless", "--steps", "30", "--batch", "20", "--quiet", "--seed",
                seed, "--pictures", "none", "--summary", folder.path("s.json"))
            #expect(run.status == 0, "\(run.error)")
            let summary = try json(String(contentsOfFile: folder.path("s.json"), encoding: .utf8))
            return try #require(summary["metrics"] as? [String: Double])
        }
        let (a, b, c) = (try metrics("3"), try metrics("3"), try metrics("4"))
        #expect(a == b)
        #expect(a["mean-activation"] != c["mean-activation"])
    }

    @Test func progressComesAsJSONLines() throws {
        let folder = try TemporaryFolder()
        try folder.writeData()
        let run = try Program(
            "ldam", "--data", folder.url.path, "--headless", "--epochs", "2", "--batch", "50", "--chains", "1",
            "--progress", "json", "--pictures", "none")
        #expect(run.status == 0, "\(run.error)")
        let lines = run.output.split(separator: "\n").filter { $0.hasPrefix("{") }
        let last = try json(String(try #require(lines.last)))
        #expect(last["step"] as? Int == 8)
        #expect(last["epoch"] as? Double == 2)
    }

    @Test func withoutADisplayTheRunGoesOnWithoutAWindow() throws {
        let folder = try TemporaryFolder()
        try folder.writeData()
        let run = try Program(
            "ldam", "--data", folder.url.path, "--steps", "5", "--batch", "20", "--chains", "1", in: folder.url)
        #expect(run.status == 0, "\(run.error)")
        #expect(run.error.contains("No window"))
        #expect(folder.files.contains("ldam-samples.png"))
    }

    @Test func theFolderOfPicturesIsMadeWhereNoWindowOpensEither() throws {
        let folder = try TemporaryFolder()
        try folder.writeData()
        let run = try Program(
            "ldam", "--data", folder.url.path, "--steps", "2", "--batch", "20", "--chains", "1", "--pictures",
            folder.path("new/pictures"))
        #expect(run.status == 0, "\(run.error)")
        #expect(FileManager.default.fileExists(atPath: folder.path("new/pictures/ldam-samples.png")))
    }

    @Test func aPictureOfAGivenStepCanBeTakenOnTheWay() throws {
        let folder = try TemporaryFolder()
        try folder.writeData()
        let run = try Program(
            "ldam", "--data", folder.url.path, "--steps", "30", "--at-step", "10", "--batch", "20", "--chains", "1",
            "--screenshot", folder.path("at10.png"), "--pictures", "none", "--summary", folder.path("s.json"))
        #expect(run.status == 0, "\(run.error)")
        #expect(folder.files.contains("at10.png"))
        let summary = try json(String(contentsOfFile: folder.path("s.json"), encoding: .utf8))
        #expect(summary["steps"] as? Int == 30)
    }

    @Test func devicesAreListed() throws {
        let run = try Program("devices")
        #expect(run.status == 0)
        #expect(run.output.contains("CPU"))
        #expect(run.output.contains("self-test  passed"))
        #expect(run.output.contains("OpenBLAS"))
        #expect(run.output.contains("Would be used: CPU, CLMAT_DEVICE=cpu"))
    }

    @Test func whereThereIsNoPlatformThePackagesAreNamed() throws {
        // A folder without .icd files is a machine without OpenCL.
        let folder = try TemporaryFolder()
        let run = try Program("devices", environment: ["OCL_ICD_VENDORS": folder.url.path, "CLMAT_DEVICE": ""])
        #expect(run.status == 0)
        #expect(run.output.contains("pocl-opencl-icd"))
        #expect(run.output.contains("Would be used: CPU, no OpenCL GPU found"))
    }

    // MARK: - What cannot be

    struct Slip: CustomTestStringConvertible {
        let arguments: [String]
        let status: Int32
        let words: String
        var testDescription: String { arguments.joined(separator: " ") }
    }

    static let slips = [
        Slip(arguments: ["ldamm"], status: 64, words: "Did you mean 'ldam'?"),
        Slip(arguments: ["--nonsense"], status: 64, words: "nonsense"),
        Slip(arguments: ["--steps", "x"], status: 64, words: "steps"),
        Slip(arguments: ["--steps", "-1"], status: 64, words: "steps"),
        Slip(arguments: ["--steps", "1", "--epochs", "1"], status: 64, words: "not both"),
        Slip(arguments: ["--set", "noise"], status: 64, words: "id=value"),
        Slip(arguments: ["--set", "noise=1@x"], status: 64, words: "number of steps"),
        Slip(arguments: ["--size", "12"], status: 64, words: "width"),
        Slip(arguments: ["--chains", "0"], status: 64, words: "chains"),
        Slip(arguments: ["--set", "nois=1"], status: 1, words: "Did you mean 'noise'?"),
        Slip(arguments: ["--set", "noise=1000"], status: 1, words: "0.001 to 30, or off"),
        Slip(arguments: ["--set", "clip=sometimes"], status: 1, words: "none, at 0, 0…1"),
        Slip(arguments: ["--device", "voodoo"], status: 1, words: "no device 'voodoo'"),
        Slip(arguments: ["--data", "cifar-one-million"], status: 1, words: "data set"),
        Slip(arguments: ["--batch", "0"], status: 1, words: "batch"),
        Slip(arguments: ["--batch", "0"], status: 1, words: "--batch"),
        Slip(arguments: ["--summary", "/no/such/folder/s.json"], status: 1, words: "there is no folder"),
        Slip(arguments: ["--screenshot", "/proc/x.png"], status: 1, words: "/proc/x.png"),
        Slip(arguments: ["--pictures", "/proc/pictures"], status: 1, words: "cannot be made"),
        Slip(arguments: ["--screenshot", "window.jpg"], status: 64, words: ".png"),
        Slip(
            arguments: ["--screenshot", "w.png", "--steps", "5", "--at-step", "10"], status: 64,
            words: "after the last step"),
        Slip(arguments: ["--device", ""], status: 64, words: "needs a name"),
    ]

    @Test(arguments: slips)
    func slipsAreSaidWithWhatToDo(_ slip: Slip) throws {
        let folder = try TemporaryFolder()
        try folder.writeData()
        var arguments = slip.arguments
        if !arguments.contains("--data"), arguments != ["ldamm"] { arguments += ["--data", folder.url.path] }
        if arguments != ["ldamm"] { arguments += ["--headless"] }
        if !arguments.contains("--steps") && !arguments.contains("--epochs"), arguments != ["ldamm"] {
            arguments += ["--steps", "2"]
        }
        if !arguments.contains("--pictures"), arguments != ["ldamm"] { arguments += ["--pictures", "none"] }
        let run = try Program(arguments: arguments)
        #expect(run.status == slip.status, "\(run.output)\(run.error)")
        #expect(run.error.contains(slip.words), "\(run.error)")
        #expect(!run.error.contains("Fatal"))
    }

    @Test func numbersAreNotLostWithAPictureThatCannotBeWritten() throws {
        let folder = try TemporaryFolder()
        try folder.writeData()
        // A folder stands where the picture should be.
        try FileManager.default.createDirectory(
            atPath: folder.path("ldam-samples.png"), withIntermediateDirectories: false)
        let run = try Program(
            "ldam", "--data", folder.url.path, "--headless", "--steps", "3", "--batch", "20", "--chains", "1",
            "--pictures", folder.url.path, "--summary", folder.path("s.json"))
        #expect(run.status == 1)
        #expect(run.error.contains("ldam-samples.png"))
        #expect(folder.files.contains("s.json"))
    }

    @Test func aDeviceIsWrittenToAndStaysADevice() throws {
        let folder = try TemporaryFolder()
        try folder.writeData()
        let arguments = [
            "ldam", "--data", folder.url.path, "--headless", "--steps", "2", "--batch", "20", "--chains", "1",
            "--pictures", "none", "--quiet", "--summary",
        ]
        let full = try Program(arguments: arguments + ["/dev/full"])
        #expect(full.status == 1)
        #expect(full.error.contains("no space left"))
        let attributes = try FileManager.default.attributesOfItem(atPath: "/dev/full")
        #expect(attributes[.type] as? FileAttributeType == .typeCharacterSpecial)
        let output = try Program(arguments: arguments + ["/dev/stdout"])
        #expect(output.status == 0)
        #expect(output.output.hasPrefix("{\"model\": \"ldam\""))
        #expect(output.error.isEmpty)
    }

    @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
    func aSignalEndsTheRunAndItsFilesAreWritten(number: Int32) throws {
        let folder = try TemporaryFolder()
        try folder.writeData()
        let run = try Program(
            arguments: [
                "ldam", "--data", folder.url.path, "--headless", "--batch", "20", "--chains", "1", "--pictures",
                folder.url.path, "--summary", folder.path("s.json"),
            ], interruptedBy: number)
        #expect(run.status == 0, "\(run.error)")
        #expect(folder.files.contains("s.json"))
        #expect(folder.files.contains("ldam-samples.png"))
    }

    @Test func damagedDataAreSaidWithTheirPlace() throws {
        let folder = try TemporaryFolder()
        try folder.writeData(testLabels: 39)
        let differing = try Program("ldam", "--data", folder.url.path, "--headless", "--steps", "1")
        #expect(differing.status == 1)
        #expect(differing.error.contains("39") && differing.error.contains("40"))

        try folder.writeData()
        let file = URL(fileURLWithPath: folder.path("train-images-idx3-ubyte"))
        try Data(Data(contentsOf: file).prefix(1000)).write(to: file)
        let truncated = try Program("ldam", "--data", folder.url.path, "--headless", "--steps", "1")
        #expect(truncated.status == 1)
        #expect(truncated.error.contains("is damaged at byte"))

        try FileManager.default.removeItem(at: file)
        let missing = try Program("ldam", "--data", folder.url.path, "--headless", "--steps", "1")
        #expect(missing.status == 1)
        #expect(missing.error.contains("train-images"))
    }

    @Test func aDisplayThatRefusesIsNoEnd() throws {
        let folder = try TemporaryFolder()
        try folder.writeData()
        let run = try Program(
            "ldam", "--data", folder.url.path, "--steps", "3", "--batch", "20", "--chains", "1", "--pictures", "none",
            environment: ["DISPLAY": ":4711"])
        #expect(run.status == 0, "\(run.error)")
        #expect(run.error.contains("No window"))
    }
}
