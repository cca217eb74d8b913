import Foundation

/// The temperature of Langevin dynamics with momentum, and the noise that gives it.
///
/// The steps v ← γv + β(g + σξ), x ← x + v with g = ∇F(x) sample P(x) ∝ exp(F(x)/T) as β → 0, where T = βσ²/(2(1 − γ)). At a step
/// size that is not small the samples spread more: for F = wx − λx²/2 their variance is (T/λ)/(1 − βλ/(2(1 + γ))).
///
/// - Source: T. Chen, E. Fox, C. Guestrin, "Stochastic gradient Hamiltonian Monte Carlo", ICML 2014, section 3.3 and equation 15,
///   with η = β and α = 1 − γ, for any temperature.
public enum LangevinTemperature {
    /// T = βσ²/(2(1 − γ)); 0 if the noise is off.
    ///
    /// - Parameters:
    ///   - noise: σ, the deviation of the noise.
    ///   - step: β, the step size.
    ///   - momentum: γ, from 0 to below 1.
    public static func temperature(noise: Double, step: Double, momentum: Double) -> Double {
        noise > 0 ? step * noise * noise / (2 * (1 - momentum)) : 0
    }

    /// σ = √(2(1 − γ)T/β), the noise of a temperature; 0 for a temperature of 0.
    ///
    /// - Parameters:
    ///   - temperature: T, in units of what the gradient is of.
    ///   - step: β, the step size, above 0.
    ///   - momentum: γ, from 0 to below 1.
    public static func noise(temperature: Double, step: Double, momentum: Double) -> Double {
        temperature > 0 ? (2 * (1 - momentum) * temperature / step).squareRoot() : 0
    }
}
