import CLMat
import Foundation
import Models

/// The records that models of clicks are measured on, and their way to the peer.
package enum BenchClicks {
    /// Features, of which a dense embedding of 200 columns takes 80 MB; as often as Zipf's law has them.
    static let features = 100_000
    static let batch = 1000
    static let batches = 40

    static func records() throws(CLMatError) -> ZipfClicks {
        try ZipfClicks(features: features, count: batch * batches)
    }

    /// Where the peer finds them: V, the number of records, the features of each; then labels, and then ids, four bytes each.
    static let file = BenchCorpus.temporaryFile("clicks.ids")

    /// Writes that file, once.
    static func write() throws {
        guard !FileManager.default.fileExists(atPath: file) else { return }
        let records = try records()
        let all = try records.batch(0..<records.count)
        let numbers =
            [Int32(features), Int32(all.count), Int32(ZipfClicks.fields)] + all.labels.map { Int32($0) } + all.features
        try FileManager.default.createDirectory(
            atPath: URL(fileURLWithPath: file).deletingLastPathComponent().path, withIntermediateDirectories: true)
        try numbers.withUnsafeBytes { Data($0) }.write(to: URL(fileURLWithPath: file))
    }
}

extension Case {
    /// Layers of 200, 120, 80 and 50 units on sums of rows of an embedding, by AdaGrad: with a dense embedding as the peer has it, and with
    /// PowerNet's.
    static var clicks: [Case] {
        [
            clickTraining("ctr-dense-200") { features throws(CLMatError) in
                try ClickModelShape(embedding: .dense(features, 200), head: .network(ClickNetwork()))
            },
            clickTraining("ctr-powernet") { features throws(CLMatError) in try .powerNet(features: features) },
        ]
    }

    private static func clickTraining(
        _ name: String, _ shape: @escaping (Int) throws(CLMatError) -> ClickModelShape
    ) -> Case {
        Case(
            name: name, group: "ctr", unit: "records/s",
            request: ["ctr-training", BenchClicks.file, "\(BenchClicks.batch)"], steps: BenchClicks.batches
        ) { device in
            try BenchClicks.write()
            let records = try BenchClicks.records()
            // Both have their records in memory.
            var batches: [ClickBatch] = []
            for first in stride(from: 0, to: records.count, by: BenchClicks.batch) {
                batches.append(try records.batch(first..<first + BenchClicks.batch))
            }
            var model = try ClickModel(shape(records.features), seed: 1, on: device)
            var state = try ClickOptimiserState(for: model)
            return {
                var awaited: Later<Double>?
                for batch in batches {
                    let loss = try model.learn(batch, ClickRecipe(), &state)
                    try Reading.start(loss.readings)
                    _ = try awaited?.value
                    awaited = loss
                }
                _ = try awaited?.value
                return Double(records.count)
            }
        }
    }
}
