import Testing

@testable import Exploration

@Suite struct SeriesTests {
    static let patterns: [[Int]] = [
        [], [1], [5, 6], [1, 2, 3, 4], [50, 100, 200, 400, 800, 1200, 1600], [1, 2, 3, 10, 20, 30, 31, 32, 40],
        [7, 9, 10, 11, 13, 15, 17, 100],
    ]

    @Test(arguments: patterns)
    func stepsAreFoundAgain(steps: [Int]) {
        var series = Series()
        for (index, step) in steps.enumerated() { series.append(Float(index), at: step) }
        #expect(series.steps == steps)
        #expect(series.last?.step == steps.last)
        for step in -1...1700 {
            let index = steps.firstIndex { $0 >= step } ?? steps.count
            #expect(series.index(from: step) == index, "\(step)")
            #expect(series.value(at: step) == steps.lastIndex { $0 <= step }.map(Double.init), "\(step)")
        }
        for start in 0...steps.count {
            for end in start...steps.count {
                var found: [Int] = []
                series.forEach(in: start..<end) { step, value in
                    #expect(steps[Int(value)] == step)
                    found.append(step)
                }
                #expect(found == Array(steps[start..<end]))
            }
        }
        for cut in steps + [0, 5000] {
            let part = series.prefix(through: cut)
            #expect(part.steps == steps.filter { $0 <= cut })
            var whole = part
            for (index, step) in steps.enumerated() where step > cut { whole.append(Float(index), at: step) }
            #expect(whole.steps == steps && whole.values == series.values)
        }
    }
}
