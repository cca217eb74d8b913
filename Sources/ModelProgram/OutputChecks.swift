import CLMat

/// Outputs of a run before it begins: what could not be written in the end is said before an hour of work.
package struct OutputChecks {
    /// The folder whose every file the next run would read as data.
    let dataFolder: String?
    /// Files that the run reads.
    let inputs: [String]
    /// Which option writes each plain file.
    private var writers: [String: String] = [:]

    /// - Parameter dataFolder: the data, if it is a folder of which all files are read.
    package init(dataFolder: String?, inputs: [String]) { (self.dataFolder, self.inputs) = (dataFolder, inputs) }

    /// Checks a file that an option names.
    ///
    /// - Throws: ``/CLMat/CLMatError/fileNotWritable(path:reason:)``.
    package mutating func check(_ path: String, of option: String) throws(CLMatError) {
        guard case .file(let file) = try Files.checkWritable(path) else { return }
        try checkIsNoData(path, at: file)
        for input in inputs where Files.isSame(input, file) {
            throw .fileNotWritable(path: path, reason: "the run reads it")
        }
        if let other = writers.updateValue(option, forKey: file), other != option {
            throw .fileNotWritable(path: path, reason: "\(other) and \(option) need files of their own")
        }
    }

    /// Checks a folder to write into, which is made if it is missing.
    ///
    /// - Throws: ``/CLMat/CLMatError/fileNotWritable(path:reason:)``.
    func checkFolder(_ path: String) throws(CLMatError) {
        try checkIsNoData(path, at: path)
        try Files.checkFolder(path)
    }

    /// Whether something at a place would not be read as data.
    ///
    /// - Throws: ``/CLMat/CLMatError/fileNotWritable(path:reason:)``.
    func checkIsNoData(_ path: String, at place: String) throws(CLMatError) {
        guard let dataFolder, Files.lies(place, in: dataFolder) else { return }
        throw .fileNotWritable(
            path: path, reason: "the next run would read it as data, as it lies in \(dataFolder); name another folder")
    }
}
