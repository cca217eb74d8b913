import CLMat
import Exploration
import Formats
import Foundation
import Testing

/// A checkpoint whose bytes were changed is refused in words, or gives other numbers; it never traps.
///
/// - Parameters:
///   - make: a fresh run of `options`.
///   - steps: made before the checkpoint, and after it.
public func expectNoTrap(
    onDamagedCheckpointsOf make: (Learner.Options) throws -> Learner, steps: Int, trials: Int = 60
) throws {
    try inTemporaryFolder { folder in
        let file = folder + "/c.safetensors"
        let learner = try make(Learner.Options(maximumSteps: steps))
        learner.start()
        learner.wait()
        try learner.save(to: file)
        var whole = try Safetensors.read(file)
        // As in files of 0.1.0: with its checksum nothing gets further than that.
        whole.metadata["clmat-crc32"] = nil
        // A run takes its time: a long run of the fuzz tests has twenty times as many, not thousands.
        let trials = max(trials, min(20 * trials, fuzzInputs(trials)))
        var mutator = Mutator(seed: 17)
        let names = whole.tensors.keys.sorted()
        var refused = 0
        for trial in 0..<trials {
            // In turns every tensor is damaged: numbers, or the shape.
            let name = names[trial % names.count]
            let tensor = whole.tensors[name]!
            var bytes = tensor.bytes
            var shape = tensor.shape
            switch mutator.random.next() % 4 {
            case 0 where !bytes.isEmpty:
                // Cut or filled up again: its size is the shape's business.
                let damaged = mutator.mutate([UInt8](bytes)).prefix(bytes.count)
                bytes = Data(damaged) + Data(count: bytes.count - damaged.count)
            case 1 where !bytes.isEmpty: bytes = Data(repeating: 0xFF, count: bytes.count)
            case 2 where !bytes.isEmpty: bytes = Data(repeating: 0x7F, count: bytes.count)
            default:
                // One more row.
                shape[0] += 1
                let size = tensor.kind == .float32 || tensor.kind == .int32 ? 4 : 8
                bytes.append(Data(count: size * shape.dropFirst().reduce(1, *)))
            }
            var tensors = whole.tensors
            tensors[name] = Archive.Tensor(kind: tensor.kind, shape: shape, bytes: bytes)
            try Safetensors.write(tensors, metadata: whole.metadata, to: file)
            do {
                var options = Learner.Options(maximumSteps: 2 * steps)
                options.resumes = try Checkpoint(reading: file, on: .cpu)
                let resumed = try make(options)
                // Figures look at the state too.
                for figure in resumed.dashboard.figures { _ = try? resumed.content(of: figure.id) }
                resumed.start()
                resumed.wait()
                for figure in resumed.dashboard.figures { _ = try? resumed.content(of: figure.id) }
                refused += resumed.status.error == nil ? 0 : 1
            } catch is CLMatError {
                refused += 1
            }
        }
        #expect(refused > trials / 10, "\(refused) of \(trials) were refused")
    }
}
