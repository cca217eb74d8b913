import CLMat
import Foundation

/// Definitions in plain Swift, summed in `Double`.
public enum Reference {
    /// A sum, and the sum of its terms' magnitudes, which rounding errors are proportional to.
    public struct Sums: Sendable {
        public var values: [Double]
        public var magnitudes: [Double]

        public init(zeros count: Int) {
            values = [Double](repeating: 0, count: count)
            magnitudes = values
        }

        public mutating func add(_ term: Double, to index: Int) {
            values[index] += term
            magnitudes[index] += abs(term)
        }
    }

    /// c_ij = Σ_p a_ip b_pj
    public static func product(_ a: [Float], _ b: [Float], _ m: Int, _ k: Int, _ n: Int) -> Sums {
        var c = Sums(zeros: m * n)
        for i in 0..<m {
            for p in 0..<k {
                let left = Double(a[i * k + p])
                for j in 0..<n { c.add(left * Double(b[p * n + j]), to: i * n + j) }
            }
        }
        return c
    }

    public static func transposed<Element>(_ x: [Element], _ rows: Int, _ columns: Int) -> [Element] {
        (0..<columns).flatMap { c in (0..<rows).map { r in x[r * columns + c] } }
    }

    /// ln Σ exp(xᵢ)
    public static func logSumExp(_ x: some Collection<Float>) -> Double {
        let top = Double(x.max() ?? 0)
        return top + log(x.reduce(0) { $0 + exp(Double($1) - top) })
    }

    /// Calls `body` for each product of a convolution: the places in the images, the weights and the output.
    public static func forEachProduct(
        _ g: Convolution, images: Int, _ body: (_ image: Int, _ weight: Int, _ output: Int) -> Void
    ) {
        let (input, output, w) = (g.input, g.output, g.window)
        let (channels, filters) = (input.channels / g.groups, g.filters / g.groups)
        for n in 0..<images {
            for f in 0..<g.filters {
                for oy in 0..<output.height {
                    for ox in 0..<output.width {
                        let y = ((n * g.filters + f) * output.height + oy) * output.width + ox
                        for c in 0..<channels {
                            let plane = n * input.channels + f / filters * channels + c
                            for ky in 0..<w.height {
                                let iy = oy * w.strideDown + ky * w.dilationDown - w.paddingTop
                                guard iy >= 0, iy < input.height else { continue }
                                for kx in 0..<w.width {
                                    let ix = ox * w.strideAcross + kx * w.dilationAcross - w.paddingLeft
                                    guard ix >= 0, ix < input.width else { continue }
                                    body(
                                        (plane * input.height + iy) * input.width + ix,
                                        ((f * channels + c) * w.height + ky) * w.width + kx, y)
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// y = Σ w x + b
    public static func convolution(
        _ g: Convolution, images: Int, _ x: [Float], _ w: [Float], _ biases: [Float]
    ) -> Sums {
        var y = Sums(zeros: images * g.output.count)
        for index in y.values.indices { y.add(Double(biases[index / g.output.area % g.filters]), to: index) }
        forEachProduct(g, images: images) { i, k, o in y.add(Double(x[i]) * Double(w[k]), to: o) }
        return y
    }

    /// ∂L/∂x and ∂L/∂w for L = Σ dy · y.
    public static func convolutionGradients(
        _ g: Convolution, images: Int, _ x: [Float], _ w: [Float], _ dy: [Float]
    ) -> (images: Sums, weights: Sums) {
        var dx = Sums(zeros: images * g.input.count)
        var dw = Sums(zeros: g.filters * g.patchSize)
        forEachProduct(g, images: images) { i, k, o in
            dx.add(Double(w[k]) * Double(dy[o]), to: i)
            dw.add(Double(x[i]) * Double(dy[o]), to: k)
        }
        return (dx, dw)
    }
}

/// (f(x + h) − f(x − h)) / 2h for each coordinate of x.
public func centralDifferences(_ x: [Double], _ h: Double = 1e-5, of f: ([Double]) -> Double) -> [Double] {
    var x = x
    return x.indices.map { index in
        let middle = x[index]
        x[index] = middle + h
        let above = f(x)
        x[index] = middle - h
        let below = f(x)
        x[index] = middle
        return (above - below) / (2 * h)
    }
}
