import CLMat
import Testing

@testable import Models

@Suite struct OptimiserTests {
    /// An optimiser with its rate and momentum, and where it is after each of ``gradients`` from w = 1.
    struct Path: Sendable {
        let optimiser: any Optimiser
        let rate: Float
        let weights: [Double]
    }

    static let gradients: [Float] = [1, -0.5, 0.25, 2, -1]

    /// Printed by PyTorch 2.13.0 (CPU), with `w = torch.tensor([1.0], dtype=torch.float64, requires_grad=True)`, an optimiser of
    /// `torch.optim`, and for each gradient `w.grad = torch.tensor([g], dtype=torch.float64); optimiser.step(); print(w.item())`.
    static let pyTorch = [
        // RMSprop([w], lr=0.1, momentum=0.9)
        Path(
            optimiser: RMSProp(), rate: 0.1,
            weights: [
                9.999999027732188e-08, -0.45098659525565843, -1.0769787971837623, -2.5109909798885384,
                -3.400781104840209,
            ]),
        // RMSprop([w], lr=0.1, momentum=0.9, alpha=0.9, eps=0.01)
        Path(
            optimiser: RMSProp(alpha: 0.9, epsilon: 0.01), rate: 0.1,
            weights: [
                0.6934656996828449, 0.5608034974375548, 0.36815503582957315, -0.08446457267024592, -0.3586444688744134,
            ]),
        // SGD([w], lr=0.1, momentum=0.9)
        Path(
            optimiser: SGD(), rate: 0.1,
            weights: [0.9, 0.86, 0.7989999999999999, 0.5440999999999999, 0.4146899999999999]),
        // SGD([w], lr=0.1)
        Path(
            optimiser: SGD(momentum: 0), rate: 0.1,
            weights: [0.9, 0.9500000000000001, 0.925, 0.7250000000000001, 0.8250000000000001]),
    ]

    @Test(arguments: pyTorch, Device.all)
    func pathsArePyTorchs(_ path: Path, on device: Device) throws {
        var parameters = [[try Matrix([1], 1, 1, on: device)]]
        var optimiser = path.optimiser
        for (gradient, expected) in zip(Self.gradients, path.weights) {
            try optimiser.update(&parameters, [[Matrix([gradient], 1, 1, on: device)]], rate: path.rate)
            // In 32-bit floats each step rounds some ten times, at numbers of up to 20.
            #expect(abs(Double(try parameters[0][0].values[0]) - expected) < 1e-5 * max(1, abs(expected)))
        }
    }

    @Test func tensorFlowsFormDiffersAsItShould() throws {
        var parameters = [[try Matrix([1], 1, 1, on: .cpu)]]
        var optimiser = RMSProp(alpha: 0.9, epsilon: 0.01, form: .tensorFlow)
        var (w, s, v) = (1.0, 0.0, 0.0)
        for g in [1.0, -0.5, 0.25] {
            try optimiser.update(&parameters, [[Matrix([Float(g)], 1, 1, on: .cpu)]], rate: 0.1)
            s = 0.9 * s + 0.1 * g * g
            v = 0.9 * v + 0.1 * g / (s + 0.01).squareRoot()
            w -= v
            #expect(abs(Double(try parameters[0][0].values[0]) - w) < 1e-5 * max(1, abs(w)))
        }
    }

    @Test func sgdDescendsAParabola() throws {
        var parameters = [[try Matrix([4], 1, 1, on: .cpu)]]
        var optimiser = SGD(momentum: 0.5)
        for _ in 0..<100 {
            let gradient = try parameters[0][0].scaled(by: 1)  // of ½w²
            try optimiser.update(&parameters, [[gradient]], rate: 0.1)
        }
        #expect(abs(try parameters[0][0].values[0]) < 1e-3)
    }

    // MARK: - Schedules

    @Test func ratesFallAsTheirSchedulesSay() {
        let steps = LearningRateSchedule(.steps, length: 100)
        for (step, factor) in [(1, 1.0), (100, 1), (101, 0.1), (201, 0.01)] {
            #expect(abs(steps.factor(at: step) - factor) < 1e-12)
        }
        let cosine = LearningRateSchedule(.cosine, length: 100)
        for (step, factor) in [(1, 1.0), (51, 0.5), (101, 0), (500, 0)] {
            #expect(abs(cosine.factor(at: step) - factor) < 1e-12)
        }
        let warm = LearningRateSchedule(.constant, warmUp: 10)
        #expect([1, 5, 10, 11].map { warm.factor(at: $0) } == [0.1, 0.5, 1, 1])
    }

    /// What a person sets is the rate from then on, and the schedule goes on from there.
    @Test func theSliderOverridesItsSchedule() {
        let schedule = LearningRateSchedule(.cosine, length: 100)
        var rate = ScheduledRate()
        #expect(rate.rate(1, schedule, at: 1) == 1)
        #expect(abs(rate.rate(1, schedule, at: 51) - 0.5) < 1e-12)
        #expect(abs(rate.rate(0.8, schedule, at: 52) - 0.8) < 1e-12)
        // (1 + cos 0.75π)/2 over (1 + cos 0.51π)/2
        let wanted = 0.8 * schedule.factor(at: 76) / schedule.factor(at: 52)
        #expect(abs(rate.rate(0.8, schedule, at: 76) - wanted) < 1e-12)
        // Another schedule begins with what the slider says.
        #expect(rate.rate(0.8, LearningRateSchedule(), at: 77) == 0.8)
        // Moved while it warms up, it is not raised beyond.
        var warming = ScheduledRate()
        let warmUp = LearningRateSchedule(.constant, warmUp: 100)
        _ = warming.rate(1, warmUp, at: 10)
        #expect(warming.rate(2, warmUp, at: 11) == 2 && warming.rate(2, warmUp, at: 50) == 2)
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
