import Exploration
import Foundation
import TestSupport
import Testing

/// What the README, the articles and the comments show is what the libraries and the program take.
@Suite(.enabled(if: BuiltModules.obstacle == nil, "There is nothing to compile with."))
struct CodeBlockTests {
    // MARK: - Swift

    /// The blocks of one document continue one another, as one `main.swift`; those that are package manifests stand alone.
    @Test(arguments: Repository.documents)
    func theProgramOfADocumentCompiles(_ document: String) throws {
        let blocks = try CodeBlock.all(in: document).filter { $0.language == "swift" }
        let program = blocks.filter { $0.toolsVersion == nil }
        for manifest in blocks where manifest.toolsVersion != nil { Self.report(try Self.problem(with: [manifest])) }
        if !program.isEmpty { Self.report(try Self.problem(with: program)) }
    }

    /// What the examples of comments take as given, by file: parameters of a function around them, or a type around those that
    /// are members of one.
    private static let surroundings: [String: (before: String, after: String)] = [
        "Archive.swift": ("struct Sizes { var centroids: Matrix; var sizes: [Double]", "}"),
        "BeforeChange.swift": (
            """
            struct Sizes: Model {
                var sizes: [Double] = []
                let title = ""
                let controls: [Control] = []
                let metrics: [Metric] = []
                mutating func update(_ context: StepContext<Int>) throws(CLMatError) -> Measurements { Measurements() }
                mutating func archive(_ archive: Archive) throws(CLMatError) {}
            }
            func figure() -> Figure<Sizes> {
            """, "}"
        ),
        "Experiment.swift": parameters("model: NetworkTrainer, batches: ImageBatches"),
        "KMeans.swift": parameters("x: Matrix, y: Matrix"),
        "Kernel.swift": ("", ""),
        "LDA.swift": parameters("corpus: Corpus, newDocuments: SparseRows, device: Device"),
        "ModelCommand.swift": (
            """
            struct RidgeModel: Model {
                let title = ""
                let controls: [Control] = []
                let metrics: [Metric] = []
                init(on device: Device) {}
                mutating func update(_ context: StepContext<Int>) throws(CLMatError) -> Measurements { Measurements() }
                mutating func archive(_ archive: Archive) throws(CLMatError) {}
            }
            struct RidgeData: DataSource {
                let name = ""
                let stepsPerEpoch = 1
                func batch(at place: DataPlace) -> Int { 1 }
            }
            """, ""
        ),
        "ModelProgram.swift": ("static func example<Ridge: ModelCommand>(_ ridge: Ridge.Type) {", "}"),
        "SavedView.swift": parameters("experiment: inout Experiment"),
        "Film.swift": parameters("learner: Learner"),
        "Handle.swift": ("struct Sampler {" + sampler, "}"),
        "Preset.swift": ("struct Sampler {" + sampler, "}"),
        "Settings.swift": parameters("weights: inout Matrix, gradient: Matrix, context: StepContext<Int>"),
        "StreamedSource.swift": (
            """
            struct RecordFile: SampleReader {
                struct Record { let values: [Float] }
                init(_ path: String, from position: Int) throws(CLMatError) {}
                mutating func next(_ count: Int) throws(CLMatError) -> [Record] { [] }
            }
            func source(path: String, device: Device) throws {
            """, "}"
        ),
        "Viewer.swift": parameters("model: NetworkTrainer, data: ImageBatches"),
    ]

    /// The controls of what has a handle and presets.
    private static let sampler = """

        static let noise = Control("noise", title: "noise σ", range: 0.001...10, initial: 0.3, help: "")
        static let stepSize = Control("step-size", title: "step β", range: 1e-4...1, initial: 0.01, help: "")
        static let momentum = Control("momentum", title: "momentum γ", range: 0...0.99, initial: 0.9, help: "")
        static let holdTemperature = Control.toggle("hold-temperature", title: "hold T", initial: false, help: "")
        """

    private static func parameters(_ list: String) -> (before: String, after: String) {
        ("@MainActor func example(\(list)) throws {", "}")
    }

    @Test func theExamplesOfCommentsCompile() throws {
        let blocks = try Repository.files(in: "Sources", ending: ".swift").flatMap(CodeBlock.all)
            .filter { $0.language == "swift" }
        try #require(blocks.count >= 10)
        var program = "import ArgumentParser\n" + Repository.documentedModules.map { "import \($0)\n" }.joined()
        for (index, block) in blocks.enumerated() {
            let name = URL(fileURLWithPath: block.file).lastPathComponent
            let around = Self.surroundings[name] ?? Self.parameters("")
            // A name space for each, except around what can only stand outside of types.
            let isOutside = around.before.isEmpty
            program += isOutside ? "" : "enum Example\(index) {\n"
            program += around.before + "\n" + Self.numbered(block) + around.after + (isOutside ? "\n" : "\n}\n")
        }
        Self.report(try Self.problem(withProgram: program))
    }

    /// What is wrong with a block is said with the place where it stands.
    @Test func aMistakeIsNamedByFileAndLine() throws {
        let good = CodeBlock(file: "docs/a.md", line: 3, language: "swift", lines: ["import CLMat", "let n = 2"])
        let bad = CodeBlock(
            file: "docs/a.md", line: 20, language: "swift",
            lines: ["let device = Device.cpu", "let m = try Matrix(zeroes: Shape(n, n), on: device)"])
        #expect(try Self.problem(with: [good]) == nil)
        let problem = try #require(try Self.problem(with: [good, bad]))
        #expect(problem.contains("docs/a.md:21:"), "\(problem)")
        // The second one alone lacks what the first one has.
        #expect(try Self.problem(with: [bad])?.contains("docs/a.md:20:") == true)
        // What a document names must not be on its way out.
        let old = CodeBlock(
            file: "docs/b.md", line: 7, language: "swift",
            lines: ["@available(*, deprecated) func old() {}", "old()"])
        #expect(try Self.problem(with: [old])?.contains("docs/b.md:8:") == true)
    }

    private static func report(_ problem: String?) {
        if let problem { Issue.record("\(problem)") }
    }

    /// The code of a block, with its place for the compiler.
    private static func numbered(_ block: CodeBlock) -> String {
        "#sourceLocation(file: \"\(block.file)\", line: \(block.line))\n\(block.text)\n#sourceLocation()\n"
    }

    private static func problem(with blocks: [CodeBlock]) throws -> String? {
        try problem(withProgram: blocks.map(numbered).joined(), manifestFor: blocks.first?.toolsVersion)
    }

    private static func problem(withProgram program: String, manifestFor tools: String? = nil) throws -> String? {
        var problem: String?
        try inTemporaryFolder { folder in
            let file = URL(fileURLWithPath: folder).appendingPathComponent("main.swift")
            try Data(program.utf8).write(to: file)
            problem = try BuiltModules.check(file, manifestFor: tools)
        }
        return problem
    }

    // MARK: - Commands and scripts

    private static let commands = Result { try BuiltModules.optionsOfExplore() }

    /// Commands and options of `explore` are there, and so are the targets of `make`.
    @Test(arguments: Repository.documents)
    func theCommandsOfADocumentExist(_ document: String) throws {
        let makefile = try String(contentsOf: Repository.root.appendingPathComponent("Makefile"), encoding: .utf8)
        for block in try CodeBlock.all(in: document) where block.language == "sh" {
            for (index, line) in block.lines.enumerated() {
                let place = "\(block.file):\(block.line + index)"
                let words = line.prefix { $0 != "#" }.split(separator: " ").map(String.init)
                switch words.first {
                case "explore":
                    let problem = try Self.problem(with: Array(words.dropFirst()), Self.commands.get())
                    #expect(problem == nil, "\(place)")
                case "make":
                    for target in words.dropFirst() where !target.contains("=") {
                        #expect(makefile.contains("\n\(target):"), "\(place): no target '\(target)'")
                    }
                case nil: break
                default: Issue.record("\(place): only explore and make are checked")
                }
            }
        }
    }

    /// The options of a table in the README, too.
    @Test func theOptionsOfTheTablesExist() throws {
        let all = try Self.commands.get().values.reduce(Set<String>()) { $0.union($1) }
        let readme = try String(contentsOf: Repository.root.appendingPathComponent("README.md"), encoding: .utf8)
        let cells = readme.split(separator: "\n").filter { $0.hasPrefix("| `--") }.compactMap {
            $0.split(separator: "|").first
        }
        try #require(cells.count > 20)
        for cell in cells {
            for option in cell.matches(of: #/--[a-z-]+/#).map({ String($0.output) }) {
                #expect(all.contains(option), "\(option)")
            }
        }
    }

    @Test func anOptionThatIsMissingIsFound() throws {
        let commands = try Self.commands.get()
        #expect(Self.problem(with: ["kmeans", "--clusters", "4"], commands) == nil)
        #expect(Self.problem(with: ["lda", "infer", "--model", "a.topics"], commands) == nil)
        #expect(Self.problem(with: ["kmeans", "--topics", "4"], commands) == "explore kmeans has no option --topics")
        #expect(Self.problem(with: ["kmean"], commands) == "explore has no command kmean")
    }

    /// What is wrong with the words after `explore`; nil if nothing is.
    private static func problem(with words: [String], _ commands: [[String]: Set<String>]) -> String? {
        var path: [String] = []
        for word in words.prefix(while: { !$0.hasPrefix("-") }) where commands[path + [word]] != nil {
            path.append(word)
        }
        if path.isEmpty, let word = words.first { return "explore has no command \(word)" }
        let options = commands[path] ?? []
        let missing = words.first { $0.hasPrefix("--") && !options.contains(String($0.prefix { $0 != "=" })) }
        return missing.map { "explore \(path.joined(separator: " ")) has no option \($0)" }
    }

    @Test(arguments: Repository.documents)
    func theScriptsOfADocumentAreRead(_ document: String) throws {
        for block in try CodeBlock.all(in: document) where block.language == "json" {
            _ = try Script(json: Data(block.text.utf8), from: block.place)
        }
    }
}
