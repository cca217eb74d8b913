// Names of 0.1.0, which say the new one when they are used. They go with 0.3.0.

extension Matrix {
    /// Renamed to ``exp()``.
    @available(*, deprecated, renamed: "exp()")
    public func exponentials() throws(CLMatError) -> Matrix { try exp() }

    /// Renamed to ``log()``.
    @available(*, deprecated, renamed: "log()")
    public func logarithms() throws(CLMatError) -> Matrix { try log() }

    /// Renamed to ``tanh()``.
    @available(*, deprecated, renamed: "tanh()")
    public func hyperbolicTangents() throws(CLMatError) -> Matrix { try tanh() }

    /// Renamed to ``sqrt()``.
    @available(*, deprecated, renamed: "sqrt()")
    public func squareRoots() throws(CLMatError) -> Matrix { try sqrt() }

    /// Renamed to ``sign()``.
    @available(*, deprecated, renamed: "sign()")
    public func signs() throws(CLMatError) -> Matrix { try sign() }

    /// Renamed to ``reciprocal()``.
    @available(*, deprecated, renamed: "reciprocal()")
    public func reciprocals() throws(CLMatError) -> Matrix { try reciprocal() }

    /// Renamed to ``lerp(to:weight:)``.
    @available(*, deprecated, renamed: "lerp(to:weight:)")
    public mutating func moveTowards(_ x: Matrix, weight: Float) throws(CLMatError) { try lerp(to: x, weight: weight) }

    /// Renamed to ``sgdStep(_:velocity:rate:momentum:)``.
    @available(*, deprecated, renamed: "sgdStep(_:velocity:rate:momentum:)")
    public mutating func descend(
        _ gradient: Matrix, velocity: inout Matrix, rate: Float, momentum: Float
    ) throws(CLMatError) {
        try sgdStep(gradient, velocity: &velocity, rate: rate, momentum: momentum)
    }
}
