import CLMat
import Foundation
import TestSupport
import Testing

@testable import Exploration

/// A device whose memory runs out in the middle of a run: what can wait gives way, it is said, and the numbers are the same.
@Suite struct MemoryShortageTests {
    private static let numbers = 5000
    private static let stateBytes = 4 * numbers

    /// A run of 60 steps that goes back once, on a device with so much memory.
    private static func run(
        on counter: DeviceCounter, budget: Int = 1 << 30, back: Bool = true
    ) throws -> Learner {
        var options = Learner.Options()
        let way: [ListDirector.Entry] = back ? [.init(40, .rewind(to: 13)), .init(13, .go(to: 0))] : []
        options.director = ListDirector([.init(10, .set(control: "rate", to: 0.1))] + way, endsAt: 60)
        options.snapshotPlan = SnapshotPlan(memory: budget)
        let learner = try Learner(Heavy(numbers: numbers, on: counter.device), data: Steps(), options: options)
        learner.start()
        learner.wait()
        return learner
    }

    private static func losses(_ learner: Learner) -> [UInt32] {
        learner.timeline.series("loss").values.map(\.bitPattern)
    }

    @Test(arguments: [Device.Kind.gpu, .cpu])
    func snapshotsAndFiguresGiveWay(kind: Device.Kind) throws {
        let ample = DeviceCounter(.cpu, kind: kind, memory: 1 << 30)
        let straight = try Self.run(on: ample)
        #expect(straight.status.error == nil && straight.status.lastRefusal == nil)
        let states = ample.bytes.most / Self.stateBytes
        #expect(states >= 6, "a snapshot every 8 steps, beside the model")

        // Half of what it took.
        let short = DeviceCounter(.cpu, kind: kind, memory: states / 2 * Self.stateBytes + 4096)
        let learner = try Self.run(on: short)
        #expect(learner.status.error == nil && learner.status.step == straight.status.step)
        #expect(Self.losses(learner) == Self.losses(straight))
        #expect(short.bytes.most <= states / 2 * Self.stateBytes + 4096)
        let said = try #require(learner.status.lastRefusal)
        #expect(said.contains("no memory left") && said.contains("states to go back to"), "\(said)")
        #expect(said.contains(kind == .gpu ? "moved to the host" : "given up"), "\(said)")
        // From then on fewer are kept on the device.
        let (memory, live, onHost) = learner.navigator.withLock { navigator in
            let all = navigator.snapshots.snapshots
            return (navigator.snapshots.memory, navigator.snapshots.liveBytes, all.count { $0.bytesOnHost > 0 })
        }
        #expect(memory < 1 << 30 && live <= memory + Self.stateBytes)
        #expect((onHost > 0) == (kind == .gpu))
    }

    /// Memory for the model and for what its step makes: all else moves away.
    @Test func aModelThatJustFitsRuns() throws {
        let ample = DeviceCounter(.cpu, kind: .gpu, memory: 1 << 30)
        let short = DeviceCounter(.cpu, kind: .gpu, memory: 2 * Self.stateBytes + 4096)
        let (straight, learner) = (try Self.run(on: ample, back: false), try Self.run(on: short, back: false))
        #expect(learner.status.error == nil && learner.status.step == 60)
        #expect(Self.losses(learner) == Self.losses(straight))
    }

    /// Where it does not fit, the error says so.
    @Test func aModelThatDoesNotFitIsRefused() throws {
        let counter = DeviceCounter(.cpu, kind: .gpu, memory: Self.stateBytes / 2)
        let error = #expect(throws: CLMatError.self) { try Heavy(numbers: Self.numbers, on: counter.device) }
        #expect(
            error
                == .outOfDeviceMemory(
                    device: Device.cpu.name, asked: Self.stateBytes, available: Self.stateBytes / 2))
    }

    /// A figure's copy of the model goes first, and figures rest longer each time; a run that pauses shows them again.
    @Test func figuresRestAndComeBack() throws {
        let board = FigureBoard()
        let experiment = try Experiment(Heavy(numbers: 10, on: .cpu), data: Steps())
        func context(_ step: Int) -> FigureContext {
            FigureContext(step: step, experiment.settings, experiment.view, of: [])
        }
        #expect(board.giveWay() == nil, "nothing was published")
        board.publish(experiment.run, context(7))
        #expect(board.giveWay() == "figures rest for 50 steps")
        #expect(board.published == nil && board.giveWay() == nil)
        #expect(!board.wantsSnapshot(at: 56) && board.wantsSnapshot(at: 57))
        board.publish(experiment.run, context(60))
        #expect(board.giveWay() == "figures rest for 100 steps")
        #expect(!board.wantsSnapshot(at: 159))
        // What is paused takes nothing from the run.
        board.publish(experiment.run, context(80), isStill: true)
        #expect(board.giveWay() == nil && board.published != nil)
    }

    /// Who gives way is asked in order, as long as there is something, and not any more when its promise is gone.
    @Test func yieldersAreAskedInOrderUntilThereIsRoom() throws {
        let counter = DeviceCounter(.cpu, memory: 10_000)
        final class Kept: @unchecked Sendable {
            private let lock = NSLock()
            private var matrices: [Matrix] = []
            private var asked: [String] = []
            var names: [String] { lock.withLock { asked } }
            func keep(_ matrix: Matrix) { lock.withLock { matrices.append(matrix) } }
            func giveWay(_ name: String, _ device: Device) -> String? {
                lock.withLock {
                    asked.append(name)
                    guard name != "none", !matrices.isEmpty else { return nil }
                    matrices.removeLast()
                    return "\(name) gave way"
                }
            }
        }
        let kept = Kept()
        let device = counter.device
        for _ in 0..<4 { kept.keep(try Matrix(zeros: Shape(1, 500), on: device)) }
        var first: MemoryYielder? = device.whenMemoryRunsOut { kept.giveWay("none", device) }
        let second = device.whenMemoryRunsOut { kept.giveWay("some", device) }
        // 8,000 bytes are taken: two have to go for 6,000.
        var large = try Matrix(filledWith: 2, Shape(1, 1500), on: device)
        #expect(kept.names == ["none", "some", "none", "some"])
        first = nil
        #expect(first == nil)
        let error = #expect(throws: CLMatError.self) { _ = try Matrix(zeros: Shape(1, 2400), on: device) }
        guard case .outOfDeviceMemory = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(kept.names.dropFirst(4) == ["some", "some", "some"])
        #expect(try large.sum() == 3000)
        // A copy that is given up need not be copied from.
        kept.keep(large)
        try large.scale(by: 2)
        #expect(try large.sum() == 6000 && kept.names.count == 8)
        withExtendedLifetime(second) {}
        // More than there could ever be asks nobody.
        #expect(throws: CLMatError.self) { _ = try Matrix(zeros: Shape(1, 1 << 20), on: device) }
        #expect(kept.names.count == 8)
    }
}
