import CLMat
import Foundation
import TestSupport
import Testing

@testable import Models

/// Models of clicks: their gradients, what they learn, and what they foretell.
@Suite struct ClickModelTests {
    static let features = 40
    private static func shapes() throws -> [ClickModelShape] {
        let embedding = try PowerLawShape.nested([(40, 1), (20, 2), (10, 5)])
        return [
            try .linear(features: features), try .pairs(features: features, dimension: 3),
            try ClickModelShape(embedding: embedding, head: .pairs),
            try ClickModelShape(embedding: embedding, head: .network(ClickNetwork(hidden: [4, 3]))),
            try ClickModelShape(
                embedding: embedding, head: .network(ClickNetwork(hidden: [4], activation: .tanh, squaresSums: true))),
            try ClickModelShape(
                embedding: embedding, head: .network(ClickNetwork(hidden: [3], activation: .tanh, addsPairs: true))),
            try ClickModelShape(
                embedding: embedding,
                head: .network(ClickNetwork(hidden: [], activation: .relu, activatesSums: false, squaresSums: true))),
        ]
    }

    /// Records with a feature twice, with values, and with nothing.
    private static func batch(withValues: Bool = true, seed: UInt64 = 1) -> ClickBatch {
        var random = SplitMix64(seed: seed)
        var batch = ClickBatch()
        var values: [Float] = []
        for record in 0..<9 {
            let count = record == 4 ? 0 : 6
            for place in 0..<count {
                let id = place == 5 ? batch.features[batch.features.count - 1] : Int32(random.next() % UInt64(features))
                batch.features.append(id)
                values.append(0.5 + random.floats(1)[0])
            }
            batch.labels.append(record % 3 == 0 ? 1 : 0)
            batch.starts.append(Int32(batch.features.count))
        }
        batch.values = withValues ? values : nil
        return batch
    }

    /// The loss of some records, where a click counts `weight`.
    private static func loss(_ model: ClickModel, _ batch: ClickBatch, weight: Double) throws -> Double {
        let logits = try model.logits(batch)
        return zip(logits, batch.labels).reduce(0) {
            $0 - ($1.1 > 0 ? weight : 1) * ClickScore.logLikelihood($1.0, $1.1)
        }
    }

    @Test(arguments: Device.all) func gradientsAreThoseOfTheLoss(on device: Device) throws {
        let h: Float = 1.0 / 64
        for (shape, withValues) in try zip(Self.shapes() + Self.shapes(), (0..<14).map { $0 < 7 }) {
            // Large weights, so that no part of the gradient is near rounding.
            var model = try ClickModel(shape, range: 0.7, seed: 3, on: device)
            if shape.head == .linear {
                try model.embedding.write(SplitMix64.floats(Self.features, seed: 5))
            }
            let batch = Self.batch(withValues: withValues)
            var (after, state) = (model, try ClickOptimiserState(for: model))
            var step = ClickStep(rate: 1, networkRate: 1)
            step.clickWeight = 3
            step.l2 = 0.25 / Float(batch.count)
            _ = try after.learn(batch, model.bags(batch), step, &state)

            // AdaGrad's first step goes by the sign of the gradient, and remembers its square.
            func expect(_ slope: Double, _ square: Float, _ move: Float, _ what: String) {
                let gradient = Double(square.squareRoot()) * (move > 0 ? -1 : 1)
                #expect(abs(gradient - slope) < 5e-3 + 0.01 * abs(slope), "\(shape.head), \(what)")
            }
            let (before, moved, squares) = (
                try model.embedding.elements.values, try after.embedding.elements.values,
                try state.embedding.elements.values
            )
            let touched = Set(batch.features)
            let layout = shape.embedding
            var place = 0
            for block in layout.blocks {
                for rank in block.ranks {
                    for _ in block.columns {
                        defer { place += 1 }
                        guard touched.contains(Int32(rank)) else {
                            #expect(squares[place] == 0 && moved[place] == before[place])
                            continue
                        }
                        guard place % 3 == 0 else { continue }
                        func shifted(_ by: Float) throws -> Double {
                            var (other, values) = (model, before)
                            values[place] += by
                            try other.embedding.write(values)
                            let l2 = 0.125 * Double(values[place]) * Double(values[place])
                            return try Self.loss(other, batch, weight: 3) + l2
                        }
                        let slope = try (shifted(h) - shifted(-h)) / Double(2 * h)
                        expect(slope, squares[place], moved[place] - before[place], "element \(place)")
                    }
                }
            }
            guard let network = model.network, let learned = after.network else { continue }
            for (layer, parameters) in network.parameters.enumerated() {
                for (index, parameter) in parameters.enumerated() {
                    let (values, moved) = (try parameter.values, try learned.parameters[layer][index].values)
                    let squares = try state.network[layer][index].values
                    for place in stride(from: 0, to: values.count, by: 5) {
                        func shifted(_ by: Float) throws -> Double {
                            var (other, own) = (model, values)
                            own[place] += by
                            other.network?.parameters[layer][index] = try Matrix(
                                own, parameter.rows, parameter.columns, on: device)
                            return try Self.loss(other, batch, weight: 3)
                        }
                        let slope = try (shifted(h) - shifted(-h)) / Double(2 * h)
                        expect(
                            slope, squares[place], moved[place] - values[place], "layer \(layer), \(index), \(place)")
                    }
                }
            }
        }
    }

    @Test(arguments: Device.all) func aFactorisationMachineIsItsDefinition(on device: Device) throws {
        let model = try ClickModel(.pairs(features: Self.features, dimension: 3), range: 1, seed: 2, on: device)
        let batch = Self.batch()
        let w = try model.embedding.dense().values
        let logits = try model.logits(batch)
        for record in 0..<batch.count {
            let own = batch.places(record).map { (Int(batch.features[$0]), Double(batch.values?[$0] ?? 1)) }
            var logit = own.reduce(0) { $0 + $1.1 * Double(w[4 * $1.0]) }
            for (index, (i, x)) in own.enumerated() {
                for (j, y) in own[..<index] {
                    for column in 1...3 { logit += x * y * Double(w[4 * i + column]) * Double(w[4 * j + column]) }
                }
            }
            #expect(abs(logit - Double(logits[record])) < 1e-4)
        }
    }

    @Test func aPassOverTheGeneratorLearns() throws {
        let data = try ClickData.load("synthetic:20000", ClickOptions())
        var recipe = ClickRecipe()
        recipe.batch = 500
        var scores: [Double] = []
        for shape in [
            try ClickModelShape.linear(features: data.vocabulary.count),
            try .powerNet(
                features: data.vocabulary.count, width: 32, ClickNetwork(activation: .relu, activatesSums: false)),
        ] {
            var model = try ClickModel(shape, seed: 1, on: .cpu)
            let before = try model.score(data.test)
            let online = try model.fit(data.train, recipe)
            let score = try model.score(data.test)
            // Nothing known, and half a chance each: ln 2. After 20,000 records some 0.61.
            #expect(abs(before.logLikelihood + 0.6931) < 0.05)
            #expect(score.logLikelihood > -0.64 && score.auc > 0.62)
            #expect(online < score.logLikelihood && online > -0.72)
            #expect(abs(score.calibration - 1) < 0.25)
            scores.append(score.logLikelihood)
            // The same again, bit for bit.
            var again = try ClickModel(shape, seed: 1, on: .cpu)
            try again.fit(data.train, recipe)
            #expect(try again.embedding.elements.values == model.embedding.elements.values)
        }
        let oracle = try #require(try data.test.oracle(0..<data.test.count))
        #expect(oracle.count == data.test.count && scores.count == 2)
    }

    @Test(arguments: Device.all) func aFileHasTheSameModel(on device: Device) throws {
        try inTemporaryFolder { folder in
            for shape in try Self.shapes() {
                let vocabulary = try ClickVocabulary(
                    keys: (0..<30).map { $0 &* 0x9E37_79B9_7F4A_7C15 }, counts: (0..<30).map { 100 - $0 },
                    unseenRoom: 10)
                var model = try ClickModel(shape, seed: 4, on: device)
                var state = try ClickOptimiserState(for: model)
                let batch = Self.batch()
                _ = try model.learn(batch, model.bags(batch), ClickStep(rate: 0.1, networkRate: 0.1), &state)
                let path = "\(folder)/clicks.safetensors"
                try model.save(to: path, vocabulary)
                let read = try ClickModel.load(path, on: device)
                #expect(try read.model.predict(batch) == model.predict(batch))
                #expect(read.vocabulary == vocabulary && read.model.shape == shape)
                #expect(
                    thrownCase { try model.save(to: path, ClickVocabulary(keys: [1], counts: [1], unseenRoom: 0)) }
                        == "dataMismatch")
            }
            try Files.write(Data("no model".utf8), to: "\(folder)/other")
            #expect(thrownCase { _ = try ClickModel.load("\(folder)/other", on: device) } == "fileDamaged")
        }
    }

    @Test func whatCannotBeIsRefused() throws {
        #expect(thrownCase { _ = try ClickModelShape(embedding: .dense(9, 2), head: .linear) } == "invalidArgument")
        #expect(thrownCase { _ = try ClickModelShape(embedding: .dense(9, 1), head: .pairs) } == "invalidArgument")
        #expect(
            thrownCase { _ = try ClickModelShape.powerNet(features: 9, ClickNetwork(hidden: [0])) } == "invalidArgument"
        )
        #expect(thrownCase { _ = try ClickModelShape.powerNet(features: 0) } == "invalidArgument")
        var model = try ClickModel(.linear(features: 9), seed: 1, on: .cpu)
        var batch = ClickBatch(labels: [1], starts: [0, 1], features: [9])
        #expect(thrownCase { _ = try model.predict(batch) } == "invalidArgument")
        batch = ClickBatch()
        #expect(try model.predict(batch) == [])
        let data = try ClickData.load("synthetic:100", ClickOptions())
        model = try ClickModel(.linear(features: data.vocabulary.count), seed: 1, on: .cpu)
        for change in [
            { (recipe: inout ClickRecipe) in recipe.batch = 0 }, { $0.rate = 0 }, { $0.rate = .nan }, { $0.l2 = -1 },
            { $0.clickWeight = .infinity },
        ] {
            var recipe = ClickRecipe()
            change(&recipe)
            #expect(thrownCase { try model.fit(data.train, recipe) } == "invalidValue")
        }
        // It leaves the numbers, and says so.
        var recipe = ClickRecipe()
        recipe.rate = 3e38
        recipe.passes = 30
        #expect(thrownCase { try model.fit(data.train, recipe) } == "dataMismatch")
    }

    @Test func shapesHaveTheWeightsThatTheySay() throws {
        // V·(200/256 + 8/2) and the layers: 37 million features take 707 MB.
        let shape = try ClickModelShape.powerNet(features: 37_000_000)
        #expect(shape.embedding.dimension(of: 0) == 200 && shape.embedding.dimension(of: 36_999_999) == 1)
        #expect(abs(Double(shape.embedding.parameterCount) / 37e6 - (200.0 / 256 + 4)) < 1e-4)
        #expect(shape.parameterCount - shape.embedding.parameterCount == 201 * 120 + 121 * 80 + 81 * 50 + 51)
        #expect(try ClickModelShape.powerNet(features: 1).embedding.dimension(of: 0) == 200)
    }
}

extension SplitMix64 {
    fileprivate static func floats(_ count: Int, seed: UInt64) -> [Float] {
        var random = SplitMix64(seed: seed)
        return random.floats(count)
    }
}
