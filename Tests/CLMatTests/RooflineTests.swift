import TestSupport
import Testing

@testable import CLMat

/// Beside those of the profile, and not at the same time: while a device is measured its profile rests.
extension ProfileTests {
    @Suite struct RooflineTests {
        @Test(arguments: Device.all) func copiesAndProductsHaveARate(on device: Device) throws {
            // A quarter of a second on a machine of the last twenty years: more than a million a second, and fewer than any
            // device does in a second.
            let measured = try Roofline.measure(
                on: device, bytes: TestSize.large(4 << 20, small: 4096), side: TestSize.large(128, small: 16),
                seconds: 0.01)
            #expect((1e5...1e15).contains(measured.bandwidth), "\(measured)")
            #expect((1e5...1e16).contains(measured.arithmetic), "\(measured)")
        }

        /// Twice the work in about twice the time is the same rate: a factor that is forgotten would show.
        @Test(arguments: Device.all) func theRateCountsAllTheWork(on device: Device) throws {
            let bytes = TestSize.large(8 << 20, small: 1 << 14)
            let (source, target) = (
                try Matrix(filledWith: 1, Shape(1, bytes / 4), on: device),
                try Matrix(zeros: Shape(1, bytes / 4), on: device)
            )
            try device.finish()
            let clock = ContinuousClock()
            var seconds = Double.infinity
            for _ in 0..<5 {
                let start = clock.now
                try device.backend.copy(source.buffer, to: target.buffer, bytes: bytes)
                try device.finish()
                seconds = min(seconds, (clock.now - start).seconds)
            }
            let measured = try Roofline.measure(on: device, bytes: bytes, side: 16, seconds: 0.02)
            // Other tests run beside this one: a factor of twenty lies between a wrong unit and a busy machine.
            let ratio = measured.bandwidth / (2 * Double(bytes) / seconds)
            #expect((0.05...20).contains(ratio), "\(ratio)")
        }

        @Test(arguments: Device.all) func measuringIsNotRecorded(on device: Device) throws {
            let profile = Profile()
            profile.isRecording = true
            let during = try profile.pausing { () throws(CLMatError) in
                profile.note("measured", LaunchCost(bytes: 1), since: nil, isDone: true)
                return profile.isRecording
            }
            #expect(!during && profile.isRecording && profile.byKernel.isEmpty)
            profile.note("learnt", LaunchCost(bytes: 1), since: nil, isDone: true)
            #expect(profile.byKernel["learnt"]?.launches == 1)
        }

        @Test func theShareIsOfWhatBinds() {
            let roofline = Roofline(bandwidth: 100, arithmetic: 1000)
            func share(_ seconds: Double, _ bytes: Int, _ operations: Int) -> Double? {
                roofline.share(of: .init(launches: 1, seconds: seconds, bytes: bytes, operations: operations))
            }
            #expect(share(2, 100, 100) == 0.5)  // 50 of 100 bytes per second, 50 of 1000 operations
            #expect(share(2, 100, 1800) == 0.9)
            #expect(share(0.5, 100, 0) == 2)  // from a cache
            #expect(share(0, 100, 0) == nil)
            #expect(Roofline(bandwidth: 0, arithmetic: 1).share(of: .init(seconds: 1, bytes: 1)) == nil)
        }

        @Test func sizesBelowOneAreRefused() {
            let error = CLMatError.invalidArgument(operation: "Roofline.measure", problem: "Sizes are 1 at least.")
            #expect(throws: error) { try Roofline.measure(on: .cpu, bytes: 0) }
            #expect(throws: error) { try Roofline.measure(on: .cpu, side: 0) }
        }

        @Test func aDeviceThatFailsIsATypedError() {
            #expect(throws: Fault.lost.error) { try Roofline.measure(on: .failing(with: .lost, after: 0), bytes: 64) }
            #expect(throws: Fault.outOfMemory.error) {
                try Roofline.measure(on: .failing(with: .outOfMemory, after: 0), bytes: 64)
            }
        }

        @Test func theReportTellsAStepsWork() {
            let profile = Profile()
            profile.isRecording = true
            let product = LaunchCost(kind: .product(size: 5), groups: 3, bytes: 1_000_000, operations: 10)
            for _ in 0..<30 { profile.note("gemm", product, since: nil, isDone: false) }
            profile.add("gemm", seconds: 3)
            profile.note("small", LaunchCost(bytes: 5_000_000, operations: 10), since: nil, isDone: false)
            profile.add("small", seconds: 1)
            let report = profile.report(steps: 10, roofline: Roofline(bandwidth: 100e6, arithmetic: 1e9))
            #expect(
                report.columns == [
                    "kernel", "time", "roofline", "GB/s", "GFLOP/s", "launches/step", "MB/step", "seconds",
                ])
            #expect(report.rows[0] == ["gemm", "75 %", "10 %", "0.0", "0.0", "3.0", "3.00", "3.000"])
            #expect(report.rows[1] == ["small", "25 %", "5 %", "0.0", "0.0", "0.1", "0.50", "1.000"])
            #expect(
                report.caption
                    == "4.0 s recorded · 3 launches and 3.5 MB per step · device copies 0 GB/s, multiplies 1 GFLOP/s")
            let lines = report.description.split(separator: "\n")
            #expect(lines.count == 4 && Set(lines.dropLast().map(\.count)).count == 1, "columns are aligned")
            #expect(lines[1].hasPrefix("gemm ") && lines[1].hasSuffix("  3.000"))
            #expect(profile.report().columns == ["kernel", "time", "GB/s", "GFLOP/s", "launches", "seconds"])
        }
    }
}
