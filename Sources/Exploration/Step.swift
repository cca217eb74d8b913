/// One tick of the engine. Everything random in it is keyed by (seed, number, stream), so a step done again
/// draws the same numbers.
public struct Step: Sendable, Equatable {
    /// 1 for the first.
    public let number: Int
    /// The seed that the step's random numbers begin from.
    public let seed: UInt64

    /// The step of this number.
    public init(_ number: Int, seed: UInt64) { (self.number, self.seed) = (number, seed) }
}
