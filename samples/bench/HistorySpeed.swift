import CLMat
import Exploration
import Foundation

/// How long a person waits who goes back in a long run: undo, rewind to any step, and Escape on the way.
struct HistorySpeed {
    let name: String
    let steps: Int
    /// A control, and the values between which it is moved.
    let control: String
    let values: [Double]
    var changes = 10
    let make: () throws -> Experiment

    /// A model of 600 MB, and LDA and LDAM with ten changes in 5,000 steps.
    static func all(on device: Device) -> [HistorySpeed] {
        [
            HistorySpeed(name: "history-600mb", steps: 3000, control: "rate", values: [1e-3, 2e-3], changes: 0) {
                try Experiment(Large(bytes: 600_000_000, on: device), data: StepNumbers())
            },
            HistorySpeed(name: "history-lda", steps: 5000, control: "l1", values: [0.2, 0.5, 1]) {
                try BenchModels.lda(on: device)
            },
            HistorySpeed(name: "history-ldam", steps: 5000, control: "noise", values: [0.5, 1, 2]) {
                try BenchModels.ldam(on: device)
            },
        ]
    }

    /// - Parameter count: how many rewinds, to steps drawn at random.
    func measure(rewinds count: Int) throws -> [Row] {
        let learner = try Learner(make(), options: Learner.Options())
        learner.start(paused: true)
        defer {
            learner.stop()
            learner.wait()
        }
        let clock = ContinuousClock()
        let start = clock.now
        for change in 1..<changes + 1 {
            go(learner, to: steps * change / (changes + 1))
            send(.set(control: control, to: values[change % values.count]), to: learner)
        }
        go(learner, to: steps)
        let rate = Double(steps) / (clock.now - start).seconds
        let snapshots = learner.timeline.snapshots.map(\.step)
        let longest = (0...steps).map { step in step - (snapshots.last { $0 <= step } ?? 0) }.max() ?? 0
        try StandardOutput.say(
            "\(name): \(Int(rate.rounded())) steps/s without a window; \(snapshots.count) snapshots, at most \(longest) steps apart; "
                + "\((HostMemory.resident ?? 0) >> 20) MB")

        func timed(_ body: () -> Void) -> Double {
            let start = clock.now
            body()
            return (clock.now - start).seconds
        }
        var random = SystemRandomNumberGenerator()
        var rewinds: [Double] = []
        for _ in 0..<count {
            let step = Int.random(in: 0...steps, using: &random)
            rewinds.append(timed { send(.rewind(to: step), to: learner) })
            send(.undo, to: learner)
        }
        let undos = (0..<changes).map { _ in timed { send(.undo, to: learner) } }
        // The longest way that there is, stopped soon after it began.
        send(.go(to: 0), to: learner)
        var escapes: [Double] = []
        for _ in 0..<5 where longest > 20 {
            let far = snapshots.enumerated().dropFirst().max {
                $0.element - snapshots[$0.offset - 1] < $1.element - snapshots[$1.offset - 1]
            }
            guard let far else { break }
            let count = learner.timeline.log.count
            learner.send(.rewind(to: far.element - 1))
            while learner.status.stepsToReplay == nil, learner.timeline.log.count == count { usleep(200) }
            usleep(20_000)
            escapes.append(
                timed {
                    learner.interrupt()
                    while learner.status.stepsToReplay != nil { usleep(200) }
                })
            send(.go(to: 0), to: learner)
        }
        if let error = learner.status.error { throw error }
        func row(_ what: String, _ seconds: [Double], bound: Double) -> Row {
            Row(
                name: "\(name)-\(what)", clmat: seconds.max() ?? .nan, peer: bound, peerName: "at most", unit: "s",
                isBetterBelow: true)
        }
        return [("undo", undos, 2.0), ("rewind", rewinds, 10), ("escape", escapes, 0.2)].filter { !$0.1.isEmpty }
            .map { row($0.0, $0.1, bound: $0.2) }
    }

    private func go(_ learner: Learner, to step: Int) {
        learner.send(.step(step - learner.status.step))
        wait(learner) { learner.status.step == step && learner.status.isPaused }
    }

    private func send(_ command: Command, to learner: Learner) {
        let count = learner.timeline.log.count
        let refusal = learner.status.lastRefusal
        learner.send(command)
        wait(learner) { learner.timeline.log.count > count || learner.status.lastRefusal != refusal }
    }

    private func wait(_ learner: Learner, until condition: () -> Bool) {
        while !condition(), !learner.status.isFinished { usleep(200) }
    }
}

/// A model of which a step changes a row, and a snapshot holds all.
private struct Large: Model {
    private var weights: Matrix
    let title = "large"

    init(bytes: Int, on device: Device) throws {
        weights = try Matrix(
            normal: 0, deviation: 1, RandomKey(seed: 1, stream: 0), Shape(1000, bytes / 4000), on: device)
    }

    private let rate = Control("rate", title: "rate", range: 0...1, initial: 0.5e-3, help: "")
    var controls: [Control] { [rate] }
    var metrics: [Metric] { [] }

    mutating func archive(_ archive: Archive) throws(CLMatError) { try archive.keep("weights", &weights) }

    mutating func update(_ context: StepContext<Int>) throws(CLMatError) -> Measurements {
        let row = context.step.number % weights.rows
        var own = try weights.slice(rows: row..<row + 1)
        try own.scale(by: 1 - Float(context.settings[rate]))
        try weights.replace(row: row, with: own)
        return Measurements()
    }
}

private struct StepNumbers: DataSource {
    let name = "steps"
    let stepsPerEpoch = 1000
    func batch(at place: DataPlace) -> Int { place.step.number }
}
