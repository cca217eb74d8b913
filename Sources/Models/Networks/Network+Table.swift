import CLMat
import Exploration

extension Network {
    /// A table of the layers: name, what it does, what it reads where that is not the layer before, the shape of its output and how many
    /// numbers it learns.
    public var table: String {
        var lines = [["layer", "what it does", "reads", "output", "parameters"]]
        for (index, stage) in stages.enumerated() {
            let before: StageInput = index == 0 ? .images : .stage(index - 1)
            let reads =
                stage.inputs == [before]
                ? ""
                : stage.inputs.map { input in
                    if case .stage(let index) = input { stages[index].name } else { StageDescription.images }
                }.joined(separator: ", ")
            let count = parameters[index].reduce(0) { $0 + $1.count }
            lines.append([stage.name, stage.layer.summary, reads, "\(stage.output)", count == 0 ? "" : grouped(count)])
        }
        lines.append(["", "", "", "", grouped(parameterCount)])
        let widths = lines[0].indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        return lines.map { line in
            var text = ""
            for (column, cell) in line.enumerated() where widths[column] > 0 {
                let space = String(repeating: " ", count: widths[column] - cell.count)
                // Numbers end below each other.
                text += (text.isEmpty ? "" : "  ") + (column == 4 ? space + cell : cell + space)
            }
            while text.hasSuffix(" ") { text.removeLast() }
            return text
        }.joined(separator: "\n")
    }
}
