import Foundation

/// ψ(x) = d ln Γ(x) / dx for x > 0; −∞ at 0, and not a number below.
///
///     ψ(x) = ψ(x + 6) − Σ_{i<6} 1/(x + i)
///     ψ(y) ≈ ln y − 1/2y − 1/12y² + 1/120y⁴ − 1/252y⁶ + 1/240y⁸ − 1/132y¹⁰ + 691/32760y¹²
///
/// - Accuracy: 2e-12 of |ψ| or of 1, whichever is larger: the first term left out is 1/12y¹⁴, and y is at least 6.
/// - Source: M. Abramowitz, I. Stegun, *Handbook of Mathematical Functions*, 1964, 6.3.5 and 6.3.18.
@inline(__always)
func digamma(_ x: Double) -> Double {
    guard x > 0 else { return x == 0 ? -.infinity : .nan }
    var (y, below) = (x, 0.0)
    if x < 6 {
        // Π (x + i) = u (u + 4)(u + 6) with u = x (x + 5); the sum is its derivative divided by it: one division for six.
        let u = x * (x + 5)
        below = (2 * x + 5) * (3 * u * u + 20 * u + 24) / (u * (u + 4) * (u + 6))
        y = x + 6
    }
    let r = 1 / y
    let s = r * r
    let tail =
        s * (1.0 / 12 - s * (1.0 / 120 - s * (1.0 / 252 - s * (1.0 / 240 - s * (1.0 / 132 - s * (691.0 / 32760))))))
    return log(y) - 0.5 * r - tail - below
}
