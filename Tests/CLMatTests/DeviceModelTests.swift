import TestSupport
import Testing

@testable import CLMat

/// The prediction's formula on cases that were reckoned by hand.
@Suite struct DeviceModelTests {
    let h100 = DeviceModel.h100

    private func expect(_ cost: LaunchCost, microseconds: Double, _ why: Comment) {
        let seconds = h100.seconds(for: cost)
        #expect(abs(seconds * 1e6 - microseconds) <= 1e-9 * microseconds, why)
    }

    @Test func eachBoundDecidesWhereItIsTheLargest() {
        expect(LaunchCost(bytes: 8), microseconds: 5, "the launch itself")
        // 300 MB / 3 TB/s, with 264 groups or more.
        expect(LaunchCost(groups: 264, bytes: 300_000_000), microseconds: 100, "bytes")
        expect(LaunchCost(groups: 5000, bytes: 300_000_000), microseconds: 100, "more groups do not help")
        // 66 of 264 groups: a quarter of the bandwidth.
        expect(LaunchCost(groups: 66, bytes: 300_000_000), microseconds: 400, "few groups")
        // 5 GFLOP / 50 TFLOP/s = 100 µs.
        expect(LaunchCost(groups: 264, bytes: 4, operations: 5_000_000_000), microseconds: 100, "operations")
        expect(LaunchCost(groups: 1, bytes: 4, operations: 5_000_000), microseconds: 26.4, "0.1 µs × 264")
        // A column sum over 12,419 rows in one work-item.
        expect(LaunchCost(groups: 1, bytes: 4 * 12_419, loop: 12_419), microseconds: 1241.9, "the loop")
        expect(LaunchCost(kind: .read, bytes: 4), microseconds: 10, "the host waits")
        expect(LaunchCost(kind: .transfer, bytes: 4), microseconds: 5, "a write")
    }

    @Test func productsTakeTheKernelThatCLBlastTakes() {
        // LeNet's first convolution, weights: 20 × 25 in one tile, k = 57,600 in 1,800 tiles of 32, 16 loads each.
        let weights = LaunchCost(productOf: 20, 25, 57_600)
        #expect(weights.groups == 1 && weights.loop == 28_800 && weights.operations == 57_600_000)
        // max(57.6 MFLOP / (6 TFLOP/s / 264) = 2,534.4 µs, 28,800 × 0.1 µs = 2,880 µs)
        expect(weights, microseconds: 2880, "an H200 took 2,812")
        // The second: 2 × 16 tiles, 200 tiles of k; 320 MFLOP / (6 TFLOP/s · 32 / 264) = 440 µs.
        let second = LaunchCost(productOf: 50, 500, 6400)
        #expect(second.groups == 32 && second.loop == 3200)
        expect(second, microseconds: 440, "an H200 took 334")
        // K-means: 10,000 × 256 × 784 = 2.007 G terms are below 3.2 G: 4.014 GFLOP / 6 TFLOP/s.
        let distances = LaunchCost(productOf: 10_000, 256, 784)
        #expect(distances.groups == 313 * 8)
        expect(distances, microseconds: 4_014.08 / 6, "an H200 took 324")
        // 4096³ takes the kernel for large products: 137.4 GFLOP / 50 TFLOP/s.
        expect(LaunchCost(productOf: 4096, 4096, 4096), microseconds: 2 * 68_719.476736 / 50, "large")
        // Batches share one launch.
        let batch = LaunchCost(productOf: 20, 25, 225, batch: 256)
        #expect(batch.groups == 256 && batch.operations == 57_600_000 && batch.loop == 8 * 16)
    }

    @Test func launchesThatLeaveAGPUIdleAreMarked() {
        #expect(LaunchCost(groups: 255, bytes: 1_000_001).leavesAGPUIdle)
        #expect(LaunchCost(groups: 255, bytes: 4, operations: 1_000_001).leavesAGPUIdle)
        #expect(!LaunchCost(groups: 256, bytes: 1 << 30, operations: 1 << 40).leavesAGPUIdle)
        #expect(!LaunchCost(groups: 1, bytes: 1_000_000, operations: 1_000_000).leavesAGPUIdle)
        #expect(!LaunchCost(kind: .read, bytes: 1 << 30).leavesAGPUIdle)
        #expect(LaunchCost(productOf: 20, 25, 57_600).leavesAGPUIdle)
    }

    @Test func aLaunchCountsItsGroupsAndItsLoop() {
        let rows = LaunchCost(of: .groups(67, bytes: 4 * 1000, operations: 1000))
        #expect(rows.groups == 67 && rows.bytes == 67 * 4000 && rows.operations == 67_000)
        #expect(rows.loop == 16, "1,000 numbers shared by 64 work-items")
        let elements = LaunchCost(of: .elements(129, bytes: 12, operations: 2))
        // Few items go in groups of 32, so that all of a GPU has some; many in groups of 256.
        #expect(elements.groups == 5 && elements.loop == 3)
        #expect(LaunchCost(of: .elements(62_720, bytes: 4)).groups == 490)
        #expect(LaunchCost(of: .elements(1 << 20, bytes: 4)).groups == 4096)
        #expect(LaunchCost(of: .elements(5, bytes: 4, loop: 77)).loop == 77)
    }

    @Test func aDeviceIsNamedOrGivenByThreeNumbers() {
        #expect(DeviceModel("h100") == .h100 && DeviceModel("H100") == .h100)
        let own = DeviceModel("5,3000,50000")
        #expect(own?.launch == 5e-6 && own?.bandwidth == 3e12 && own?.arithmetic == 50e12)
        for wrong in ["", "h300", "5,3000", "5,3000,50000,1", "5,0,1", "5,-1,1", "5,nan,1", "5,inf,1", "a,b,c", "5,,1"]
        {
            #expect(DeviceModel(wrong) == nil, "\(wrong)")
        }
    }

    @Test func aReadForLaterThatIsWantedAtOnceWaits() throws {
        let profile = Profile()
        profile.isRecording = true
        func read() -> ProfiledRead {
            ProfiledRead(read: KnownRead(words: [7]), bytes: 4, profile: profile, launches: profile.launches)
        }
        let late = read()
        profile.note("a", LaunchCost(bytes: 8), since: nil, isDone: false)
        #expect(try late.wait() == [7])
        #expect(profile.byKernel["read"] == nil, "there was work for the device meanwhile")
        #expect(try read().wait() == [7])
        #expect(profile.byKernel["read"]?.launches == 1)
    }

    @Test func aProfilePredictsWhatItRecords() throws {
        let profile = Profile()
        profile.predicted = .h100
        profile.isRecording = true
        for _ in 0..<20 { profile.note("a", LaunchCost(bytes: 8), since: nil, isDone: false) }
        profile.note("b", LaunchCost(groups: 66, bytes: 300_000_000), since: nil, isDone: false)
        profile.note("read", LaunchCost(kind: .read, bytes: 4), since: .now, isDone: true)
        #expect(abs(profile.predictedSeconds - (20 * 5e-6 + 400e-6 + 10e-6)) < 1e-12)
        let report = profile.report(steps: 10, showsLaunches: true)
        let column = try #require(report.columns.firstIndex(of: "predicted µs/step"))
        let byName = Dictionary(uniqueKeysWithValues: report.rows.map { ($0[0], $0) })
        #expect(byName["a"]?[column] == "10.0" && byName["b"]?[column] == "40.0" && byName["read"]?[column] == "1.0")
        let idle = try #require(report.columns.firstIndex(of: "idle/step"))
        #expect(byName["a"]?[idle] == "–" && byName["b"]?[idle] == "0.1")
        #expect(report.caption.contains("2 launches") && report.caption.contains("0.1 reads that wait per step"))
        #expect(report.caption.contains("predicted for H100: 0.051 ms per step"))
    }
}

/// Beside those of the profile, since others reset it.
extension ProfileTests {
    @Test(arguments: Device.all)
    func readsWritesAndCopiesStandInTheProfile(on device: Device) throws {
        device.profile.reset()
        device.profile.isRecording = true
        defer {
            device.profile.isRecording = false
            device.profile.reset()
        }
        // Other tests may use the device beside this one: at least so much is there.
        let a = try Matrix([1, 2, 3, 4], 2, 2, on: device)
        var b = a
        try b.makeUnique()
        #expect(try b.values == [1, 2, 3, 4])
        let entries = device.profile.byKernel
        #expect(try #require(entries["write"]).bytes >= 16 && #require(entries["write"]).launches >= 1)
        #expect(try #require(entries["copy"]).bytes >= 32)
        #expect(try #require(entries["read"]).bytes >= 16 && #require(entries["read"]).seconds > 0)
    }
}
