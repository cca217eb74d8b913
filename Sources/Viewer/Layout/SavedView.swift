import Exploration

/// What a person looked at when a window was closed, as it is kept with the layout.
struct SavedView: Codable, Equatable {
    /// Of the data: what was chosen among them means nothing with others.
    var dataChecksum = ""
    /// Values of controls that only concern what is shown.
    var values: [String: Double] = [:]
    /// Words, topics and the like, by number.
    var choices: [String: [Int]] = [:]

    /// What of it holds for a run.
    func view(for dataChecksum: String) -> ViewState {
        ViewState(values: values, choices: dataChecksum == self.dataChecksum ? choices : [:])
    }
}

extension Viewer {
    /// What was looked at when a window of this layout name was last closed, for an experiment to begin with.
    ///
    /// ```swift
    /// experiment.look(at: Viewer.savedView(layoutName: "lda", of: experiment))
    /// ```
    nonisolated public static func savedView(layoutName: String, of experiment: Experiment) -> ViewState {
        Layout(named: layoutName).view.view(for: experiment.dataChecksum)
    }
}
