import CLMat

/// What can be seen and moved at the moment: the model's own, and those of its attachments.
public struct Dashboard: Sendable, Equatable {
    public var controls: [Control] = []
    public var metrics: [Metric] = []
    public var figures: [FigureInfo] = []
    /// Attachments that the run offers.
    public var attachments: [AttachmentInfo] = []

    public func control(_ id: String) -> Control? { controls.first { $0.id == id } }
    public func metric(_ id: String) -> Metric? { metrics.first { $0.id == id } }
}

public struct AttachmentInfo: Sendable, Equatable, Identifiable {
    public let id: String
    public let title: String
    public let isAttached: Bool

    public init(id: String, title: String, isAttached: Bool) {
        (self.id, self.title, self.isAttached) = (id, title, isAttached)
    }
}

/// An attachment that can be put on a running model, and how it is made.
public struct AttachmentOffer<Host: Model>: Sendable {
    public let id: String
    public let title: String
    public let make: @Sendable (Host, Step) throws(CLMatError) -> any Attachment<Host>

    public init(
        id: String, title: String,
        make: @escaping @Sendable (Host, Step) throws(CLMatError) -> any Attachment<Host>
    ) {
        (self.id, self.title, self.make) = (id, title, make)
    }
}

/// A model with its data and attachments, whatever their types: all that a snapshot has to hold. It is a value, so
/// taking the snapshot is an assignment.
protocol Run: Sendable {
    var title: String { get }
    var dashboard: Dashboard { get }
    var stepsPerEpoch: Int { get }
    /// Ids of the attachments that are on.
    var attached: [String] { get }
    /// - Parameter probes: metrics that were added; nil when a step is only made again.
    mutating func tick(
        _ settings: Settings, at step: Step, _ probes: ProbeBoard?
    ) throws(CLMatError) -> Measurements
    mutating func archive(_ archive: Archive) throws(CLMatError)
    mutating func attach(_ id: String, at step: Step) throws(CLMatError)
    mutating func detach(_ id: String) throws(CLMatError)
    mutating func perform(_ action: Action, _ settings: Settings, at step: Step) throws(CLMatError)
    func conclude(_ settings: Settings, at step: Step) throws(CLMatError) -> Measurements
    func content(of figure: String, _ context: FigureContext) throws -> any FigureContent
    /// The model as it is.
    var anyModel: any Model { get }
}

struct ModelRun<M: Model, Source: DataSource<M.Batch>>: Run {
    var model: M
    let data: Source
    let offers: [AttachmentOffer<M>]
    var riders: [any Attachment<M>] = []

    var anyModel: any Model { model }
    var title: String { "\(model.title) on \(data.name)" }
    var stepsPerEpoch: Int { data.stepsPerEpoch }

    var dashboard: Dashboard {
        var board = Dashboard()
        board.controls = riders.flatMap(\.controls) + model.controls
        board.metrics = model.metrics + riders.flatMap(\.metrics)
        board.figures = riders.flatMap { figureInfos($0) } + model.figures.map(\.info)
        board.attachments = offers.map { offer in
            AttachmentInfo(id: offer.id, title: offer.title, isAttached: riders.contains { $0.id == offer.id })
        }
        return board
    }

    var attached: [String] { riders.map(\.id) }

    mutating func archive(_ archive: Archive) throws(CLMatError) {
        try archive.group("model") { () throws(CLMatError) in try model.archive(archive) }
        for index in riders.indices {
            try archive.group(riders[index].id) { () throws(CLMatError) in try riders[index].archive(archive) }
        }
    }

    mutating func tick(
        _ settings: Settings, at step: Step, _ probes: ProbeBoard?
    ) throws(CLMatError) -> Measurements {
        let batch = model.needsBatch(settings) ? try data.batch(at: step) : nil
        var measured = try model.update(batch, settings, at: step)
        for index in riders.indices { measured.merge(try riders[index].update(on: model, settings, at: step)) }
        probes?.measure(model, batch, into: &measured)
        return measured
    }

    mutating func attach(_ id: String, at step: Step) throws(CLMatError) {
        guard let offer = offers.first(where: { $0.id == id }) else {
            throw .unknownName(kind: "attachment", name: id, known: offers.map(\.id))
        }
        guard !riders.contains(where: { $0.id == id }) else { return }
        riders.append(try offer.make(model, step))
    }

    mutating func detach(_ id: String) throws(CLMatError) {
        guard let index = riders.firstIndex(where: { $0.id == id }) else {
            throw .unknownName(kind: "attached attachment", name: id, known: riders.map(\.id))
        }
        riders.remove(at: index)
    }

    mutating func perform(_ action: Action, _ settings: Settings, at step: Step) throws(CLMatError) {
        // Attachments first, then the model: the first that knows the action does it.
        var known: [String] = []
        for index in riders.indices {
            do {
                return try riders[index].perform(action, on: model, settings, at: step)
            } catch CLMatError.unknownName(kind: "action", _, let own) {
                known += own
            }
        }
        do {
            try model.perform(action, settings, at: step)
        } catch CLMatError.unknownName(kind: "action", _, let own) {
            throw .unknownName(kind: "action", name: action.id, known: known + own)
        }
    }

    func conclude(_ settings: Settings, at step: Step) throws(CLMatError) -> Measurements {
        try model.conclude(settings, at: step)
    }

    func content(of figure: String, _ context: FigureContext) throws -> any FigureContent {
        if let own = model.figures.first(where: { $0.info.id == figure }) { return try own.compute(model, context) }
        for rider in riders {
            if let content = try self.content(of: figure, rider, context) { return content }
        }
        throw CLMatError.unknownName(kind: "figure", name: figure, known: dashboard.figures.map(\.id))
    }

    private func figureInfos<Rider: Attachment<M>>(_ rider: Rider) -> [FigureInfo] { rider.figures.map(\.info) }

    private func content<Rider: Attachment<M>>(
        of figure: String, _ rider: Rider, _ context: FigureContext
    ) throws -> (any FigureContent)? {
        try rider.figures.first { $0.info.id == figure }?
            .compute(Riding(host: model, attachment: rider), context)
    }
}
