import CLMat
import Foundation
import TestSupport
import Testing

/// Where outputs go, and that writing changes nothing else.
@Suite struct OutputPlaceTests {
    private func reason(_ body: () throws -> Void) -> String? {
        do {
            try body()
            return nil
        } catch CLMatError.fileNotWritable(_, let reason) {
            return reason
        } catch {
            return "\(error)"
        }
    }

    @Test func theNamesOfDescriptorsAreDescriptors() throws {
        let names: [(String, Int32)] = [
            ("/dev/stdout", 1), ("/dev/stderr", 2), ("/dev/stdin", 0), ("/dev/fd/1", 1), ("/proc/self/fd/17", 17),
            ("/proc/\(getpid())/fd/2", 2), ("/proc/thread-self/fd/1", 1), ("/dev/./stdout", 1), ("//dev//fd//1", 1),
            ("/dev/../dev/stdout", 1), ("/proc/self/task/\(getpid())/fd/1", 1),
        ]
        for (name, descriptor) in names { #expect(try OutputPlace(name) == .descriptor(descriptor), "\(name)") }
        try inTemporaryFolder { folder in
            symlink("/dev/stdout", folder + "/out")
            symlink("out", folder + "/chain")
            let place = try OutputPlace(folder + "/chain")
            #expect(place == .descriptor(1))
        }
        // Another process's are its own.
        #expect(try OutputPlace("/proc/1/fd/1") != .descriptor(1) || getpid() == 1)
    }

    @Test func aDescriptorIsWrittenToWhereItStands() throws {
        try inTemporaryFolder { folder in
            let path = folder + "/file"
            let descriptor = open(path, O_RDWR | O_CREAT, 0o600)
            defer { close(descriptor) }
            #expect(Descriptors.write(Data("before ".utf8), to: descriptor) == 0)
            try Files.write("now", to: "/dev/fd/\(descriptor)")
            try Files.write(" after", to: "/proc/self/fd/\(descriptor)")
            #expect(try Files.read(path) == Data("before now after".utf8))
            let reader = open(path, O_RDONLY)
            defer { close(reader) }
            #expect(reason { try Files.write("x", to: "/dev/fd/\(reader)") } == "bad file descriptor")
        }
        #expect(reason { try Files.write("x", to: "/dev/fd/1000000") } == "bad file descriptor")
        #expect(reason { try Files.checkWritable("/dev/fd/1000000") } == "bad file descriptor")
    }

    @Test func linksStayAndLeadWhereTheyDid() throws {
        try inTemporaryFolder { folder in
            mkdir(folder + "/inner", 0o755)
            // A chain to a file that is not there, by relative and absolute ways.
            symlink("inner/second", folder + "/first")
            symlink("../third", folder + "/inner/second")
            symlink(folder + "/inner/new", folder + "/third")
            #expect(try Files.checkWritable(folder + "/first").path.map { $0.hasSuffix("/inner/new") } == true)
            #expect(!FileManager.default.fileExists(atPath: folder + "/inner/new"))
            for text in ["made", "replaced"] {
                try Files.write(text, to: folder + "/first")
                #expect(try Files.read(folder + "/inner/new") == Data(text.utf8))
            }
            for (link, target) in [
                ("first", "inner/second"), ("inner/second", "../third"), ("third", folder + "/inner/new"),
            ] {
                #expect(try FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\(link)") == target)
            }
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["first", "inner", "third"])

            symlink("nowhere/x", folder + "/lost")
            #expect(reason { try Files.write("x", to: folder + "/lost") }?.contains("there is no folder") == true)
            symlink("circle", folder + "/circle")
            #expect(reason { try Files.write("x", to: folder + "/circle") }?.contains("link") == true)
            symlink("new/folders", folder + "/folder")
            #expect(reason { try Files.makeFolder(folder + "/folder") }?.contains("no folder") == true)
            symlink("new", folder + "/near")
            try Files.makeFolder(folder + "/near/deep")
            #expect(FileManager.default.fileExists(atPath: folder + "/new/deep"))
        }
    }

    @Test func whatIsNoPlaceForAFileIsRefusedBeforeAndAtTheWriting() throws {
        try inTemporaryFolder { folder in
            try Files.write("x", to: folder + "/file")
            let places = [
                "", "\(folder)", "\(folder)/", "\(folder)/.", "\(folder)/none/", "\(folder)/none/file",
                "\(folder)/file/x",
                "\(folder)/x\u{0}y", "/dev/clmat-none", "/dev/fd/none", "/proc/clmat-none", "/sys/clmat-none",
                "/proc/self/clmat-none",
            ]
            for place in places {
                #expect(reason { try Files.checkWritable(place) } != nil, "\(place)")
                #expect(reason { try Files.write("y", to: place) } != nil, "\(place)")
            }
            for place in ["\(folder)/file", "\(folder)/file/x", "/proc/clmat-none", "/dev/clmat-none/x"] {
                #expect(reason { try Files.checkFolder(place) } != nil, "\(place)")
                #expect(reason { try Files.makeFolder(place) } != nil, "\(place)")
            }
            try Files.checkFolder("\(folder)/a/b/")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["file"])
        }
    }

    @Test func rightsAndLongNamesStay() throws {
        try inTemporaryFolder { folder in
            let path = folder + "/secret"
            try Files.write("old", to: path)
            chmod(path, 0o600)
            try Files.write("new", to: path)
            var status = stat()
            #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
            // The longest name that Linux takes, and what an earlier run that was killed left beside it.
            let long = folder + "/" + String(repeating: "n", count: 255)
            try Files.write("long", to: long)
            #expect(try Files.read(long) == Data("long".utf8))
            try Files.write("left", to: "\(path).part-\(getpid())")
            try Files.write("newer", to: path)
            #expect(try Files.read(path) == Data("newer".utf8))
            #expect(try Files.read("\(path).part-\(getpid())") == Data("left".utf8))
        }
    }

    @Test func aPipeThatHasANameIsWrittenToAndStays() throws {
        try inTemporaryFolder { folder in
            let path = folder + "/pipe"
            #expect(mkfifo(path, 0o600) == 0)
            let reader = open(path, O_RDONLY | O_NONBLOCK)
            defer { close(reader) }
            try Files.checkWritable(path)
            try Files.write("through", to: path)
            var bytes = [UInt8](repeating: 0, count: 100)
            #expect(read(reader, &bytes, 100) == 7)
            var status = stat()
            #expect(lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO)
        }
    }

    /// A pipe that must not wait takes what fits; the rest waits, or is given up by whoever has no patience.
    @Test func aFullPipeIsWaitedFor() throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { ends.forEach { close($0) } }
        _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
        let data = Data((0..<300_000).map { UInt8(truncatingIfNeeded: $0 / 7) })
        #expect(Descriptors.write(data, to: ends[1], patience: 0) == EAGAIN)
        // What went in before.
        var held: Int32 = 0
        _ = ioctl(ends[0], UInt(FIONREAD), &held)
        var bytes = [UInt8](repeating: 0, count: Int(held))
        #expect(read(ends[0], &bytes, bytes.count) == Int(held) && held > 0)

        let source = ends[0]
        let done = DispatchSemaphore(value: 0)
        nonisolated(unsafe) var found = Data()
        let reader = Thread {
            var bytes = [UInt8](repeating: 0, count: 10_000)
            while found.count < data.count {
                let count = read(source, &bytes, bytes.count)
                guard count > 0 else { break }
                found += bytes.prefix(count)
            }
            done.signal()
        }
        reader.start()
        #expect(Descriptors.write(data, to: ends[1]) == 0)
        done.wait()
        #expect(found == data)
    }
}
