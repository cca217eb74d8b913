import CLMat

/// What can be seen and moved at the moment: the model's own, and those of its attachments.
public struct Dashboard: Sendable, Equatable {
    /// What can be moved.
    public internal(set) var controls: [Control] = []
    /// Those of them that are a second control on the value of another.
    public internal(set) var handles: [Handle] = []
    /// Named settings of several controls at once.
    public internal(set) var presets: [Preset] = []
    /// What is measured.
    public internal(set) var metrics: [Metric] = []
    /// What can be looked at.
    public internal(set) var figures: [FigureInfo] = []
    /// Attachments that are on, and one more of each kind that can be.
    public internal(set) var attachments: [AttachmentInfo] = []
    /// Mixins that are on, and those that can be.
    public internal(set) var mixins: [MixinInfo] = []
    /// Ids of the actions that only concern what is shown.
    public internal(set) var viewActions: [String] = []
    /// Ids of the attachments and mixins that are on, in the order in which they came: sums over them are made in it.
    var attached: [String] = []
    var mixed: [String] = []

    /// A dashboard of given parts; an empty one by default.
    public init(
        controls: [Control] = [], metrics: [Metric] = [], figures: [FigureInfo] = [],
        attachments: [AttachmentInfo] = [], mixins: [MixinInfo] = [], presets: [Preset] = []
    ) {
        (self.controls, self.metrics, self.figures, self.presets) = (controls, metrics, figures, presets)
        (self.attachments, self.mixins) = (attachments, mixins)
    }

    /// The control of this id; nil if there is none now.
    public func control(_ id: String) -> Control? { controls.first { $0.id == id } }
    /// The metric of this id; nil if there is none now.
    public func metric(_ id: String) -> Metric? { metrics.first { $0.id == id } }

    /// The handle of this id; nil if it is no handle.
    public func handle(_ id: String) -> Handle? { handles.first { $0.id == id } }

    /// Whether a command only concerns what is shown, as far as this dashboard knows.
    public func isView(_ command: Command) -> Bool {
        switch command {
        case .set(let id, _): control(id)?.isView == true
        case .act(let action): viewActions.contains(action.id)
        default: false
        }
    }
}

/// What is known of an attachment that is on the run or can be.
public struct AttachmentInfo: Sendable, Equatable, Identifiable {
    public let id: String
    /// What a person calls it.
    public let title: String
    /// Whether it is on.
    public let isAttached: Bool

    /// What is known of an attachment.
    public init(id: String, title: String, isAttached: Bool) {
        (self.id, self.title, self.isAttached) = (id, title, isAttached)
    }
}

extension Dashboard {
    /// Adds what has ids, each of which stands for one thing.
    ///
    /// - Throws: ``/CLMat/CLMatError/duplicateID(kind:id:)``. Metrics of one id are one, if they say the same of it: a criterion's
    ///   score may be what its model measures anyway.
    mutating func add(controls new: [Control], metrics newMetrics: [Metric], figures newFigures: [FigureInfo])
        throws(CLMatError)
    {
        for control in new {
            guard self.control(control.id) == nil else { throw .duplicateID(kind: "control", id: control.id) }
            controls.append(control)
        }
        for metric in newMetrics {
            if let known = self.metric(metric.id) {
                guard known == metric else { throw .duplicateID(kind: "metric", id: metric.id) }
                continue
            }
            metrics.append(metric)
        }
        for figure in newFigures {
            guard !figures.contains(where: { $0.id == figure.id }) else {
                throw .duplicateID(kind: "figure", id: figure.id)
            }
            figures.append(figure)
        }
    }
}

extension Dashboard {
    /// Adds handles, whose own controls stand behind those that are kept for them.
    ///
    /// - Throws: ``/CLMat/CLMatError/duplicateID(kind:id:)``; ``/CLMat/CLMatError/unknownName(kind:name:known:)`` for one that speaks of
    ///   a control that its owner does not have.
    mutating func add(_ new: [Handle]) throws(CLMatError) {
        for handle in new {
            guard control(handle.id) == nil else { throw .duplicateID(kind: "control", id: handle.id) }
            let known = controls.filter { !$0.isView && self.handle($0.id) == nil }.map(\.id)
            for id in [handle.kept] + handle.dependsOn + (handle.heldBy.map { [$0] } ?? []) where !known.contains(id) {
                throw .unknownName(kind: "control", name: id, known: known)
            }
            guard let index = controls.firstIndex(where: { $0.id == handle.kept }) else { continue }
            controls.insert(handle.control, at: index + 1)
            handles.append(handle)
        }
    }
}
