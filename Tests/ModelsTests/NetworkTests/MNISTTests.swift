import CLMat
import Exploration
import Models
import Testing

/// One epoch of the real thing.
@Suite(.enabled(if: hasMNIST, "CLMAT_DATA names no folder with MNIST"))
struct MNISTTests {
    private static func accuracy(on device: Device) throws -> Double {
        let data = try ImageDataSet.load("mnist")
        let batches = try ImageBatches(data.train, name: data.title, batchSize: 100, on: device)
        let trainer = try NetworkTrainer(
            Network.leNet5(seed: 1, on: device), title: "LeNet-5", test: data.test)
        let learner = try Learner(
            trainer, data: batches,
            options: .init(maximumSteps: batches.stepsPerEpoch, settings: ["averaging-window": 0]))
        learner.start()
        learner.wait()
        if let error = learner.status.error { throw error }
        return try #require(learner.timeline.lastValues["test-accuracy"])
    }

    /// PyTorch with this network gives 98.53 % after one epoch; the CPU and every OpenCL device within 0.3 points.
    @Test func oneEpochLearnsAlikeOnEveryDevice() throws {
        let onCPU = try Self.accuracy(on: .cpu)
        #expect(onCPU >= 0.978)
        for device in Device.openCL {
            let found = try Self.accuracy(on: device)
            #expect(abs(found - onCPU) <= 0.003, "\(device.name): \(found), CPU: \(onCPU)")
        }
    }
}
