import CImGui

/// A number or word that a person is typing.
@MainActor struct TextField {
    /// Why what was typed is not taken.
    var problem: String?
    private var characters: [CChar]
    private var needsFocus: Bool
    /// Whether it has the keyboard.
    private(set) var isActive = false
    private static let capacity = 64

    init(_ text: String, takesFocus: Bool = true) {
        needsFocus = takesFocus
        characters = Array(text.utf8CString.prefix(Self.capacity - 1))
        characters += Array(repeating: 0, count: Self.capacity - characters.count)
    }

    var text: String {
        String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    enum Outcome { case typing, entered, left }

    /// Draws the field, 19 pixels high.
    mutating func show(_ id: String, _ at: Point, width: Float) -> Outcome {
        UI.note(id, Box(at.x, at.y, width, 19))
        let before = text
        let happened = Int(
            characters.withUnsafeMutableBufferPointer {
                gui_field(id, at.x, at.y, width, $0.baseAddress, Int32(Self.capacity), needsFocus)
            })
        // Asked for once: the keyboard comes in the next frame, and asking again there would take it away.
        needsFocus = false
        isActive = happened & Int(GUI_FIELD_ACTIVE) != 0
        if text != before { problem = nil }
        if happened & Int(GUI_FIELD_ENTERED) != 0 { return .entered }
        return happened & Int(GUI_FIELD_LEFT) != 0 ? .left : .typing
    }

    /// Gives the field the keyboard again, as after a value that was not taken.
    mutating func focus() { needsFocus = true }
}
