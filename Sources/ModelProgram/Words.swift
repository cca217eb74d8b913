import CLMat
import Exploration

/// A number of things: "1 step", "2,000 steps".
package func counted(_ count: Int, _ thing: String) -> String { "\(grouped(count)) \(thing)\(count == 1 ? "" : "s")" }
