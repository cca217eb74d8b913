/// A picture of a model, as data; the viewer has one renderer for each kind.
///
/// `Subject` is what it is computed from: a model, or a model with its attachment (``Riding``).
public struct Figure<Subject: Sendable>: Sendable {
    public let info: FigureInfo
    public let compute: @Sendable (Subject, FigureContext) throws -> any FigureContent

    public init(
        _ id: String, title: String, means: String, startsOpen: Bool = false,
        compute: @escaping @Sendable (Subject, FigureContext) throws -> any FigureContent
    ) {
        info = FigureInfo(id: id, title: title, means: means, startsOpen: startsOpen)
        self.compute = compute
    }
}

/// What is known of a figure before it is computed.
public struct FigureInfo: Sendable, Equatable, Identifiable {
    public let id: String
    public let title: String
    /// One line on what it shows.
    public let means: String
    /// Whether its panel is there when a person first sees the model.
    public let startsOpen: Bool

    public init(id: String, title: String, means: String, startsOpen: Bool = false) {
        (self.id, self.title, self.means, self.startsOpen) = (id, title, means, startsOpen)
    }
}

/// What a figure may depend on besides the model.
public struct FigureContext: Sendable {
    /// The step whose model is shown.
    public let step: Int
    public let settings: Settings
}
