// Operations by element. All elements lie in one row, so that each is one launch. What has no element stays 0, which is why there is no
// sum with a number.

extension PowerLawMatrix {
    private func combined(
        _ other: PowerLawMatrix, _ operation: String, _ body: (Matrix, Matrix) throws(CLMatError) -> Matrix
    ) throws(CLMatError) -> PowerLawMatrix {
        try requireSameShape(self, other, operation)
        return PowerLawMatrix(try body(elements, other.elements), layout)
    }

    /// Element by element, of matrices with the same blocks.
    public static func + (a: PowerLawMatrix, b: PowerLawMatrix) throws(CLMatError) -> PowerLawMatrix {
        try a.combined(b, "+") { (x, y) throws(CLMatError) in try x + y }
    }
    /// Element by element, of matrices with the same blocks.
    public static func - (a: PowerLawMatrix, b: PowerLawMatrix) throws(CLMatError) -> PowerLawMatrix {
        try a.combined(b, "-") { (x, y) throws(CLMatError) in try x - y }
    }
    /// Element by element, of matrices with the same blocks.
    public static func * (a: PowerLawMatrix, b: PowerLawMatrix) throws(CLMatError) -> PowerLawMatrix {
        try a.combined(b, "*") { (x, y) throws(CLMatError) in try x * y }
    }
    /// Each element times a number.
    public static func * (a: PowerLawMatrix, c: Float) throws(CLMatError) -> PowerLawMatrix {
        PowerLawMatrix(try a.elements * c, a.layout)
    }
    /// Each element times a number.
    public static func * (c: Float, a: PowerLawMatrix) throws(CLMatError) -> PowerLawMatrix { try a * c }
    /// Each element divided by a number.
    public static func / (a: PowerLawMatrix, c: Float) throws(CLMatError) -> PowerLawMatrix {
        PowerLawMatrix(try a.elements / c, a.layout)
    }

    // MARK: - In place

    /// Sets every element that there is.
    public mutating func fill(with value: Float) throws(CLMatError) { try elements.fill(with: value) }
    /// self ← c·self
    public mutating func scale(by c: Float) throws(CLMatError) { try elements.scale(by: c) }
    /// self ← self + a·x
    public mutating func add(_ x: PowerLawMatrix, times a: Float = 1) throws(CLMatError) {
        try requireSameShape(self, x, "add")
        try elements.add(x.elements, times: a)
    }
    /// self ← self + weight·(x − self)
    public mutating func lerp(to x: PowerLawMatrix, weight: Float) throws(CLMatError) {
        try requireSameShape(self, x, "lerp")
        try elements.lerp(to: x.elements, weight: weight)
    }
    /// Moves all elements towards 0 by `threshold`, and no farther.
    public mutating func softThreshold(by threshold: Float) throws(CLMatError) {
        try elements.softThreshold(by: threshold)
    }
    /// Sets elements with |w| ≤ `threshold` to 0.
    public mutating func zeroSmall(upTo threshold: Float) throws(CLMatError) {
        try elements.zeroSmall(upTo: threshold)
    }

    // MARK: - Sums

    /// The sum of all elements. Waits for the device, as all that return a number do.
    public func sum() throws(CLMatError) -> Float { try elements.sum() }
    /// Σ w² over all elements. Waits for the device.
    public func sumOfSquares() throws(CLMatError) -> Float { try elements.sumOfSquares() }
    /// Σ|w| over all elements. Waits for the device.
    public func l1Norm() throws(CLMatError) -> Float { try elements.l1Norm() }
    /// The largest |w|. Waits for the device.
    public func largestMagnitude() throws(CLMatError) -> Float { try elements.largestMagnitude() }
    /// ``sum()`` when it is asked for.
    public func sumLater() throws(CLMatError) -> Later<Float> { try elements.sumLater() }
    /// ``sumOfSquares()`` when it is asked for.
    public func sumOfSquaresLater() throws(CLMatError) -> Later<Float> { try elements.sumOfSquaresLater() }
    /// ``l1Norm()`` when it is asked for.
    public func l1NormLater() throws(CLMatError) -> Later<Float> { try elements.l1NormLater() }
    /// ``largestMagnitude()`` when it is asked for.
    public func largestMagnitudeLater() throws(CLMatError) -> Later<Float> { try elements.largestMagnitudeLater() }

    // MARK: - Steps

    /// One step of gradient descent: w ← w − η·f·g.
    ///
    /// - Parameter factor: f, a 1 × 1 matrix on the device, for a number that the host does not know yet; 1 if it is nil.
    public mutating func sgdStep(
        _ gradient: PowerLawMatrix, rate: Float, factor: Matrix? = nil
    ) throws(CLMatError) {
        try requireSameShape(self, gradient, "sgdStep")
        try elements.sgdStep(gradient.elements, rate: rate, factor: factor)
    }

    /// One step of gradient descent with momentum: v ← μv + g, w ← w − ηv.
    public mutating func sgdStep(
        _ gradient: PowerLawMatrix, velocity: inout PowerLawMatrix, rate: Float, momentum: Float
    ) throws(CLMatError) {
        try requireSameShape(self, gradient, "sgdStep")
        try requireSameShape(self, velocity, "sgdStep")
        try elements.sgdStep(gradient.elements, velocity: &velocity.elements, rate: rate, momentum: momentum)
    }

    /// self ← self + λ₁·sign(w) + λ₂·w: to a gradient that of λ₁|w| + ½λ₂w², as ``Matrix/addPenalty(of:l1:l2:)`` does it.
    public mutating func addPenalty(of w: PowerLawMatrix, l1: Float = 0, l2: Float = 0) throws(CLMatError) {
        try requireSameShape(self, w, "addPenalty")
        try elements.addPenalty(of: w.elements, l1: l1, l2: l2)
    }

    /// self ← self − λ₁·sign(self) − λ₂·self: one step along that gradient without one of the loss.
    public mutating func shrink(l1: Float = 0, l2: Float = 0) throws(CLMatError) {
        try elements.shrink(l1: l1, l2: l2)
    }
}
