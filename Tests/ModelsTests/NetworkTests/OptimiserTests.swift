import CLMat
import Models
import Testing

@Suite struct OptimiserTests {
    /// Three steps of PyTorch 2.13's RMSprop(lr=0.1, momentum=0.9) with gradients 1, −0.5 and 0.25 from w = 1.
    @Test(arguments: Device.all)
    func rmspropIsPyTorchs(on device: Device) throws {
        var parameters = [[try Matrix([1], 1, 1, on: device)]]
        var optimiser = RMSProp()
        var (w, s, v) = (1.0, 0.0, 0.0)
        for g in [1.0, -0.5, 0.25] {
            try optimiser.update(&parameters, [[Matrix([Float(g)], 1, 1, on: device)]], rate: 0.1, momentum: 0.9)
            s = 0.99 * s + 0.01 * g * g
            v = 0.9 * v + g / (s.squareRoot() + 1e-8)
            w -= 0.1 * v
            let found = Double(try parameters[0][0].values[0])
            #expect(abs(found - w) < 1e-5 * max(1, abs(w)))
        }
    }

    @Test func tensorFlowsFormDiffersAsItShould() throws {
        var parameters = [[try Matrix([1], 1, 1, on: .cpu)]]
        var optimiser = RMSProp(alpha: 0.9, epsilon: 0.01, form: .tensorFlow)
        var (w, s, v) = (1.0, 0.0, 0.0)
        for g in [1.0, -0.5, 0.25] {
            try optimiser.update(&parameters, [[Matrix([Float(g)], 1, 1, on: .cpu)]], rate: 0.1, momentum: 0.9)
            s = 0.9 * s + 0.1 * g * g
            v = 0.9 * v + 0.1 * g / (s + 0.01).squareRoot()
            w -= v
            #expect(abs(Double(try parameters[0][0].values[0]) - w) < 1e-5 * max(1, abs(w)))
        }
    }

    @Test func sgdDescendsAParabola() throws {
        var parameters = [[try Matrix([4], 1, 1, on: .cpu)]]
        var optimiser = SGD()
        for _ in 0..<100 {
            let gradient = try parameters[0][0].scaled(by: 1)  // of ½w²
            try optimiser.update(&parameters, [[gradient]], rate: 0.1, momentum: 0.5)
        }
        #expect(abs(try parameters[0][0].values[0]) < 1e-3)
    }

    // MARK: - Parameter average

    /// The mean of w = 1, 2, 3 … over the last `window` steps, where the window's blocks are full.
    @Test(arguments: [(window: 5, steps: 5), (10, 20), (10, 10), (3000, 6000), (1, 7)])
    func theMeanCoversItsWindow(window: Int, steps: Int) throws {
        var average = ParameterAverage(window: window)
        #expect(try average.mean()?.isEmpty == nil)
        for step in 1...steps { try average.add([[Matrix([Float(step)], 1, 1, on: .cpu)]]) }
        let expected = (steps - window + 1...steps).reduce(0.0) { $0 + Double($1) } / Double(window)
        let mean = try #require(try average.mean())
        #expect(average.count == window)
        #expect(abs(Double(try mean[0][0].values[0]) - expected) < 1e-4 * expected)
    }

    @Test func theMeanNeverCoversMoreThanItsWindow() throws {
        var average = ParameterAverage(window: 100)
        for step in 1...1000 {
            try average.add([[Matrix([Float(step)], 1, 1, on: .cpu)]])
            #expect(average.count <= 100)
            #expect(average.count >= min(step, 81))
        }
    }
}
