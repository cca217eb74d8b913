import CLMat

/// Something that a person can move while a model runs: a slider, a switch or a choice.
///
/// Every value is a number: a switch is 0 or 1, a choice the index of its option, and *off* of a
/// logarithmic slider is 0.
public struct Control: Sendable, Equatable, Identifiable {
    /// How places on the track become values.
    public enum Scale: Sendable, Equatable {
        /// The same distance is the same difference.
        case linear
        /// The same distance is the same factor.
        case log
        /// Logarithmic, with a notch at the left end that means 0.
        case logWithOff
    }

    /// What a person moves, and which values it takes.
    public enum Kind: Sendable, Equatable {
        /// A slider over numbers.
        case slider(ClosedRange<Double>, Scale)
        /// A slider over whole numbers.
        case integer(ClosedRange<Int>, Scale)
        /// A switch: 0 or 1.
        case toggle
        /// One of several options, by its index.
        case choice([String])
    }

    /// In kebab-case; how `--set`, scripts and the log name it.
    public let id: String
    /// What stands beside it: "learning rate η".
    public let title: String
    /// The unit of the value, or empty.
    public let unit: String
    /// One line on what it means, for a person who sees it for the first time.
    public let help: String
    /// Controls of one group share a panel.
    public let group: String
    /// Slider, switch or choice, with the values that it takes.
    public let kind: Kind
    /// The value at the start, and after a double-click.
    public let initial: Double
    /// The metrics that it moves, and which way; the first is its paired graph.
    public let effects: [Effect]
    /// Whether a person who sees the model for the first time finds it open; its panel opens if any of its group does.
    public let isShownAtStart: Bool
    /// Whether it only concerns what is shown: figures are given its value, no step is (``ViewState``).
    public let isView: Bool

    /// - Parameter affects: metrics by their ids, with the way that they go where it does not depend on the model:
    ///   `[.down("density"), "log-likelihood"]`.
    public init(
        _ id: String, title: String, group: String = "", unit: String = "", kind: Kind, initial: Double,
        help: String, affects: [Effect] = [], isShownAtStart: Bool = true,
        isView: Bool = false
    ) {
        (self.id, self.title, self.group, self.unit) = (id, title, group, unit)
        (self.kind, self.initial, self.help, self.effects) = (kind, initial, help, affects)
        (self.isShownAtStart, self.isView) = (isShownAtStart, isView)
    }

    /// A slider.
    public init(
        _ id: String, title: String, group: String = "", unit: String = "", range: ClosedRange<Double>,
        scale: Scale = .linear, initial: Double, help: String, affects: [Effect] = [], isShownAtStart: Bool = true,
        isView: Bool = false
    ) {
        self.init(
            id, title: title, group: group, unit: unit, kind: .slider(range, scale), initial: initial, help: help,
            affects: affects, isShownAtStart: isShownAtStart, isView: isView)
    }
}

extension Control {
    /// A switch.
    public static func toggle(
        _ id: String, title: String, group: String = "", initial: Bool, help: String, affects: [Effect] = [],
        isShownAtStart: Bool = true, isView: Bool = false
    ) -> Control {
        Control(
            id, title: title, group: group, kind: .toggle, initial: initial ? 1 : 0, help: help, affects: affects,
            isShownAtStart: isShownAtStart, isView: isView)
    }

    /// One of several options, by index.
    public static func choice(
        _ id: String, title: String, group: String = "", options: [String], initial: Int = 0, help: String,
        affects: [Effect] = [], isShownAtStart: Bool = true, isView: Bool = false
    ) -> Control {
        Control(
            id, title: title, group: group, kind: .choice(options), initial: Double(initial), help: help,
            affects: affects, isShownAtStart: isShownAtStart, isView: isView)
    }
}

extension Control {
    /// The same control under other names.
    func renamed(_ id: String, title: String, group: String, affects: [Effect]) -> Control {
        Control(
            id, title: title, group: group, unit: unit, kind: kind, initial: initial, help: help, affects: affects,
            isShownAtStart: isShownAtStart, isView: isView)
    }
}

// MARK: - What it moves

extension Control {
    /// A metric that a control moves, and which way it goes when the control is raised, switched on, or set from off to a value.
    ///
    /// A string literal is one that may go either way: what it does depends on the model as it is.
    public struct Effect: Sendable, Hashable, ExpressibleByStringLiteral {
        /// Which way a metric goes.
        public enum Direction: Sendable, Hashable {
            /// It grows.
            case up
            /// It falls.
            case down
        }

        /// The metric's id.
        public let metric: String
        /// Nil if it depends on the model as it is.
        public let direction: Direction?

        /// A metric by its id, and which way it goes, if that is known.
        public init(_ metric: String, _ direction: Direction? = nil) {
            (self.metric, self.direction) = (metric, direction)
        }

        public init(stringLiteral metric: String) { self.init(metric) }

        /// A metric that grows when the control is raised.
        public static func up(_ metric: String) -> Effect { Effect(metric, .up) }
        /// A metric that falls when the control is raised.
        public static func down(_ metric: String) -> Effect { Effect(metric, .down) }
    }

    /// Ids of the metrics that it moves, as ``effects`` has them.
    public var affects: [String] { effects.map(\.metric) }
}

// MARK: - Values

extension Control {
    /// What the control takes, in words.
    public var accepted: String {
        switch kind {
        case .slider(let range, let scale):
            "\(format(range.lowerBound)) to \(format(range.upperBound))\(scale == .logWithOff ? ", or off" : "")"
        case .integer(let range, let scale):
            "a whole number from \(range.lowerBound) to \(range.upperBound)\(scale == .logWithOff ? ", or off" : "")"
        case .toggle: "on or off"
        case .choice(let options): "one of \(options.joined(separator: ", "))"
        }
    }

    /// `value` if the control takes it, else an error that says what it takes.
    public func checked(_ value: Double) throws(CLMatError) -> Double {
        let fits: Bool =
            switch kind {
            case .slider(let range, let scale): range.contains(value) || (scale == .logWithOff && value == 0)
            case .integer(let range, let scale):
                value == value.rounded()
                    && ((Double(range.lowerBound)...Double(range.upperBound)).contains(value)
                        || (scale == .logWithOff && value == 0))
            case .toggle: value == 0 || value == 1
            case .choice(let options): options.indices.map(Double.init).contains(value)
            }
        guard fits else { throw .invalidValue(setting: id, value: format(value), accepted: accepted) }
        return value
    }

    /// The same with what can be typed in place of letters that keyboards lack.
    private var acceptedAsTyped: String {
        guard case .choice(let options) = kind else { return accepted }
        let typed = options.compactMap { option in Spelling.ascii(option).map { "\(option) as '\($0)'" } }
        return accepted + (typed.isEmpty ? "" : "; type \(typed.joined(separator: ", "))")
    }

    /// Reads what a person typed: a number, `off`, `on`, or an option's name, also in ASCII: `0..1` for 0…1, and names without
    /// their accents and Greek letters.
    public func parse(_ text: String) throws(CLMatError) -> Double {
        let word = text.lowercased().filter { !$0.isWhitespace }
        switch kind {
        case .toggle:
            if ["on", "true", "yes", "1"].contains(word) { return 1 }
            if ["off", "false", "no", "0"].contains(word) { return 0 }
        case .choice(let options):
            if let index = Spelling.option(text, among: options) { return Double(index) }
            if let index = Int(word), options.indices.contains(index) { return Double(index) }
        case .slider(_, let scale), .integer(_, let scale):
            if word == "off", scale == .logWithOff { return 0 }
            if let value = Spelling.number(word), value.isFinite { return try checked(value) }
        }
        throw .invalidValue(setting: id, value: text, accepted: acceptedAsTyped)
    }

    /// The value as a person reads it: three significant digits, `off`, or the option's name.
    public func text(_ value: Double) -> String {
        switch kind {
        case .toggle: value == 0 ? "off" : "on"
        case .choice(let options): options.indices.contains(Int(value)) ? options[Int(value)] : format(value)
        case .slider(_, .logWithOff) where value == 0, .integer(_, .logWithOff) where value == 0: "off"
        case .slider, .integer: format(value)
        }
    }

    /// Where `value` lies on the track, 0 to 1. With an off notch, *off* is 0 and the range starts at ``notch``.
    public func position(of value: Double) -> Double {
        guard let (range, scale) = sliderRange else { return value }
        switch scale {
        case .linear:
            return fraction(value, range.lowerBound, range.upperBound)
        case .log:
            return fraction(log10(value), log10(range.lowerBound), log10(range.upperBound))
        case .logWithOff:
            if value <= 0 { return 0 }
            return Self.notch + (1 - Self.notch)
                * fraction(log10(value), log10(range.lowerBound), log10(range.upperBound))
        }
    }

    /// The value at a place on the track; the inverse of ``position(of:)``, rounded to three significant digits.
    public func value(at position: Double) -> Double {
        guard let (range, scale) = sliderRange else { return position < 0.5 ? 0 : 1 }
        let t = min(max(position, 0), 1)
        let raw: Double
        switch scale {
        case .linear:
            raw = range.lowerBound + t * (range.upperBound - range.lowerBound)
        case .log:
            raw = power(range, t)
        case .logWithOff:
            if t < Self.notch / 2 { return 0 }
            raw = power(range, max(0, (t - Self.notch) / (1 - Self.notch)))
        }
        if case .integer = kind { return min(max(raw.rounded(), range.lowerBound), range.upperBound) }
        return min(max(significant(raw), range.lowerBound), range.upperBound)
    }

    /// The share of the track that the off notch takes.
    public static let notch = 0.06

    private var sliderRange: (ClosedRange<Double>, Scale)? {
        switch kind {
        case .slider(let range, let scale): (range, scale)
        case .integer(let range, let scale): (Double(range.lowerBound)...Double(range.upperBound), scale)
        case .toggle, .choice: nil
        }
    }
}
