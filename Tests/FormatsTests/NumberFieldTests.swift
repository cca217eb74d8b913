import Testing

@testable import Formats

@Suite struct NumberFieldTests {
    private func read(_ text: String) -> NumberField { Array(text.utf8).withUnsafeBytes { NumberField.read($0) } }

    @Test func numbersWithoutADecimalMark() {
        for (text, value) in [
            ("0", 0.0), ("-0", 0), ("12", 12), (" 12\t", 12), ("+7", 7), ("\u{2212}7", -7), ("1e3", 1000),
            ("1E-2", 0.01),
            ("2D+01", 20), ("2d\u{2212}1", 0.2), ("007", 7), ("123456789012345678", 123_456_789_012_345_678),
            ("1\u{A0}150", 1150), ("1\u{202F}150\u{202F}000", 1_150_000), ("12\u{2009}345", 12345), ("1'150", 1150),
            ("1\u{2019}150", 1150), ("\u{A0}5\u{A0}", 5),
        ] {
            #expect(read(text) == .whole(value), "\(text)")
        }
    }

    @Test func numbersWithADecimalMark() {
        for (text, value) in [
            ("1.5", 1.5), (".5", 0.5), ("5.", 5), ("-1.5e-3", -0.0015), ("1.5D+00", 1.5), ("0.150", 0.15),
            ("1234.567", 1234.567),
            ("1,150.5", 1150.5), ("1,150,000", 1_150_000), ("1,150,000.25", 1_150_000.25),
            ("1 150.25".replacing(" ", with: "\u{A0}"), 1150.25),
            ("1.150e3", 1150), ("0.1", 0.1), ("0.30000000000000004", 0.30000000000000004),
            ("1e22.".replacing("e22", with: ""), 1),
            ("179769313486231570000.0e288", 1.7976931348623157e308), ("4.9e-324", 5e-324),
        ] {
            #expect(read(text) == .settled(value, decimal: .point), "\(text)")
        }
        for (text, value) in [
            ("1,5", 1.5), ("-0,5", -0.5), (",5", 0.5), ("0,150", 0.15), ("1234,567", 1234.567), ("1.150,5", 1150.5),
            ("1.150.000", 1_150_000), ("1,15e2", 115), ("1,150e3", 1150), ("1\u{A0}150,250", 1150.25),
            ("1,1234", 1.1234),
        ] {
            #expect(read(text) == .settled(value, decimal: .comma), "\(text)")
        }
    }

    @Test func numbersThatCanBeTwo() {
        #expect(read("1,150") == .ambiguous(mark: .comma, decimal: 1.15, grouped: 1150))
        #expect(read("-1.150") == .ambiguous(mark: .point, decimal: -1.15, grouped: -1150))
        #expect(read("12,000") == .ambiguous(mark: .comma, decimal: 12, grouped: 12000))
    }

    @Test func whatIsNoNumber() {
        for text in [
            "x", "1x", "0x10", "1_000", "1e", "1e+", "--1", "+-1", "1.5.2", "1,5,2", "1,50,000", "1 150", "1,", "1..2",
            "e5", "d", "٣",
            "1,150,00", "1'15", "(5)", "$5", "1-2", "True", "1\u{A0}15", "+", "Na", "1.5f", "5 %%",
            String(repeating: "1,", count: 5000),
        ] {
            #expect(read(text) == .text, "\(text.prefix(20))")
        }
        for text in ["", "  ", "NA", "nan", "NaN", "NULL", "n/a", "-", "?", "None", "#N/A"] {
            #expect(read(text) == .missing, "\(text)")
        }
        for text in ["inf", "-Inf", "Infinity", "\u{2212}∞"] { #expect(read(text) == .infinite, "\(text)") }
        for text in ["5%", "1.5 %", "-1,5%"] { #expect(read(text) == .percentage, "\(text)") }
    }

    /// Each is the nearest double, however it is written.
    @Test func digitsAreReadToTheLastBit() {
        var bits: UInt64 = 1
        for _ in 0..<2000 {
            bits = bits &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let value = Double(bitPattern: bits & ~(1 << 63))
            guard value.isFinite else { continue }
            let found: Double
            switch read("\(value)") {
            case .whole(let number), .settled(let number, _): found = number
            case .ambiguous(_, let decimal, _): found = decimal
            default: found = .nan
            }
            #expect(found == value)
        }
        let many = "0." + String(repeating: "3", count: 400)
        #expect(read(many) == .settled(1.0 / 3, decimal: .point))
        #expect(read(String(repeating: "9", count: 400)) == .whole(.infinity))
        #expect(read("1e999999999999999999999") == .whole(.infinity))
        #expect(read("1e-999999999999999999999") == .whole(0))
    }
}
