import CLMat
import TestSupport
import Testing

@testable import Models

/// A model that cannot fit is refused before memory is taken, with models that fit.
@Suite struct ModelMemoryTests {
    /// What a refusal says, after which nothing was taken.
    private func refusal(
        in memory: Int, _ make: (Device) throws -> Void
    ) throws -> (needed: Int, text: String, remedy: String) {
        let counter = DeviceCounter(.cpu, memory: memory)
        let error = #expect(throws: CLMatError.self) { try make(counter.device) }
        guard case .modelTooLarge(_, let device, let needed, let available, let remedy) = try #require(error) else {
            Issue.record("\(String(describing: error))")
            return (0, "", "")
        }
        #expect(device == counter.device.name && available == memory && needed > memory)
        #expect(counter.take().allocations == 0)
        return (needed, "\(try #require(error))", remedy)
    }

    /// The number before a property's name in brackets.
    private func number(_ property: String, in text: String) throws -> Int {
        let before = try #require(text.split(separator: " (\(property))").first)
        let words = before.split(separator: " ").reversed()
        return try #require(words.lazy.compactMap { Int($0.filter { $0 != "," }) }.first)
    }

    @Test func unitsAndWordsThatFitAreNamed() throws {
        let memory = 8 << 20
        let found = try refusal(in: memory) {
            _ = try LanguageModel(.dense(vocabulary: 1000, units: 512, layers: 1), seed: 1, on: $0)
        }
        // Both embeddings, a layer and biases; the gradient of one embedding, the layer and the biases; 256 rows of logits.
        let layer = 4 * 512 * (2 * 512 + 1)
        #expect(found.needed == 4 * (2 * 512_000 + layer + 1000 + 512_000 + layer + 1000 + 256_000))
        #expect(found.text.contains("1,000 words") && found.text.contains("512 units"), "\(found.text)")
        let units = try number("units", in: found.remedy)
        #expect((100..<512).contains(units), "\(found.remedy)")
        let device = DeviceCounter(.cpu, memory: memory).device
        _ = try LanguageModel(.dense(vocabulary: 1000, units: units, layers: 1), seed: 1, on: device)
        // The layer alone is too large: fewer words do not help.
        #expect(!found.remedy.contains("vocabularySize"), "\(found.remedy)")
    }

    @Test func aPowerLawThatFitsIsNamed() throws {
        let memory = 28_000_000
        let found = try refusal(in: memory) {
            _ = try LanguageModel(.dense(vocabulary: 20_000, units: 64, layers: 1), seed: 1, on: $0)
        }
        #expect(found.remedy.contains("4x5 (shape)"), "\(found.remedy)")
        let device = DeviceCounter(.cpu, memory: memory).device
        let law = try PowerLawShape.halving(features: 20_000, h: 4, blocks: 5)
        _ = try LanguageModel(.powerLaw(law, layers: 1), seed: 1, on: device)
        let words = try number("vocabularySize", in: found.remedy)
        #expect((10_000..<20_000).contains(words), "\(found.remedy)")
        _ = try LanguageModel(
            .dense(vocabulary: words, units: 64, layers: 1), seed: 1, on: DeviceCounter(.cpu, memory: memory).device)
        // To foretell it needs no gradient.
        let shape = try LanguageModelShape.dense(vocabulary: 20_000, units: 64, layers: 1)
        #expect(shape.numbersInMemory(learning: false) < shape.numbersInMemory(learning: true))
    }

    @Test func aLayerThatIsNoMatrixIsRefused() throws {
        let error = #expect(throws: CLMatError.self) {
            try LanguageModelShape.dense(vocabulary: 10, units: 30_000, layers: 1)
        }
        #expect(
            error.map { "\($0)" }?.contains("1 to 23170") == true, "\(error.map { "\($0)" } ?? "")")
        #expect(throws: CLMatError.self) {
            try LanguageModelShape(layers: 1, units: 20_000, input: .dense(10, 40_000), output: .dense(10, 20_000))
        }
    }

    @Test func theWidestClickModelThatFitsIsNamed() throws {
        let memory = 3_000_000
        let found = try refusal(in: memory) { _ = try ClickModel(.powerNet(features: 100_000), seed: 1, on: $0) }
        let width = try number("width", in: found.remedy)
        #expect((2..<200).contains(width), "\(found.remedy)")
        func model(_ width: Int) throws {
            _ = try ClickModel(
                .powerNet(features: 100_000, width: width), seed: 1, on: DeviceCounter(.cpu, memory: memory).device)
        }
        try model(width)
        #expect(throws: CLMatError.self) { try model(width + 40) }
        #expect(found.remedy.contains("(buckets)"))
        #expect(
            try refusal(in: 1000) { _ = try ClickModel(.linear(features: 500), seed: 1, on: $0) }.remedy
                == "What would fit: 110 features (buckets).")
        #expect(
            try refusal(in: 100_000) { _ = try ClickModel(.pairs(features: 5000, dimension: 8), seed: 1, on: $0) }
                .remedy.contains("a dimension of 1 (width)"))
    }

    @Test func aDeviceHasNoMoreThanItSays() {
        for device in Device.all {
            #expect(device.freeMemory > 0)
            if device.hasOwnMemory { #expect(device.freeMemory <= device.memory) }
        }
    }

    @Test func theLargestThatHoldsHasTwoDigitsThatCount() {
        #expect(MemoryNeed.largest(1...10_000) { $0 <= 4567 } == 4500)
        #expect(MemoryNeed.largest(1...10_000) { $0 <= 99 } == 99)
        #expect(MemoryNeed.largest(1...10_000) { _ in true } == 10_000)
        #expect(MemoryNeed.largest(3...100) { $0 < 3 } == nil)
        #expect(MemoryNeed.largest(3...3) { _ in true } == 3)
        #expect(MemoryNeed(numbers: .max).bytes == .max)
    }
}
