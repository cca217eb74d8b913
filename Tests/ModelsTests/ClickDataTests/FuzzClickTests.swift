import CLMat
import Foundation
import TestSupport
import Testing

@testable import Models

/// A damaged log is read or refused, within bounds of memory and time; it never ends the program.
@Suite struct FuzzClickTests {
    /// Reads a file as data, and as a stream, which gives all records that come before the damage.
    static func read(_ path: String, memoryLimit: Int) throws {
        var options = ClickOptions()
        options.memoryLimit = memoryLimit
        options.unseenRoom = 3
        let data = try ClickData.load(path, options, environment: [:])
        let reader = try ClickReader(path, vocabulary: data.vocabulary)
        var count = 0
        while let batch = try reader.next(7) {
            #expect(batch.features.allSatisfy { $0 >= 0 && $0 < data.vocabulary.count })
            #expect(batch.values?.allSatisfy(\.isFinite) ?? true)
            count += batch.count
        }
        #expect(count == data.train.count + data.test.count)
    }

    @Test func criteo() async {
        await #expect(processExitsWith: .success) {
            let lines = (0..<6).map {
                criteoLine($0 % 2, numbers: [1: "\($0 * 50)", 3: "-1"], categories: [2: "8fe0\($0)", 26: "é"])
            }
            for memoryLimit in [1 << 20, 0] {
                try fuzz([Array(lines.joined(separator: "\n").utf8)], as: "x.txt", seed: 61) { path in
                    try FuzzClickTests.read(path, memoryLimit: memoryLimit)
                }
            }
        }
    }

    @Test func avazu() async {
        await #expect(processExitsWith: .success) {
            let valid = Array(
                "id,click,hour,C1,site\n1,0,14102100,1005,\"a\"\n2,1,14102123,,b\n3,0,14122523,7,c\n".utf8)
            try fuzz([valid], as: "x.csv", seed: 62) { path in try FuzzClickTests.read(path, memoryLimit: 1 << 20) }
        }
    }

    @Test func listsOfFeatures() async {
        await #expect(processExitsWith: .success) {
            let valid = [Array("1 3:1 7:0.5\n-1 9:1e3 3:1 # x\n\n1\n".utf8), Array("1 0:3:1 1:3:0.5\n0 1:3:1\n".utf8)]
            for memoryLimit in [1 << 20, 0] {
                try fuzz(valid, as: "x.txt", seed: 63) { path in try FuzzClickTests.read(path, memoryLimit: memoryLimit)
                }
            }
        }
    }
}
