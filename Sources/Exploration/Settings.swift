import CLMat

/// The values of a run's controls. A value is read by its control, so that a misspelt id is an error and not 0.
///
/// ```swift
/// let rate = Control("rate", title: "rate", range: 0...1, initial: 0.25, help: "how far a step goes")
/// try weights.add(gradient, times: -Float(context.settings[rate]))
/// ```
public struct Settings: Sendable, Equatable {
    /// Of all controls of the run, by id.
    public private(set) var values: [String: Double]
    /// Controls that follow another one, and which.
    public private(set) var links: [String: String] = [:]
    /// What stands before the ids of the model or attachment that is asked: "ldam-2.".
    private var scope = ""

    /// Settings of given values, by the controls' ids.
    public init(_ values: [String: Double] = [:]) { self.values = values }

    /// The initial values of `controls`, without those that only concern what is shown.
    public init(initialOf controls: [Control]) {
        values = Dictionary(
            controls.filter { !$0.isView }.map { ($0.id, $0.initial) }, uniquingKeysWith: { first, _ in first })
    }

    // MARK: - Reading

    /// The value of a control.
    ///
    /// - Throws: ``/CLMat/CLMatError/unknownName(kind:name:known:)`` for a control that is not on the run, with the ids of those that
    ///   are. One that only concerns what is shown is not there for a step: figures have it (``FigureContext``).
    public subscript(_ control: Control) -> Double {
        get throws(CLMatError) { try value(of: control.id) }
    }

    /// The same by the control's id.
    public func value(of id: String) throws(CLMatError) -> Double {
        guard let value = values[scope + id] else {
            let known = values.keys.filter { $0.hasPrefix(scope) }.map { String($0.dropFirst(scope.count)) }
            throw .unknownName(kind: "control", name: id, known: known.sorted())
        }
        return value
    }

    /// Whether a switch is on. Throws ``/CLMat/CLMatError/unknownName(kind:name:known:)`` if there is no such control.
    public func isOn(_ control: Control) throws(CLMatError) -> Bool { try self[control] != 0 }
    /// The value of a choice or of an integer slider.
    public func int(_ control: Control) throws(CLMatError) -> Int { Int(try self[control]) }

    /// The whole run's, read by one of its attachments.
    public var ofTheRun: Settings { scoped("") }

    func scoped(_ scope: String) -> Settings {
        var own = self
        own.scope = scope
        return own
    }

    // MARK: - Changing

    /// Sets a control, and those that are linked with it.
    ///
    /// - Throws: ``/CLMat/CLMatError/invalidValue(setting:value:accepted:)``.
    public mutating func set(_ control: Control, to value: Double) throws(CLMatError) {
        let value = try control.checked(value)
        for id in linked(with: scope + control.id) { values[id] = value }
    }

    /// The control itself and those that share its value.
    public func linked(with id: String) -> [String] {
        guard !links.isEmpty else { return [id] }
        let leader = links[id] ?? id
        return [leader] + links.filter { $0.value == leader }.keys.sorted()
    }

    /// From here on one control has the value of another, and setting either sets both.
    ///
    /// - Throws: ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` for controls that take different values.
    mutating func link(_ follower: Control, to leader: Control) throws(CLMatError) {
        func refuse(_ problem: String) -> CLMatError { .invalidArgument(operation: "link", problem: problem) }
        guard follower.id != leader.id else { throw refuse("'\(leader.id)' cannot be linked to itself.") }
        guard follower.kind == leader.kind else {
            throw refuse("'\(follower.id)' takes \(follower.accepted), but '\(leader.id)' takes \(leader.accepted).")
        }
        guard !follower.isView, !leader.isView else {
            throw refuse("'\(follower.id)' only concerns what is shown; set each by itself.")
        }
        let head = links[leader.id] ?? leader.id
        guard head != follower.id else { throw refuse("'\(leader.id)' and '\(follower.id)' are linked already.") }
        // Those that followed it follow with it.
        for id in links.filter({ $0.value == follower.id }).keys { links[id] = head }
        links[follower.id] = head
        let value = try value(of: head)
        for id in linked(with: head) { values[id] = value }
    }

    /// - Throws: ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` for a control that follows none.
    mutating func unlink(_ id: String) throws(CLMatError) {
        guard links.removeValue(forKey: id) != nil else {
            throw .invalidArgument(operation: "unlink", problem: "'\(id)' is not linked to another control.")
        }
    }

    /// Initial values of controls that came. Links of those that went go; their values stay for when they come back.
    mutating func follow(_ controls: [Control]) {
        for control in controls where !control.isView && values[control.id] == nil {
            values[control.id] = control.initial
        }
        guard !links.isEmpty else { return }
        let ids = Set(controls.map(\.id))
        links = links.filter { ids.contains($0.key) && ids.contains($0.value) }
    }

    /// Values that are known to be taken, by id: those of a file.
    mutating func merge(_ other: [String: Double]) { values.merge(other) { _, new in new } }
}

extension Settings {
    /// All values that a person sees: with those of the controls that only concern what is shown.
    func showing(_ view: ViewState, of controls: [Control]) -> Settings {
        var all = self
        for control in controls where control.isView {
            all.values[control.id] = view.values[control.id] ?? control.initial
        }
        return all
    }
}
