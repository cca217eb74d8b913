import CLMat

@testable import Exploration

/// A model that does nothing, with attachments that have a temperature.
struct Still: Model {
    let title = "still"
    static let rate = Control("rate", title: "rate", range: 0...10, scale: .logWithOff, initial: 1, help: "")
    static let zoom = Control("zoom", title: "zoom", range: 1...10, initial: 1, help: "", isView: true)
    var controls: [Control] { [Self.rate, Self.zoom] }
    var metrics: [Metric] { [Metric("rate-now", title: "Rate", help: "")] }
    var presets: [Preset] {
        [
            .initial("calm", help: "as it begins", of: [Self.rate, Self.zoom]),
            Preset("hot", help: "all wanders", values: ["rate": 0, "zoom": 5]),
        ]
    }

    mutating func update(_ context: StepContext<Int>) throws(CLMatError) -> Measurements {
        var measured = Measurements()
        measured["rate-now"] = try context.settings[Self.rate]
        return measured
    }

    mutating func archive(_ archive: Archive) throws(CLMatError) {}

    static func experiment(_ attached: [String] = ["bath"]) throws -> Experiment {
        try Experiment(Still(), data: Numbers(), attachments: [Bath.factory], attached: attached)
    }
}

/// A noise σ that is kept, and a temperature T = βσ²/(2(1 − γ)) that follows from it. The sum of all σ tells what was set when.
struct Bath: Attachment {
    typealias Host = Still
    var sum = 0.0
    static let noise = Control("noise", title: "noise σ", range: 0.001...10, scale: .logWithOff, initial: 0.3, help: "")
    static let stepSize = Control("step-size", title: "β", range: 1e-4...1, scale: .log, initial: 0.01, help: "")
    static let momentum = Control("momentum", title: "γ", range: 0...0.99, initial: 0.9, help: "")
    static let hold = Control.toggle("hold-temperature", title: "hold T", initial: false, help: "")
    static let temperature = Handle(
        Control(
            "temperature", title: "temperature T", range: 1e-6...10, scale: .logWithOff, initial: 0, help: "",
            affects: [.up("spread")]),
        of: noise, dependsOn: [stepSize, momentum], heldBy: hold,
        value: { settings throws(CLMatError) in
            let (β, σ, γ) = (try settings[stepSize], try settings[noise], try settings[momentum])
            return β * σ * σ / (2 * (1 - γ))
        },
        kept: { T, settings throws(CLMatError) in
            (2 * (1 - (try settings[momentum])) * T / (try settings[stepSize])).squareRoot()
        })

    var controls: [Control] { [Self.noise, Self.stepSize, Self.momentum, Self.hold] }
    var handles: [Handle] { [Self.temperature] }
    var metrics: [Metric] { [Metric("spread", title: "Spread", help: "")] }
    var presets: [Preset] {
        let calm = Preset.initial("calm", help: "", of: [Self.noise, Self.stepSize])
        return [calm, calm.changed("hot", help: "", ["noise": 3, "step-size": 0.1])]
    }

    mutating func update(on host: Still, _ context: StepContext<Int>) throws(CLMatError) -> Measurements {
        sum += try context.settings[Self.noise]
        var measured = Measurements()
        measured["spread"] = sum
        measured["temperature-seen"] = try context.settings[Self.temperature.control]
        return measured
    }

    mutating func archive(_ archive: Archive) throws(CLMatError) { try archive.keep("sum", &sum) }

    static let factory = AttachmentFactory<Still>(id: "bath", title: "bath") { _, _ in Bath() }
}
