import Foundation
import Testing

/// Data as other people have them, given to the program.
@Suite struct DataProgramTests {
    private func run(_ model: String, _ data: String, in folder: TemporaryFolder, _ more: String...) throws -> Program {
        try Program(
            arguments: [model, "--data", data, "--headless", "--pictures", "none", "--steps", "3"] + more,
            in: folder.url)
    }

    @Test(arguments: ["points.csv", "POINTS.CSV", "points.tsv", "points.txt", "Points.DAT"])
    func tablesAreKnownByTheirEndings(name: String) throws {
        let folder = try TemporaryFolder()
        let separator = name.lowercased().hasSuffix("csv") ? ";" : "\t"
        let rows = ["a\(separator)b"] + (0..<20).map { "\($0 % 2 * 6 + 1),5\(separator)\($0)" }
        try rows.joined(separator: "\r\n").write(toFile: folder.path(name), atomically: true, encoding: .utf8)
        let run = try run("kmeans", name, in: folder, "--clusters", "2")
        #expect(run.status == 0, "\(run.error)")
        #expect(run.error.contains("\(name): line 1 names the columns, and is no point: 'a', 'b'."), "\(run.error)")
        #expect(run.error.contains("\(name): commas are read as decimal commas."))
        #expect(run.error.contains("A minibatch is all 20 points, not 10000"))
        let quiet = try self.run("nmf", name, in: folder, "--parts", "2", "--quiet")
        #expect(quiet.status == 0 && !quiet.error.contains("names the columns"), "\(quiet.error)")
    }

    @Test func oneFileOfImagesIsEnough() throws {
        let folder = try TemporaryFolder()
        try folder.writeData(train: 30, test: 5)
        let single = try run("kmeans", "train-images-idx3-ubyte", in: folder, "--clusters", "4")
        #expect(single.status == 0, "\(single.error)")
        for name in ["train-labels-idx1-ubyte", "t10k-labels-idx1-ubyte", "t10k-images-idx3-ubyte"] {
            try FileManager.default.removeItem(atPath: folder.path(name))
        }
        let alone = try run("nmf", folder.url.path, in: folder, "--parts", "4")
        #expect(alone.status == 0, "\(alone.error)")
    }

    @Test func fewImagesMakeAMinibatch() throws {
        let folder = try TemporaryFolder()
        try folder.writeData(train: 30, test: 5)
        for (options, said) in [([], "all 30 images, not 100"), (["--batch", "50"], "all 30 images, not 50")] {
            let run = try Program(
                arguments: [
                    "ldam", "--data", folder.url.path, "--headless", "--pictures", "none", "--steps", "1", "--detached",
                ]
                    + options, in: folder.url)
            #expect(run.status == 0 && run.error.contains("A minibatch is \(said)"), "\(run.error)")
        }
    }

    @Test(arguments: [
        ("a.npz", "PK\u{3}\u{4}00000000", "unzip"), ("a.dat2", "hello", "a table of numbers (.csv, .tsv"),
        ("a.csv", "1,150;2,250\n", "line 1, column 1: '1,150'"),
        ("b.csv", "x,y\n1,NA\n", "line 2, column 2 ('y'): the value is missing"),
    ])
    func whatIsNotReadSaysWhatToDo(_ name: String, _ text: String, says: String) throws {
        let folder = try TemporaryFolder()
        try text.write(toFile: folder.path(name), atomically: true, encoding: .utf8)
        let run = try run("kmeans", name, in: folder)
        #expect(run.status == 1 && run.error.contains(says), "\(run.error)")
    }
}
