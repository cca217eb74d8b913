import Foundation
import Testing

/// What becomes of a run whose standard streams are closed, full, a socket or a pipe that nobody reads; and that nothing but its
/// outputs is created or changed.
@Suite struct StreamTests {
    /// Topics of 40 short texts, learned once.
    private static let topics = Result {
        let folder = try TemporaryFolder()
        try writeTexts(folder)
        let run = try Program(
            "lda", "--data", "texts.txt", "--topics", "2", "--steps", "5", "--headless", "--quiet", "--pictures",
            "none",
            "--model", "topics", in: folder.url)
        try #require(run.status == 0, "\(run.error)")
        return try Data(contentsOf: URL(fileURLWithPath: folder.path("topics")))
    }

    private static func writeTexts(_ folder: TemporaryFolder) throws {
        let texts = (0..<40).map { $0 % 2 == 0 ? "apple pear plum grape apple\n" : "sail mast keel anchor sail\n" }
            .joined()
        try texts.write(toFile: folder.path("texts.txt"), atomically: true, encoding: .utf8)
    }

    /// A folder with 40 points, texts and their topics. Everybody may write there.
    private func prepared() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        let points = (0..<40).map { "\($0 % 2 * 5 + $0 % 3),\($0 % 4)\n" }.joined()
        try points.write(toFile: folder.path("points.csv"), atomically: true, encoding: .utf8)
        try Self.writeTexts(folder)
        try Self.topics.get().write(to: URL(fileURLWithPath: folder.path("topics")))
        for name in folder.files { chmod(folder.path(name), 0o644) }
        chmod(folder.url.path, 0o777)
        return folder
    }

    /// `$RUN` is a short run without pictures, `$INFER` one whose result goes to standard output.
    private static let commands = """
        RUN="$EXPLORE kmeans --data points.csv --clusters 2 --steps 6 --headless --pictures none"
        INFER="$EXPLORE lda infer --model topics --data texts.txt"

        """

    /// What a folder holds: of each name where a link leads, or what a file holds.
    private func contents(_ folder: TemporaryFolder) throws -> [String: String] {
        var found: [String: String] = [:]
        for name in folder.files {
            let link = try? FileManager.default.destinationOfSymbolicLink(atPath: folder.path(name))
            let data = FileManager.default.contents(atPath: folder.path(name))
            found[name] = link.map { "-> \($0)" } ?? data.map { $0.base64EncodedString() } ?? "special"
        }
        return found
    }

    /// The names in /dev, and where the links among them lead.
    private func devices() throws -> [String: String] {
        let names = try FileManager.default.contentsOfDirectory(atPath: "/dev")
        return Dictionary(
            uniqueKeysWithValues: names.map { name in
                (name, (try? FileManager.default.destinationOfSymbolicLink(atPath: "/dev/\(name)")) ?? "")
            })
    }

    struct Case: CustomTestStringConvertible {
        let line: String
        var status: Int32 = 0
        /// What is said on standard error, if it is open.
        var says = ""
        /// The files that are to be there and whole, and no others.
        var makes: Set<String> = []
        var testDescription: String { line }
    }

    private static let session: Set = ["s.jsonl", "s.jsonl.safetensors"]
    static let cases = [
        // Closed: the files of the run do not take the place of a stream.
        Case(
            line: "$RUN --save s.jsonl --progress json >&-", status: 1, says: "standard output: bad file descriptor",
            makes: session),
        Case(line: "$RUN --save s.jsonl --summary s.json <&- >&- 2>&-", status: 1, makes: session.union(["s.json"])),
        Case(line: "$RUN --quiet --save s.jsonl <&- >&- 2>&-", makes: session),
        Case(line: "$RUN --summary s.json 2>&- >said", makes: ["s.json", "said"]),
        Case(line: "$INFER >&-", status: 1, says: "standard output: bad file descriptor"),
        Case(line: "$RUN --summary /dev/stdout >&-", status: 1, says: "/dev/stdout: bad file descriptor"),
        Case(line: "$EXPLORE devices >&-", status: 1, says: "standard output: bad file descriptor"),
        // Full: messages are dropped, results that are lost are said.
        Case(line: "$RUN --summary s.json 2>/dev/full >said", makes: ["s.json", "said"]),
        Case(
            line: "$RUN --progress json --summary s.json >/dev/full", status: 1,
            says: "standard output: no space left", makes: ["s.json"]),
        Case(line: "$RUN --quiet --profile >/dev/full", status: 1, says: "standard output: no space left"),
        Case(line: "$INFER >/dev/full", status: 1, says: "standard output: no space left"),
        Case(line: "$INFER --output /dev/full", status: 1, says: "/dev/full: no space left"),
        Case(line: "$EXPLORE --help >/dev/full", status: 1, says: "standard output: no space left"),
        // A reader that goes away does not take the files with it.
        Case(
            line: "{ $RUN --progress json --summary s.json; echo \"status $?\" >&2; } | head -n 0", says: "status 1",
            makes: ["s.json"]),
        Case(line: "$RUN --summary s.json 2>&1 >said | head -n 0", makes: ["s.json", "said"]),
        // Standard output by its names, also by a link of one's own.
        Case(
            line: "for name in /dev/stdout /dev/fd/1 /proc/self/fd/1; do $INFER --output $name; done >said",
            makes: ["said"]),
        Case(line: "$RUN --quiet --summary /dev/fd/5 5>said", makes: ["said"]),
        Case(
            line: "ln -s /dev/stdout link; $RUN --quiet --summary link >said; test -L link && rm link", makes: ["said"]),
        Case(line: "$RUN --summary /dev/fd/7", status: 1, says: "/dev/fd/7: bad file descriptor"),
        Case(line: "$RUN --save /dev/stdout >said", status: 1, says: "plain file", makes: ["said"]),
        // Nothing is made where only the system makes files.
        Case(line: "$RUN --summary /dev/clmat-new", status: 1, says: "only the system makes files there"),
        Case(line: "$RUN --save /proc/clmat-new", status: 1, says: "only the system makes files there"),
        Case(line: "$RUN --quiet --summary /dev/null"),
    ]

    @Test(arguments: cases, Program.User.here)
    func streamsOfAllKindsAreEndured(_ test: Case, _ user: Program.User) throws {
        let folder = try prepared()
        let (before, devicesBefore) = (try contents(folder), try devices())
        let run = try Program(shell: Self.commands + test.line, as: user, in: folder.url)
        #expect(run.status == test.status, "\(run.error)")
        #expect(test.says.isEmpty || run.error.contains(test.says), "\(run.error)")
        var after = try contents(folder)
        for name in test.makes {
            let made = after.removeValue(forKey: name)
            #expect(made != nil, "\(name) is missing")
            let text = (try? String(contentsOfFile: folder.path(name), encoding: .utf8)) ?? ""
            // A session holds its lines, a summary is one object: nothing else got into them.
            if name == "s.jsonl" {
                let lines = text.split(separator: "\n")
                #expect(
                    lines.first?.hasPrefix("{\"clmat-session\"") == true && lines.last?.hasPrefix("{\"end\"") == true)
                #expect(lines.count == 8, "\(text)")
            }
            if name == "s.json" {
                #expect((try? JSONSerialization.jsonObject(with: Data(text.utf8))) != nil, "\(text)")
            }
        }
        #expect(after == before)
        #expect(try devices() == devicesBefore)
    }

    @Test func whatOthersWroteBeforeAndAfterStays() throws {
        let folder = try prepared()
        let run = try Program(
            shell: Self.commands + "( echo before; $INFER; echo after ) > said; cat said", in: folder.url)
        let lines = run.output.split(separator: "\n")
        #expect(
            lines.first == "before" && lines.dropFirst().first == "document,topic 1,topic 2" && lines.last == "after")
        #expect(lines.count == 43)
    }

    /// Standard output that only somebody else could open by name: a socket, and a file of another user.
    @Test func aSocketAndAFileOfSomebodyElseAreWrittenTo() throws {
        let folder = try prepared()
        var pair: [Int32] = [0, 0]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair) == 0)
        defer { close(pair[0]) }
        for name in ["", "--output /dev/stdout"] {
            let output = FileHandle(fileDescriptor: dup(pair[1]), closeOnDealloc: true)
            let run = try Program(shell: Self.commands + "$INFER \(name)", in: folder.url, output: output)
            #expect(run.status == 0, "\(run.error)")
            var bytes = [UInt8](repeating: 0, count: 1 << 16)
            let count = read(pair[0], &bytes, bytes.count)
            #expect(String(decoding: bytes.prefix(max(0, count)), as: UTF8.self).hasPrefix("document,topic 1"))
        }
        close(pair[1])
        guard Program.User.here.contains(.nobody) else { return }
        let file = folder.path("of-root")
        FileManager.default.createFile(atPath: file, contents: nil, attributes: [.posixPermissions: 0o600])
        let output = try FileHandle(forWritingTo: URL(fileURLWithPath: file))
        let run = try Program(
            shell: Self.commands + "$INFER --output /dev/stdout", as: .nobody, in: folder.url, output: output)
        #expect(run.status == 0, "\(run.error)")
        #expect(try String(contentsOfFile: file, encoding: .utf8).hasPrefix("document,topic 1"))
    }

    /// As root even a link of /dev could be replaced, for every program of the machine: so this is tried in a /dev of its own.
    @Test func asRootNothingOfDevIsReplaced() throws {
        let folder = try prepared()
        let privately = """
            unshare -m sh -c '
            mount --make-rprivate / && mkdir dev && mount -t tmpfs private dev || exit 9
            cp -a /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/fd /dev/stdin /dev/stdout /dev/stderr dev || exit 9
            mount --bind dev /dev || exit 9
            test /dev/null -ef dev/null || exit 9
            exec 3>&1; ls -l /dev > before
            \(Self.commands)
            $INFER >&-; echo "status $?" >&3
            for name in /dev/stdout /dev/stderr /dev/fd/1 /dev/new ; do
                for option in --summary --save; do $RUN --quiet $option $name >&-; $RUN --quiet $option $name >plain; done
            done
            ls -l /dev > after; cmp before after && echo same >&3'
            """
        let run = try Program(shell: privately, in: folder.url)
        guard run.status != 9, !run.error.contains("unshare") else {
            print("A private /dev cannot be made here; what root could do to /dev is not tested. \(run.error)")
            return
        }
        #expect(run.output == "status 1\nsame\n", "\(run.output)\(run.error)")
        #expect(run.error.contains("standard output: bad file descriptor"))
    }

    /// nohup: what is sent when the terminal goes does not end the run.
    @Test func aRunThatIsToOutliveItsTerminalDoes() throws {
        let folder = try prepared()
        let run = try Program(
            arguments: [
                "kmeans", "--data", "points.csv", "--clusters", "2", "--steps", "300", "--headless", "--pictures",
                "none",
                "--summary", "s.json",
            ], in: folder.url, interruptedBy: SIGHUP, ignoresHangUp: true)
        #expect(run.status == 0, "\(run.error)")
        #expect(try String(contentsOfFile: folder.path("s.json"), encoding: .utf8).contains("\"steps\": 300"))
    }

    /// Who reads JSON lines reads nothing else.
    @Test func progressAsJSONIsAloneOnStandardOutput() throws {
        let folder = try prepared()
        let run = try Program(shell: Self.commands + "$RUN --progress json --profile", in: folder.url)
        #expect(run.status == 0, "\(run.error)")
        let lines = run.output.split(separator: "\n")
        #expect(!lines.isEmpty)
        for line in lines {
            let object = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            #expect(object?["step"] != nil, "\(line)")
        }
        #expect(run.error.contains("Main loss") && run.error.contains("6 steps") && run.error.contains("per second"))
    }
}
