import CLMat
import Exploration
import Testing

@Suite struct ControlTests {
    static let linear = Control("a", title: "A", range: 0...2, initial: 1, help: "")
    static let log = Control("b", title: "B", range: 0.001...10, scale: .log, initial: 0.1, help: "")
    static let off = Control("c", title: "C", range: 0.001...10, scale: .logWithOff, initial: 0, help: "")
    static let whole = Control("d", title: "D", kind: .integer(1...100, .log), initial: 10, help: "")
    static let toggle = Control.toggle("e", title: "E", initial: true, help: "")
    static let choice = Control.choice("f", title: "F", options: ["none", "at 0", "0…1"], help: "")

    @Test func readsWhatAPersonTypes() throws {
        #expect(try Self.linear.parse(" 1.5 ") == 1.5)
        #expect(try Self.log.parse("1e-2") == 0.01)
        #expect(try Self.off.parse("off") == 0)
        #expect(try Self.off.parse("OFF") == 0)
        #expect(try Self.whole.parse("42") == 42)
        #expect(try Self.toggle.parse("on") == 1)
        #expect(try Self.toggle.parse("no") == 0)
        #expect(try Self.choice.parse("At 0") == 1)
        #expect(try Self.choice.parse("2") == 2)
    }

    /// What no key of most keyboards gives has a spelling that does.
    @Test func readsWhatAKeyboardCanType() throws {
        let rates = Control.choice(
            "g", title: "G", options: ["constant η", "1/count", "full batch", "naïve", "λ₂ × μ", "λ₃ × μ"], help: "")
        let spellings: [(Control, Int, [String])] = [
            (Self.choice, 2, ["0…1", "0...1", "0..1", "0 .. 1", "2"]),
            (rates, 0, ["constant η", "constant", "Constant eta", "CONSTANT-ETA"]),
            (rates, 1, ["1/count", "1 / Count"]),
            (rates, 2, ["full batch", "full-batch", "full_batch", "fullbatch"]),
            (rates, 3, ["naive", "Naïve", "nai\u{308}ve"]),
        ]
        for (control, index, texts) in spellings {
            for text in texts { #expect(try control.parse(text) == Double(index), "\(text)") }
        }
        // Not a guess: what could be several is none.
        for text in ["", "const", "x", "lambda"] {
            let accepted =
                "one of constant η, 1/count, full batch, naïve, λ₂ × μ, λ₃ × μ; type constant η as 'constant', naïve as 'naive'"
            #expect(throws: CLMatError.invalidValue(setting: "g", value: text, accepted: accepted)) {
                try rates.parse(text)
            }
        }
        #expect(try Control("h", title: "H", range: -2...2, initial: 0, help: "").parse("\u{2212}1.5") == -1.5)
        #expect(
            throws: CLMatError.invalidValue(
                setting: Self.choice.id, value: "sometimes",
                accepted: "one of none, at 0, 0…1; type 0…1 as '0..1'")
        ) { try Self.choice.parse("sometimes") }
    }

    static let refused: [(Control, String)] = [
        (linear, "3"), (linear, "-1"), (linear, "off"), (linear, "nan"), (linear, "inf"), (linear, ""), (linear, "x"),
        (log, "0"), (off, "0.0001"), (whole, "1.5"), (whole, "0"), (toggle, "2"), (choice, "3"), (choice, "clip"),
    ]

    @Test(arguments: refused)
    func whatItDoesNotTakeIsSaid(control: Control, text: String) {
        let error = #expect(throws: CLMatError.self) { try control.parse(text) }
        guard case .invalidValue(let setting, _, let accepted)? = error else {
            Issue.record("not an invalidValue: \(String(describing: error))")
            return
        }
        #expect(setting == control.id)
        #expect(!accepted.isEmpty)
    }

    @Test(arguments: [linear, log, off])
    func placesOnTheTrackAndValuesAreInverse(control: Control) {
        for position in stride(from: 0.1, through: 1, by: 0.05) {
            let value = control.value(at: position)
            #expect(abs(control.position(of: value) - position) < 0.005)  // three significant digits
        }
        #expect(control.value(at: -1) == control.value(at: 0))
        #expect(control.value(at: 2) == control.value(at: 1))
    }

    @Test func theLeftEndOfATrackWithANotchIsOff() {
        #expect(Self.off.value(at: 0) == 0)
        #expect(Self.off.position(of: 0) == 0)
        #expect(Self.off.value(at: Control.notch) == 0.001)
        #expect(Self.off.text(0) == "off")
        #expect(Self.log.value(at: 0) == 0.001)
    }

    @Test func numbersAreShort() {
        #expect(format(0.3) == "0.3")
        #expect(format(1.25) == "1.25")
        #expect(format(12400) == "12,400")
        #expect(format(0.000012) == "1.2e-05")
        #expect(format(-1_234_567) == "-1,234,567")
        #expect(format(.nan) == "not a number")
        #expect(grouped(0) == "0")
        #expect(grouped(999) == "999")
        #expect(grouped(1000) == "1,000")
    }
}
