import CLMat
import CSDL2
import Exploration
import Foundation
import TestSupport
import Testing

@testable import Viewer

private let environment = ProcessInfo.processInfo.environment
private let soakSeconds = environment["CLMAT_SOAK"].flatMap { Double($0) } ?? 0

/// A person who does anything, for as many seconds as CLMAT_SOAK says, by numbers from the seed CLMAT_SOAK_SEED or from one
/// that is printed. In a process of its own (`make test`): the memory of other tests would count too.
@Suite(
    .serialized,
    .enabled(if: soakSeconds > 0, "CLMAT_SOAK=15 uses a window at random for 15 seconds"))
@MainActor struct SoakTests {
    /// What resident memory may grow by after the warm-up: textures, caches and what the allocator keeps…
    static let slack = 24 << 20
    /// …and the history of three metrics, which is kept whole: 16 bytes per value, in arrays that double.
    static let bytesPerStep = 100

    @Test func anyUseLeavesTheRunGoingAndMemoryBounded() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("clmat-soak-\(getpid())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let before = FileManager.default.currentDirectoryPath
        // Buttons of panels write files there.
        _ = FileManager.default.changeCurrentDirectoryPath(folder.path)
        defer {
            _ = FileManager.default.changeCurrentDirectoryPath(before)
            try? FileManager.default.removeItem(at: folder)
        }
        let hands = try Hands(stepSeconds: 0.005)
        defer { hands.finish() }
        hands.learner.send(.resume)
        var frames = 0
        hands.window.frameWasDrawn = { [unowned hands] in
            frames += 1
            Self.checkPanels(hands)
        }

        let seed = environment["CLMAT_SOAK_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0..<1_000_000)
        warn("soak: CLMAT_SOAK_SEED=\(seed)")
        var random = SplitMix64(seed: seed)
        let start = Date()
        func passed() -> Double { Date().timeIntervalSince(start) }
        let warmUp = min(60, soakSeconds / 3)
        var memory: (bytes: Int, step: Int)?
        var (actions, lastReport) = (0, 0.0)
        while passed() < soakSeconds {
            act(hands, &random)
            actions += 1
            if actions % 50 == 0 {
                // Whatever was closed, moved or paused: there is something to do again.
                for panel in hands.view.dashboard.panels where random.next() % 4 == 0 {
                    hands.view.setOpen(panel, true)
                }
                if random.next() % 4 == 0 { hands.view.layout.arrange() }
                hands.learner.send(.resume)
                for file in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
                    try FileManager.default.removeItem(at: folder.appendingPathComponent(file))
                }
            }
            if passed() >= warmUp, memory == nil {
                memory = (try #require(HostMemory.resident), hands.learner.status.step)
            }
            if passed() - lastReport >= max(5, soakSeconds / 30) {
                lastReport = passed()
                let resident = (HostMemory.resident ?? 0) >> 20
                warn("soak: \(Int(lastReport)) s, \(actions) actions, step \(hands.view.now), \(resident) MB")
            }
        }
        let status = hands.learner.status
        #expect(status.error == nil && !status.isFinished)
        // It still steps.
        hands.learner.send(.step(3))
        #expect(hands.wait { hands.learner.status.step > status.step })
        let first = try #require(memory)
        let growth = try #require(HostMemory.resident) - first.bytes
        let allowed = Self.slack + Self.bytesPerStep * (status.step - first.step)
        #expect(growth < allowed, "grew by \(growth >> 20) MB in \(status.step - first.step) steps, \(actions) actions")
        #expect(actions > 10 && frames > actions && status.step > 10)
    }

    /// No two panels overlap, and none leaves the working area. Menus, hints and the figures' own windows are no panels.
    private static func checkPanels(_ hands: Hands) {
        let area = hands.view.workingArea(notices: hands.view.statusLine.noticesHeight)
        let others = ["toolbar", "status", "help", "graph-menu", "action-menu", "empty", "gaps", "leaving"]
        let panels = (hands.window.places ?? [:]).filter { name, _ in
            !name.contains("/") && !others.contains(name) && !name.hasPrefix("window:")
        }.map { (name: $0.key, box: $0.value) }
        for (index, panel) in panels.enumerated() {
            #expect(panel.box == panel.box.within(area), "\(panel.name) in \(area)")
            for other in panels.dropFirst(index + 1) where other.box.overlaps(panel.box) {
                Issue.record("\(panel) lies over \(other)")
            }
        }
    }

    private func act(_ hands: Hands, _ random: inout SplitMix64) {
        func number(_ limit: Int) -> Int { Int(random.next() % UInt64(limit)) }
        let size = hands.view.size
        func point() -> Point { Point(Float(number(Int(size.x))), Float(number(Int(size.y)))) }
        let keys: [(SDL_KeyCode, SDL_Scancode)] = [
            (SDLK_SPACE, SDL_SCANCODE_SPACE), (SDLK_PERIOD, SDL_SCANCODE_PERIOD), (SDLK_LEFT, SDL_SCANCODE_LEFT),
            (SDLK_RIGHT, SDL_SCANCODE_RIGHT), (SDLK_TAB, SDL_SCANCODE_TAB), (SDLK_RETURN, SDL_SCANCODE_RETURN),
            (SDLK_ESCAPE, SDL_SCANCODE_ESCAPE), (SDLK_F1, SDL_SCANCODE_F1),
        ]
        switch number(14) {
        case 0...1: hands.click(point())
        case 2: hands.rightClick(point())
        case 3: hands.wheel(Int32(number(7)) - 3, at: point())
        case 4: hands.drag(from: point(), to: point())
        case 5...6:
            // A slider that is there.
            guard let track = try? hands.place("controls:/alpha/track") else { return }
            hands.drag(
                from: Point(track.x + Float(number(Int(track.width))), track.midY),
                to: Point(track.x + Float(number(Int(track.width))), track.midY))
        case 7: hands.move(to: point())
        case 10...12:
            // A panel by its title onto another one, by its corner, twice on its title, or closed.
            let panels = hands.view.shownPanels.map(\.name)
            guard !panels.isEmpty else { return }
            let (panel, other) = (panels[number(panels.count)], panels[number(panels.count)])
            guard let title = try? hands.place("\(panel)/title"), let corner = try? hands.place("\(panel)/corner"),
                let target = try? hands.place(other)
            else { return }
            let start = Point(title.x + Float(number(Int(title.width))), title.midY)
            switch number(6) {
            case 0: hands.drag(from: corner.middle, to: point())
            case 1: hands.doubleClick(start)
            case 2: try? hands.click("\(panel)/close")
            case 3: hands.drag(from: start, to: point())
            default:
                hands.drag(
                    from: start,
                    to: Point(
                        target.x + Float(number(Int(target.width))), target.y + Float(number(Int(target.height)))))
            }
        case 13:
            // One that is open, or not.
            let panels = hands.view.dashboard.panels + [.branches, .history]
            hands.view.setOpen(panels[number(panels.count)], number(3) > 0)
            hands.window.settle()
        case 8: hands.type(["0.3", "7", "x", "-1", "?", "é"][number(6)])
        default:
            let (key, scancode) = keys[number(keys.count)]
            hands.press(key, scancode, shift: number(2) == 0)
        }
    }
}
