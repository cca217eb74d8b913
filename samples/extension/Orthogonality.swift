import CLMat
import Exploration
import Models

/// f = Σ ½ ‖W Wᵀ − s² I‖² / n over the matrices of weights W, n × m: draws the rows of each towards being orthogonal and of
/// length s. Where there are more rows than columns the columns take their place, with ‖Wᵀ W − s² I‖² / m.
///
/// By singular values f = Σ ½ mean (σ² − s²)²: a layer adds 0 if all its σ are s, and ½ s⁴ if all are 0.
///
/// f is made small: descent goes along ∇f₀ + λ ∂f/∂W, with ∂f/∂W = 2 (W Wᵀ − s² I) W / n. λ is in nats per image for each unit
/// of f.
/// - Source: A. Brock, T. Lim, J. M. Ritchie, N. Weston, "Neural photo editing with introspective adversarial networks", ICLR 2017;
///   N. Bansal, X. Chen, Z. Wang, "Can we gain more from orthogonality regularizations in training deep networks?", NeurIPS 2018,
///   section 3.1, there without the division by n, which has layers of all sizes count alike.
struct Orthogonality: Mixin {
    let weight = Control(
        "orthogonality", title: "orthogonality λ", group: "training", unit: "nats per image and unit of f",
        range: 1e-4...10, scale: .logWithOff, initial: 0, help: "makes the rows of each layer's weights orthogonal",
        affects: ["orthogonality-distance", "train-loss", "pull-orthogonality"])

    let score = Metric(
        "orthogonality-distance", title: "Distance from orthogonality", unit: "Σ ½ mean (σ² − s²)²",
        help: "what orthogonality makes small", better: .lower)

    private let length = Control(
        "orthogonality-length", title: "length s of the rows", group: "training", range: 0.1...2, initial: 1,
        help: "where orthogonality draws all singular values", affects: ["orthogonality-distance"])

    var controls: [Control] { [length] }

    func value(of parameters: NetworkParameters, _ context: MixinContext) throws(CLMatError) -> Double? {
        let s = Float(try context.settings[length])
        return try parameters.sumOverWeights { (w) throws(CLMatError) in
            try excess(of: w, over: s).sumOfSquares() / Float(2 * min(w.rows, w.columns))
        }
    }

    func gradient(
        of parameters: NetworkParameters, _ context: MixinContext
    ) throws(CLMatError) -> ParameterGradient? {
        let s = Float(try context.settings[length])
        let own = try parameters.ofWeights { (w) throws(CLMatError) in
            let d = try excess(of: w, over: s)
            return try (isWide(w) ? d.matmul(w) : w.matmul(d)) * (2 / Float(d.rows))
        }
        return ParameterGradient(inGradient: own)
    }

    private func isWide(_ w: Matrix) -> Bool { w.rows <= w.columns }

    /// W Wᵀ − s² I, or Wᵀ W − s² I, whichever is smaller.
    private func excess(of w: Matrix, over s: Float) throws(CLMatError) -> Matrix {
        let products = try w.matmul(w, transposing: isWide(w) ? .right : .left)
        let diagonal = try IntVector(Array(0..<products.rows), on: w.device)
        return try products - s * s * Matrix.oneHot(diagonal, columns: products.rows)
    }
}
