import Foundation

/// A number with three significant digits and no more characters than it needs: 0.3, 1.25, 12,400, 1e-05.
public func format(_ value: Double, digits: Int = 3) -> String {
    guard value.isFinite else { return value.isNaN ? "not a number" : value < 0 ? "-∞" : "∞" }
    if value == 0 { return "0" }
    if value == value.rounded(), abs(value) < 1e9 { return grouped(Int(value)) }
    if abs(value) >= 1e5 || abs(value) < 1e-4 { return String(format: "%.\(digits)g", value) }
    let decimals = max(0, digits - 1 - Int(floor(Foundation.log10(abs(value)))))
    var text = String(format: "%.\(decimals)f", value)
    if text.contains(".") {
        while text.hasSuffix("0") { text.removeLast() }
        if text.hasSuffix(".") { text.removeLast() }
    }
    return text
}

/// A whole number with a comma between thousands.
public func grouped(_ value: Int) -> String {
    let digits = String(value.magnitude)
    var text = ""
    for (index, digit) in digits.enumerated() {
        if index > 0, (digits.count - index) % 3 == 0 { text += "," }
        text.append(digit)
    }
    return value < 0 ? "-" + text : text
}

func log10(_ x: Double) -> Double { Foundation.log10(x) }
func fraction(_ x: Double, _ low: Double, _ high: Double) -> Double {
    high > low ? min(max((x - low) / (high - low), 0), 1) : 0
}

/// The point at `t` (0 to 1) of the way through `range`, in equal ratios.
func power(_ range: ClosedRange<Double>, _ t: Double) -> Double {
    range.lowerBound * pow(range.upperBound / range.lowerBound, t)
}

/// `x` with three significant digits.
func significant(_ x: Double) -> Double {
    guard x != 0, x.isFinite else { return x }
    let scale = pow(10, 2 - floor(log10(abs(x))))
    return (x * scale).rounded() / scale
}

func power(_ x: Double, _ exponent: Double) -> Double { pow(x, exponent) }
func exponential(_ x: Double) -> Double { exp(x) }

extension Double {
    var cubeRoot: Double { cbrt(self) }
}
