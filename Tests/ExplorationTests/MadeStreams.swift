import CLMat
import Exploration
import Foundation
import TestSupport

/// A stream from a list of numbers, `atOnce` at most in one reading, which cannot be read from `failsAt` on while it is broken.
final class MadeStream: Sendable {
    struct Reader: SampleReader {
        let stream: MadeStream
        let numbers: [Int]
        var position: Int

        mutating func next(_ count: Int) throws(CLMatError) -> [Int] {
            let end = min(position + min(count, stream.atOnce), numbers.count)
            if let failing = stream.failsAt, stream.isBroken.withLock({ $0 }), position <= failing, failing < end {
                throw .fileDamaged(path: "made", place: "byte \(8 * failing)", problem: "on purpose")
            }
            let read = Array(numbers[min(position, end)..<end])
            position = end
            return read
        }
    }

    let numbers: [Int]
    let atOnce: Int
    let failsAt: Int?
    let isShuffled: Bool
    let isBroken = Locked(true)
    let opened = Locked<[StreamPlace]>([])

    init(_ count: Int, atOnce: Int = 4, failsAt: Int? = nil, isShuffled: Bool = false) {
        numbers = (0..<count).map { 1000 + 7 * $0 }
        (self.atOnce, self.failsAt, self.isShuffled) = (atOnce, failsAt, isShuffled)
    }

    /// The numbers of a pass in its order.
    func order(pass: Int, seed: UInt64) -> [Int] {
        guard isShuffled else { return numbers }
        return RandomKey(seed: seed, step: pass, stream: 1).permutation(of: numbers.count).map { numbers[Int($0)] }
    }

    func source(
        batchSize: Int = 1, sizes: ClosedRange<Int>? = nil, saying length: StreamLength? = nil
    ) throws(CLMatError) -> StreamedSource<Reader, [Int]> {
        try StreamedSource(
            name: "made", length: length ?? .samples(numbers.count), batchSize: batchSize, sizes: sizes,
            unit: "numbers",
            checksum: "sum", notes: ["Made up."]
        ) { [self] place throws(CLMatError) in
            opened.withLock { $0.append(place) }
            return Reader(stream: self, numbers: order(pass: place.pass, seed: place.seed), position: place.position)
        }
    }

    /// How many minibatches come out otherwise than they have to be, where eight threads at once each ask a source of this stream for so
    /// many, at places that wander.
    func wrongBatches(of source: some DataSource<[Int]>, askedFor count: Int) -> Int {
        let wrong = Locked(0)
        DispatchQueue.concurrentPerform(iterations: 8) { thread in
            var wandering = Wandering(seed: UInt64(thread % 3))
            for _ in 0..<count {
                let place = wandering.place
                let batch = try? source.batch(at: place)
                if batch != samples(place.position, place.count ?? 1, seed: place.step.seed) {
                    wrong.withLock { $0 += 1 }
                }
                wandering.go(past: batch?.count ?? 1, counts: 1...9)
            }
        }
        return wrong.withLock { $0 }
    }

    /// What a minibatch has to be.
    func samples(_ position: Int, _ count: Int, seed: UInt64 = 1) -> [Int] {
        (position..<position + count).map { order(pass: $0 / numbers.count, seed: seed)[$0 % numbers.count] }
    }
}

/// By step: a minibatch is the number of the step, as often as samples are asked for, and the position.
struct NumberedSteps: DataSource {
    let name = "numbered"
    let stepsPerEpoch = 7
    var batchSizes: BatchSizes? { BatchSizes(1...20, initial: 3, unit: "numbers") }
    let checksum = "numbers"
    let notes = ["They count."]
    func samples(at place: DataPlace) -> Int { place.count ?? 3 }
    func batch(at place: DataPlace) -> [Int] {
        (0..<samples(at: place)).map { 1_000_000 * place.step.number + place.position + $0 }
    }
}

/// Mixes all samples, in their order, into a number.
struct Mixer: Model {
    var value = 0.0
    let title = "mixer"
    private static let rate = Control("rate", title: "rate", range: 0...1, initial: 0.5, help: "")
    var controls: [Control] { [Self.rate] }
    var metrics: [Metric] {
        [Metric("value", title: "Value", help: ""), Metric("count", title: "Count", help: "")]
    }

    mutating func update(_ context: StepContext<[Int]>) throws(CLMatError) -> Measurements {
        let rate = try context.settings[Self.rate]
        for sample in context.batch ?? [] { value = rate * value + Double(sample % 4099) / 4099 }
        var measured = Measurements()
        measured["value"] = value
        measured["count"] = Double(context.batch?.count ?? 0)
        return measured
    }

    mutating func archive(_ archive: Archive) throws(CLMatError) { try archive.keep("value", &value) }

    /// The bits of all values of a run.
    static func values(
        on source: some DataSource<[Int]>, steps: Int, changes: [ListDirector.Entry] = []
    ) throws -> [UInt64] {
        var options = Learner.Options()
        options.director = ListDirector(changes, endsAt: steps)
        let learner = try Learner(Mixer(), data: source, options: options).runToTheEnd()
        if let error = learner.status.error { throw error }
        return learner.timeline.series("value").values.map { UInt64($0.bitPattern) }
    }
}

/// Places as a person makes them: mostly the next one, at times another, with another count.
struct Wandering {
    private var random: SplitMix64
    private(set) var place: DataPlace

    init(seed: UInt64, count: Int? = nil) {
        random = SplitMix64(seed: seed)
        place = DataPlace(step: Step(1, seed: 1), count: count)
    }

    mutating func go(past samples: Int, counts: ClosedRange<Int>) {
        var (step, position, count) = (place.step.number + 1, place.position + samples, place.count)
        if random.next() % 4 == 0 {
            position = Int(random.next() % UInt64(position + 1))
            step = position + 1
        }
        if random.next() % 5 == 0 { count = counts.lowerBound + Int(random.next() % UInt64(counts.count)) }
        place = DataPlace(step: Step(step, seed: random.next() % 8 == 0 ? 2 : 1), position: position, count: count)
    }
}

func place(_ step: Int, _ position: Int = 0, count: Int? = nil, seed: UInt64 = 1) -> DataPlace {
    DataPlace(step: Step(step, seed: seed), position: position, count: count)
}
