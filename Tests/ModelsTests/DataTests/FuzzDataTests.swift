import CLMat
import Models
import TestSupport
import Testing

/// A damaged file is read or refused; it never ends the program.
@Suite struct FuzzDataTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func damagedDataSetsAreReadOrRefused() throws {
        var random = Mutations(seed: 2)
        let files = [
            "train-images-idx3-ubyte": idx([3, 4, 5], ramp(60)), "train-labels-idx1-ubyte": idx([3], [0, 1, 2]),
            "t10k-images-idx3-ubyte": idx([2, 4, 5], ramp(40)), "t10k-labels-idx1-ubyte": idx([2], [0, 1]),
        ]
        for (name, bytes) in files { try folder.write(bytes, "set/\(name)") }
        for name in files.keys.sorted() {
            let bytes = try #require(files[name])
            for _ in 0..<100 {
                try folder.write(random.damage(bytes), "set/\(name)")
                do throws(CLMatError) {
                    let set = try ImageDataSet.load("\(folder.path)/set")
                    #expect(set.train.pixels.count == set.train.count * set.shape.count)
                } catch {
                    #expect(!"\(error)".isEmpty)
                }
            }
            try folder.write(bytes, "set/\(name)")
        }
    }
}
