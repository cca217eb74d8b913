import CLMat
import Exploration
import TestSupport
import Testing

/// A model whose numbers are on a device: adds `rate` to each of three at a step.
private struct Walker: Model {
    let title = "walker"
    var place: Matrix
    var distance = 0.0

    static let rate = Control("rate", title: "rate", range: -10...10, initial: 1, help: "")
    /// From here on it says that it is lost, and at twice that it fails when its numbers come.
    var limit = Double.infinity
    var controls: [Control] { [Self.rate] }
    var metrics: [Metric] { ["sum", "twice", "host", "largest"].map { Metric($0, title: $0, help: "") } }

    init(on device: Device) throws { place = try Matrix([0, 0, 0], 1, 3, on: device) }

    mutating func update(_ context: StepContext<Int>) throws(CLMatError) -> Measurements {
        place = try place + Float(context.settings[Self.rate])
        var measured = Measurements()
        measured["host"] = Double(context.step.number)
        let sum = try place.sumLater().map { Double($0) }
        measured.note("sum", sum)
        let limit = limit
        measured.after(sum.readings) { (measured) throws(CLMatError) in
            let sum = try sum.value
            if sum >= 2 * limit {
                throw CLMatError.dataMismatch("The sum came to \(sum).")
            }
            measured["twice"] = 2 * sum
            if sum >= limit { measured.warn(Warning("far", "It went far", because: "it is at \(sum)", advice: "")) }
        }
        measured.note("largest", try place.maxLater().map { Double($0) })
        return measured
    }

    mutating func archive(_ archive: Archive) throws(CLMatError) { try archive.keep("place", &place) }
}

/// Who writes down what is told, in its order.
private final class Notes: Recorder {
    let lines = Locked<[String]>([])
    func record(_ measurements: Measurements, at position: Position) throws(CLMatError) {
        let values = measurements.values.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        lines.withLock { $0.append("step \(position.step) of \(position.branch): " + values.joined(separator: ", ")) }
    }
    func record(_ command: LoggedCommand) throws(CLMatError) {
        lines.withLock { $0.append("after \(command.step): \(command.command)") }
    }
    func end(at position: Position, _ concluded: Measurements) throws(CLMatError) {
        lines.withLock { $0.append("end \(position.step)") }
    }
}

/// What a step measured is read when the next one is in the device's queue, and nobody can tell.
@Suite struct LateNumbersTests {
    /// The CPU's numbers are there at once; those of a device that is counted come when somebody waits.
    private static let devices = [Device.cpu, Device.cpu.counting().device]

    private static func run(
        on device: Device, steps: Int = 12, limit: Double = .infinity, _ recorder: Notes = Notes(),
        director: (any Director)? = nil, schedule: [Learner.Scheduled] = []
    ) throws -> Learner {
        var walker = try Walker(on: device)
        walker.limit = limit
        var options = Learner.Options(maximumSteps: steps, schedule: schedule)
        (options.recorder, options.director) = (recorder, director)
        let learner = try Learner(walker, data: Numbers(), options: options)
        learner.start()
        learner.wait()
        return learner
    }

    @Test func aSteadyRunWaitsForNothing() throws {
        func waits(_ steps: Int) throws -> DeviceCounts {
            let (device, counter) = Device.cpu.counting()
            let learner = try Self.run(on: device, steps: steps)
            #expect(learner.timeline.series("sum").count == steps)
            return counter.counts
        }
        let counts = try waits(20).since(waits(10))
        #expect(counts.waits == 0)
        #expect(counts.readsBegun == 10)
    }

    /// Commands between steps, changes, a rewind, a branch: the record is the same, line for line.
    @Test func theRecordIsThatOfADeviceThatIsWaitedFor() throws {
        let records = try Self.devices.map { device in
            let notes = Notes()
            let learner = try Self.run(
                on: device, notes,
                director: ListDirector(
                    [
                        .init(3, .set(control: "rate", to: 2)), .init(6, .rewind(to: 2)),
                        .init(2, .set(control: "rate", to: 5)), .init(4, .undo), .init(4, .branch("other")),
                    ], endsAt: 12))
            #expect(learner.status.error == nil)
            return (notes.lines.withLock { $0 }, learner.timeline.series("sum").values)
        }
        #expect(records[0].0 == records[1].0)
        #expect(records[0].1 == records[1].1)
        #expect(records[0].0.contains("step 3 of 0: host 3.0, largest 3.0, sum 9.0, twice 18.0"))
    }

    @Test func scheduledChangesComeAfterTheStepBefore() throws {
        let records = try Self.devices.map { device in
            let notes = Notes()
            _ = try Self.run(
                on: device, notes,
                schedule: [
                    .init(after: 3, .set(control: "rate", to: 2)), .init(after: 9, .set(control: "rate", to: 4)),
                ])
            return notes.lines.withLock { $0 }
        }
        #expect(records[0] == records[1])
        #expect(records[0].firstIndex { $0.hasPrefix("after 3") } == 3)
    }

    /// A pause, and the end of so many steps, show all that was measured.
    @Test(arguments: devices.indices)
    func whoLooksFindsEverything(_ number: Int) throws {
        let learner = try Learner(Walker(on: Self.devices[number]), data: Numbers(), options: .init(pausesAt: [5]))
        learner.start()
        #expect(eventually { learner.status.isPaused })
        #expect(learner.timeline.lastValues["sum"] == 15)
        #expect(learner.timeline.series("sum").count == 5)
        learner.send(.step(3))
        #expect(eventually { learner.status.step == 8 && learner.status.isPaused })
        #expect(learner.timeline.series("twice").values.last == 48)
        let seen = Locked<[Double]>([])
        learner.watchSteps { _ in
            seen.withLock { $0.append(learner.timeline.lastValues["sum"] ?? 0) }
            return true
        }
        learner.send(.step(2))
        #expect(eventually { learner.status.step == 10 && learner.status.isPaused })
        #expect(seen.withLock { $0 } == [27, 30])
        learner.stop()
        learner.wait()
    }

    @Test(arguments: devices.indices)
    func warningsAreOfTheirStep(_ number: Int) throws {
        let learner = try Self.run(on: Self.devices[number], steps: 8, limit: 18)
        let warning = try #require(learner.status.warnings.first)
        #expect(warning.since == 6)
        #expect(warning.text.contains("it is at 24"))
    }

    /// An error that the numbers bring ends the run; what was measured before stays.
    @Test(arguments: devices.indices)
    func anErrorThatComesLaterEndsTheRun(_ number: Int) throws {
        let notes = Notes()
        let learner = try Self.run(on: Self.devices[number], limit: 9, notes)
        #expect(learner.status.error == .dataMismatch("The sum came to 18.0."))
        #expect(learner.timeline.series("sum").values == [3, 6, 9, 12, 15])
        #expect(notes.lines.withLock { $0.count } == 5)
    }

    // MARK: - Measurements by themselves

    @Test(arguments: devices.indices)
    func theLastWordCounts(_ number: Int) throws {
        let x = try Matrix([1, 2], 1, 2, on: Self.devices[number])
        var measured = Measurements()
        measured["a"] = 1
        measured.note("a", try x.sumLater().map { Double($0) })
        measured.note("b", try x.sumLater().map { Double($0) })
        measured["b"] = 7
        measured.warn(ifLost: "c", titled: "c", "Lost", advice: "")
        measured.note("c", Later(.infinity))
        measured.warn(ifLost: "c", titled: "c", "Lost", advice: "")
        var other = Measurements()
        other["d"] = 1
        other.note("d", try x.maxLater().map { Double($0) })
        other.count("work", 2, seconds: 1)
        measured.merge(other)
        var last = Measurements()
        last["d"] = 9
        measured.merge(last)
        #expect(measured.values == ["a": 3, "b": 7, "c": .infinity, "d": 9])
        #expect(measured["d"] == 9)
        #expect(measured.warnings.count == 1)
        #expect(measured.work["work"]?.amount == 2)
        // Asked again it is the same.
        #expect(measured.values == ["a": 3, "b": 7, "c": .infinity, "d": 9])
    }
}
