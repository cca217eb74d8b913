import Models
import Testing

@Suite struct LangevinTemperatureTests {
    @Test func theTemperatureIsThatOfTheSource() {
        // β σ² / (2 (1 − γ)), by hand.
        #expect(abs(LangevinTemperature.temperature(noise: 0.3, step: 0.01, momentum: 0.9) - 0.0045) < 1e-15)
        #expect(abs(LangevinTemperature.temperature(noise: 2, step: 0.5, momentum: 0) - 1) < 1e-15)
        #expect(abs(LangevinTemperature.noise(temperature: 0.0045, step: 0.01, momentum: 0.9) - 0.3) < 1e-14)
    }

    @Test(arguments: [0.001, 0.3, 10], [0.0, 0.5, 0.99])
    func eachIsTheOthersInverse(noise: Double, momentum: Double) {
        for step in [1e-4, 0.01, 1] {
            let temperature = LangevinTemperature.temperature(noise: noise, step: step, momentum: momentum)
            let back = LangevinTemperature.noise(temperature: temperature, step: step, momentum: momentum)
            // A handful of roundings.
            #expect(abs(back - noise) <= 1e-14 * noise)
        }
    }

    @Test func offIsOff() {
        #expect(LangevinTemperature.temperature(noise: 0, step: 0.01, momentum: 0.9) == 0)
        #expect(LangevinTemperature.noise(temperature: 0, step: 0.01, momentum: 0.9) == 0)
    }
}
