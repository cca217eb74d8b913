import CImGui

extension UI {
    /// Where the windows and widgets of this frame are, by name; nil where nobody asks. Tests find them so.
    ///
    /// A window is called as its panel is (``Panel/name``), or `toolbar`, `status`, `help`, `leaving`, `graph-menu`,
    /// `action-menu`, `preset-menu`, `window:FIGURE` for a figure's own window, `gaps`, `empty`, `dashboard-bar`. A widget has its window's name,
    /// a slash, and its own:
    /// - any panel: `title`, `close`, `corner`, `body`; `export` and `word` where its title has them
    /// - `toolbar/`: `pause`, `step`, `rewind`, `undo`, …; `timeline`, `timeline/track`
    /// - `controls:GROUP/CONTROL/`: `name`, `value`, `field`, `link`, `affects/METRIC`, `affects/more`; `track`, and
    ///   `slider`, which is what can be taken around it; `switch`; `0`, `1`, … for the options of a choice
    /// - `add/`: `search`; a panel's name, `preset:ID`, `mixin:ID` or `attachment:ID`, and `control:ID` among what was found
    /// - `metric:ID/`: `curves`, where they are; `plot`, where the mouse steers them; `goal`, `goal-line`;
    ///   `legend/METRIC` and `take-off/METRIC` where there are several metrics
    /// - `plot:Y:X/`: `path`
    /// - `figure:ID/`: what its renderer calls its parts, as `cell 3`; the compared branch's have `other ` before that
    /// - `branches/BRANCH/`: `name`, `field`, `go`, `compare`, `delete`
    /// - `gaps/gap`, all that lies behind the panels
    /// - `history/`: `0`, `1`, … for the lines from the top, and `1/after` in the one under the mouse
    /// - `preset-menu/`: the presets by their ids
    /// - `graph-menu/`: `here`, `remove`, `pause`, `log`, `smooth/0.9`, …, `take-off/METRIC`, `add`, `plot`, `add/METRIC`,
    ///   `plot/METRIC`
    /// - `leaving/`: `save`, `leave`, `stay`
    /// - `action-menu/` and `window:FIGURE/`: `action/0`, `action/0/field`; `action/0/ANSWER` for the answers by name
    /// - `status/`: `words`, `warning/ID`, `warning/ID/undo`, `warning/ID/back`, `warning/ID/ACTION`
    static var places: [String: Box]?
    private static var window = ""

    /// Notes where something is that has a name.
    static func note(_ id: String, _ box: Box) { places?["\(window)/\(id)"] = box }

    /// A window without any decoration. What is drawn and asked until ``endWindow()`` is in it.
    ///
    /// - Parameters:
    ///   - staysBehind: whether a click does not bring it above the others.
    ///   - comesToFront: whether it is above them from this frame on.
    static func beginWindow(
        _ name: String, _ box: Box, fill: Colour, edge: Colour, radius: Float = 0, staysBehind: Bool = false,
        comesToFront: Bool = false
    ) {
        window = name
        places?[name] = box
        gui_begin_window(
            name, box.x, box.y, box.width, box.height, fill.packed, edge.packed, radius, staysBehind, comesToFront)
    }

    static func endWindow() {
        gui_end_window()
        window = ""
    }
}
