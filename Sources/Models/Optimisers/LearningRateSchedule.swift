import CLMat
import Exploration
import Foundation

/// How the learning rate goes along a run of itself, and how a person's hand on its slider goes before that.
///
/// The rate is what the slider says times a factor of the steps so far. Moved during the run, the slider says what the rate is from
/// then on: the schedule goes on from there.
/// - Source: warm-up: P. Goyal et al., "Accurate, large minibatch SGD: training ImageNet in 1 hour", arXiv:1706.02677, 2017, section 2.2;
///   cosine: I. Loshchilov, F. Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017, equation 5, without restarts.
public struct LearningRateSchedule: Sendable, Equatable {
    /// How the rate falls.
    public enum Form: Int, Sendable, CaseIterable {
        /// It stays.
        case constant = 0
        /// A tenth of it after each ``LearningRateSchedule/length``.
        case steps = 1
        /// Along half a wave of a cosine to 0 at the end of ``LearningRateSchedule/length``, where it stays.
        case cosine = 2
    }

    /// How it falls.
    public var form: Form
    /// Steps after which it is a tenth, or 0.
    public var length: Int
    /// Steps in which it rises in a straight line first, from nearly 0; 0 for none.
    public var warmUp: Int

    /// A rate that stays, if nothing is said.
    public init(_ form: Form = .constant, length: Int = 10_000, warmUp: Int = 0) {
        (self.form, self.length, self.warmUp) = (form, length, warmUp)
    }

    /// The factor at a step, from 1.
    public func factor(at step: Int) -> Double {
        let done = Double(max(0, step - 1)) / Double(max(1, length))
        let fall =
            switch form {
            case .constant: 1.0
            case .steps: pow(0.1, done.rounded(.down))
            case .cosine: (1 + cos(.pi * min(1, done))) / 2
            }
        return fall * (warmUp > 0 ? min(1, Double(max(1, step)) / Double(warmUp)) : 1)
    }
}

/// The learning rate of a run: its slider, its schedule, and where the slider was moved last.
struct ScheduledRate: Sendable {
    /// What the slider said last.
    private var slider: Double?
    private var schedule: LearningRateSchedule?
    /// The schedule's factor when the slider was moved; 1 while it was not.
    private var base = 1.0

    /// η of a step.
    mutating func rate(_ slider: Double, _ schedule: LearningRateSchedule, at step: Int) -> Double {
        let factor = schedule.factor(at: step)
        if let known = self.schedule, known != schedule {
            base = 1
        } else if let known = self.slider, known != slider {
            // A rate of 0 at the end of a schedule is nothing to go on from.
            base = max(factor, 1e-6)
        }
        (self.slider, self.schedule) = (slider, schedule)
        return slider * min(1, factor / base)
    }

    /// Files of earlier versions lack it.
    mutating func archive(_ archive: Archive) throws(CLMatError) {
        if archive.isReading, !archive.has("scheduled-rate") {
            self = ScheduledRate()
            return
        }
        var numbers = [
            base, slider ?? -1, Double(schedule?.form.rawValue ?? -1), Double(schedule?.length ?? 0),
            Double(schedule?.warmUp ?? 0),
        ]
        try archive.keep("scheduled-rate", &numbers)
        guard numbers.count == 5, numbers.allSatisfy({ $0.isFinite && abs($0) < 1e15 }), numbers[0] > 0 else {
            throw archive.damaged("scheduled-rate", "it is no rate of a schedule")
        }
        base = numbers[0]
        slider = numbers[1] < 0 ? nil : numbers[1]
        schedule = LearningRateSchedule.Form(rawValue: Int(numbers[2])).map {
            LearningRateSchedule($0, length: Int(numbers[3]), warmUp: Int(numbers[4]))
        }
    }

    // MARK: - Controls

    private static let effects: [Control.Effect] = ["train-loss", "test-accuracy", "test-accuracy-averaged"]

    static let form = Control.choice(
        "schedule", title: "the learning rate", group: "learning rate schedule",
        options: ["stays", "falls in steps", "falls by cosine"],
        help:
            "by itself along the run: to a tenth after each length, or to 0 at its end; the slider sets it anew at any time",
        affects: effects, isShownAtStart: false)

    /// - Parameter steps: of a usual run.
    static func length(initially steps: Int) -> Control {
        Control(
            "schedule-length", title: "length of the schedule", group: "learning rate schedule", unit: "steps",
            kind: .integer(10...10_000_000, .log), initial: Double(min(max(steps, 10), 10_000_000)),
            help: "steps after which the learning rate is a tenth, or 0", affects: effects, isShownAtStart: false)
    }

    static let warmUp = Control(
        "warm-up", title: "warm-up", group: "learning rate schedule", unit: "steps",
        kind: .integer(1...100_000, .logWithOff),
        initial: 0, help: "steps in which the learning rate rises in a straight line first", affects: effects,
        isShownAtStart: false)
}
