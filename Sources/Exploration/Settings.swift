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
    /// Those whose values follow from others.
    private(set) var handles: [Handle] = []
    /// What stands before the ids of the model or attachment that is asked: "ldam-2.".
    private var scope = ""

    /// Settings of given values, by the controls' ids.
    public init(_ values: [String: Double] = [:]) { self.values = values }

    /// The initial values of `controls`, without those that only concern what is shown.
    public init(initialOf controls: [Control]) {
        values = Dictionary(
            controls.filter { !$0.isView }.map { ($0.id, $0.initial) }, uniquingKeysWith: { first, _ in first })
    }

    /// The same with handles, whose values follow from the others.
    ///
    /// - Throws: what computing a handle's value throws.
    public init(initialOf controls: [Control], handles: [Handle]) throws(CLMatError) {
        self.init(initialOf: controls)
        self.handles = handles
        try derive()
    }

    /// Of a run that begins.
    init(of dashboard: Dashboard) throws(CLMatError) {
        try self.init(initialOf: dashboard.controls, handles: dashboard.handles)
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

    /// Sets a control, and those that are linked with it. A handle sets the control that is kept for it.
    ///
    /// - Throws: ``/CLMat/CLMatError/invalidValue(setting:value:accepted:)``, also for a handle's value that its kept control cannot give.
    public mutating func set(_ control: Control, to value: Double) throws(CLMatError) {
        try set([(control, value)])
    }

    /// Sets several controls at once: what a handle holds is looked at when all of them have their values.
    ///
    /// - Throws: as ``set(_:to:)``; ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` if a handle is among them and its kept
    ///   control too.
    mutating func set(_ new: [(control: Control, value: Double)]) throws(CLMatError) {
        var own = self
        var (changed, wanted) = (Set<String>(), [(handle: Handle, value: Double)]())
        for (control, value) in new {
            let value = try control.checked(value)
            if let handle = handle(scope + control.id) {
                wanted.append((handle, value))
                continue
            }
            for id in linked(with: scope + control.id) {
                own.values[id] = value
                changed.insert(id)
            }
        }
        for (handle, _) in wanted where changed.contains(handle.kept) {
            throw .invalidArgument(
                operation: "set",
                problem: "'\(handle.id)' and '\(handle.kept)' are two ways to set one value; give one of them.")
        }
        try own.hold(asIn: self, changed)
        for (handle, value) in wanted { try own.set(handle, to: value) }
        try own.derive()
        self = own
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
        for control in [follower, leader] {
            guard let handle = handle(control.id) else { continue }
            throw refuse("'\(handle.id)' follows from '\(handle.kept)'; link that one.")
        }
        guard follower.id != leader.id else { throw refuse("'\(leader.id)' cannot be linked to itself.") }
        guard follower.kind == leader.kind else {
            throw refuse("'\(follower.id)' takes \(follower.accepted), but '\(leader.id)' takes \(leader.accepted).")
        }
        guard !follower.isView, !leader.isView else {
            throw refuse("'\(follower.id)' only concerns what is shown; set each by itself.")
        }
        let head = links[leader.id] ?? leader.id
        guard head != follower.id else { throw refuse("'\(leader.id)' and '\(follower.id)' are linked already.") }
        let before = self
        // Those that followed it follow with it.
        for id in links.filter({ $0.value == follower.id }).keys { links[id] = head }
        links[follower.id] = head
        let value = try value(of: head)
        let moved = linked(with: head).filter { values[$0] != value }
        for id in moved { values[id] = value }
        try hold(asIn: before, Set(moved))
        try derive()
    }

    /// - Throws: ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` for a control that follows none.
    mutating func unlink(_ id: String) throws(CLMatError) {
        guard links.removeValue(forKey: id) != nil else {
            throw .invalidArgument(operation: "unlink", problem: "'\(id)' is not linked to another control.")
        }
    }

    /// Initial values of controls that came. Links of those that went go; their values stay for when they come back.
    mutating func follow(_ dashboard: Dashboard) throws(CLMatError) {
        let controls = dashboard.controls
        handles = dashboard.handles
        for control in controls where !control.isView && values[control.id] == nil {
            values[control.id] = control.initial
        }
        try derive()
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

// MARK: - Handles

extension Settings {
    /// What files have: all but what follows from it.
    var stored: [String: Double] { values.filter { handle($0.key) == nil } }

    private func handle(_ id: String) -> Handle? { handles.first { $0.id == id } }

    /// The values of all handles, from those of the others.
    private mutating func derive() throws(CLMatError) {
        for handle in handles { values[handle.id] = try handle.value(self) }
    }

    /// Has the kept controls follow for handles that hold their values, where others moved.
    private mutating func hold(asIn before: Settings, _ changed: Set<String>) throws(CLMatError) {
        for handle in handles {
            guard let hold = handle.heldBy, values[hold] == 1, !changed.contains(handle.kept),
                handle.dependsOn.contains(where: changed.contains), let value = before.values[handle.id]
            else { continue }
            try keep(handle, try handle.kept(for: value, self))
        }
    }

    /// Sets the kept control of a handle, and those that are linked with it, as near as it goes.
    private mutating func keep(_ handle: Handle, _ value: Double) throws(CLMatError) {
        let nearest = handle.keptControl.nearest(value)
        for id in linked(with: handle.kept) { values[id] = nearest }
    }

    private mutating func set(_ handle: Handle, to value: Double) throws(CLMatError) {
        guard try nearest(value, of: handle) == value else {
            throw .invalidValue(setting: handle.id, value: format(value), accepted: try possible(of: handle))
        }
        // At the end of what is possible there is nothing to compute, and nothing to round.
        if try value == reach(of: handle).most { return try keep(handle, handle.keptControl.limits.most) }
        try keep(handle, try handle.kept(for: value, self))
    }

    /// The least and the largest value of a handle that its kept control can give now.
    private func reach(of handle: Handle) throws(CLMatError) -> (least: Double, most: Double) {
        var own = self
        let limits = handle.keptControl.limits
        own.values[handle.kept] = limits.least
        let least = try handle.value(own)
        own.values[handle.kept] = limits.most
        return (least, max(least, try handle.value(own)))
    }

    private func nearest(_ value: Double, of handle: Handle) throws(CLMatError) -> Double {
        if value == 0, handle.keptControl.takesOff { return 0 }
        let reach = try reach(of: handle)
        return min(max(value, reach.least), reach.most)
    }

    /// What a handle takes as the other settings are, in words.
    private func possible(of handle: Handle) throws(CLMatError) -> String {
        let (reach, own, kept) = (try reach(of: handle), handle.control.limits, handle.keptControl)
        // Four digits, rounded to the inside: who types them is not refused again.
        func digits(_ value: Double, _ rule: FloatingPointRoundingRule) -> String {
            guard value > 0, value.isFinite else { return format(value) }
            let scale = power(10, 3 - log10(value).rounded(.down))
            return format((value * scale).rounded(rule) / scale, digits: 4)
        }
        return "\(digits(max(reach.least, own.least), .up)) to \(digits(min(reach.most, own.most), .down))"
            + "\(kept.takesOff ? ", or off" : ""), as long as '\(handle.kept)' takes \(kept.accepted)"
    }

    /// The value nearest to a wanted one that a control can have now: of a handle, one that its kept control can give.
    public func nearest(_ value: Double, of control: Control) -> Double {
        guard let handle = handle(scope + control.id) else { return value }
        return (try? nearest(value, of: handle)) ?? value
    }

    /// `value` if a control can have it now.
    ///
    /// - Throws: ``/CLMat/CLMatError/invalidValue(setting:value:accepted:)``.
    public func checked(_ value: Double, of control: Control) throws(CLMatError) -> Double {
        let value = try control.checked(value)
        guard let handle = handle(scope + control.id), try nearest(value, of: handle) != value else { return value }
        throw .invalidValue(setting: handle.id, value: format(value), accepted: try possible(of: handle))
    }

    /// The value that a control begins with, or has in a preset: of a handle, the one that follows from that of its kept control as
    /// the others are now.
    public func startValue(of control: Control, in preset: Preset? = nil) -> Double {
        if let value = preset?.values[control.id] { return value }
        guard let handle = handle(scope + control.id) else { return control.initial }
        var own = self
        own.values[handle.kept] = preset?.values[handle.kept] ?? handle.keptControl.initial
        return (try? handle.value(own)) ?? control.initial
    }
}
