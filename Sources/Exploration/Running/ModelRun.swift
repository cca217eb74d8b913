import CLMat

struct ModelRun<M: Model, Source: DataSource<M.Batch>>: Run {
    /// An attachment that is on.
    struct Entry: Sendable {
        let instance: Instance
        var attachment: any Attachment<M>
    }

    var model: M
    let data: Source
    let factories: [AttachmentFactory<M>]
    let extensions: Extensions
    let reducer: any Reducer
    private let batchSize: Control?
    private(set) var attachments: [Entry] = []
    /// Samples handed out so far.
    private var position = 0

    init(model: M, data: Source, factories: [AttachmentFactory<M>], extensions: Extensions, reducer: any Reducer) {
        (self.model, self.data, self.factories) = (model, data, factories)
        (self.extensions, self.reducer) = (extensions, reducer)
        batchSize = data.batchSizes?.control(of: model)
    }

    var anyModel: any Model { model }
    var title: String { "\(model.title) on \(data.name)" }
    var stepsPerEpoch: Int { data.stepsPerEpoch }

    private var kinds: [String] { factories.map(\.id) }

    // MARK: - What can be seen and moved

    func dashboard() throws(CLMatError) -> Dashboard {
        var board = Dashboard()
        // Attachments are what a person looks at first, but numbers begin with the model's.
        for entry in attachments {
            try board.add(
                controls: controls(of: entry), metrics: [], figures: figures(of: entry.attachment, entry.instance))
            try board.add(handles(of: entry))
        }
        try board.add(
            controls: model.controls + (batchSize.map { [$0] } ?? []), metrics: model.metrics,
            figures: (model.figures + extensions.figures(of: M.self)).map(\.info))
        try board.add(model.handles)
        board.presets = try presets
        for entry in attachments {
            try board.add(
                controls: [], metrics: entry.attachment.metrics.map(entry.instance.scoped), figures: [])
        }
        board.attachments = attachmentInfos
        board.mixins = mixinInfos
        board.attached = attachments.map(\.instance.id)
        board.mixed =
            (mixins(of: model)?.ids ?? [])
            + attachments.flatMap { entry in (mixins(of: entry.attachment)?.ids ?? []).map { entry.instance.scope + $0 }
            }
        if let twice = board.mixins.map(\.id).firstRepeated { throw .duplicateID(kind: "mixin", id: twice) }
        board.viewActions =
            model.viewActions
            + attachments.flatMap { entry in entry.attachment.viewActions.map { entry.instance.scope + $0 } }
        return board
    }

    private func controls(of entry: Entry) -> [Control] {
        let metrics = Set(entry.attachment.metrics.map(\.id))
        return entry.attachment.controls.map { entry.instance.scoped($0, metrics: metrics) }
    }

    private func handles(of entry: Entry) -> [Handle] {
        let metrics = Set(entry.attachment.metrics.map(\.id))
        return entry.attachment.handles.map { handle in
            handle.scoped(entry.instance.scope, as: entry.instance.scoped(handle.control, metrics: metrics))
        }
    }

    /// Those of one id are one preset of the run.
    private var presets: [Preset] {
        get throws(CLMatError) {
            var presets = model.presets
            if let twice = presets.map(\.id).firstRepeated { throw .duplicateID(kind: "preset", id: twice) }
            for entry in attachments {
                let own = entry.attachment.presets
                if let twice = own.map(\.id).firstRepeated { throw .duplicateID(kind: "preset", id: twice) }
                for preset in own.map(entry.instance.scoped) {
                    if let index = presets.firstIndex(where: { $0.id == preset.id }) {
                        presets[index] = try presets[index].joined(with: preset)
                    } else {
                        presets.append(preset)
                    }
                }
            }
            return presets
        }
    }

    private func figures<A: Attachment<M>>(of attachment: A, _ instance: Instance) -> [FigureInfo] {
        attachment.figures.map { instance.scoped($0.info) }
    }

    /// Those that are on, and the next of each kind.
    private var attachmentInfos: [AttachmentInfo] {
        factories.flatMap { factory in
            let on = attachments.map(\.instance).filter { $0.kind == factory.id }
            let next = (1...).first { number in !on.contains { $0.number == number } } ?? on.count + 1
            return (on.map { ($0, true) } + [(Instance(factory.id, next), false)]).sorted { $0.0.number < $1.0.number }
                .map { AttachmentInfo(id: $0.0.id, title: $0.0.title(factory.title), isAttached: $0.1) }
        }
    }

    private var mixinInfos: [MixinInfo] {
        let own = mixins(of: model)?.infos(extensions) ?? []
        return own
            + attachments.flatMap { entry in
                (mixins(of: entry.attachment)?.infos(extensions) ?? []).map(entry.instance.scoped)
            }
    }

    // MARK: - Steps

    private func context(
        _ settings: Settings, at step: Step, _ batch: M.Batch? = nil, for index: Int? = nil,
        _ interruption: Interruption? = nil
    ) -> StepContext<M.Batch> {
        // An attachment does not hold itself: what it changes in place has one owner.
        let others = attachments.indices.filter { $0 != index }.map {
            (attachments[$0].instance.id, attachments[$0].attachment as any Sendable)
        }
        let instance = index.map { attachments[$0].instance }
        return StepContext(
            step: instance?.step(step) ?? step, settings: settings.scoped(instance?.scope ?? ""), batch: batch,
            reducer: reducer, attachments: others, interruption: interruption)
    }

    mutating func tick(
        _ settings: Settings, at step: Step, _ probes: ProbeBoard?
    ) throws(CLMatError) -> Measurements {
        var batch: M.Batch?
        if try model.needsBatch(settings) {
            let count = try batchSize.map { (control) throws(CLMatError) in try settings.int(control) }
            let place = DataPlace(step: step, position: position, count: count)
            batch = try data.batch(at: place)
            position += data.samples(at: place)
        }
        var measured = try model.update(context(settings, at: step, batch))
        for index in attachments.indices {
            let context = context(settings, at: step, batch, for: index)
            measured.merge(
                attachments[index].instance.scoped(try attachments[index].attachment.update(on: model, context)))
        }
        probes?.measure(model, batch, into: &measured)
        return measured
    }

    func conclude(
        _ settings: Settings, at step: Step, _ interruption: Interruption
    ) throws(CLMatError) -> Measurements {
        var measured = try model.conclude(context(settings, at: step, nil, for: nil, interruption))
        for (index, entry) in attachments.enumerated() where !interruption.isFollowed {
            let context = context(settings, at: step, nil, for: index, interruption)
            measured.merge(entry.instance.scoped(try entry.attachment.conclude(on: model, context)))
        }
        return measured
    }

    mutating func archive(_ archive: Archive) throws(CLMatError) {
        try archive.group("model") { () throws(CLMatError) in try model.archive(archive) }
        for index in attachments.indices {
            try archive.group(attachments[index].instance.id) { () throws(CLMatError) in
                try attachments[index].attachment.archive(archive)
            }
        }
        try archivePosition(archive)
    }

    private mutating func archivePosition(_ archive: Archive) throws(CLMatError) {
        // In files of 0.1.0 models kept it, where they needed it.
        let name = archive.isReading && !archive.has("data.position") ? "model.position" : "data.position"
        guard !archive.isReading || archive.has(name) else { return }
        try archive.keep(name, &position)
        guard (0..<Int.max / 2).contains(position) else { throw archive.damaged(name, "it is no number of samples") }
    }

    // MARK: - Attachments

    mutating func attach(_ id: String, at step: Step) throws(CLMatError) {
        guard let instance = Instance(id, of: kinds), let factory = factories.first(where: { $0.id == instance.kind })
        else {
            throw .unknownName(kind: "attachment", name: id, known: attachmentInfos.map(\.id))
        }
        guard !attachments.contains(where: { $0.instance == instance }) else { return }
        attachments.append(Entry(instance: instance, attachment: try factory.make(model, instance.step(step))))
    }

    mutating func detach(_ id: String) throws(CLMatError) {
        guard let index = attachments.firstIndex(where: { $0.instance.id == id }) else {
            throw .unknownName(kind: "attached attachment", name: id, known: attachments.map(\.instance.id))
        }
        attachments.remove(at: index)
    }

    // MARK: - Mixins

    private func mixins(of host: any Sendable) -> (any AnyMixins)? {
        func open<H: MixinHost>(_ host: H) -> any AnyMixins { host.mixins }
        return (host as? any MixinHost).map { open($0) }
    }

    func takes(mixin: any Sendable) -> Bool {
        ([mixins(of: model)] + attachments.map { mixins(of: $0.attachment) }).contains { $0?.takes(mixin) == true }
    }

    mutating func addMixin(_ id: String) throws(CLMatError) {
        let extensions = extensions
        let (index, own) = try host(ofMixin: id)
        try changeMixins(of: index) { (mixins) throws(CLMatError) in try mixins.add(own, from: extensions) }
    }

    mutating func removeMixin(_ id: String) throws(CLMatError) {
        let on = try dashboard().mixed
        guard on.contains(id) else { throw .unknownName(kind: "added mixin", name: id, known: on) }
        let (index, own) = try host(ofMixin: id)
        try changeMixins(of: index) { (mixins) throws(CLMatError) in try mixins.remove(own) }
    }

    mutating func put(mixins wanted: [String]) throws(CLMatError) {
        let (extensions, infos) = (extensions, mixinInfos)
        if let unknown = wanted.first(where: { id in !infos.contains { $0.id == id } }) {
            throw .unknownName(kind: "mixin", name: unknown, known: infos.map(\.id))
        }
        // Who has which of them: its own, under its name.
        func own(_ host: any Sendable, _ scope: String) -> [String] {
            let known = mixins(of: host)?.infos(extensions).map(\.id) ?? []
            return wanted.filter { $0.hasPrefix(scope) }.map { String($0.dropFirst(scope.count)) }.filter(
                known.contains)
        }
        let hosts =
            [(nil, own(model, ""))] + attachments.enumerated().map { ($0, own($1.attachment, $1.instance.scope)) }
        for (index, ids) in hosts {
            try changeMixins(of: index) { (mixins) throws(CLMatError) in try mixins.put(ids, from: extensions) }
        }
    }

    /// Who has or takes a mixin, and the mixin's id there: the instance that its id names, else the model (nil), else a first
    /// attachment.
    private func host(ofMixin id: String) throws(CLMatError) -> (index: Int?, own: String) {
        func has(_ host: any Sendable, _ own: String) -> Bool {
            mixins(of: host)?.infos(extensions).contains { $0.id == own } == true
        }
        for (index, entry) in attachments.enumerated() where entry.instance.number > 1 {
            guard id.hasPrefix(entry.instance.scope) else { continue }
            let own = String(id.dropFirst(entry.instance.scope.count))
            if has(entry.attachment, own) { return (index, own) }
        }
        if has(model, id) { return (nil, id) }
        if let index = attachments.firstIndex(where: { $0.instance.number == 1 && has($0.attachment, id) }) {
            return (index, id)
        }
        throw .unknownName(kind: "mixin", name: id, known: mixinInfos.map(\.id))
    }

    /// - Parameter index: of the attachment; the model if nil.
    private mutating func changeMixins(
        of index: Int?, _ body: (inout any AnyMixins) throws(CLMatError) -> Void
    ) throws(CLMatError) {
        if let index {
            attachments[index].attachment = try Self.changing(attachments[index].attachment, body)
        } else {
            model = try Self.changing(model, body)
        }
    }

    /// The host with its list of mixins changed; as it is, if it takes none.
    private static func changing<Host>(
        _ host: Host, _ body: (inout any AnyMixins) throws(CLMatError) -> Void
    ) throws(CLMatError) -> Host {
        func open<H: MixinHost>(_ host: H) throws(CLMatError) -> any MixinHost {
            var host = host
            var mixins: any AnyMixins = host.mixins
            try body(&mixins)
            if let changed = mixins as? Mixins<H.Subject> { host.mixins = changed }
            return host
        }
        guard let own = host as? any MixinHost else { return host }
        return try open(own) as? Host ?? host
    }

    // MARK: - Actions

    mutating func perform(_ action: Action, _ settings: Settings, at step: Step) throws(CLMatError) {
        // Of the instance that the id names. Else attachments first, then the model: the first that knows the action does it.
        var known: [String] = []
        for index in attachments.indices {
            let scope = attachments[index].instance.scope
            guard action.id.hasPrefix(scope) else { continue }
            do {
                return try attachments[index].attachment.perform(
                    action.unscoped(scope), on: model, context(settings, at: step, for: index))
            } catch CLMatError.unknownName(kind: "action", _, let own) {
                known += own.map { scope + $0 }
            }
        }
        do {
            try model.perform(action, context(settings, at: step))
        } catch CLMatError.unknownName(kind: "action", _, let own) {
            throw .unknownName(kind: "action", name: action.id, known: known + own)
        }
    }

    func look(_ action: Action, _ view: inout ViewState) throws(CLMatError) {
        for entry in attachments {
            let scope = entry.instance.scope
            guard action.id.hasPrefix(scope),
                entry.attachment.viewActions.contains(String(action.id.dropFirst(scope.count)))
            else { continue }
            var own = view.scoped(scope)
            try entry.attachment.look(action.unscoped(scope), &own)
            view = own.scoped("")
            return
        }
        try model.look(action, &view)
    }

    // MARK: - Figures

    func content(
        of figure: String, _ context: FigureContext, _ memory: inout (any Sendable)?
    ) throws -> FigureProgress {
        let figures = model.figures + extensions.figures(of: M.self)
        if let own = figures.first(where: { $0.info.id == figure }) { return try own.compute(model, context, &memory) }
        for entry in attachments where figure.hasPrefix(entry.instance.scope) {
            let own = String(figure.dropFirst(entry.instance.scope.count))
            let scoped = context.scoped(entry.instance.scope)
            if let found = try content(of: own, entry.attachment, scoped, &memory) { return found }
        }
        throw CLMatError.unknownName(kind: "figure", name: figure, known: try dashboard().figures.map(\.id))
    }

    private func content<A: Attachment<M>>(
        of figure: String, _ attachment: A, _ context: FigureContext, _ memory: inout (any Sendable)?
    ) throws -> FigureProgress? {
        try attachment.figures.first { $0.info.id == figure }?
            .compute(Attached(host: model, attachment: attachment), context, &memory)
    }
}

extension Action {
    fileprivate func unscoped(_ scope: String) -> Action {
        scope.isEmpty
            ? self : Action(String(id.dropFirst(scope.count)), title: title, arguments: arguments, asks: asks)
    }
}
