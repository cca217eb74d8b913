import Formats

/// What a figure shows, as data: one type per kind. How it is drawn is known to the viewer, which has a renderer for each.
///
/// A package that depends on CLMat adds a kind by a type of its own, and registers a renderer for it with the viewer.
public protocol FigureContent: Sendable {
    /// The grey part of the panel's title; nothing by default.
    var caption: String { get }
    /// The numbers as CSV (``/Formats/csvLines(_:)``); nil, the default, if there are none.
    var csv: String? { get }
    /// Why there is nothing to see, in words for the panel; nil, the default, if there is something. Such content is
    /// neither drawn nor written to a file.
    var whyEmpty: String? { get }
    /// What takes away the mark of a thing that was chosen (``Choice``); nil, the default, if none is marked.
    var unmark: Action? { get }
}

extension FigureContent {
    public var caption: String { "" }
    public var csv: String? { nil }
    public var whyEmpty: String? { nil }
    public var unmark: Action? { nil }
}

/// Nothing yet, and why: "first values after step 50".
public struct NothingToShow: FigureContent {
    /// Why there is nothing.
    public var words: String

    /// Says why there is nothing to see.
    public init(_ words: String) { self.words = words }

    public var whyEmpty: String? { words }
}
