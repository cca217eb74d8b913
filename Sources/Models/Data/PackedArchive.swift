import CLMat
import Formats

/// A tar archive: plain, or packed by gzip or, where its name ends so, by xz.
struct PackedArchive {
    /// The archive, unpacked.
    let bytes: [UInt8]
    /// Its files in the order of their names, and where the content of each is.
    let files: [(name: String, content: Range<Int>)]

    /// - Parameter environment: `PATH` is where the program `xz` is looked for.
    /// - Throws: ``/CLMat/CLMatError/fileMissing(path:hint:)``, also if there is no `xz`;
    ///   ``/CLMat/CLMatError/fileDamaged(path:place:problem:)``.
    init(_ path: String, _ environment: [String: String]) throws(CLMatError) {
        bytes =
            path.lowercased().hasSuffix("xz")
            ? try ProgramOutput.read(
                "xz", ["--decompress", "--stdout", path], environment: environment,
                hint: "It unpacks \(path): apt-get install xz-utils")
            : try GzipFile.read(path)
        files = try TarArchive.files(bytes, path: path)
            .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }
}
