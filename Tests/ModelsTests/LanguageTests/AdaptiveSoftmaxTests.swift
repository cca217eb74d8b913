import CLMat
import Exploration
import Foundation
import TestSupport
import Testing

@testable import Models

@Suite struct AdaptiveSoftmaxTests {
    /// 0.5 sin(a + 0.7 i), as the numbers below were made from.
    private static func waves(_ count: Int, _ start: Double) -> [Float] {
        (0..<count).map { Float(0.5 * sin(start + 0.7 * Double($0))) }
    }

    private static func waves(_ rows: Int, _ columns: Int, _ start: Double, on device: Device) throws -> Matrix {
        try Matrix(waves(rows * columns, start), rows, columns, on: device)
    }

    private static func text(_ ids: [Int32], vocabulary: Int) throws -> TokenText {
        try TokenText(
            name: "text", ids: ids,
            vocabulary: LanguageVocabulary(numberedByCounts: [Int](repeating: 1, count: vocabulary)))
    }

    /// Some columns, side by side.
    private static func window(_ columns: [[Int32]], vocabulary: Int) throws -> TokenWindow {
        let length = columns[0].count
        return TokenWindow(
            try text(columns.flatMap { $0 }, vocabulary: vocabulary), starts: columns.indices.map { $0 * length },
            steps: length - 1, pass: 0, index: 0)
    }

    private static func isClose(_ a: some BinaryFloatingPoint, _ b: Double, _ tolerance: Double = 2e-5) -> Bool {
        abs(Double(a) - b) <= tolerance * max(1, abs(b))
    }

    private static func norm(_ values: some Sequence<Float>) -> Double {
        values.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
    }

    // MARK: - Beside PyTorch

    /// 20 words, 16 units, cutoffs 6 and 12: dimensions 16, 4 and 1.
    private static func model(on device: Device) throws -> LanguageModel {
        let shape = try AdaptiveShape(vocabulary: 20, cutoffs: [6, 12], units: 16)
        var model = try LanguageModel(.adaptive(shape, layers: 1), seed: 1, on: device)
        try model.output.write(waves(6 * 16, 1) + waves(6 * 4, 3) + waves(8, 5))
        // PyTorch's head has the rows of words and of clusters in one matrix.
        model.adaptive?.clusters = try Matrix(Array(waves(8 * 16, 1)[96...]), 2, 16, on: device)
        model.adaptive?.outputProjections = [
            try waves(16, 4, 2, on: device), try waves(16, 1, 4, on: device),
        ]
        return model
    }

    private static let targets: [Int32] = [3, 19, 7, 12, 0, 11, 14]

    /// What torch 2.13's AdaptiveLogSoftmaxWithLoss(16, 20, [6, 12], div_value=4) gives in double precision, with these weights and rows.
    private static let losses = [4.684417, 4.068421, 5.264017, 5.408643, 1.142895, 2.789813, 3.262783]
    private static let logChances = [
        -4.160488, -4.400682, -2.034451, -0.8335437, -2.712195, -4.675853, -5.499842, -5.264017, -5.445172, -5.339621,
        -5.357371, -5.429473, -4.245044, -3.923382, -3.397651, -2.915109, -2.702705, -2.860334, -3.313862, -3.849987,
    ]

    @Test(arguments: Device.all)
    func isTheSoftmaxOfPyTorch(on device: Device) throws {
        let model = try Self.model(on: device)
        let top = try Self.waves(7, 16, 6, on: device)
        let found = try model.losses(of: top.block(), Self.targets)
        #expect(found.count == 1)
        for (a, b) in zip(try found[0].values, Self.losses) { #expect(Self.isClose(a, b), "\(a), not \(b)") }

        let logits = try model.logits(of: top.block()).values
        for (a, b) in zip(logits[40..<60], Self.logChances) { #expect(Self.isClose(a, b), "\(a), not \(b)") }

        // A gradient is that of the mean over the seven texts, PyTorch's here that of the sum.
        let window = try Self.window(Self.targets.map { [0, $0] }, vocabulary: 20)
        let adaptive = try #require(model.adaptive)
        let own = try model.adaptiveGradient(top.block(), window, adaptive)
        #expect(Self.isClose(try own.loss.value, Self.losses.reduce(0, +)))
        let dTop = try (own.top * 7).values
        for (a, b) in zip(dTop[0..<4], [-0.0650775, 0.4861229, 0.8086921, 0.7509208]) { #expect(Self.isClose(a, b)) }
        for (a, b) in zip(dTop[16..<20], [-0.1634717, -0.04550893, 0.09385745, 0.1890812]) {
            #expect(Self.isClose(a, b))
        }
        let words = try own.output.blocks.map { try ($0 * 7).values }
        let (clusters, projections) = (
            try (own.layers.clusters * 7).values, try own.layers.outputProjections.map { try ($0 * 7).values }
        )
        #expect(Self.isClose(Self.norm(words[0]), 2.858572) && Self.isClose(words[0][2 * 16 + 3], 0.1293235))
        #expect(Self.isClose(Self.norm(clusters), 1.368726) && Self.isClose(clusters[16 + 3], 0.1695573))
        #expect(Self.isClose(Self.norm(words[1]), 0.2101764) && Self.isClose(words[1][5 * 4 + 1], 0.08108328))
        #expect(Self.isClose(Self.norm(words[2]), 3.105238) && Self.isClose(words[2][7], -1.751037))
        #expect(Self.isClose(Self.norm(projections[0]), 1.273008) && Self.isClose(projections[0][2 * 4 + 1], 0.1834047))
        #expect(Self.isClose(Self.norm(projections[1]), 0.5454049) && Self.isClose(projections[1][9], -0.1210911))
    }

    @Test func chancesOfAllWordsAddUp() throws {
        let model = try Self.model(on: .cpu)
        let top = try Self.waves(7, 16, 6, on: .cpu)
        let logits = try model.logits(of: top.block()).values
        let losses = try model.losses(of: top.block(), Self.targets)[0].values
        for row in 0..<7 {
            let own = logits[20 * row..<20 * (row + 1)]
            #expect(abs(own.reduce(0) { $0 + exp(Double($1)) } - 1) < 1e-5)
            #expect(Self.isClose(-own[20 * row + Int(Self.targets[row])], Double(losses[row]), 1e-5))
        }
    }

    // MARK: - Central differences

    /// One number of a model, and what the gradient says of it.
    private struct Place {
        let name: String
        let slope: Float
        let move: (inout LanguageModel, Float) throws -> Void
    }

    private static func moved(_ matrix: Matrix, _ index: Int, _ by: Float) throws -> Matrix {
        var values = try matrix.values
        values[index] += by
        return try Matrix(values, matrix.rows, matrix.columns, on: matrix.device)
    }

    /// Some numbers of every part.
    private static func places(_ gradient: LanguageGradient, _ model: LanguageModel) throws -> [Place] {
        var places: [Place] = []
        func add(_ name: String, _ matrix: Matrix, _ path: WritableKeyPath<LanguageModel, Matrix>) throws {
            let values = try matrix.values
            for index in Set([0, values.count / 3, values.count / 2, values.count - 1]) {
                places.append(
                    Place(name: "\(name) \(index)", slope: values[index]) { model, by in
                        model[keyPath: path] = try moved(model[keyPath: path], index, by)
                    })
            }
        }
        let own = try #require(gradient.adaptive)
        try add("clusters", own.clusters, \.adaptive!.clusters)
        for index in own.outputProjections.indices {
            try add("output projection \(index)", own.outputProjections[index], \.adaptive!.outputProjections[index])
            if let input = own.inputProjections[index] {
                try add("input projection \(index)", input, \.adaptive!.inputProjections[index]!)
            }
        }
        for (index, layer) in gradient.layers.enumerated() {
            try add("layer \(index), input weights", layer.inputWeights, \.layers[index].inputWeights)
            try add("layer \(index), recurrent weights", layer.recurrentWeights, \.layers[index].recurrentWeights)
        }
        // Rows of words: all of the output's, and of the input's those that were read.
        for (index, slope) in try gradient.output.elements.values.enumerated() where index % 5 == 0 {
            places.append(
                Place(name: "output \(index)", slope: slope) { model, by in
                    let elements = try moved(model.output.elements, index, by)
                    try model.output.changeElements { w throws(CLMatError) in w = elements }
                })
        }
        if let input = gradient.input {
            var whole = try PowerLawMatrix(zeros: input.shape, on: model.device)
            try whole.add(input)
            for (index, slope) in try whole.elements.values.enumerated() where index % 4 == 0 {
                places.append(
                    Place(name: "input \(index)", slope: slope) { model, by in
                        let elements = try moved(model.input.elements, index, by)
                        try model.ownInput?.changeElements { w throws(CLMatError) in w = elements }
                    })
            }
        }
        return places
    }

    /// Cutoffs 4 and 9 of 13 words, widths of 6, 3 and 1; tied, the output's rows are the input's as well.
    private static let shapes: [(input: [Int], isTied: Bool)] = [
        ([6, 3, 1], false), ([6, 3, 1], true), ([6, 6, 6], false), ([7, 7, 2], false),
    ]

    @Test(arguments: shapes.indices, Device.all)
    func gradientsAreThoseOfCentralDifferences(_ index: Int, on device: Device) throws {
        let (dimensions, isTied) = Self.shapes[index]
        let own = try AdaptiveShape(
            vocabulary: 13, cutoffs: [4, 9], inputDimensions: dimensions, outputDimensions: [6, 3, 1])
        let shape = try LanguageModelShape.adaptive(own, isTied: isTied)
        #expect(
            own.parameterCount - own.projectionParameters == shape.input.parameterCount + shape.output.parameterCount)
        let model = try LanguageModel(shape, range: 0.7, seed: 3, on: device)
        #expect(model.parameterCount == shape.parameterCount)
        // Words of all bands, some twice; targets as well.
        let window = try Self.window([[0, 11, 5, 12, 3, 8], [12, 2, 9, 5, 10, 1]], vocabulary: 13)
        let state = try model.state(batch: 2)
        let (_, gradient, _) = try model.gradient(of: window, from: state)

        func loss(_ place: Place, _ by: Float) throws -> Double {
            var model = model
            try place.move(&model, by)
            // Each word's loss is a float, their sum is not.
            return try model.losses(of: window, from: state).losses.reduce(0) { sum, part in
                try part.value.reduce(sum) { $0 + Double($1) }
            } / 2
        }
        // The formula is right to h²; rounding adds some 10⁻⁷ · 10 words / h.
        let h: Float = 0.01
        for place in try Self.places(gradient, model) {
            let slope = (try loss(place, h) - loss(place, -h)) / Double(2 * h)
            #expect(abs(slope - Double(place.slope)) < 1e-3, "\(place.name): \(place.slope), but \(slope)")
        }
        #expect(try gradient.biases.values.allSatisfy { $0 == 0 })
    }

    @Test func aBandWithoutWordsInTheWindowHasNoGradient() throws {
        let own = try AdaptiveShape(vocabulary: 13, cutoffs: [4, 9], units: 6)
        let model = try LanguageModel(.adaptive(own), seed: 3, on: .cpu)
        let window = try Self.window([[0, 1, 2, 3, 10]], vocabulary: 13)
        let gradient = try model.gradient(of: window, from: model.state(batch: 1)).gradient
        let layers = try #require(gradient.adaptive)
        #expect(try gradient.output.block(1).values.allSatisfy { $0 == 0 })
        #expect(try gradient.output.block(2).values.contains { $0 != 0 })
        #expect(try layers.outputProjections[0].values.allSatisfy { $0 == 0 })
        #expect(try layers.inputProjections.allSatisfy { try $0?.values.allSatisfy { $0 == 0 } ?? true })
    }

    /// The logits of head and cluster are worked on in slices of 256 rows at most: what is added up must be the whole.
    @Test func slicesAddUpToTheWhole() throws {
        let own = try AdaptiveShape(
            vocabulary: 34_100, cutoffs: [17_000], inputDimensions: [2, 2], outputDimensions: [2, 2])
        var model = try LanguageModel(.adaptive(own, layers: 1), range: 1, seed: 5, on: .cpu)
        let targets = (0..<Int32(600)).map { row -> Int32 in row % 2 == 0 ? row * 7 : 17_000 + row * 11 }
        #expect(model.slices(of: 600, columns: own.headCount).count == 3)
        #expect(model.slices(of: 300, columns: 17_100).count == 2)
        let top = try Self.waves(600, 2, 1, on: .cpu)
        let window = try Self.window(targets.map { [0, $0] }, vocabulary: 34_100)
        let gradient = try model.adaptiveGradient(top.block(), window, #require(model.adaptive))
        let whole = try model.losses(of: top.block(), targets)[0].values.reduce(0.0) { $0 + Double($1) }
        #expect(Self.isClose(try gradient.loss.value, whole, 1e-6))

        // Σ over the words of a row's gradient is 0, in the head with its clusters and in the cluster: row sums of g are.
        let words = try gradient.output.blocks.map { try $0.columnSums().values }
        let clusters = try gradient.layers.clusters.columnSums().values
        for column in 0..<2 {
            #expect(abs(words[0][column] + clusters[column]) < 1e-5)
            #expect(abs(words[1][column]) < 1e-5)
        }
        // A word's row is moved: the last one that was foretold, from the last slice.
        for place in [2 * 4186, 2 * (17_000 + 6589)] {
            // The mean over 600 texts.
            let given = 600 * (try gradient.output.elements.values[place])
            let h: Float = 0.05
            var sums: [Double] = []
            let before = try model.output.elements.values
            for by in [h, -h] {
                var values = before
                values[place] += by
                try model.output.write(values)
                sums.append(try model.losses(of: top.block(), targets)[0].values.reduce(0.0) { $0 + Double($1) })
            }
            try model.output.write(before)
            let difference = (sums[0] - sums[1]) / Double(2 * h)
            #expect(abs(difference - Double(given)) < 1e-2 * max(0.1, abs(difference)), "\(given), but \(difference)")
        }
    }

    // MARK: - As a model

    private static func data() throws -> LanguageData {
        // 40 words; after word w comes w + 1 or w + 2, so that there is something to learn.
        var (ids, state, word) = ([Int32](), UInt64(7), 0)
        for _ in 0..<1200 {
            state = state &* 6_364_136_223_846_793_005 &+ 1
            word = (word + 1 + Int(state >> 63)) % 40
            ids.append(Int32(word))
        }
        return try LanguageData(
            name: "steps", train: text(Array(ids[..<1000]), vocabulary: 40),
            validation: text(Array(ids[1000...]), vocabulary: 40))
    }

    @Test func learnsScoresWritesAndIsKept() throws {
        let data = try Self.data()
        let own = try AdaptiveShape(vocabulary: 40, cutoffs: [8, 20], units: 16)
        var model = try LanguageModel(.adaptive(own), seed: 1, on: .cpu)
        let before = try model.score(data.validation).perplexity
        // Ten entries of the head, 12 and 20 words of the clusters: all about equally likely yet.
        let untrained = exp(0.2 * log(10) + 0.3 * log(10 * 12) + 0.5 * log(10 * 20))
        #expect(abs(before / untrained - 1) < 0.1, "\(before), not about \(untrained)")
        var recipe = LanguageRecipe()
        (recipe.batch, recipe.steps, recipe.epochs, recipe.epochsBeforeDecay) = (4, 10, 12, 12)
        (recipe.outputL1, recipe.inputL1, recipe.dropout) = (1e-4, 1e-4, 0.05)
        try model.fit(data, recipe)
        let after = try model.score(data.validation).perplexity
        #expect(after < 12, "from \(before) to \(after)")

        let written = try model.sample(30, after: [3, 4], seed: 2)
        #expect(written.count == 30 && written.allSatisfy { (0..<40).contains($0) })

        let path = FileManager.default.temporaryDirectory.path + "/adaptive-\(UUID().uuidString).safetensors"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try model.save(to: path, data.vocabulary)
        let (again, _, _) = try LanguageModel.load(path, on: .cpu)
        #expect(again.shape == model.shape && again.shape.adaptive == own)
        #expect(try again.score(data.validation) == model.score(data.validation))
        #expect(try again.sample(30, after: [3, 4], seed: 2) == written)
        // It goes on from there as if nothing had been.
        recipe.epochs = 1
        var (one, other) = (model, again)
        #expect(try one.fit(data, recipe)[0].trainPerplexity == other.fit(data, recipe)[0].trainPerplexity)
        #expect(try one.score(data.validation) == other.score(data.validation))
    }

    @Test func shapesOfEarlierFilesAreRead() throws {
        let text = """
            {"layers":2,"units":6,"vocabulary":9,"isTied":false,
             "input":{"rows":9,"columns":6,"blocks":[{"ranks":[0,9],"columns":[0,6]}]},
             "output":{"rows":9,"columns":6,"blocks":[{"ranks":[0,9],"columns":[0,6]}]}}
            """
        let shape = try JSONDecoder().decode(LanguageModelShape.self, from: Data(text.utf8))
        #expect(try shape == .dense(vocabulary: 9, units: 6) && shape.adaptive == nil)
        // What has no clusters is written as before.
        #expect(!String(decoding: try JSONEncoder().encode(shape), as: UTF8.self).contains("adaptive"))
        let own = try AdaptiveShape(vocabulary: 9, cutoffs: [3], units: 8)
        let adaptive = try LanguageModelShape.adaptive(own)
        #expect(try JSONDecoder().decode(LanguageModelShape.self, from: JSONEncoder().encode(adaptive)) == adaptive)
        #expect(throws: (any Error).self) {
            try JSONDecoder().decode(
                AdaptiveShape.self,
                from: Data(
                    #"{"vocabulary":9,"cutoffs":[3],"inputDimensions":[8,9],"outputDimensions":[8,2]}"#.utf8))
        }
    }
}

@Suite struct AdaptiveShapeTests {
    @Test func sizesAreThoseOfPyTorch() throws {
        let shape = try AdaptiveShape(vocabulary: 1000, cutoffs: [100, 500], units: 130)
        #expect(shape.outputDimensions == [130, 32, 8] && shape.inputDimensions == [130, 32, 8])
        #expect(shape.bands == [0..<100, 100..<500, 500..<1000] && shape.headCount == 102)
        let output = 102 * 130 + 130 * 32 + 400 * 32 + 130 * 8 + 500 * 8
        let input = 100 * 130 + 400 * 32 + 32 * 130 + 500 * 8 + 8 * 130
        #expect(shape.parameterCount == output + input)
        // A band as wide as all is not projected, and none is narrower than 1.
        let other = try AdaptiveShape(
            vocabulary: 10, cutoffs: [3, 5], inputDimensions: [4, 4, 2], outputDimensions: [4, 1, 1])
        #expect(other.projectionParameters == 2 * 4 + 4 + 4 + 2 * 4)
        #expect(try AdaptiveShape(vocabulary: 10, cutoffs: [3, 5], units: 4).outputDimensions == [4, 1, 1])
    }

    @Test func aTargetIsReachedFromBelow() throws {
        for target in [400_000, 640_000, 1_600_000, 3_000_000] {
            let shape = try AdaptiveShape.parameters(target, vocabulary: 10_000, units: 256)
            #expect(shape.parameterCount <= target && Double(shape.parameterCount) > 0.99 * Double(target))
            #expect(shape.outputDimensions == [256, 64, 16])
        }
        let shape = try AdaptiveShape.parameters(1_600_000, vocabulary: 10_000, units: 256, cutoffs: [1000, 4000])
        #expect(shape.cutoffs == [1000, 4000])
        #expect(shape.parameterCount <= 1_600_000 && shape.parameterCount > 1_500_000)
        // More than there is to take: all of it.
        let most = try AdaptiveShape.parameters(1 << 40, vocabulary: 10_000, units: 256, cutoffs: [1000, 4000])
        #expect(most.outputDimensions == [256, 256, 256])
        #expect {
            try AdaptiveShape.parameters(1000, vocabulary: 10_000, units: 256)
        } throws: {
            "\($0)".contains("at least") && "\($0)".contains("more than 1000")
        }
    }

    @Test func whatIsNoShapeIsRefused() {
        func refuses(_ cutoffs: [Int], _ input: [Int], _ output: [Int], _ saying: String) {
            #expect {
                try AdaptiveShape(vocabulary: 10, cutoffs: cutoffs, inputDimensions: input, outputDimensions: output)
            } throws: {
                "\($0)".contains(saying)
            }
        }
        refuses([], [4], [4], "Cutoffs ascend")
        refuses([0, 4], [4, 2, 1], [4, 2, 1], "Cutoffs ascend")
        refuses([4, 4], [4, 2, 1], [4, 2, 1], "Cutoffs ascend")
        refuses([4, 10], [4, 2, 1], [4, 2, 1], "Cutoffs ascend")
        refuses([4], [4, 2, 1], [4, 2], "3 dimensions of the input")
        refuses([4], [4, 2], [4, 5], "of the output")
        refuses([4], [4, 0], [4, 2], "of the input")
        refuses(Array(1...17), [], [], "16 clusters")
        #expect(throws: CLMatError.self) { try AdaptiveShape(vocabulary: 10, cutoffs: [4], units: 0) }
        #expect(throws: CLMatError.self) { try AdaptiveShape(vocabulary: 10, cutoffs: [4], units: .max) }
        #expect(throws: CLMatError.self) { try AdaptiveShape(vocabulary: 10, cutoffs: [4], units: 4, divisor: 0.5) }
    }
}
