import CLMat
import Exploration
import Foundation
import Testing

@testable import Viewer

/// A number that goes to 1, and what a criterion makes of it.
private struct Number: MixinSubject, GradientSum {
    typealias Gradient = Number
    var value: Float
    var isFinite: Bool { value.isFinite }
    func weighted(_ factor: Double) -> Number { Number(value: value * Float(factor)) }
    mutating func accumulate(_ other: Number, weight factor: Double) { value += other.value * Float(factor) }
    func squaredNorm() -> Double { Double(value) * Double(value) }
}

private struct Small: Mixin {
    let weight = Control(
        "small", title: "smallness λ", group: "criteria", range: 0...4, initial: 1, help: "keeps the number small")
    let score = Metric("smallness", title: "Smallness", help: "what is kept small")
    func value(of number: Number, _ context: MixinContext) -> Double? { Double(number.value) }
    func gradient(of number: Number, _ context: MixinContext) -> Number? { number }
}

private struct NumberModel: Model, MixinHost {
    var mixins = Mixins<Number>(available: [Small()])
    private var value: Float = 0
    let title = "Number"
    private static let rate = Control(
        "rate", title: "rate", range: 0...1, initial: 0.5, help: "how fast", affects: ["loss"])
    private static let zoom = Control("zoom", title: "zoom", range: 1...4, initial: 1, help: "how large", isView: true)
    var controls: [Control] { [Self.rate, Self.zoom] + mixins.controls }
    var metrics: [Metric] { [Metric("loss", title: "Loss", help: "falls")] + mixins.metrics }

    mutating func update(_ context: StepContext<Int>) throws(CLMatError) -> Measurements {
        try mixins.follow(context.settings)
        let regulariser = try mixins.gradient(of: Number(value: value), context.forMixins)?.value ?? 0
        value -= Float(try context.settings[Self.rate]) * (value - 1 + regulariser)
        var measured = Measurements()
        measured["loss"] = Double((value - 1) * (value - 1))
        try mixins.measure(of: Number(value: value), whole: 1, context.forMixins, into: &measured)
        return measured
    }
    mutating func archive(_ archive: Archive) throws(CLMatError) {
        try archive.group("mixins") { () throws(CLMatError) in try mixins.archive(archive) }
    }
}

private struct Passenger: Exploration.Attachment {
    typealias Host = NumberModel
    let controls = [
        Control("share", title: "share", group: "passenger", range: 0...1, initial: 0.25, help: "acts"),
        Control.toggle("loud", title: "loud", group: "passenger", initial: false, help: "acts"),
        Control.choice("seat", title: "seat", group: "passenger", options: ["left", "right"], help: "acts"),
    ]
    let metrics: [Metric] = []
    mutating func update(on host: NumberModel, _ context: StepContext<Int>) -> Measurements { Measurements() }
    mutating func archive(_ archive: Archive) {}
}

extension WindowTests {
    /// Criteria and second attachments, by clicks.
    @MainActor @Suite(.serialized) struct Criteria {
        private func hands() throws -> Hands {
            let factory = AttachmentFactory<NumberModel>(id: "passenger", title: "Passenger") {
                (_, _) throws(CLMatError) in
                Passenger()
            }
            let learner = try Learner(
                NumberModel(), data: Numbers(), attachments: [factory], options: Learner.Options())
            learner.start(paused: true)
            return try Hands(on: learner)
        }

        private func click(_ entry: String, _ hands: Hands) throws {
            hands.window.settle()
            try hands.click("add/\(entry)")
        }

        @Test func aCriterionIsAddedWithItsSliderAndItsGraph() throws {
            let hands = try hands()
            defer { hands.finish() }
            func isOpen(_ panel: Panel) -> Bool { hands.view.layout.isOpen(panel) }
            #expect(!isOpen(.metric("smallness")) && hands.view.dashboard.control("small") == nil)
            try click("mixin:small", hands)
            #expect(hands.wait { hands.view.dashboard.control("small") != nil })
            #expect(hands.wait { isOpen(.metric("smallness")) && isOpen(.controls("criteria")) })
            #expect(hands.view.box(of: .metric("smallness")) != nil)
            #expect(hands.view.changes.all.last?.words == "smallness λ added at step 0")
            // Closed, removed, and added again: there they are again.
            hands.view.setOpen(.metric("smallness"), false)
            try click("mixin:small", hands)
            #expect(hands.wait { hands.view.dashboard.control("small") == nil })
            hands.view.steering.undo()
            #expect(hands.wait { hands.view.dashboard.control("small") != nil && isOpen(.metric("smallness")) })
        }

        @Test func aWindowThatOpensLaterShowsWhatWasAdded() throws {
            let first = try hands()
            defer { first.finish() }
            first.learner.send(.addMixin("small"))
            #expect(first.wait { first.view.dashboard.control("small") != nil })
            let second = try Hands(on: first.learner)
            #expect(second.view.layout.isOpen(.metric("smallness")))
        }

        @Test func controlsOfASecondAttachmentAreLinkedAndSeparated() throws {
            let hands = try hands()
            defer { hands.finish() }
            try click("attachment:passenger", hands)
            #expect(hands.wait { hands.view.dashboard.control("share") != nil })
            #expect(!hands.isDrawn("controls:passenger/share/link"))
            let second = "controls:passenger (2)"
            try click("attachment:passenger-2", hands)
            #expect(hands.wait { hands.isDrawn("\(second)/passenger-2.share/link") })
            #expect(hands.view.dashboard.groups == ["passenger", "passenger (2)", ""])
            func values(_ id: String) -> [Double?] {
                [id, "passenger-2." + id].map { hands.learner.status.settings.values[$0] }
            }
            // One by its chain.
            try hands.click("\(second)/passenger-2.share/link")
            #expect(hands.wait { hands.learner.status.settings.links == ["passenger-2.share": "share"] })
            hands.view.values.set(try #require(hands.view.dashboard.control("share")), to: 0.75)
            #expect(hands.wait { values("share") == [0.75, 0.75] })
            // A switch is not switched by a click on its chain.
            try hands.click("\(second)/passenger-2.loud/link")
            #expect(hands.wait { hands.learner.status.settings.links.count == 2 })
            #expect(values("loud") == [0, 0])
            // The rest by the panel's word, and all apart by it.
            let word = try #require(
                hands.view.controlPanels.linkWord(hands.view.controlPanels.controls(of: "passenger (2)")))
            #expect(word.text == "link all")
            try hands.click("\(second)/word")
            #expect(hands.wait { hands.learner.status.settings.links.count == 3 })
            hands.window.settle()
            let apart = try #require(
                hands.view.controlPanels.linkWord(hands.view.controlPanels.controls(of: "passenger (2)")))
            #expect(apart.text == "separate")
            try hands.click("\(second)/word")
            #expect(hands.wait { hands.learner.status.settings.links.isEmpty })
            hands.view.values.set(try #require(hands.view.dashboard.control("share")), to: 0.5)
            #expect(hands.wait { values("share") == [0.5, 0.75] })
        }

        /// A slider that only concerns what is shown makes no mark, and is kept with the layout.
        @Test func aLookMakesNoMark() throws {
            let hands = try hands()
            defer { hands.finish() }
            hands.view.values.set(try #require(hands.view.dashboard.control("zoom")), to: 3)
            #expect(hands.wait { hands.learner.status.view.values["zoom"] == 3 })
            hands.window.settle()
            #expect(hands.view.changes.all.isEmpty && !hands.learner.status.canUndo)
            #expect(hands.view.layout.view.values == ["zoom": 3])
            var other = hands.view.layout.view
            other.choices = ["words": [4]]
            #expect(other.view(for: "").choices == ["words": [4]] && other.view(for: "other data").choices.isEmpty)
        }
    }
}
