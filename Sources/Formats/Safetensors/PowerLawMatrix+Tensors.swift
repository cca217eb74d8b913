import CLMat
import Foundation

/// Power-law matrices in files of named arrays: "NAME.shape" has the features, the width, and of each block its first rank, the one behind
/// its last, its first column and the one behind its last, in 64-bit integers; "NAME.0", "NAME.1" and so on are the blocks, ranks × columns.
extension PowerLawMatrix {
    /// The arrays of a file that has this matrix under a name.
    public func tensors(named name: String) throws(CLMatError) -> [String: Safetensors.Tensor] {
        func bytes<Element>(_ values: [Element]) -> Data { values.withUnsafeBytes { Data($0) } }
        let numbers = shape.numbers.map(Int64.init)
        var tensors = [
            "\(name).shape": Safetensors.Tensor(kind: .int64, shape: [numbers.count], bytes: bytes(numbers))
        ]
        for (index, own) in shape.blocks.enumerated() {
            tensors["\(name).\(index)"] = Safetensors.Tensor(
                kind: .float32, shape: [own.ranks.count, own.columns.count], bytes: bytes(try block(index).values))
        }
        return tensors
    }

    /// The matrix that arrays have under a name.
    ///
    /// - Parameter source: what errors call the file that they came from.
    /// - Throws: ``/CLMat/CLMatError/fileDamaged(path:place:problem:)`` for an array that is missing, is of another kind or size, or does not
    ///   fit the other blocks; it names the array.
    public init(
        _ tensors: [String: Safetensors.Tensor], named name: String, from source: String, on device: Device
    ) throws(CLMatError) {
        func damaged(_ array: String, _ problem: String) -> CLMatError {
            .fileDamaged(path: source, place: "'\(array)'", problem: problem)
        }
        func tensor(_ array: String, _ kind: Safetensors.Tensor.Kind, _ shape: [Int]?) throws(CLMatError)
            -> Safetensors.Tensor
        {
            guard let tensor = tensors[array] else { throw damaged(array, "it is not there") }
            guard tensor.kind == kind else {
                throw damaged(array, "its numbers are \(tensor.kind.rawValue), not \(kind.rawValue)")
            }
            let wanted = shape ?? [tensor.bytes.count / kind.bytes]
            guard tensor.shape == wanted else { throw damaged(array, "its sizes are \(tensor.shape), not \(wanted)") }
            return tensor
        }
        let numbers = try tensor("\(name).shape", .int64, nil).array(of: Int64.self).map(Int.init)
        let shape: PowerLawShape
        do throws(CLMatError) {
            shape = try PowerLawShape(numbers: numbers)
        } catch {
            throw damaged("\(name).shape", "\(error)")
        }
        var blocks: [Matrix] = []
        for (index, own) in shape.blocks.enumerated() {
            let (rows, columns) = (own.ranks.count, own.columns.count)
            let values = try tensor("\(name).\(index)", .float32, [rows, columns]).array(of: Float.self)
            guard values.count == rows * columns else {
                throw damaged("\(name).\(index)", "it has \(values.count) numbers, not \(rows * columns)")
            }
            blocks.append(try Matrix(values, rows, columns, on: device))
        }
        try self.init(shape, blocks: blocks)
    }
}
