import CLMat
import Exploration

/// A value that a person pointed at and the model does not have yet: a second click would mean the default instead. The
/// slider shows it already.
struct ArmedSetting {
    let control: String
    var value: Double
    let gesture: Int
    /// Where the button went down, and when.
    let place: Point
    let since: ContinuousClock.Instant

    /// Within what the gui takes two clicks for one double click: seconds, and units of the window.
    static let seconds = 0.3
    static let distance: Float = 6

    func isNear(_ mouse: Point) -> Bool {
        abs(mouse.x - place.x) <= Self.distance && abs(mouse.y - place.y) <= Self.distance
    }
}

/// What the controls show, and the way of a new value to the learner.
final class ControlValues: DashboardPart {
    /// What a press on a slider will set, until it is known not to be the first half of a double click.
    private(set) var armed: ArmedSetting?
    /// Values that were sent, until the learner has them.
    private(set) var sent: [String: (value: Double, at: ContinuousClock.Instant)] = [:]
    /// The preset that was chosen last on the way here, or with which the run began.
    private(set) var preset: Preset?
    /// Counts drags of sliders and presses of keys: what one of them sets is one change.
    private var gestures = 0

    override func refresh() {
        let chosen = (past + commandsMade).last { if case .preset = $0.command { true } else { false } }
        var id = learner.startPreset
        if case .preset(let last, _) = chosen?.command { id = last }
        preset = dashboard.presets.first { $0.id == id }
        sent = sent.filter { id, sent in
            status.settings.values[id] != sent.value && (clock.now - sent.at).seconds < 5
        }
    }

    override func beginFrame() { settleArmed() }

    /// Its time passes with the frames.
    override func hasNews() -> Bool { armed != nil }

    /// The value to show: what is about to be sent, what was sent last, else what the learner has.
    func value(of control: Control) -> Double {
        if let armed, armed.control == control.id { return armed.value }
        return sent[control.id]?.value ?? status.settings.values[control.id] ?? control.initial
    }

    /// The value that a double click leads to: that of the preset which was chosen last, or the initial one.
    func startValue(of control: Control) -> Double { status.settings.startValue(of: control, in: preset) }

    /// Reads what a person typed.
    ///
    /// - Throws: ``/CLMat/CLMatError/invalidValue(setting:value:accepted:)``, also for a value that a handle cannot have now.
    func parse(_ text: String, of control: Control) throws(CLMatError) -> Double {
        try status.settings.checked(control.parse(text), of: control)
    }

    /// Sets a control, or the nearest value that it can have now.
    ///
    /// - Parameter gesture: the drag that it belongs to; a gesture of its own if nil.
    func set(_ control: Control, to wanted: Double, gesture: Int? = nil) {
        let value = status.settings.nearest(wanted, of: control)
        if gesture == nil || armed?.gesture != gesture { settleArmed(now: true) }
        guard !status.isFinished, value != self.value(of: control) else { return }
        sent[control.id] = (value, clock.now)
        learner.send(.set(control: control.id, to: value), gesture: gesture ?? newGesture())
    }

    /// Keeps what a press on a slider asks for, until it is known to be no double click.
    func arm(_ setting: ArmedSetting) {
        settleArmed(now: true)
        armed = setting
    }

    /// The slider was pulled on a little.
    func rearm(to value: Double) { armed?.value = value }

    /// It is not to be sent.
    func disarm() { armed = nil }

    /// Sends what a press on a slider asked for once it cannot become a double click any more, or `now`.
    func settleArmed(now: Bool = false) {
        guard let armed else { return }
        // A drag goes on by itself.
        let hasLeft = dashboardView.controlPanels.hand.held?.gesture != armed.gesture && !armed.isNear(UI.mouse)
        guard now || hasLeft || (clock.now - armed.since).seconds >= ArmedSetting.seconds else { return }
        self.armed = nil
        guard let control = dashboard.control(armed.control) else { return }
        set(control, to: armed.value, gesture: armed.gesture)
    }

    func newGesture() -> Int {
        gestures += 1
        return gestures
    }
}
