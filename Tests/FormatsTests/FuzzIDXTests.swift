import CLMat
import Formats
import TestSupport
import Testing

/// A damaged file is read or refused; it never ends the program.
@Suite struct FuzzIDXTests {
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
}
