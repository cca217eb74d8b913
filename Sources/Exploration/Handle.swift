import CLMat
import Foundation

/// A second control on the value of another one: one of the two is kept, and the other is computed from it.
///
/// Langevin dynamics have a noise σ and a temperature T = βσ²/(2(1 − γ)). A person may move either; sessions, checkpoints and a
/// model's own arithmetic know σ alone:
///
/// ```swift
/// static let temperature = Handle(
///     Control(
///         "temperature", title: "temperature T", group: "sampling", range: 1e-6...10, scale: .logWithOff, initial: 0,
///         help: "how far chains leave the best image", affects: [.up("mean-move")]),
///     of: noise, dependsOn: [stepSize, momentum], heldBy: holdTemperature,
///     value: { settings throws(CLMatError) in
///         // T = βσ²/(2(1 − γ))
///         let (β, σ, γ) = (try settings[stepSize], try settings[noise], try settings[momentum])
///         return β * σ * σ / (2 * (1 - γ))
///     },
///     kept: { T, settings throws(CLMatError) in
///         // σ = √(2(1 − γ)T/β)
///         (2 * (1 - (try settings[momentum])) * T / (try settings[stepSize])).squareRoot()
///     })
/// var handles: [Handle] { [Self.temperature] }
/// ```
///
/// The owner's ``Model/controls`` have the kept control and, if there is one, the switch; the run adds the handle's own control
/// behind the kept one. It is set, scripted, undone and shown like any other. Its value follows from the others at any time, and
/// files need not have it: what they have is not read.
public struct Handle: Sendable, Identifiable {
    /// Computes something from the settings of its owner.
    public typealias Value = @Sendable (Settings) throws(CLMatError) -> Double
    /// Computes the kept control's value for a wanted one of the handle.
    public typealias Kept = @Sendable (Double, Settings) throws(CLMatError) -> Double

    /// What a person moves. Its initial value is not used: it follows from those of the others.
    public let control: Control
    /// The id of the control whose value is kept.
    public let kept: String
    let keptControl: Control
    /// Ids of the controls that its value depends on beside the kept one.
    public let dependsOn: [String]
    /// The id of a switch: while it is on, the handle keeps its value when one of those it depends on moves, and the kept control
    /// follows. Without it, or while it is off, the kept control stays, and the handle's value changes.
    public let heldBy: String?
    /// Where the ids of its owner stand.
    private var scope = ""
    private let valueOf: Value
    private let keptFor: Kept

    public var id: String { control.id }

    /// - Parameters:
    ///   - kept: the control whose value is kept; one of its owner's.
    ///   - others: those that the handle's value depends on beside it.
    ///   - hold: the switch that keeps the handle's value when one of the others moves.
    ///   - value: what the handle is worth with these settings. It must grow with the kept value, and be 0 where the kept control is off.
    ///   - keptFor: the inverse: what the kept control has to be.
    public init(
        _ control: Control, of kept: Control, dependsOn others: [Control] = [], heldBy hold: Control? = nil,
        value: @escaping Value, kept keptFor: @escaping Kept
    ) {
        (self.control, self.kept, keptControl) = (control, kept.id, kept)
        (dependsOn, heldBy) = (others.map(\.id), hold?.id)
        (valueOf, self.keptFor) = (value, keptFor)
    }

    private init(_ own: Handle, _ control: Control, scope: String) {
        (self.control, self.scope, keptControl) = (control, scope, own.keptControl)
        (kept, dependsOn) = (scope + own.kept, own.dependsOn.map { scope + $0 })
        heldBy = own.heldBy.map { scope + $0 }
        (valueOf, keptFor) = (own.valueOf, own.keptFor)
    }

    /// The same under the name of an instance.
    func scoped(_ scope: String, as control: Control) -> Handle { Handle(self, control, scope: scope) }

    /// Its value as the settings are, with ten significant digits: what a person set comes out as it was set, though the kept value
    /// is rounded.
    func value(_ settings: Settings) throws(CLMatError) -> Double {
        let value = try valueOf(settings.scoped(scope))
        guard value.isFinite else { return value > 0 ? Double.greatestFiniteMagnitude : 0 }
        return Double(String(format: "%.9e", value)) ?? value
    }

    /// What the kept control has to be for a value of the handle.
    func kept(for value: Double, _ settings: Settings) throws(CLMatError) -> Double {
        try keptFor(value, settings.scoped(scope))
    }
}

extension Handle: Equatable {
    public static func == (left: Handle, right: Handle) -> Bool {
        left.control == right.control && left.kept == right.kept && left.dependsOn == right.dependsOn
            && left.heldBy == right.heldBy
    }
}

extension Control {
    /// The nearest value that the control takes.
    func nearest(_ value: Double) -> Double {
        func within(_ range: ClosedRange<Double>, _ scale: Scale) -> Double {
            if value <= 0 || value.isNaN, scale == .logWithOff { return 0 }
            return min(max(value.isNaN ? range.lowerBound : value, range.lowerBound), range.upperBound)
        }
        switch kind {
        case .slider(let range, let scale): return within(range, scale)
        case .integer(let range, let scale):
            return within(Double(range.lowerBound)...Double(range.upperBound), scale).rounded()
        case .toggle: return value < 0.5 ? 0 : 1
        case .choice(let options): return min(max(value.rounded(), 0), Double(max(0, options.count - 1)))
        }
    }

    /// The least and the largest value beside off.
    var limits: (least: Double, most: Double) {
        switch kind {
        case .slider(let range, _): (range.lowerBound, range.upperBound)
        case .integer(let range, _): (Double(range.lowerBound), Double(range.upperBound))
        case .toggle: (0, 1)
        case .choice(let options): (0, Double(max(0, options.count - 1)))
        }
    }

    /// Whether there is an off notch.
    var takesOff: Bool {
        switch kind {
        case .slider(_, .logWithOff), .integer(_, .logWithOff): true
        default: false
        }
    }
}
