import CLMat
import Foundation
import TestSupport
import Testing

/// What paths lead to, through links and by other names.
@Suite struct PathTests {
    @Test func aLinkIsWhatItLeadsTo() throws {
        try inTemporaryFolder { folder in
            let manager = FileManager.default
            try manager.createDirectory(atPath: "\(folder)/data", withIntermediateDirectories: false)
            try Data("1".utf8).write(to: URL(fileURLWithPath: "\(folder)/data/a"))
            try manager.createSymbolicLink(atPath: "\(folder)/inside", withDestinationPath: "data")
            try manager.createSymbolicLink(atPath: "\(folder)/b", withDestinationPath: "data/a")

            #expect(
                Files.isFolder("\(folder)/inside") && !Files.isFolder("\(folder)/b") && !Files.isFolder("\(folder)/no"))
            #expect(Files.isSame("\(folder)/b", "\(folder)/inside/../data/a"))
            #expect(!Files.isSame("\(folder)/b", "\(folder)/no") && !Files.isSame("\(folder)/no", "\(folder)/no"))
            #expect(Files.lies("\(folder)/inside/new", in: "\(folder)/data"))
            #expect(Files.lies("\(folder)/data/./x/..", in: "\(folder)/data"))
            #expect(!Files.lies("\(folder)/data-2/a", in: "\(folder)/data"))
        }
    }

    @Test func anAbsolutePathHoldsInEveryFolder() {
        let here = FileManager.default.currentDirectoryPath
        #expect(Files.absolute("a/../b") == (here == "/" ? "/b" : "\(here)/b") && Files.absolute("/a/./b") == "/a/b")
    }
}
