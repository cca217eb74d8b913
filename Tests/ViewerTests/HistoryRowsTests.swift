import Testing

@testable import Exploration
@testable import Viewer

@Suite struct HistoryRowsTests {
    static let main = Branch(id: 0, name: "main", fork: nil, lastStep: 40)
    typealias Row = (words: String, control: String?, commands: ClosedRange<Int>, first: Int, last: Int)

    static let changes: [Row] = [
        ("alpha 0.5 → 0.8", "alpha", 0...2, 3, 5), ("Extra put on", nil, 3...3, 8, 8), ("mark", nil, 4...4, 8, 8),
    ]

    @Test func thePresentStandsBetweenWhatWasMadeAndWhatLiesAhead() {
        let position = Position(branch: 0, step: 8, changes: 4)
        let rows = HistoryRow.rows(Self.changes, start: 0, at: position, branches: [Self.main])
        #expect(rows.map(\.words) == ["mark", "now", "Extra put on", "alpha 0.5 → 0.8", "the beginning"])
        #expect(rows.map(\.isAhead) == [true, false, false, false, false])
        #expect(rows.map(\.step) == [8, 8, 8, 5, 0])
        // A drag is one line: before its first command, after its last.
        #expect(rows[3].before == Position(step: 3, changes: 0) && rows[3].after == Position(step: 5, changes: 3))
        #expect(rows[0].before == position && rows[0].after == Position(step: 8, changes: 5))
        #expect(rows[4].before == Position(step: 0, changes: 0))
    }

    @Test func withoutChangesThereIsTheBeginningAndNow() {
        let rows = HistoryRow.rows([], start: 20, at: Position(step: 30), branches: [Self.main])
        #expect(rows.map(\.words) == ["now", "went on from a file"] && rows.map(\.step) == [30, 20])
        let fresh = HistoryRow.rows([], start: 0, at: Position(step: 30), branches: [Self.main])
        #expect(fresh.map(\.words) == ["now", "the beginning"])
    }

    @Test func forksAreSaidWhereThePathLeaves() {
        let second = Branch(id: 1, name: "branch 2", fork: Position(branch: 0, step: 6, changes: 3), lastStep: 20)
        let third = Branch(id: 2, name: "other", fork: Position(branch: 1, step: 9, changes: 5), lastStep: 30)
        let at = Position(branch: 2, step: 30, changes: 5)
        let rows = HistoryRow.rows(Self.changes, start: 0, at: at, branches: [Self.main, second, third])
        #expect(
            rows.map(\.words) == [
                "now", "other leaves branch 2", "mark", "Extra put on", "branch 2 leaves main", "alpha 0.5 → 0.8",
                "the beginning",
            ])
        #expect(rows.allSatisfy { $0.before?.branch ?? 2 == 2 })
        // A parent that was deleted has no name any more.
        let orphan = HistoryRow.rows(Self.changes, start: 0, at: at, branches: [Self.main, third])
        #expect(orphan.contains { $0.words == "other begins" })
    }
}

@Suite struct MarkGroupTests {
    @Test func marksThatWouldTouchAreOneWithACount() {
        let groups = MarkGroup.groups([0, 40, 44, 100]) { _ in 8 }
        #expect(groups.map(\.members) == [0..<1, 1..<3, 3..<4])
        #expect(groups.map(\.x) == [0, 42, 100])
    }

    @Test func noGroupLiesOverTheNext() {
        let places = (0..<200).map { Float($0 * $0 % 613) }.sorted()
        let groups = MarkGroup.groups(places) { $0 > 9 ? 14 : 7 }
        #expect(groups.reduce(0) { $0 + $1.count } == 200 && groups.count > 3)
        for (left, right) in zip(groups, groups.dropFirst()) {
            let width: Float = left.count > 9 ? 15 : left.count > 1 ? 8 : 0
            #expect(left.x + MarkGroup.half + width <= right.x - MarkGroup.half)
            #expect(left.members.upperBound == right.members.lowerBound)
        }
    }

    @Test func allInOnePlaceAreOne() {
        #expect(MarkGroup.groups(Array(repeating: 7, count: 30)) { _ in 14 }.map(\.x) == [7])
        #expect(MarkGroup.groups([]) { _ in 14 }.isEmpty)
    }
}

@Suite struct SearchMatchTests {
    @Test(arguments: [
        ("test", SearchMatch.title), ("TEST acc", .title), ("accuracy", .inTitle), ("accuracy test", .inTitle),
        ("heldout", .inID), ("share", .inMeaning), ("accuracy share", .inMeaning), ("", .title),
    ])
    func wordsAreFoundInTitleIDAndMeaning(_ query: String, _ match: SearchMatch) {
        #expect(
            SearchMatch(query, title: "Test accuracy", id: "accuracy-heldout", help: "The share of right ones")
                == match)
    }

    @Test func allWordsHaveToBeFound() {
        #expect(SearchMatch("accuracy zebra", title: "Test accuracy", id: "a", help: "b") == nil)
        #expect(SearchMatch("entropie", title: "Éntropie", id: "a", help: "b") == .title)
    }
}
