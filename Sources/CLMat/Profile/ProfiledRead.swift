/// A read for later that somebody may want at once: then the profile has it as one that waits.
struct ProfiledRead: PendingRead {
    let read: any PendingRead
    let bytes: Int
    let profile: Profile
    /// Launches that were recorded when it was asked for.
    let launches: Int

    func wait() throws(CLMatError) -> [UInt32] {
        // If more work was given out since, the device is busy while the host waits.
        guard profile.launches == launches, let start = profile.clock else { return try read.wait() }
        let words = try read.wait()
        profile.note("read", LaunchCost(kind: .read, bytes: bytes), since: start, isDone: true)
        return words
    }
}
