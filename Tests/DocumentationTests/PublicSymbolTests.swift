import Foundation
import TestSupport
import Testing

/// Every public symbol says what it is.
@Suite(.enabled(if: BuiltModules.obstacle == nil, "There is nothing to read the symbols from."))
struct PublicSymbolTests {
    private struct Graph: Decodable {
        struct Symbol: Decodable {
            struct Comment: Decodable {}
            struct Location: Decodable {
                struct Position: Decodable {
                    let line: Int
                }
                let uri: String
                let position: Position
            }
            let pathComponents: [String]
            let docComment: Comment?
            let location: Location?
        }
        let symbols: [Symbol]
    }

    /// A witness of a protocol's requirement has the comment of the requirement.
    @Test(arguments: Repository.documentedModules)
    func noPublicSymbolLacksAComment(_ module: String) throws {
        try inTemporaryFolder { folder in
            try BuiltModules.extractSymbols(of: module, into: URL(fileURLWithPath: folder))
            var count = 0
            for file in try FileManager.default.contentsOfDirectory(atPath: folder) {
                let data = try Data(contentsOf: URL(fileURLWithPath: folder).appendingPathComponent(file))
                let symbols = try JSONDecoder().decode(Graph.self, from: data).symbols
                count += symbols.count
                let bare = symbols.filter { $0.docComment == nil }.map { symbol in
                    let file = symbol.location?.uri.split(separator: "/").last ?? "?"
                    let line = symbol.location.map { "\($0.position.line + 1)" } ?? "?"
                    return "\(file):\(line): \(symbol.pathComponents.joined(separator: "."))"
                }
                #expect(bare.isEmpty, "without a comment: \(bare.sorted().joined(separator: "; "))")
            }
            #expect(count > 0)
        }
    }
}
