import CLMat
import Exploration
import Formats
import Foundation
import Models
import Viewer

/// Singular values of each layer's weights: how far a layer stretches what it is given, by direction.
struct Spectrum: FigureContent {
    struct Layer: Sendable {
        var name: String
        /// The largest first.
        var values: [Double]
    }
    var layers: [Layer]
    /// Names of layers that are too large.
    var leftOut: [String] = []

    var caption: String {
        let count = layers.count == 1 ? "1 layer" : "\(layers.count) layers"
        return leftOut.isEmpty ? count : "\(count), without \(leftOut.joined(separator: ", ")): too large"
    }

    var csv: String? {
        csvLines(
            [["layer", "rank", "singular value"]]
                + layers.flatMap { layer in
                    layer.values.enumerated().map { [layer.name, "\($0.offset + 1)", "\($0.element)"] }
                })
    }

    var whyEmpty: String? { layers.contains { !$0.values.isEmpty } ? nil : "No layer has weights of a size to show." }
}

// MARK: - How it is computed

extension Figure where Subject == NetworkTrainer {
    /// Layers with more rows and columns than this would take longer than a person waits.
    private static var largest: Int { 200 }

    static var spectrum: Figure {
        Figure(
            "spectrum", title: "Singular values",
            help: "how far each layer stretches its inputs; a flat line is a layer with orthogonal rows",
            isShownAtStart: true
        ) { trainer, _ in
            let network = trainer.network
            var spectrum = Spectrum(layers: [])
            for place in network.weightPlaces {
                let (name, w) = (network.stages[place.stage].name, network.parameters[place.stage][place.index])
                guard min(w.rows, w.columns) <= largest else {
                    spectrum.leftOut.append(name)
                    continue
                }
                guard let values = try singularValues(of: w) else {
                    return NothingToShow("The weights of \(name) are not finite.")
                }
                spectrum.layers.append(Spectrum.Layer(name: name, values: values))
            }
            return spectrum
        }
    }
}

/// The singular values of W, the largest first: roots of the eigenvalues of W Wᵀ or Wᵀ W, whichever is smaller. Those below 10⁻⁷
/// of the largest are rounding errors. Nil if W is not finite.
func singularValues(of matrix: Matrix) throws(CLMatError) -> [Double]? {
    let w = try matrix.values.map(Double.init)
    guard w.allSatisfy(\.isFinite) else { return nil }
    let isWide = matrix.rows <= matrix.columns
    let (n, length) = isWide ? (matrix.rows, matrix.columns) : (matrix.columns, matrix.rows)
    // Vector i begins here; its elements are so far apart.
    func start(_ i: Int) -> Int { isWide ? i * length : i }
    let stride = isWide ? 1 : n
    var products = [Double](repeating: 0, count: n * n)
    for i in 0..<n {
        for j in 0...i {
            var sum = 0.0
            for k in 0..<length { sum += w[start(i) + k * stride] * w[start(j) + k * stride] }
            products[i * n + j] = sum
            products[j * n + i] = sum
        }
    }
    return eigenvalues(of: products, n).map { max(0, $0).squareRoot() }.sorted(by: >)
}

/// The eigenvalues of a symmetric n × n matrix by Jacobi's method: plane rotations make one pair of elements beside the diagonal
/// zero after the other, until all are rounding errors.
///
/// - Cost: some 7 sweeps of 4n³ multiplications.
/// - Source: G. H. Golub, C. F. Van Loan, "Matrix computations", 4th ed., section 8.5.
private func eigenvalues(of matrix: [Double], _ n: Int) -> [Double] {
    var a = matrix
    let whole = a.reduce(0) { $0 + $1 * $1 }
    for _ in 0..<30 {
        var beside = 0.0
        for p in 0..<n { for q in 0..<p { beside += 2 * a[p * n + q] * a[p * n + q] } }
        if beside <= 1e-30 * whole { break }
        for p in 0..<n {
            for q in p + 1..<max(p + 1, n) where a[p * n + q] != 0 {
                // t = tan of the angle: the smaller root of t² + 2θt − 1 = 0.
                let theta = (a[q * n + q] - a[p * n + p]) / (2 * a[p * n + q])
                let t = (theta < 0 ? -1 : 1) / (abs(theta) + (1 + theta * theta).squareRoot())
                let c = 1 / (1 + t * t).squareRoot()
                let s = t * c
                for k in 0..<n {
                    let (x, y) = (a[k * n + p], a[k * n + q])
                    (a[k * n + p], a[k * n + q]) = (c * x - s * y, s * x + c * y)
                }
                for k in 0..<n {
                    let (x, y) = (a[p * n + k], a[q * n + k])
                    (a[p * n + k], a[q * n + k]) = (c * x - s * y, s * x + c * y)
                }
            }
        }
    }
    return (0..<n).map { a[$0 * n + $0] }
}

// MARK: - How it is drawn

/// A line per layer over the ranks of its singular values, from the largest to the smallest, on a logarithmic axis.
struct SpectrumRenderer: FigureRenderer {
    func draw(_ spectrum: Spectrum, in frame: FigureFrame) {
        let body = frame.body
        // A logarithm has no place for 0: a line ends before.
        let layers = spectrum.layers.map { layer in (layer: layer, shown: layer.values.filter { $0 > 0 }) }
        let all = layers.flatMap(\.shown)
        guard let low = all.min(), let high = all.max() else {
            return frame.say("All weights are zero.", in: body, frame.theme.secondary)
        }
        let nameWidth = min(spectrum.layers.map { Face.small.width(of: $0.name) }.max() ?? 0, body.width * 0.3)
        let plot = body.inset(44, 22, nameWidth + 14, 36)
        let axis = LogAxis(low...high, height: plot.height)
        func x(_ share: Double) -> Float { plot.x + Float(share) * plot.width }
        func y(_ value: Double) -> Float { plot.maxY - Float(axis.share(of: value)) * plot.height }

        frame.text("singular value σ", Point(body.x, body.y), frame.theme.secondary, .small)
        for value in axis.values {
            frame.rule(
                Point(plot.x, y(value)), length: plot.width, value == 1 ? frame.theme.track : frame.theme.faint)
            frame.text(
                format(value), Point(plot.x - 8, y(value) - 6), frame.theme.secondary, .smallMono, align: .right)
        }
        frame.axis(0...1, "rank in the layer, from the largest (0) to the smallest (1)", below: plot, x)

        let lines = layers.map { layer, shown in
            shown.enumerated().map { Point(x(Self.share($0.offset, of: layer.values.count)), y($0.element)) }
        }
        let item = frame.item("plot", plot)
        let nearest = item.contains(.hovered) ? Self.nearest(to: frame.mouse, of: lines) : nil
        for (index, line) in lines.enumerated() {
            let shade = Self.shade(index, of: lines.count, frame.theme)
            if line.count == 1, let point = line.first { frame.disc(point, radius: 2.5, shade) }
            frame.polyline(line, shade, thickness: index == nearest ? 3 : 1.5)
        }
        let ends = Self.apart(lines.map { ($0.last?.y ?? plot.maxY) - 6 }, within: plot.y - 6...plot.maxY - 6)
        for (index, line) in lines.enumerated() where !line.isEmpty {
            let name = Face.small.shortened(spectrum.layers[index].name, to: nameWidth)
            frame.text(name, Point(plot.maxX + 8, ends[index]), Self.shade(index, of: lines.count, frame.theme), .small)
        }
        if item.contains(.hovered) { tell(spectrum, Double((frame.mouse.x - plot.x) / plot.width), plot, frame) }
    }

    /// The value of each layer below the mouse.
    private func tell(_ spectrum: Spectrum, _ share: Double, _ plot: Box, _ frame: FigureFrame) {
        frame.rule(Point(frame.mouse.x, plot.y), length: plot.height, vertical: true, frame.theme.secondary.faded(0.7))
        let facts = spectrum.layers.filter { !$0.values.isEmpty }.map { layer in
            let count = layer.values.count
            let index = min(count - 1, max(0, Int((share * Double(count - 1)).rounded())))
            return (name: "\(layer.name), \(index + 1) of \(count)", value: format(layer.values[index]))
        }
        frame.tooltip(title: "σ at rank \(format(share, digits: 2))", facts: facts)
    }

    /// The rank as a share, so that layers of all sizes have the same axis.
    private static func share(_ index: Int, of count: Int) -> Double { Double(index) / Double(max(1, count - 1)) }

    /// The first layer is the brightest: the window's colours belong to its sliders.
    private static func shade(_ index: Int, of count: Int, _ theme: Theme) -> Colour {
        theme.text.faded(1 - 0.65 * Float(index) / Float(max(1, count - 1)))
    }

    private static func nearest(to mouse: Point, of lines: [[Point]]) -> Int? {
        func distance(_ line: [Point]) -> Float {
            line.map { hypot($0.x - mouse.x, $0.y - mouse.y) }.min() ?? .infinity
        }
        return lines.indices.min { distance(lines[$0]) < distance(lines[$1]) }
    }

    /// Heights of labels that do not touch, in the same order and as near as can be to where they would be.
    private static func apart(_ wanted: [Float], within range: ClosedRange<Float>) -> [Float] {
        var heights = wanted
        var free = range.lowerBound
        for index in wanted.indices.sorted(by: { wanted[$0] < wanted[$1] }) {
            heights[index] = max(wanted[index], free)
            free = heights[index] + 13
        }
        var last = range.upperBound
        for index in wanted.indices.sorted(by: { heights[$0] > heights[$1] }) {
            heights[index] = min(heights[index], last)
            last = heights[index] - 13
        }
        return heights
    }
}

/// A logarithmic axis that ends at round values: 1, 2 and 5 times powers of ten.
private struct LogAxis {
    let values: [Double]
    private let range: ClosedRange<Double>

    init(_ given: ClosedRange<Double>, height: Float) {
        let powers = Int(log10(given.lowerBound).rounded(.down))...Int(log10(given.upperBound).rounded(.up))
        let round = powers.flatMap { power in [1, 2, 5].map { $0 * pow(10, Double(power)) } }
        let low = round.last { $0 <= given.lowerBound } ?? given.lowerBound
        let high = round.first { $0 >= given.upperBound && $0 > low } ?? given.upperBound * 2
        range = low...high
        let inside = round.filter(range.contains)
        // Powers of ten alone where all would not find room.
        let fits = Float(inside.count) * 20 <= height
        values = fits ? inside : inside.filter { log10($0) == log10($0).rounded() }
    }

    func share(of value: Double) -> Double { log(value / range.lowerBound) / log(range.upperBound / range.lowerBound) }
}
