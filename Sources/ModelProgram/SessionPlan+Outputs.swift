import CLMat
import Exploration
import Viewer

extension SessionPlan {
    /// What could not be written in the end is said before an hour of work. Folders are made when all else is well.
    static func checkOutputs(
        _ command: any ModelCommand, given: any ModelCommand, _ options: RunOptions, isAttended: Bool,
        screenshots: [String]
    ) throws -> OutputChecks {
        let data = command.dataPath
        let folder = data.flatMap { Files.isFolder($0) && command.readsEveryFile(of: $0) ? $0 : nil }
        var checks = OutputChecks(
            dataFolder: folder, inputs: [data, options.play].compactMap { $0 } + command.inputs)
        var files: [(option: String, path: String)] = []
        func add(_ option: String, _ path: String?) { if let path { files.append((option, path)) } }
        add("--save", options.save)
        add("--save, for checkpoints,", options.save.map { $0 + ".safetensors" })
        if options.resume != nil { add("--save, for its start,", options.save.map { $0 + ".start.safetensors" }) }
        add("--summary", options.summary)
        add("--screenshot", options.screenshot)
        let (folderOutputs, fileOutputs) = (given.outputs.filter(\.isFolder), given.outputs.filter { !$0.isFolder })
        files += fileOutputs.map { ($0.option, $0.path) }
        // A film without an ending is a folder for its frames, which is made when there is one.
        if let film = options.film {
            try Film.check(film)
            if Film.isFile(film) { add("--film", film) } else { try checks.checkFolder(film) }
        }
        for file in screenshots { add("a screenshot of \(options.play ?? "the script")", file) }
        let folders =
            folderOutputs.map(\.path) + (isAttended || options.pictures == "none" ? [] : [options.pictures])

        func check(_ option: String, _ path: String) throws(CLMatError) {
            try checks.check(path, of: option)
            if option == "--save" { try SessionWriter.check(path) }
        }
        // A file may go into a folder that this run makes.
        func isLater(_ path: String) -> Bool {
            folders.contains { !Files.isFolder($0) && Files.lies(path, in: $0) }
        }
        let later = files.filter { isLater($0.path) }
        for (option, path) in files where !isLater(path) { try check(option, path) }
        for folder in folders {
            do throws(CLMatError) {
                try checks.checkFolder(folder)
            } catch {
                guard folder == options.pictures, case .fileNotWritable(_, let reason) = error else { throw error }
                throw CLMatError.fileNotWritable(
                    path: folder, reason: reason + " (--pictures names another folder for the pictures, or none)")
            }
        }
        for folder in folders { try Files.makeFolder(folder) }
        for (option, path) in later { try check(option, path) }
        return checks
    }
}
