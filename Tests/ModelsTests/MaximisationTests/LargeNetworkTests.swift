import CLMat
import TestSupport
import Testing

@testable import Models

/// Activation maximisation on a network of ImageNet's size.
@Suite struct LargeNetworkTests {
    /// 80 chains of 3 × 224 × 224 pixels: what they hold are 48 MB for each of a dozen numbers per pixel, and what the network's layers
    /// give, 2.4 GB for all chains at once, has room for some at a time.
    @Test func eightyChainsOfSqueezeNetTakeAGigabyte() async {
        await #expect(processExitsWith: .success) {
            let memory = try peakMemory {
                let network = try Network.squeezeNet(seed: 1, on: .cpu)
                #expect(network.parameterCount == 1_248_424)
                let output = network.stages.count - 1
                var sampler = try LangevinSampler(
                    of: network, neurons: (0..<10).map { Neuron(stage: output, unit: 100 * $0) }, chains: 8, seed: 7)
                #expect(sampler.seeds.slices.count > 1)
                try sampler.advance(1, on: network)
                #expect(try sampler.chains.moved.values.allSatisfy { $0 > 0 && $0.isFinite })
            }
            print("80 chains of SqueezeNet at 224 × 224: \(memory >> 20) MiB")
            #expect(memory > 0 && memory < 1 << 30, "\(memory >> 20) MiB")
        }
    }
}
