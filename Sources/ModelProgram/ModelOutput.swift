import Exploration

/// What a model is kept for beside its session: a file, or files in a folder, written when the run has ended.
///
/// Its place is checked before the run. It is written by itself: one that fails does not keep the others from being written.
public struct ModelOutput: Sendable {
    /// What errors call it: the option that names it.
    let option: String
    let path: String
    let isFolder: Bool
    let write: @Sendable (Learner) throws -> Void

    /// A file.
    ///
    /// - Parameters:
    ///   - option: the option that names it, `--model`, for errors.
    ///   - write: writes it, from the run as it ended.
    public static func file(
        _ path: String, option: String, write: @escaping @Sendable (Learner) throws -> Void
    ) -> ModelOutput { ModelOutput(option: option, path: path, isFolder: false, write: write) }

    /// Files in a folder, which is made before the run if it is missing.
    ///
    /// - Parameters:
    ///   - option: the option that names it, `--export`, for errors.
    ///   - write: writes them, from the run as it ended.
    public static func folder(
        _ path: String, option: String, write: @escaping @Sendable (Learner) throws -> Void
    ) -> ModelOutput { ModelOutput(option: option, path: path, isFolder: true, write: write) }
}
