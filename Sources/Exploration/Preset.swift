import CLMat

/// Settings of several controls that go together, under a name: a person who does not know the controls yet chooses one.
///
/// ```swift
/// var presets: [Preset] {
///     let usual = Preset.initial("default", help: "as the model begins", of: [Self.noise, Self.stepSize])
///     return [usual, usual.changed("hot", help: "much noise: chains wander", ["noise": 3])]
/// }
/// ```
///
/// It sets the controls that it names, and no others. So that going from one to another is complete, the presets of a model name the
/// same controls; ``Experiment/checkPresets()`` says where they do not. The presets of one id of a model and its attachments are one.
/// A control that is not there, because its criterion was removed, is left out.
public struct Preset: Sendable, Equatable, Identifiable {
    /// In kebab-case; how `--preset`, scripts and the log name it.
    public let id: String
    /// What a menu says: "sparse topics".
    public let title: String
    /// One line on what it is for, for a person who sees it for the first time.
    public let help: String
    /// By the control's id; controls that only concern what is shown may be among them.
    public let values: [String: Double]

    /// - Parameter title: the id if nil.
    public init(_ id: String, title: String? = nil, help: String, values: [String: Double]) {
        (self.id, self.title, self.help, self.values) = (id, title ?? id, help, values)
    }

    /// One that has the initial values of these controls; of those of them that are named, if some are.
    public static func initial(
        _ id: String, title: String? = nil, help: String, of controls: [Control], named ids: [String]? = nil
    ) -> Preset {
        let chosen = controls.filter { ids?.contains($0.id) ?? true }
        return Preset(
            id, title: title, help: help, values: Dictionary(chosen.map { ($0.id, $0.initial) }) { first, _ in first })
    }

    /// Another one that differs from it in the values that are given.
    public func changed(_ id: String, title: String? = nil, help: String, _ given: [String: Double]) -> Preset {
        Preset(id, title: title, help: help, values: values.merging(given) { $1 })
    }

    /// One preset of both, under the names of this one.
    ///
    /// - Throws: ``/CLMat/CLMatError/duplicateID(kind:id:)`` if both name one control.
    func joined(with other: Preset) throws(CLMatError) -> Preset {
        if let twice = other.values.keys.sorted().first(where: { values[$0] != nil }) {
            throw .duplicateID(kind: "control of the preset '\(id)'", id: twice)
        }
        return Preset(id, title: title, help: help, values: values.merging(other.values) { first, _ in first })
    }
}

// MARK: - On a run

extension Dashboard {
    /// The preset of this id.
    ///
    /// - Throws: ``/CLMat/CLMatError/unknownName(kind:name:known:)`` with those that there are.
    public func preset(_ id: String) throws(CLMatError) -> Preset {
        guard let preset = presets.first(where: { $0.id == id }) else {
            throw .unknownName(kind: "preset", name: id, known: presets.map(\.id))
        }
        return preset
    }

    /// The controls that a preset names and that are not there now, by id.
    public func missing(from preset: Preset) -> [String] {
        preset.values.keys.filter { control($0) == nil }.sorted()
    }

    /// Says which controls of a preset were left out; nil if none was.
    public func noteOfMissing(from preset: Preset) -> String? {
        let missing = missing(from: preset)
        guard !missing.isEmpty else { return nil }
        let names = missing.map { "'\($0)'" }.joined(separator: ", ")
        return "The preset '\(preset.id)' left out \(names), which \(missing.count == 1 ? "is" : "are") not there now."
    }

    /// Whether all that a preset names is as it has it: of those that are there, at least one.
    public func holds(_ preset: Preset, _ settings: Settings) -> Bool {
        let there = preset.values.filter { control($0.key) != nil }
        return !there.isEmpty
            && there.allSatisfy { id, wanted in
                guard let value = settings.values[id] else { return false }
                return abs(value - wanted) <= 1e-9 * abs(wanted)
            }
    }
}

extension Experiment {
    /// Begins with the settings of a preset.
    ///
    /// - Parameter keepsView: whether what is shown and was chosen before stays.
    /// - Returns: a sentence on the controls that were left out, as they are not there; nil if none was.
    /// - Throws: ``/CLMat/CLMatError/unknownName(kind:name:known:)``, ``/CLMat/CLMatError/invalidValue(setting:value:accepted:)``.
    @discardableResult public mutating func apply(
        preset id: String, keepsView: Bool = false
    ) throws(CLMatError) -> String? {
        let preset = try dashboard.preset(id)
        try set(
            preset.values.filter { id, _ in
                guard let control = dashboard.control(id) else { return false }
                return !(keepsView && control.isView && view.values[id] != nil)
            })
        startPreset = id
        return dashboard.noteOfMissing(from: preset)
    }

    /// Checks that the presets of the run name the same controls, which are there and take their values.
    ///
    /// - Throws: ``/CLMat/CLMatError/unknownName(kind:name:known:)``, ``/CLMat/CLMatError/invalidValue(setting:value:accepted:)``;
    ///   ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` if one lacks a control that another one names.
    public func checkPresets() throws(CLMatError) {
        let named = Set(dashboard.presets.flatMap(\.values.keys))
        for preset in dashboard.presets {
            if let lacking = named.subtracting(preset.values.keys).min() {
                throw .invalidArgument(
                    operation: "presets", problem: "'\(preset.id)' does not name '\(lacking)', which another one sets.")
            }
            for id in preset.values.keys.sorted() { _ = try dashboard.known(id) }
            var own = self
            try own.apply(preset: preset.id)
        }
    }
}
