import CLMat
import Formats
import Foundation

/// The files of a data set whose names say which part each is: `ptb.train.txt`, `ptb.valid.txt`, `ptb.test.txt`; `wiki.train.tokens`;
/// `train.txt`. Each may be packed with gzip.
struct LanguageSet {
    /// What is before the part's name: "ptb"; it may be empty.
    let name: String
    /// In lower case: "txt".
    let ending: String
    var files: [LanguagePart: String] = [:]
    /// Files that say that they are a part which another file is already.
    var surplus: [String] = []

    /// What a file's name says; nil if it says nothing of a part.
    static func part(of file: String) -> (set: String, part: LanguagePart, ending: String)? {
        let plain = file.lowercased().hasSuffix(".gz") ? String(file.dropLast(3)) : file
        var pieces = plain.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard let ending = pieces.last?.lowercased(), pieces.count > 1,
            ["txt", "text", "tokens", "raw", "npy"].contains(ending)
        else { return nil }
        pieces.removeLast()
        let base = pieces.joined(separator: ".")
        let start = base.lastIndex { ".-_".contains($0) }
        let word = start.map { base[base.index(after: $0)...] } ?? base[...]
        guard let part = LanguagePart(word) else { return nil }
        return (start.map { String(base[..<$0]) } ?? "", part, ending)
    }

    /// The sets of a folder that have a training text.
    static func sets(in folder: String) throws(CLMatError) -> [LanguageSet] {
        var sets: [LanguageSet] = []
        for entry in try Folder(BytePath(folder)).entries where !entry.isHidden && entry.kind == .file {
            guard let (name, part, ending) = part(of: entry.shown) else { continue }
            let index = sets.firstIndex { $0.name == name && $0.ending == ending } ?? sets.count
            if index == sets.count { sets.append(LanguageSet(name: name, ending: ending)) }
            if sets[index].files[part] == nil {
                sets[index].files[part] = "\(folder)/\(entry.shown)"
            } else {
                sets[index].surplus.append(entry.shown)
            }
        }
        return sets.filter { $0.files[.train] != nil }
    }
}

/// The shards of the 1-billion-word benchmark, a sentence per line: `news.en-00001-of-00100` to learn from,
/// `news.en.heldout-00000-of-00050` to be scored on.
///
/// - Source: C. Chelba, T. Mikolov, M. Schuster, Q. Ge, T. Brants, P. Koehn, T. Robinson, "One billion word benchmark for measuring
///   progress in statistical language modeling", arXiv:1312.3005, 2013.
struct LanguageShards {
    static let trainFolder = "training-monolingual.tokenized.shuffled"
    static let heldOutFolder = "heldout-monolingual.tokenized.shuffled"

    let train: [String]
    let heldOut: [String]

    /// Whether a file's name is that of a shard, and of which part.
    static func kind(_ file: String) -> (isShard: Bool, isHeldOut: Bool) {
        let name = file.lowercased().hasSuffix(".gz") ? String(file.dropLast(3)) : file
        let pieces = name.split(separator: "-")
        guard pieces.count >= 4, pieces[pieces.count - 2] == "of",
            [pieces[pieces.count - 3], pieces[pieces.count - 1]].allSatisfy({
                !$0.isEmpty && $0.allSatisfy(\.isASCIIDigit)
            })
        else { return (false, false) }
        return (true, pieces.dropLast(3).joined(separator: "-").hasSuffix(".heldout"))
    }

    /// The shards of a folder, of the benchmark's folders in it, and of the held-out folder beside it; nil if there are none to learn from.
    init?(in folder: String) throws(CLMatError) {
        var folders = [folder, "\(folder)/\(Self.trainFolder)", "\(folder)/\(Self.heldOutFolder)"]
        let url = URL(fileURLWithPath: folder).standardizedFileURL
        if url.lastPathComponent == Self.trainFolder {
            folders.append(url.deletingLastPathComponent().appendingPathComponent(Self.heldOutFolder).path)
        }
        var (train, heldOut): ([String], [String]) = ([], [])
        for folder in folders where Files.isFolder(folder) {
            for entry in try Folder(BytePath(folder)).entries where entry.kind == .file {
                let kind = Self.kind(entry.shown)
                guard kind.isShard else { continue }
                if kind.isHeldOut {
                    heldOut.append("\(folder)/\(entry.shown)")
                } else {
                    train.append("\(folder)/\(entry.shown)")
                }
            }
        }
        guard !train.isEmpty else { return nil }
        (self.train, self.heldOut) = (train, heldOut)
    }
}

extension Character {
    fileprivate var isASCIIDigit: Bool { ("0"..."9").contains(self) }
}
