import CLMat
import Exploration
import Models
import Testing

/// One epoch of the real thing.
@Suite(.enabled(if: hasMNIST, "CLMAT_DATA names no folder with MNIST"))
struct MNISTTests {
    /// An epoch, or so many steps.
    private static func training(steps: Int? = nil, on device: Device) throws -> Learner {
        let data = try ImageDataSet.load("mnist")
        let batches = try ImageBatches(data.train, name: data.title, batchSize: 100, on: device)
        let trainer = try NetworkTrainer(
            Network.leNet5(seed: 1, on: device), title: "LeNet-5", test: data.test)
        return try Learner(
            trainer, data: batches,
            options: .init(maximumSteps: steps ?? batches.stepsPerEpoch, settings: ["averaging-window": 0])
        ).toTheEnd()
    }

    private static func accuracy(on device: Device) throws -> Double {
        try #require(training(on: device).timeline.lastValues["test-accuracy"])
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

    /// The same batches give nearly the same loss: what rounding makes of 60 steps is far below a hundredth.
    @Test(arguments: Device.openCL)
    func sixtyStepsLearnAlike(on device: Device) throws {
        let (onCPU, found) = try (Self.training(steps: 60, on: .cpu), Self.training(steps: 60, on: device))
        let (expected, loss) = (onCPU.level(of: "train-loss", from: 50), found.level(of: "train-loss", from: 50))
        #expect(expected < 1, "the CPU has learnt something")
        #expect(abs(loss / expected - 1) < 0.01, "\(device.name): \(loss), CPU: \(expected)")
    }
}
