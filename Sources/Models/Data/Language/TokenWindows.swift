import CLMat
import Exploration

/// Some steps of several columns of a text, side by side: what a recurrent network learns from, or is scored on, at once.
public struct TokenWindow: Sendable, Equatable {
    /// steps × batch ids, time-major: t·batch + b.
    public let inputs: [Int32]
    /// steps × batch ids, the words that follow the inputs.
    public let targets: [Int32]
    /// T, the steps in time.
    public let steps: Int
    /// B, the columns.
    public let batch: Int
    /// Passes over the text before this one.
    public let pass: Int
    /// The number of the window in its pass, from 0. Its columns go on where those of the window before it end.
    public let index: Int

    /// Whether a pass begins here: the network's state is set to 0 before this window.
    public var isFirstOfPass: Bool { index == 0 }
    /// How many tokens are predicted: steps · batch.
    public var count: Int { targets.count }

    init(_ text: TokenText, starts: [Int], steps: Int, pass: Int, index: Int) {
        (inputs, targets) = text.window(starts, steps: steps)
        (self.steps, batch, self.pass, self.index) = (steps, starts.count, pass, index)
    }
}

/// Windows for truncated back-propagation through time: the text is cut into `batch` columns of n = (tokens − 1) / batch targets, and
/// window k of a pass has the tokens j·n + k·T … of column j, with targets one further.
///
/// The last n mod T targets of each column, and what the division by `batch` leaves over, are in no window; ``notes`` says how many. The
/// next pass begins with the first window again (``TokenWindow/isFirstOfPass``). A window is a function of the step's number. Since the
/// network's state goes on from window to window, they are not for `Sharded`, which would hand out every n-th one.
/// - Source: W. Zaremba, I. Sutskever, O. Vinyals, "Recurrent neural network regularization", arXiv:1409.2329, 2014, and its code.
public struct TokenWindows: DataSource {
    /// What the windows are cut from.
    public let text: TokenText
    /// B, the columns of a window.
    public let batch: Int
    /// T, the steps of a window.
    public let steps: Int
    /// Windows in a pass.
    public let stepsPerEpoch: Int
    public let checksum: String
    public let notes: [String]
    private let starts: [Int]

    /// - Throws: ``/CLMat/CLMatError/invalidValue(setting:value:accepted:)`` for a batch or a number of steps below 1, or which the text
    ///   cannot fill, with those that fit.
    public init(_ text: TokenText, batch: Int, steps: Int, notes: [String] = []) throws(CLMatError) {
        try Self.check(text, batch: batch, steps: steps)
        let length = text.targets / batch
        guard steps <= length else {
            throw .invalidValue(
                setting: "steps", value: "\(steps)",
                accepted: """
                    1 to \(length) steps, since each of the \(batch) columns of the \(text.count) tokens of \(text.name) has \(length) \
                    targets; with these steps a batch has up to \(max(1, text.targets / steps)) columns
                    """)
        }
        (self.text, self.batch, self.steps) = (text, batch, steps)
        stepsPerEpoch = length / steps
        starts = (0..<batch).map { $0 * length }
        checksum = text.checksum
        let left = text.targets - stepsPerEpoch * steps * batch
        self.notes =
            notes
            + (left == 0
                ? []
                : [
                    "Each pass learns from \(text.targets - left) of \(text.targets) tokens: \(batch) columns in windows of \(steps) leave \(left) over."
                ])
    }

    public var name: String { text.name }

    /// The text's tokens in a window, for rates; the position in the data plays no part.
    public var tokensPerWindow: Int { batch * steps }

    /// The window of a step.
    public func batch(at place: DataPlace) throws(CLMatError) -> TokenWindow {
        guard place.step.number >= 1 else {
            throw .invalidArgument(
                operation: name, problem: "There is no window for step \(place.step.number): steps count from 1.")
        }
        let (pass, index) = (place.step.number - 1).quotientAndRemainder(dividingBy: stepsPerEpoch)
        return TokenWindow(text, starts: starts.map { $0 + index * steps }, steps: steps, pass: pass, index: index)
    }

    static func check(_ text: TokenText, batch: Int, steps: Int) throws(CLMatError) {
        guard (1...text.targets).contains(batch) else {
            throw .invalidValue(
                setting: "batch", value: "\(batch)",
                accepted:
                    "1 to \(text.targets) columns: \(text.name) has \(text.count) tokens, and each column needs two of them"
            )
        }
        guard steps >= 1 else {
            throw .invalidValue(
                setting: "steps", value: "\(steps)",
                accepted: "1 to \(text.targets / batch) steps: \(text.count) tokens in \(batch) columns")
        }
    }
}

/// Windows to score a text with, in order and with the state carried over: every token but the very first is a target exactly once.
///
/// The text is cut into `batch` columns that differ in length by one at most; the longer ones come first. Windows have `steps`
/// steps, then comes one with the steps that remain; at last, where lengths differ, one of a single step for the longer
/// columns alone: ``TokenWindow/batch`` is smaller there, and its columns are the first ones, so that the first rows of the state go on.
public struct ScoringWindows: RandomAccessCollection, Sendable {
    /// What the windows are cut from.
    public let text: TokenText
    /// B, the columns of all windows but perhaps the last.
    public let batch: Int
    /// T, the steps of most windows.
    public let steps: Int
    /// Targets of each column, and how many columns have one more.
    private let length: Int
    private let longer: Int

    /// - Throws: ``/CLMat/CLMatError/invalidValue(setting:value:accepted:)`` for a batch that is larger than the text, or steps below 1.
    public init(_ text: TokenText, batch: Int, steps: Int) throws(CLMatError) {
        try TokenWindows.check(text, batch: batch, steps: steps)
        (self.text, self.batch, self.steps) = (text, batch, steps)
        (length, longer) = text.targets.quotientAndRemainder(dividingBy: batch)
    }

    private var wide: Int { length / steps + (length % steps == 0 ? 0 : 1) }

    public var startIndex: Int { 0 }
    public var endIndex: Int { wide + (longer == 0 ? 0 : 1) }

    /// The window of this number; ``TokenWindow/isFirstOfPass`` holds for the first one.
    public subscript(index: Int) -> TokenWindow {
        // Column j begins behind j columns, of which min(j, longer) have one target more.
        let isNarrow = index >= wide
        let offset = isNarrow ? length : index * steps
        let starts = (0..<(isNarrow ? longer : batch)).map { $0 * length + Swift.min($0, longer) + offset }
        return TokenWindow(
            text, starts: starts, steps: isNarrow ? 1 : Swift.min(steps, length - offset), pass: 0, index: index)
    }
}

extension TokenText {
    /// Windows to score this text with, on all of its tokens.
    ///
    /// - Parameters:
    ///   - batch: columns: 1 reads the text from start to end, more are faster; each column begins without what came before it.
    ///   - steps: steps of a window, which bound the memory; they do not change the score.
    /// - Throws: as ``ScoringWindows/init(_:batch:steps:)``.
    public func scoringWindows(batch: Int, steps: Int) throws(CLMatError) -> ScoringWindows {
        try ScoringWindows(self, batch: batch, steps: steps)
    }
}
