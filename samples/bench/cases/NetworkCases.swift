import CLMat
import Exploration
import Models

extension Case {
    /// Training of CIFAR-10's basic network and of VGG-16 on made-up images of 32 × 32, beside PyTorch in the layout in which it is faster.
    static var deepNetworks: [Case] {
        [
            training("cifar-training", "cifar", .basic, batch: 100, steps: 50),
            training("vgg-training", "vgg", .vgg16, batch: 64, steps: 3),
        ]
    }

    private static func training(
        _ name: String, _ group: String, _ architecture: Architecture, batch: Int, steps: Int
    ) -> Case {
        Case(name: name, group: group, unit: "images/s", steps: steps) { device in
            let images = try colourImages(2000)
            let network = try architecture.network(for: images, seed: 1, on: device)
            return try self.steps(
                steps, of: NetworkTrainer(network, title: architecture.title, test: images),
                on: ImageBatches(images, name: "noise", batchSize: batch, on: device))
        }
    }

    /// Steps of training, with the loss read at every step, as the peer does; without the parameter average, which it has not.
    static func steps(
        _ count: Int, of trainer: NetworkTrainer, on batches: ImageBatches
    ) throws -> () throws -> Double {
        var trainer = trainer
        var settings = Settings(initialOf: trainer.controls)
        try settings.set(trainer.controls.first { $0.id == "averaging-window" }!, to: 0)
        var number = 500
        return {
            for _ in 0..<count {
                // Steps at which no test of the network is due.
                number = (number + 1) % 400 == 0 ? number + 2 : number + 1
                let step = Step(number, seed: 1)
                let batch = try batches.batch(at: DataPlace(step: step))
                _ = try trainer.update(StepContext(step: step, settings: settings, batch: batch))
            }
            return Double(count * batches.batchSize)
        }
    }

    /// The speed does not depend on what they show.
    private static func colourImages(_ count: Int) throws -> LabelledImages {
        let noise = try Matrix(uniform: 0...255, RandomKey(seed: 1, stream: 0), Shape(count, 3072), on: .cpu).values
        return try LabelledImages(
            name: "noise", shape: ImageShape(channels: 3, height: 32, width: 32), pixels: noise.map { UInt8($0) },
            labels: (0..<count).map { UInt16($0 % 10) }, classNames: CIFAR10.classNames)
    }
}
