import CLMat

/// A stage of a network before it is checked: a layer, its name, and the names of those whose outputs it reads.
public struct StageDescription: Sendable {
    /// The layer's name, which no other has.
    public let name: String
    /// What it does.
    public let layer: any Layer
    /// The stages that it reads, in the order in which the layer takes them; ``images`` for the images.
    public let inputs: [String]

    /// What a stage reads that reads the images. No stage has this name.
    public static let images = "images"

    /// A layer with a name that reads others.
    public init(_ name: String, _ layer: any Layer, reading inputs: [String]) {
        (self.name, self.layer, self.inputs) = (name, layer, inputs)
    }
}

/// Where an input of a stage comes from.
public enum StageInput: Sendable, Hashable {
    /// The images.
    case images
    /// The output of a stage, by its index.
    case stage(Int)
}

extension Network.Stage {
    /// Checked stages, each behind those that it reads, and else in the order given.
    ///
    /// - Parameter output: the stage that gives the network's output; the last one given if nil. It comes last.
    static func ordered(
        _ descriptions: [StageDescription], input: ImageShape, output: String?
    ) throws(CLMatError) -> [Network.Stage] {
        let names = descriptions.map(\.name)
        if let output, !names.contains(output) { throw .unknownName(kind: "layer", name: output, known: names) }
        let last = output ?? names.last
        try checkNames(descriptions, last: last)

        var places: [String: Int] = [:]
        var stages: [Network.Stage] = []
        var waiting = descriptions
        // Each time the first that can, so that a list that is in order stays as it is; the output when all others are through.
        while let next = waiting.firstIndex(where: { description in
            description.inputs.allSatisfy { $0 == StageDescription.images || places[$0] != nil }
                && (description.name != last || waiting.count == 1)
        }) {
            let description = waiting.remove(at: next)
            let sources = description.inputs.map { places[$0].map(StageInput.stage) ?? .images }
            let shapes = sources.map { if case .stage(let index) = $0 { stages[index].output } else { input } }
            let output = try description.layer.output(for: shapes, named: description.name)
            places[description.name] = stages.count
            stages.append(
                Network.Stage(
                    name: description.name, layer: description.layer, inputs: sources, inputShapes: shapes,
                    output: output))
        }
        guard waiting.isEmpty else {
            let names = waiting.map { "'\($0.name)'" }.joined(separator: ", ")
            throw refusal(
                "There is a cycle: of the layers \(names) none can come first, since each reads another of them.")
        }
        return stages
    }

    private static func refusal(_ problem: String) -> CLMatError {
        .invalidArgument(operation: "Network", problem: problem)
    }

    private static func checkNames(_ descriptions: [StageDescription], last: String?) throws(CLMatError) {
        let names = descriptions.map(\.name)
        var seen: Set<String> = [StageDescription.images]
        for description in descriptions {
            let (name, inputs) = (description.name, description.inputs)
            guard name != StageDescription.images else {
                throw refusal("A layer cannot have the name '\(name)', which stands for what goes into the network.")
            }
            guard seen.insert(name).inserted else { throw refusal("Two layers have the name '\(name)'.") }
            guard !inputs.contains(name) else { throw refusal("Layer '\(name)' reads its own output.") }
            let counts = description.layer.inputCounts
            guard counts.contains(inputs.count) else {
                let taken =
                    counts.upperBound == .max
                    ? "\(counts.lowerBound) or more"
                    : counts.count == 1 ? "\(counts.lowerBound)" : "\(counts.lowerBound) to \(counts.upperBound)"
                throw refusal("Layer '\(name)' takes \(taken) inputs, but reads \(inputs.count).")
            }
        }
        for description in descriptions {
            if let unknown = description.inputs.first(where: { !seen.contains($0) }) {
                throw refusal(
                    "Layer '\(description.name)' reads '\(unknown)', but there are only \(names.joined(separator: ", "))."
                )
            }
        }
        let read = Set(descriptions.flatMap(\.inputs))
        if let idle = names.first(where: { !read.contains($0) && $0 != last }) {
            throw refusal("No layer reads what '\(idle)' gives, and it is not the network's output.")
        }
        if let last, read.contains(last) {
            throw refusal("Layer '\(last)' gives the network's output, but another one reads it too.")
        }
    }
}
