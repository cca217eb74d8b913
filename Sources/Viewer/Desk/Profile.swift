import Exploration

// Where the engine's time goes.

extension Desk {
    /// Tells the engine whether to measure, when that changes.
    func setProfiling(_ isWanted: Bool) {
        guard isWanted != isProfiling else { return }
        isProfiling = isWanted
        profileAskedAt = nil
        options.setProfiling?(isWanted)
    }

    func drawProfile(_ box: Box) {
        // Numbers that change in every frame could not be read.
        if profileAskedAt.map({ (clock.now - $0).seconds >= 0.5 }) ?? true {
            profileAskedAt = clock.now
            profileTable = options.profile?() ?? profileTable
        }
        let caption = profileTable.caption.isEmpty ? "by kernel, since it was opened" : profileTable.caption
        frame(
            .profile, box, title: "Profile", caption: caption,
            means: "Time, launches, bandwidth and arithmetic of each kernel, the costliest first."
        ) { body in
            guard !profileTable.rows.isEmpty else {
                let words = status.isFinished ? "The run has ended." : status.isPaused ? "Paused." : "Being measured…"
                return UI.say(words, in: body, theme.secondary)
            }
            drawTable(profileTable, in: body)
        }
    }
}
