import CLMat
import Models
import Testing

/// A damaged file is read or refused; it never ends the program.
@Suite struct FuzzDataTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test(arguments: [false, true])
    func damagedFilesAreReadOrRefused(packed: Bool) throws {
        var random = Mutations(seed: 1)
        let valid = [idx([3, 4, 5], ramp(60)), idx(type: 0x0D, [2, 2], ramp(16)), idx(type: 0x0B, [7], ramp(14))]
        var refused = 0
        for round in 0..<1000 {
            let whole = valid[round % valid.count]
            let bytes = random.damage(packed ? try folder.packed(whole) : whole)
            let path = try folder.write(bytes, "damaged")
            do throws(CLMatError) {
                let file = try IDXFile(path)
                #expect(file.count == file.dimensions.reduce(1, *))
                _ = try file.pixelBytes()
            } catch {
                guard case .fileDamaged(path, let place, _) = error, place.hasPrefix("byte ") else {
                    Issue.record("\(error)")
                    return
                }
                refused += 1
            }
        }
        #expect(refused > 500, "the damage is hardly noticed")
    }

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
