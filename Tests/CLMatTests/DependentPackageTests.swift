import CLMat
import Foundation
import TestSupport
import Testing

/// A package that depends on CLMat, built and run as somebody else would: matrices, a kernel of its own, errors.
///
/// It has processes of its own, so it also tests what is read once from the environment: `CLMAT_DEVICE`,
/// `CLMAT_THREADS`.
@Suite struct DependentPackageTests {
    static let program = """
        import CLMat

        extension Kernel {
            /// yᵢ = xᵢ + i
            static let addIndex = Kernel(
                "add_index",
                in: KernelFamily(
                    "add_index",
                    source: \"\"\"
                        __kernel void add_index(const int n, __global const float *xs, __global float *ys)
                        {
                            const int i = get_global_id(0);
                            if (i < n) ys[i] = xs[i] + i;
                        }
                        \"\"\")
            ) { a, items in
                let (x, y) = (a.floats(1), a.mutableFloats(2))
                for i in items { y[i] = x[i] + Float(i) }
            }
        }

        @main struct Program {
            static func main() throws {
                for device in Device.all {
                    let x = try Matrix([1, 2, 3, 4], 2, 2, on: device)
                    let y = try Matrix(zeros: x.shape, on: device)
                    try device.launch(
                        .addIndex, [.int(x.count), x.argument, y.argument], over: .elements(x.count, bytes: 8))
                    print("own kernel:", try y.values, "product:", try x.matmul(x).values)
                }
                do {
                    _ = try Matrix(zeros: Shape(2, 3), on: .cpu).matmul(Matrix(zeros: Shape(2, 3), on: .cpu))
                } catch {
                    print("error:", error)
                }
                do throws(CLMatError) {
                    print("default:", try Device.default.name)
                } catch {
                    print("default:", error)
                }
                print("threads:", Device.cpu.computeUnits)
                print("bits:", try bits(on: .cpu))
            }

            /// A sum of bits over operations that promise the same numbers for every number of threads.
            static func bits(on device: Device) throws -> UInt64 {
                let key = RandomKey(seed: 1, stream: 0)
                let g = try Convolution(
                    input: ImageShape(channels: 3, height: 12, width: 12), filters: 4, kernelHeight: 3, kernelWidth: 3)
                let images = try Matrix(normal: 0, deviation: 1, key, Shape(50, g.input.count), on: device)
                let weights = try Matrix(normal: 0, deviation: 1, key, Shape(4, g.patchSize), on: device)
                let y = try images.convolved(weights, biases: Matrix(zeros: Shape(1, 4), on: device), g)
                let (dw, db) = try y.convolutionWeightGradient(images, g)
                let long = try Matrix(normal: 0, deviation: 1, key, Shape(1, 1_000_003), on: device)
                let numbers = try dw.values + db.values + y.softmaxRows().rowSums().values + images.columnSums().values
                    + y.convolutionInputGradient(weights, g).rowSums().values + [long.sum(), long.exponentials().sum()]
                return numbers.reduce(0) { $0 &* 31 &+ UInt64($1.bitPattern) }
            }
        }
        """

    static let swift = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        .map { "\($0)/swift" }.first { FileManager.default.isExecutableFile(atPath: $0) }

    @Test(.enabled(if: swift != nil, "There is no swift on the PATH."))
    func aDependentBuildsAndRuns() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "clmat-dependent-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let sources = folder.appendingPathComponent("Sources/dependent")
        try FileManager.default.createDirectory(at: sources, withIntermediateDirectories: true)
        try Data(Self.program.utf8).write(to: sources.appendingPathComponent("Program.swift"))
        let manifest = """
            // swift-tools-version: 6.1
            import PackageDescription

            let package = Package(
                name: "dependent",
                dependencies: [.package(path: \(String(reflecting: root.path)))],
                targets: [
                    .executableTarget(
                        name: "dependent",
                        dependencies: [.product(name: "CLMat", package: \(String(reflecting: root.lastPathComponent)))])
                ],
                swiftLanguageModes: [.v6]
            )
            """
        try Data(manifest.utf8).write(to: folder.appendingPathComponent("Package.swift"))
        let scratch = folder.appendingPathComponent("build").path
        let build = try run(
            try #require(Self.swift),
            ["build", "--package-path", folder.path, "--scratch-path", scratch, "--jobs", "2"])
        try #require(build.status == 0, "\(build.output)")

        let program = scratch + "/debug/dependent"
        let plain = try run(program, [], ["CLMAT_DEVICE": "cpu"])
        #expect(plain.status == 0, "\(plain.output)")
        let own = "own kernel: [1.0, 3.0, 5.0, 7.0] product: [7.0, 10.0, 15.0, 22.0]"
        #expect(plain.lines.filter { $0 == own }.count == Device.all.count, "\(plain.output)")
        #expect(plain.lines.contains { $0.hasPrefix("error: matmul: 2 × 3 and 2 × 3 do not fit.") })
        #expect(plain.lines.contains("default: CPU"))
        #expect(plain.output.contains("clmat: CLMat runs on CPU"), "said on standard error")

        let unknown = try run(program, [], ["CLMAT_DEVICE": "no such device"])
        #expect(unknown.lines.contains { $0.hasPrefix("default: There is no device 'no such device'. Known: cpu") })

        // The same bits whatever the number of threads.
        let bits = try (1...3).map { threads in
            let result = try run(program, [], ["CLMAT_DEVICE": "cpu", "CLMAT_THREADS": "\(threads)"])
            #expect(result.lines.contains("threads: \(threads)"))
            return result.lines.first { $0.hasPrefix("bits: ") }
        }
        #expect(bits[0] != nil && bits[1] == bits[0] && bits[2] == bits[0], "\(bits)")

        let wrong = try run(program, [], ["CLMAT_DEVICE": "cpu", "CLMAT_THREADS": "many"])
        #expect(wrong.status == 0 && wrong.output.contains("CLMAT_THREADS=many is not a number from 1 to 1024"))
    }

    /// What a program wrote, standard error included, and its exit status.
    private func run(
        _ program: String, _ arguments: [String], _ environment: [String: String] = [:]
    ) throws -> (status: Int32, output: String, lines: [String]) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let pipe = Pipe()
        (process.standardOutput, process.standardError) = (pipe, pipe)
        try process.run()
        let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, output, output.split(separator: "\n").map(String.init))
    }
}
