import CLMat
import Exploration

/// The codes of a minibatch of points, for criteria of them. They are made small: NMF minimises ½‖x − hW‖² + Σ λᵢ fᵢ(h) per point,
/// with lengths in units of the points' root mean square length, so that λ is in squares of it for each unit of f.
public struct Codes: MixinSubject {
    public typealias Gradient = CodeGradient

    private let h: Matrix
    private let unit: Float

    init(_ h: Matrix, unit: Float) { (self.h, self.unit) = (h, unit) }

    /// The points of the minibatch.
    public var count: Int { h.rows }
    /// The parts of the dictionary.
    public var parts: Int { h.columns }

    /// H, points × parts, in units of the points' root mean square length.
    public var values: Matrix { get throws(CLMatError) { try h * (1 / unit) } }

    public var isFinite: Bool { get throws(CLMatError) { try h.isFinite } }
}

/// The gradient of a criterion of codes.
public enum CodeGradient: GradientSum {
    /// The same for all codes.
    case everywhere(Double)
    /// Points × parts.
    case each(Matrix)

    /// The gradient times a factor.
    public func weighted(_ factor: Double) throws(CLMatError) -> CodeGradient {
        switch self {
        case .everywhere(let value): .everywhere(value * factor)
        case .each(let values): .each(try values.weighted(factor))
        }
    }

    /// Adds another gradient times a factor.
    public mutating func accumulate(_ other: CodeGradient, weight factor: Double) throws(CLMatError) {
        switch (self, try other.weighted(factor)) {
        case (.everywhere(let own), .everywhere(let other)): self = .everywhere(own + other)
        case (.everywhere(let value), .each(let values)), (.each(let values), .everywhere(let value)):
            self = .each(try values + Float(value))
        case (.each(let own), .each(let other)): self = .each(try own + other)
        }
    }

    /// The mean of the squares over all codes, so that numbers that are the same for all need no matrix.
    public func squaredNorm() throws(CLMatError) -> Double {
        switch self {
        case .everywhere(let value): value * value
        case .each(let values): Double(try values.sumOfSquares()) / Double(max(1, values.count))
        }
    }

    public func squaredNormLater() throws(CLMatError) -> Later<Double> {
        switch self {
        case .everywhere(let value): return Later(value * value)
        case .each(let values):
            let count = Double(max(1, values.count))
            return try values.sumOfSquaresLater().map { Double($0) / count }
        }
    }

    public var isFinite: Bool {
        get throws(CLMatError) {
            switch self {
            case .everywhere(let value): value.isFinite
            case .each(let values): try values.isFinite
            }
        }
    }
}
