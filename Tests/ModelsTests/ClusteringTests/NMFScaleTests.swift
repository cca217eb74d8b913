import CLMat
import Exploration
import Foundation
import Models
import TestSupport
import Testing

/// What NMF finds does not depend on the unit of the data; what it cannot take apart is named by its place.
@Suite struct NMFScaleTests {
    /// Points in memory.
    struct Table: PointData {
        let name = "table"
        let columns = 20
        var values: [Float]
        var count: Int { values.count / columns }

        func rows(_ indices: [Int32], on device: Device) throws(CLMatError) -> Matrix {
            let chosen = indices.flatMap { values[Int($0) * columns..<(Int($0) + 1) * columns] }
            return try Matrix(chosen, indices.count, columns, on: device)
        }

        /// Made of three parts, of about the size `scale`.
        init(count: Int = 200, scale: Double = 1) {
            var random = SplitMix64(seed: 9)
            // Most are small and few are large, as in counts and images.
            let parts = random.floats(3 * 20, in: 0...1).map { Double($0) * Double($0) * Double($0) }
            let codes = random.floats(count * 3, in: 0...1).map { Double($0) * Double($0) * Double($0) }
            values = (0..<count * 20).map { place in
                let (row, column) = place.quotientAndRemainder(dividingBy: 20)
                return Float(scale * (0..<3).map { codes[3 * row + $0] * parts[20 * $0 + column] }.reduce(0, +))
            }
        }
    }

    private func run(
        _ data: Table, on device: Device = .cpu, steps: Int = 100, batch: Int? = nil, _ settings: [String: Double] = [:]
    ) throws -> [String: Double] {
        let batch = batch ?? data.count
        let learner = try Learner(
            NMF(data, parts: 3, seed: 1, on: device), data: PointBatches(data, batchSize: batch, on: device),
            options: .init(maximumSteps: steps, settings: settings))
        learner.start()
        learner.wait()
        if let error = learner.status.error { throw error }
        return learner.timeline.lastValues
    }

    /// From the smallest numbers that have all their digits to nearly the largest.
    @Test(arguments: [1e-36, 1e-8, 1e5, 1e20, 1e37], Device.all)
    func theUnitOfTheDataDoesNotMatter(scale: Double, on device: Device) throws {
        let (plain, scaled) = (try run(Table(), on: device), try run(Table(scale: scale), on: device))
        let explained = try #require(plain["explained"])
        #expect(explained > 0.99)
        // The same numbers but for their last digit, which the steps make larger.
        #expect(abs(try #require(scaled["explained"]) - explained) < 1e-4)
        #expect(abs(try #require(scaled["density"]) - #require(plain["density"])) < 0.01)
        let (loss, expected) = (try #require(scaled["loss"]), try #require(plain["loss"]) * scale)
        #expect(abs(loss - expected) < 0.02 * expected)
    }

    /// Numbers below 10⁻³⁸ have fewer digits: half a step of 1.4 · 10⁻⁴⁵ is one part in 10⁴ of the larger ones here.
    @Test func subnormalNumbersAreTakenApart() throws {
        #expect(try #require(run(Table(scale: 1e-40))["explained"]) > 0.98)
    }

    /// A unit is taken from the first points that are not zero, and zeros among the others do no harm.
    @Test func zerosAreTakenApart() throws {
        var data = Table()
        for place in data.values.indices where place / 20 % 10 == 0 || place % 20 == 7 { data.values[place] = 0 }
        #expect(try #require(run(data)["explained"]) > 0.99)
        // Only one point in a hundred is not zero: whole batches are.
        data.values = data.values.enumerated().map { $0.offset / 20 % 100 == 3 ? $0.element + 1 : 0 }
        #expect(try #require(run(data, steps: 400, batch: 20)["loss"]) < 1)
        data.values = data.values.map { _ in 3 }
        #expect(try #require(run(data, steps: 50)["explained"]) > 0.9999)
    }

    @Test(arguments: [20, 200])
    func zerosAloneAreRefused(batch: Int) throws {
        var data = Table()
        data.values = data.values.map { _ in 0 }
        #expect(
            throws: CLMatError.dataMismatch("All 200 points of table are zero: NMF has nothing to take apart.")
        ) { try run(data, steps: 20, batch: batch) }
    }

    /// The place is that in the data, whatever minibatch it was met in.
    @Test(arguments: [-1e-9, -.infinity, .infinity, .nan] as [Float], [20, 200])
    func whatIsNegativeOrNotFiniteIsNamedByItsPlace(number: Float, batch: Int) throws {
        var data = Table(scale: 1e-8)
        data.values[17 * 20 + 3] = number
        #expect(
            throws: CLMatError.dataMismatch(
                "table has \(number) at row 17, column 3, counted from 0. NMF needs finite numbers that are not negative."
            )
        ) { try run(data, steps: 10, batch: batch) }
    }

    /// From nearly all codes to hardly any, with something to see at each eighth of the slider, at any unit.
    @Test(arguments: [1, 1e-8, 1e20])
    func sparsenessActsAlongItsWholeRange(scale: Double) throws {
        let data = Table(scale: scale)
        let off = try #require(run(data)["density"])
        var densities: [Double] = []
        for place in 0..<8 {
            // 0.003 to 1 in equal ratios.
            let weight = 0.003 * pow(1 / 0.003, Double(place) / 7)
            densities.append(try #require(run(data, ["sparseness": min(1, weight)])["density"]) / off)
        }
        #expect(densities[0] > 0.9 && densities[7] < 0.25, "\(densities)")
        #expect(zip(densities, densities.dropFirst()).allSatisfy { $1 < $0 + 0.01 }, "\(densities)")
        // The middle is neither as at the one end nor as at the other.
        #expect((0.4...0.95).contains(densities[4]), "\(densities)")
    }

    /// A dictionary that the penalty left without codes is there again when the penalty goes.
    @Test func aPenaltyThatLeavesNoCodesKeepsTheDictionary() throws {
        let data = Table()
        let learner = try Learner(
            NMF(data, parts: 3, seed: 1, on: .cpu), data: PointBatches(data, batchSize: 200, on: .cpu),
            options: .init(
                maximumSteps: 300, schedule: [.init(after: 150, .set(control: "sparseness", to: 0))],
                settings: ["sparseness": 1, "code-updates": 100]))
        learner.start()
        learner.wait()
        if let error = learner.status.error { throw error }
        // What had become small grows again by a factor per step: all but there after 150.
        #expect(try #require(learner.timeline.lastValues["explained"]) > 0.9)
    }
}
