import CLMat

/// The mixins of a model or an attachment: Σ λᵢ fᵢ with each one's score and relative pull, for all models in one place.
public struct Mixins<Subject: MixinSubject>: Sendable {
    struct Entry: Sendable {
        var mixin: any Mixin<Subject>
        /// λᵢ
        var weight: Double
        /// ‖λᵢgᵢ‖ of the last update.
        var norm = Later(0.0)
        /// Why it is set aside, if it is.
        var failure: String?

        var acts: Bool { weight != 0 && failure == nil }
    }

    var entries: [Entry] = []
    /// What can be added, beside what is registered with the run.
    public let available: [any Mixin<Subject>]

    /// - Parameters:
    ///   - mixins: those that are on from the start, with λ as their controls have it at first. They can be added again when they
    ///     were removed.
    ///   - available: others that can be added.
    public init(_ mixins: [any Mixin<Subject>] = [], available: [any Mixin<Subject>] = []) {
        self.available = mixins + available.filter { other in !mixins.contains { $0.id == other.id } }
        entries = mixins.map { Entry(mixin: $0, weight: $0.weight.initial) }
    }

    /// Mixins with their weights, for a model that is used by itself.
    public init(_ weighted: [(mixin: any Mixin<Subject>, weight: Double)]) {
        available = weighted.map(\.mixin)
        entries = weighted.map { Entry(mixin: $0.mixin, weight: $0.weight) }
    }

    /// Ids of those that are on, in the order in which they were added.
    public var ids: [String] { entries.map(\.mixin.id) }
    /// λᵢ and whatever else can be set of each.
    public var controls: [Control] { entries.flatMap { [$0.mixin.weight] + $0.mixin.controls } }
    /// Pull and score of each.
    public var metrics: [Metric] { entries.flatMap { [$0.mixin.relativePull, $0.mixin.score] } }
    /// Whether one of them has a weight.
    public var areActive: Bool { entries.contains(where: \.acts) }
    /// Those that have a weight, with λᵢ.
    public var active: [(mixin: any Mixin<Subject>, weight: Double)] {
        entries.filter(\.acts).map { ($0.mixin, $0.weight) }
    }

    // MARK: - Adding, weighing, removing

    /// - Parameter weight: λᵢ; what its control has at first if nil.
    /// - Throws: ``/CLMat/CLMatError/duplicateID(kind:id:)`` if one of its id is on.
    public mutating func add(_ mixin: any Mixin<Subject>, weight: Double? = nil) throws(CLMatError) {
        guard !ids.contains(mixin.id) else { throw .duplicateID(kind: "mixin", id: mixin.id) }
        entries.append(Entry(mixin: mixin, weight: weight ?? mixin.weight.initial))
    }

    /// - Throws: ``/CLMat/CLMatError/unknownName(kind:name:known:)`` if none of this id is on.
    public mutating func remove(_ id: String) throws(CLMatError) { entries.remove(at: try index(of: id)) }

    /// Sets λᵢ, for a model that is used by itself.
    public mutating func weigh(_ id: String, _ weight: Double) throws(CLMatError) {
        entries[try index(of: id)].weight = weight
    }

    private func index(of id: String) throws(CLMatError) -> Int {
        guard let index = entries.firstIndex(where: { $0.mixin.id == id }) else {
            throw .unknownName(kind: "mixin", name: id, known: ids)
        }
        return index
    }

    /// Takes over λᵢ from the controls.
    public mutating func follow(_ settings: Settings) throws(CLMatError) {
        for index in entries.indices { entries[index].weight = try settings[entries[index].mixin.weight] }
    }

    // MARK: - In a step

    /// Σ λᵢ gᵢ over those that have a weight; nil if none has one, or works by a gradient. Notes each one's norm ‖λᵢgᵢ‖.
    public mutating func gradient(
        of subject: Subject, _ context: MixinContext
    ) throws(CLMatError) -> Subject.Gradient? {
        var sum: Subject.Gradient?
        for index in entries.indices {
            entries[index].norm = Later(0)
            guard entries[index].acts, let own = try gradient(index, of: subject, context) else { continue }
            let weight = entries[index].weight
            if sum == nil { sum = try own.weighted(weight) } else { try sum?.accumulate(own, weight: weight) }
        }
        return sum
    }

    private mutating func gradient(
        _ index: Int, of subject: Subject, _ context: MixinContext
    ) throws(CLMatError) -> Subject.Gradient? {
        let weight = entries[index].weight
        let own = try attempt(index) { (mixin) throws(CLMatError) in
            try mixin.gradient(of: subject, context.weighing(weight))
        }
        guard let own else { return nil }
        let norm: Later<Double>
        let isLost: Bool
        do throws(CLMatError) {
            norm = try own.squaredNormLater().map { $0.squareRoot() }
            isLost = entries[index].mixin.isFiniteWithItsSubject ? false : try !norm.value.isFinite
        } catch {
            try setAside(index, because: error)
            return nil
        }
        // Large numbers have squares that are not finite, and what is lost is not the criterion's fault.
        if isLost, try !own.isFinite, try subject.isFinite {
            entries[index].failure = "its gradient is not finite"
            return nil
        }
        entries[index].norm = norm.map { abs(weight) * $0 }
        return own
    }

    /// Notes the norm of a criterion that works by other means than a gradient, as a norm like ‖λᵢgᵢ‖.
    public mutating func note(norm: Double, of id: String) { note(norm: Later(norm), of: id) }

    /// The same with a norm that is on its way from the device.
    public mutating func note(norm: Later<Double>, of id: String) {
        for index in entries.indices where entries[index].mixin.id == id && entries[index].failure == nil {
            entries[index].norm = norm
        }
    }

    /// Does something with one criterion that may fail: it is set aside then, and the step goes on.
    ///
    /// - Returns: nil if it failed, or was set aside before.
    public mutating func attempt<Value>(
        _ id: String, _ body: (any Mixin<Subject>) throws(CLMatError) -> Value?
    ) throws(CLMatError) -> Value? {
        guard let index = entries.firstIndex(where: { $0.mixin.id == id && $0.failure == nil }) else { return nil }
        return try attempt(index) { (mixin) throws(CLMatError) in try body(mixin) }
    }

    private mutating func attempt<Value>(
        _ index: Int, _ body: (inout any Mixin<Subject>) throws(CLMatError) -> Value?
    ) throws(CLMatError) -> Value? {
        do throws(CLMatError) {
            return try body(&entries[index].mixin)
        } catch {
            try setAside(index, because: error)
            return nil
        }
    }

    /// A device that fails is no criterion's fault.
    private mutating func setAside(_ index: Int, because error: CLMatError) throws(CLMatError) {
        guard !error.isOfTheDevice else { throw error }
        entries[index].failure = "\(error)"
    }

    /// Adds score and relative pull of each to what a step measured, and a warning for each that is set aside.
    ///
    /// - Parameters:
    ///   - whole: the norm of the whole update.
    ///   - isScored: whether this step measures scores; relative pulls are measured at each.
    public mutating func measure(
        of subject: Subject, whole: Double, _ context: MixinContext, into measured: inout Measurements,
        isScored: Bool = true
    ) throws(CLMatError) {
        try measure(of: subject, whole: Later(whole), context, into: &measured, isScored: isScored)
    }

    /// The same where the norm of the whole update is on its way from the device.
    public mutating func measure(
        of subject: Subject, whole: Later<Double>, _ context: MixinContext, into measured: inout Measurements,
        isScored: Bool = true
    ) throws(CLMatError) {
        for index in entries.indices {
            let mixin = entries[index].mixin
            let norm = entries[index].norm
            if norm.isKnown, whole.isKnown {
                let (norm, whole) = (try norm.value, try whole.value)
                measured[mixin.relativePull.id] = whole > 0 ? norm / whole : 0
            } else {
                measured.note(
                    mixin.relativePull.id,
                    Later(norm.readings + whole.readings) { () throws(CLMatError) in
                        let whole = try whole.value
                        return whole > 0 ? try norm.value / whole : 0
                    })
            }
            guard isScored, entries[index].failure == nil else { continue }
            let weight = entries[index].weight
            let value = try attempt(index) { (mixin) throws(CLMatError) in
                try mixin.laterValue(of: subject, context.weighing(weight))
            }
            if let value { measured.note(mixin.score.id, value) }
        }
        warn(in: &measured)
    }

    /// Warns of each that is set aside: at each step while it is, also at one that measures nothing.
    public func warn(in measured: inout Measurements) {
        for entry in entries {
            guard let failure = entry.failure else { continue }
            measured.warn(
                Warning(
                    "set-aside-\(entry.mixin.id)", "The criterion '\(entry.mixin.weight.title)' was set aside",
                    because: failure.sentenceEnding,
                    advice: "It does nothing now. Remove it, or add it again to try once more."))
        }
    }

    /// Forgets what is remembered of rows that were started anew; nil means of all.
    public mutating func forget(rows: Set<Int>? = nil) throws(CLMatError) {
        for index in entries.indices {
            _ = try attempt(index) { (mixin) throws(CLMatError) -> Bool? in
                try mixin.forget(rows: rows)
                return nil
            }
        }
    }

    /// Hands over the weights, failures and states of those that are on.
    public mutating func archive(_ archive: Archive) throws(CLMatError) {
        for index in entries.indices {
            let id = entries[index].mixin.id
            // Files of 0.1.0 lack it.
            var isSetAside = entries[index].failure != nil
            if !archive.isReading || archive.has("is-set-aside-\(id)") {
                try archive.keep("is-set-aside-\(id)", &isSetAside)
            }
            if archive.isReading { entries[index].failure = isSetAside ? "it failed before this run was resumed" : nil }
            try archive.group(id) { () throws(CLMatError) in try entries[index].mixin.archive(archive) }
        }
    }
}

extension String {
    /// Without the full stop at its end, as a part of another sentence.
    fileprivate var sentenceEnding: String { hasSuffix(".") ? String(dropLast()) : self }
}
