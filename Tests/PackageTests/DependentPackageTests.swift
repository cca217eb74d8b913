import CLMat
import CStb
import Foundation
import Testing

/// Packages that depend on CLMat, built and run as somebody else would: matrices, a kernel, a criterion and a kind of figure of
/// their own, errors.
///
/// They have processes of their own, so this also tests what is read once from the environment: `CLMAT_DEVICE`,
/// `CLMAT_THREADS`.
@Suite(.enabled(if: BuiltPackages.swift != nil, "There is no swift on the PATH."), .buildsPackages)
struct DependentPackageTests {
    let packages: BuiltPackages
    /// For the files of one test.
    let folder: URL

    init() throws {
        packages = try #require(BuiltPackages.current)
        folder = packages.folder.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    @Test func aDependentComputes() throws {
        let program = packages.dependent
        let plain = try program.run(in: folder)
        #expect(plain.status == 0, "\(plain.output)")
        let own = "own kernel: [1.0, 3.0, 5.0, 7.0] product: [7.0, 10.0, 15.0, 22.0]"
        #expect(plain.lines.filter { $0 == own }.count == Device.all.count, "\(plain.output)")
        #expect(plain.lines.contains { $0.hasPrefix("error: matmul: 2 × 3 and 2 × 3 do not fit.") })
        #expect(plain.value(of: "default") == "CPU")
        #expect(plain.output.contains("clmat: CLMat runs on CPU"), "said on standard error")

        let unknown = try program.run(environment: ["CLMAT_DEVICE": "no such device"], in: folder)
        #expect(unknown.lines.contains { $0.hasPrefix("default: There is no device 'no such device'. Known: cpu") })

        // The same bits whatever the number of threads.
        let bits = try (1...3).map { threads in
            let result = try program.run(environment: ["CLMAT_THREADS": "\(threads)"], in: folder)
            #expect(result.value(of: "threads") == "\(threads)")
            return result.value(of: "bits")
        }
        #expect(bits[0] != nil && bits[1] == bits[0] && bits[2] == bits[0], "\(bits)")

        let wrong = try program.run(environment: ["CLMAT_THREADS": "many"], in: folder)
        #expect(wrong.status == 0 && wrong.output.contains("CLMAT_THREADS=many is not a number from 1 to 1024"))
    }

    // MARK: - What a package adds

    @Test func aKernelInBothFormsRunsOnEveryDevice() throws {
        let result = try packages.ownKernel.run(in: folder)
        #expect(result.status == 0, "\(result.output)")
        for device in Device.all {
            let line = try #require(result.value(of: device.name), "\(result.output)")
            let error = try #require(line.split(separator: " ").last.flatMap { Double($0) })
            // A logarithm and a sum, each rounded: two halves of 2⁻²³, and as much of the functions.
            #expect(error <= 0x1p-22, "\(line)")
        }
        #expect(
            result.value(of: "refused")
                == "softplus: 2 arguments were passed for 3 parameters: int, floats, floats to write.")
        #expect(result.value(of: "registered") == #"["softplus [int, floats, floats to write]"]"#)
    }

    @Test func theGradientOfTheCriterionIsExact() throws {
        let result = try packages.dependent.run("criterion", in: folder)
        #expect(result.status == 0, "\(result.output)")
        #expect(result.value(of: "layers") == "true")
        for name in ["along", "across"] {
            let values = try #require(result.value(of: "derivative \(name)")).split(separator: " ").compactMap {
                Double($0)
            }
            try #require(values.count == 2)
            // f is a sum in floats, of about 2 with an error of 10⁻⁶; differences over 0.1 have ten times that.
            #expect(abs(values[0] - values[1]) < 1e-4 && abs(values[1]) > 1e-3, "\(name): \(values)")
        }
    }

    @Test func theFigureIsComputedAndDrawn() throws {
        let result = try packages.dependent.run("figure", in: folder)
        #expect(result.status == 0, "\(result.output)")
        #expect(result.value(of: "singular values") == "[4.0, 3.0]")
        let sums = result.lines.filter { $0.hasPrefix("sums ") }
        #expect(sums.count == 4)
        for line in sums {
            let ratios = (line.split(separator: ":").last ?? "").split(separator: " ").compactMap { Double($0) }
            // The sums that they are compared with are sums of floats.
            #expect(ratios.count == 2 && ratios.allSatisfy { abs($0 - 1) < 1e-5 }, "\(line)")
        }
        #expect(result.value(of: "not finite") == "true")
        #expect(result.output.contains("refused: add: The run's model is a NetworkTrainer, not a Learned."))
        #expect(result.output.contains("No renderer is registered for Spectrum"))
        #expect(result.output.contains(#"csv: ["layer,rank,singular value", "conv,1,"#))

        // In a window the lines stand where the words stood that nobody draws this kind.
        let (before, after) = (try Pixels(of: path("nobody-draws-it.png")), try Pixels(of: path("drawn.png")))
        try #require(before.width == 1600 && before.height == 1000 && after.bytes.count == before.bytes.count)
        let changed = (0..<1600 * 1000).filter { before[$0] != after[$0] }
        #expect(changed.count > 2000, "\(changed.count) pixels")
        // The middle of the window is the figures'; the line at the foot tells the memory in use.
        let elsewhere = changed.count { !(330...1150).contains($0 % 1600) && $0 / 1600 < 970 }
        #expect(elsewhere == 0)
        // The lines go through nearly every column of the plot; letters alone would leave most of them empty.
        #expect(Set(changed.filter(after.hasInk).map { $0 % 1600 }).count > 550)
        #expect(try Pixels(of: path("alone.png")).hasLines)
    }

    // MARK: - The sample

    /// Entries of a script, which stand for a person at the window.
    private static let script = """
        [
         {"step": 20, "add-mixin": "orthogonality"},
         {"step": 30, "expect": "pull-orthogonality", "over": 10, "near": 0, "within": 0},
         {"step": 30, "keep": "orthogonality-distance", "as": "without"},
         {"step": 30, "set": "orthogonality", "to": 0.01},
         {"step": 40, "keep": "pull-orthogonality", "over": 5, "as": "weak"},
         {"step": 40, "set": "orthogonality", "to": 1},
         {"step": 42, "expect": "pull-orthogonality", "over": 2, "above": {"kept": "weak", "times": 2}},
         {"step": 80, "expect": "orthogonality-distance", "below": {"kept": "without", "times": 0.7}},
         {"step": 80, "remove-mixin": "orthogonality"},
         {"step": 90, "undo": true},
         {"step": 80, "set": "orthogonality-length", "to": 0.5},
         {"step": 90, "say": "The end."}
        ]
        """

    @Test func aRunIsGivenACriterionAndAFigureAndIsReplayed() throws {
        try Data(Self.script.utf8).write(to: folder.appendingPathComponent("script.json"))
        let run = try packages.sample.run(
            "--data", "made-up", "--headless", "--play", "script.json", "--save", "run.jsonl",
            "--screenshot", "window.png", "--figure", "figure.png", in: folder)
        #expect(run.status == 0 && run.lines.contains("step 90: The end."), "\(run.output)")

        // Slider, score and pull are of the run from when the criterion was added until it was removed.
        let session = try String(contentsOfFile: path("run.jsonl"), encoding: .utf8).split(separator: "\n")
        #expect(session.contains { $0.contains(#""set":"orthogonality","to":1"#) })
        func metrics(_ step: Int) -> [String] {
            session.filter { $0.hasPrefix("{\"step\":\(step),") }.map {
                ["pull-orthogonality", "orthogonality-distance"].filter($0.contains).joined(separator: " ")
            }
        }
        #expect(metrics(20) == [""] && metrics(21) == ["pull-orthogonality orthogonality-distance"])
        // First without it, and then on the branch that the undo and the slider led to.
        #expect(metrics(81) == ["", "pull-orthogonality orthogonality-distance"])

        let window = try Pixels(of: path("window.png"))
        #expect(window.width == 1600 && window.height == 1000)
        #expect(try Pixels(of: path("figure.png")).hasLines)

        let again = try packages.sample.run("--replay", "run.jsonl", in: folder)
        #expect(again.status == 0, "\(again.output)")
        #expect(again.output.contains("100 steps, 8 commands") && again.output.contains("the same, bit for bit"))

        // One number of it changed.
        let changed = session.map { line in
            line.hasPrefix("{\"step\":30,")
                ? line.replacing("-orthogonality\":0.0", with: "-orthogonality\":0.1") : line
        }
        try Data((changed.joined(separator: "\n") + "\n").utf8).write(to: folder.appendingPathComponent("other.jsonl"))
        let differing = try packages.sample.run("--replay", "other.jsonl", in: folder)
        #expect(
            differing.status == 1
                && differing.output.contains("First pull-orthogonality was 0.1 at step 30 and is 0.0."))
    }

    @Test func whatItDoesNotTakeIsRefusedInWords() throws {
        func run(_ entry: String) throws -> Program.Result {
            let script = "[{\"step\": 12, \"add-mixin\": \"orthogonality\"}, \(entry)]"
            try Data(script.utf8).write(to: folder.appendingPathComponent("script.json"))
            return try packages.sample.run("--data", "made-up", "--headless", "--play", "script.json", in: folder)
        }
        let tooMuch = try run(#"{"step": 14, "set": "orthogonality", "to": 1000}"#)
        #expect(
            tooMuch.status == 1
                && tooMuch.output.contains("'1,000' is not a value for orthogonality. It takes 0.0001 to 10, or off."),
            "\(tooMuch.output)")
        let misspelt = try run(#"{"step": 14, "add-mixin": "orthogonalty"}"#)
        #expect(
            misspelt.status == 1 && misspelt.output.contains("There is no mixin 'orthogonalty'"), "\(misspelt.output)")
        let picture = try run(#"{"step": 14, "screenshot": "a.png"}"#)
        #expect(picture.status == 1 && picture.output.contains("scripts have no pictures"), "\(picture.output)")

        let option = try packages.sample.run("--stepz", "5", in: folder)
        #expect(option.status == 64 && option.output.contains("there is no option --stepz"))
        let steps = try packages.sample.run("--steps", "none", in: folder)
        #expect(steps.status == 64 && steps.output.contains("--steps needs a number above 0, not none"))
        let data = try packages.sample.run("--data", "fashionmnist", "--headless", in: folder)
        #expect(data.status == 1 && data.output.contains("There is no data set 'fashionmnist'"))
        let window = try packages.sample.run("--data", "made-up", in: folder)
        #expect(window.status == 1 && window.output.contains("Run with --headless"), "\(window.output)")
    }

    private func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
}

/// The pixels of a PNG file.
private struct Pixels {
    let width: Int
    let height: Int
    /// RGBA
    let bytes: [UInt8]

    init(of path: String) throws {
        let file = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        var (width, height): (Int32, Int32) = (0, 0)
        let decoded = try #require(clmat_image_decode(file, Int32(file.count), &width, &height))
        defer { clmat_png_free(decoded) }
        (self.width, self.height) = (Int(width), Int(height))
        bytes = Array(UnsafeBufferPointer(start: decoded, count: Int(width) * Int(height) * 4))
    }

    subscript(_ pixel: Int) -> ArraySlice<UInt8> { bytes[pixel * 4..<pixel * 4 + 4] }

    /// Whether a pixel is far brighter than the dark ground and the lines of a grid.
    func hasInk(_ pixel: Int) -> Bool { bytes[pixel * 4] > 90 }

    /// Whether something is drawn in most columns between a figure's title and the words at its foot.
    var hasLines: Bool {
        (0..<width).count { column in (120..<height - 120).contains { hasInk($0 * width + column) } } > width * 3 / 4
    }
}
