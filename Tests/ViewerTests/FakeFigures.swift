import Exploration

// What the fake model shows of words and topics.

extension FakeModel {
    /// "word r" has most weight in column r mod 4, the more the smaller r is; row 5 is pinned.
    static let words = matrix(rows: 60, columns: 4, pinned: [5])

    static func matrix(rows: Int, columns: Int, pinned: Set<Int> = []) -> CircleMatrix {
        CircleMatrix(
            rows: (0..<rows).map { row in
                CircleMatrix.Row(
                    name: "word \(row)",
                    values: (0..<columns).map { $0 == row % columns ? 1 - Float(row) / 100 : 0.05 },
                    isPinned: pinned.contains(row), actions: [Action("mark", title: "pin", arguments: [row, 10])])
            },
            columns: (0..<columns).map { column in
                CircleMatrix.Column(
                    name: "\(column + 1)", note: "\(column) %",
                    order: (0..<rows).filter { $0 % columns == column },
                    actions: [
                        Action("mark", title: "show documents", arguments: [column, 100]),
                        Action("mark", title: "mark", arguments: [column, 1000]),
                    ])
            }, order: Array(0..<rows), scale: 1)
    }

    static let heat = Heatmap(
        rowNames: ["a", "b"], columnNames: ["c", "d", "e"], values: [0, 0.5, 1, .nan, 1, 0], range: 0...1, unit: "share"
    )

    static let text = ColouredText(
        groups: ["topic 1", "topic 2"],
        paragraphs: (0..<40).map { number in
            ColouredText.Paragraph(
                title: "text \(number)", fact: "mostly topic 1",
                words: [
                    .init("plain"), .init("first", group: 0), .init("second", group: 1, strength: 0.2),
                    .init("strange", group: 7),
                ])
        })

    static let marked = Table(
        columns: ["place", "word"], rows: [["1", "fresh"], ["2", "left"], ["3", "wandered"], ["4", "stayed"]],
        numeric: [0],
        marks: [[nil, .init(.new, note: "was 9th")], [nil, .init(.gone)], [nil, .init(.moved)]],
        rowActions: [[Action("mark", title: "pin", arguments: [0, 7])]])
}
