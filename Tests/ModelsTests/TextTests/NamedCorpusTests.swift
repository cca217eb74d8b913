import CLMat
import Formats
import Foundation
import TestSupport
import Testing

@testable import Models

@Suite struct NamedCorpusTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    // MARK: - 20 Newsgroups

    /// The numbers that the reference implementation in Python finds.
    @Test(.enabled(if: hasData("20newsgroups"), "needs CLMAT_DATA, a folder that holds 20newsgroups/"))
    func newsgroupsAreThoseOfTheReference() throws {
        let corpus = try Corpus.load("20newsgroups")
        #expect(corpus.name == "20 Newsgroups")
        #expect((corpus.count, corpus.vocabulary.count, corpus.tokens) == (18641, 14723, 1_724_192))
        #expect(corpus.vocabulary == corpus.vocabulary.sorted())
        #expect(corpus.documentName(0) == "alt.atheism/49960")
        // The start of a document of the split that was made with it: ids and counts.
        let row = try corpus.rows([36])
        #expect(row.indices.prefix(9) == [15, 78, 92, 218, 420, 449, 571, 683, 796])
        #expect(row.counts.prefix(9) == [1, 1, 2, 1, 2, 2, 2, 3, 1])
    }

    @Test(.enabled(if: hasData("uci-bow"), "needs CLMAT_DATA, a folder that holds uci-bow/"))
    func papersAreThoseThatWerePublished() throws {
        let nips = try Corpus.load("nips")
        #expect((nips.count, nips.vocabulary.count, nips.tokens, nips.nonzeros) == (1500, 12419, 1_932_365, 746_316))
        let kos = try Corpus.load("kos")
        #expect((kos.count, kos.vocabulary.count, kos.tokens, kos.nonzeros) == (3430, 6906, 467_714, 353_160))
    }

    private let posts = [
        (
            "train", "b.group/2",
            "From: x\nSubject: hidden\n\nred red >kept\n>quoted\n|quoted\nSomebody writes:  \nblue\n"
        ),
        ("train", "b.group/10", "From: x\r\n\r\nred\r\n\r\nblue na\u{EF}ve\r\n"),
        ("test", "a.group/1", "no empty line"),
    ]
    private let expected = ["blue:1 kept:1 red:2", "red:1", "empty:1 line:1 no:1"]

    /// The same posts as folders and as archives.
    @Test(arguments: [false, true])
    func postsAreReadFromTheirBodies(packed: Bool) throws {
        for (part, name, text) in posts {
            try folder.write(text.unicodeScalars.map { UInt8($0.value) }, "20newsgroups/20news-bydate-\(part)/\(name)")
        }
        if packed {
            let script = """
                cd '\(folder.path)/20newsgroups' && for part in train test; do
                    tar -cJf 20news-bydate-$part.tar.xz 20news-bydate-$part && rm -r 20news-bydate-$part; done
                """
            _ = try ProgramOutput.read(
                "sh", ["-c", script], environment: ProcessInfo.processInfo.environment, hint: "")
        }
        var environment = ProcessInfo.processInfo.environment
        environment["CLMAT_DATA"] = folder.path
        var options = TextOptions.all
        options.letters = .ascii
        let corpus = try Corpus.load("20newsgroups", options, environment: environment)
        #expect((0..<3).map(corpus.documentName) == ["b.group/10", "b.group/2", "a.group/1"])
        #expect(try corpus.texts() == ["blue:1 na:1 red:1 ve:1", "blue:1 kept:1 red:2", "empty:1 line:1 no:1"])
        // In letters of all scripts, Latin-1 is what it is.
        let all = try Corpus.load("\(folder.path)/20newsgroups", .all)
        #expect(try all.text(0) == "blue:1 na\u{EF}ve:1 red:1")
        #expect(said { _ = try Corpus.load("20newsgroups", environment: environment) }.contains("(minimumDocuments)"))

        if packed {
            environment["PATH"] = "\(folder.path)/none"
            let problem = said { _ = try Corpus.load("20newsgroups", options, environment: environment) }
            #expect(problem.contains("apt-get install xz-utils"), "\(problem)")
            try folder.write("no archive", "20newsgroups/20news-bydate-train.tar.xz")
            let failed = said {
                _ = try Corpus.load("20newsgroups", options, environment: ["CLMAT_DATA": folder.path])
            }
            #expect(failed.contains("'xz --decompress --stdout"), "\(failed)")
        }
        #expect(said { _ = try Corpus.load("20newsgroups", environment: [:]) }.contains("Set CLMAT_DATA"))
    }

    @Test func damagedArchivesAreReadOrRefused() throws {
        func entry(_ name: String, _ text: String) -> [UInt8] {
            var header = [UInt8](repeating: 0, count: 512)
            func put(_ text: String, _ place: Int) {
                for (i, byte) in text.utf8.enumerated() { header[place + i] = byte }
            }
            put(name, 0)
            put(String(text.utf8.count, radix: 8), 124)
            put("0", 156)
            put("ustar", 257)
            put("folder", 345)
            let body = [UInt8](text.utf8)
            return header + body + [UInt8](repeating: 0, count: (512 - body.count % 512) % 512)
        }
        let archive =
            entry("a", "one") + entry("b", String(repeating: "x", count: 700)) + [UInt8](repeating: 0, count: 1024)
        let files = try TarArchive.files(archive, path: "a.tar")
        #expect(files.map(\.name) == ["folder/a", "folder/b"])
        #expect(files.map(\.content.count) == [3, 700])
        var random = Mutations(seed: 21)
        for _ in 0..<1000 {
            let bytes = random.damage(archive)
            do throws(CLMatError) {
                for file in try TarArchive.files(bytes, path: "a.tar") {
                    #expect(file.content.upperBound <= bytes.count)
                }
            } catch {
                #expect("\(error)".contains("a.tar is damaged at byte"))
            }
        }
    }

    // MARK: - Debian

    private let packages = """
        Package: red-tool
        Version: 1
        Description: paints things
         The long words of it.
         .
         Second paragraph
        Tag: role::program, uitoolkit::gtk,
         works-with::image
        Section: unread

        Package: nothing
        Version: 2

        Description-en: comes first
        Package: blue
        Description-md5: aaaa

        Package: blue
        Description: comes twice

        """
    private let documents = [
        "gtk:1 image:1 it:1 long:1 of:1 paints:1 paragraph:1 program:1 role:1 second:1 the:1 things:1 uitoolkit:1 with:1 "
            + "words:1 works:1",
        "comes:1 first:1",
    ]

    @Test func listsOfPackagesAreRead() throws {
        for name in ["deb.org_Packages", "status"] {
            let corpus = try Corpus.load(folder.write(packages, name), .all)
            #expect(corpus.name == "Debian packages")
            #expect((0..<corpus.count).map(corpus.documentName) == ["red-tool", "blue"])
            #expect(try corpus.texts() == documents)
        }
        let path = try folder.write("what is this\n", "status")
        #expect(damage { _ = try Corpus.load(path) }?.problem.contains("'Package:'") == true)
    }

    private func program(_ text: String) throws -> [String: String] {
        let path = try folder.write("#!/bin/sh\n" + text, "bin/apt-cache")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        return ["PATH": "\(folder.path)/bin:/usr/bin:/bin"]
    }

    @Test func aptIsAsked() throws {
        try folder.write(packages, "list")
        let corpus = try Corpus.load(
            "debian", .all, environment: program("[ \"$1\" = dumpavail ] && cat '\(folder.path)/list'"))
        #expect(try corpus.texts() == documents)
        let none = try program("exit 0")
        #expect(said { _ = try Corpus.load("debian", environment: none) }.contains("'apt-get update', or choose"))
        let failing = try program("echo on purpose >&2; exit 3")
        #expect(said { _ = try Corpus.load("debian", environment: failing) }.contains("failed. It said: on purpose"))
        let missing = ["PATH": "\(folder.path)/none"]
        #expect(
            said { _ = try Corpus.load("debian", environment: missing) }.contains("Install apt, or choose other data"))
    }

    /// More complaints than a pipe holds, before the first word of output.
    @Test func talkativeProgramsEnd() throws {
        try folder.write(packages, "list")
        let environment = try program("head -c 300000 /dev/zero >&2; cat '\(folder.path)/list'")
        #expect(try Corpus.load("debian", .all, environment: environment).count == 2)
        let endless = try program("yes")
        #expect(
            said {
                _ = try ProgramOutput.read("apt-cache", [], environment: endless, limit: 1 << 20, hint: "")
            }.contains("more than 1048576 bytes"))
    }
}
