import CLMat
import Exploration
import Foundation
import Models

/// The text that language models are measured on, and its way to the peer.
package enum BenchText {
    /// PTB; where it is not at hand, Zipf's text of its size, with the reason.
    package static let text: Result<(data: LanguageData, notes: [String]), CLMatError> = {
        do throws(CLMatError) {
            do throws(CLMatError) { return .success((try LanguageData.load("ptb"), [])) } catch {
                let data = try ZipfText(words: 10_000, tokens: 930_000, validationTokens: 74_000).draw()
                return .success((data, ["lm: a text drawn by Zipf's law, V = 10,000, stands in for PTB. \(error)"]))
            }
        } catch { return .failure(error) }
    }()

    /// Where the peer finds the training text: V and then its ids, four bytes each.
    static let file = BenchCorpus.temporaryFile("lm-train.ids")

    /// Writes that file, once.
    package static func write() throws -> String {
        guard !FileManager.default.fileExists(atPath: file) else { return file }
        let data = try text.get().data
        let numbers = [Int32(data.vocabulary.count)] + data.train.ids(0..<data.train.count)
        try FileManager.default.createDirectory(
            atPath: URL(fileURLWithPath: file).deletingLastPathComponent().path, withIntermediateDirectories: true)
        try numbers.withUnsafeBytes { Data($0) }.write(to: URL(fileURLWithPath: file))
        return file
    }
}

/// A language model that learns window after window, as ``LanguageModel/fit(_:_:after:epochDone:)`` has it learn.
package struct LanguageSteps {
    private var model: LanguageModel
    private let windows: TokenWindows
    private var recipe = LanguageRecipe()
    private var state: LanguageState
    private var number = 0

    package init(
        _ shape: LanguageModelShape, on text: TokenText, batch: Int, steps: Int, device: Device
    ) throws {
        model = try LanguageModel(shape, seed: 1, on: device)
        windows = try TokenWindows(text, batch: batch, steps: steps)
        (recipe.batch, recipe.steps) = (batch, steps)
        state = try model.state(batch: batch)
    }

    package var shape: LanguageModelShape { model.shape }

    /// So many windows more; returns their words. The loss of each is read when the next one is on its way.
    package mutating func learn(_ count: Int) throws -> Double {
        var awaited: Later<Double>?
        for _ in 0..<count {
            number += 1
            let step = Step(number, seed: recipe.seed)
            let window = try windows.batch(at: DataPlace(step: step))
            if window.isFirstOfPass { state = try model.state(batch: windows.batch) }
            let loss = try model.learn(window, from: &state, recipe, rate: recipe.rate, at: step)
            try Reading.start(loss.readings)
            _ = try awaited?.value
            awaited = loss
        }
        _ = try awaited?.value
        return Double(count * windows.tokensPerWindow)
    }
}

extension Case {
    /// The model of two layers of 200 units, 20 steps: training with 20 and with 400 texts side by side, and scores.
    static var language: [Case] {
        [languageTraining(batch: 20, windows: 100), languageTraining(batch: 400, windows: 6), languageScore]
    }

    private static var languageObstacle: String? {
        guard case .failure(let error) = BenchText.text else { return nil }
        return error.description
    }

    package static func languageTraining(batch: Int, windows: Int) -> Case {
        Case(
            name: "lm-training-b\(batch)", group: "lm", unit: "words/s",
            request: ["lm-training", BenchText.file, "\(batch)", "\(windows)"], obstacle: { languageObstacle },
            steps: windows
        ) { device in
            let data = try BenchText.text.get().data
            _ = try BenchText.write()
            var model = try LanguageSteps(
                .dense(vocabulary: data.vocabulary.count, units: 200), on: data.train, batch: batch, steps: 20,
                device: device)
            return { try model.learn(windows) }
        }
    }

    /// 20 parts side by side, in windows of as many steps as ``LanguageModel/score(_:batch:)`` takes then.
    private static var languageScore: Case {
        Case(
            name: "lm-score", group: "lm", unit: "words/s", request: ["lm-score", BenchText.file, "20", "51", "40"],
            obstacle: { languageObstacle }
        ) { device in
            let data = try BenchText.text.get().data
            _ = try BenchText.write()
            let count = min(data.train.count, 20 * 51 * 40 + 1)
            let part = try TokenText(name: "part", ids: data.train.ids(0..<count), vocabulary: data.vocabulary)
            let model = try LanguageModel(
                .dense(vocabulary: data.vocabulary.count, units: 200), seed: 1, on: device)
            return {
                _ = try model.score(part)
                return Double(part.targets)
            }
        }
    }
}
