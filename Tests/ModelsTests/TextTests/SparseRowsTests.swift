import CLMat
import TestSupport
import Testing

@Suite struct SparseRowsTests {
    @Test func holdsRows() throws {
        let rows = try SparseRows(columns: 4, starts: [0, 2, 2, 3], indices: [0, 3, 1], counts: [1, 5, 2])
        #expect(rows.rows == 3)
        #expect(rows.total == 8)
        let empty = try SparseRows(columns: 0, starts: [0], indices: [], counts: [])
        #expect(empty.rows == 0)
        #expect(empty.total == 0)
    }

    struct Wrong: Sendable {
        var columns = 4
        var starts: [Int32] = [0, 2, 3]
        var indices: [Int32] = [0, 3, 1]
        var counts: [Int32] = [1, 5, 2]
        var says: String
    }
    static let wrong = [
        Wrong(columns: -1, says: "-1 is not a number of columns"), Wrong(columns: 3, says: "index 3, but there are 3"),
        Wrong(starts: [], says: "starts have to go from 0 to 3"), Wrong(starts: [1, 2, 3], says: "from 0 to 3"),
        Wrong(starts: [0, 2], says: "from 0 to 3"), Wrong(starts: [0, 9, 3], says: "Row 0 ends before it begins"),
        Wrong(starts: [0, 2, 1, 3], says: "Row 1 ends before"), Wrong(starts: [0, -1, 3], says: "Row 0 ends before"),
        Wrong(indices: [3, 3, 1], says: "row 0 do not ascend: 3 comes after 3"),
        Wrong(indices: [0, 3, -1], says: "row 1 do not ascend"),
        Wrong(counts: [1, 0, 2], says: "Row 0 has the count 0"),
        Wrong(counts: [1, 5], says: "3 indices, but 2 counts"),
        Wrong(counts: [1, 5, -2], says: "Row 1 has the count -2"),
    ]

    @Test(arguments: wrong)
    func refusesWhatIsNone(_ wrong: Wrong) {
        func make() throws {
            _ = try SparseRows(
                columns: wrong.columns, starts: wrong.starts, indices: wrong.indices, counts: wrong.counts)
        }
        #expect(thrownCase(make) == "invalidArgument")
        #expect(said(make).contains(wrong.says), "\(said(make))")
    }
}
