import CLMat
import Testing

// Comparisons of what a device found with what a reference in Double expects. Each gives nil where they agree, else a
// sentence that says where they do not: `#expect(difference(found, expected, within: bound) == nil)`.

/// The first element that is further from its expectation than its bound. NaN agrees with NaN alone, and an infinity
/// with itself alone.
public func difference(_ found: [Float], _ expected: [Double], within bound: (Int) -> Double) -> String? {
    guard found.count == expected.count else { return "\(found.count) elements, not \(expected.count)" }
    for index in found.indices {
        let (element, wanted) = (Double(found[index]), expected[index])
        if wanted.isNaN || element.isNaN || wanted.isInfinite || element.isInfinite {
            if wanted.isNaN && element.isNaN || wanted == element { continue }
            return "[\(index)] is \(element), not \(wanted)"
        }
        let error = abs(element - wanted)
        if error > bound(index) {
            return "[\(index)] is \(element), not \(wanted): off by \(error), allowed \(bound(index))"
        }
    }
    return nil
}

public func difference(_ found: [Float], _ expected: [Double], within bound: Double) -> String? {
    difference(found, expected, within: { _ in bound })
}

/// As above, with a bound in units in the last place of the expectation.
public func difference(_ found: [Float], _ expected: [Double], ulps: Double) -> String? {
    difference(found, expected, within: { ulps * ulp(of: expected[$0]) })
}

/// The first element that differs in any bit.
public func bitDifference(_ found: [Float], _ expected: [Float]) -> String? {
    guard found.count == expected.count else { return "\(found.count) elements, not \(expected.count)" }
    for index in found.indices where found[index].bitPattern != expected[index].bitPattern {
        return "[\(index)] is \(found[index]), not \(expected[index])"
    }
    return nil
}

/// The distance of 32-bit floats around `value`: 2⁻¹⁴⁹ among the subnormal ones.
public func ulp(of value: Double) -> Double {
    guard value.isFinite, abs(value) >= 0x1p-126 else { return 0x1p-149 }
    return Double(sign: .plus, exponent: value.exponent - 23, significand: 1)
}

/// The distance of neighbouring 32-bit floats from 1 up, as a `Double`: ε = 2⁻²³. One rounding is off by ε/2 at most.
public let epsilon = Double(Float.ulpOfOne)

/// The name of the case of what `body` throws, "" if it throws nothing.
public func thrownCase(_ body: () throws -> Void) -> String {
    do {
        try body()
        return ""
    } catch {
        let mirror = Mirror(reflecting: error)
        return mirror.children.first?.label ?? "\(error)"
    }
}

/// The place and the problem of a damaged file; else fails.
public func damage(_ body: () throws -> Void) -> (place: String, problem: String)? {
    do {
        try body()
    } catch let error as CLMatError {
        if case .fileDamaged(_, let place, let problem) = error { return (place, problem) }
        Issue.record("\(error)")
    } catch {
        Issue.record("\(error)")
    }
    return nil
}

/// What an error says; "" if there is none.
public func said(_ body: () throws -> Void) -> String {
    do {
        try body()
        return ""
    } catch {
        return "\(error)"
    }
}
