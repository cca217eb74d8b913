import CLMat

/// What layers of pooling have in common: a window, or the whole plane.
struct PoolingGeometry: Sendable {
    /// Nil for the whole plane.
    private let checkedWindow: Result<SlidingWindow, CLMatError>?
    private let roundsUp: Bool
    private let countsPadding: Bool

    /// The whole plane.
    init() { (checkedWindow, roundsUp, countsPadding) = (nil, false, true) }

    init(_ size: Int, stride: Int?, padding: Int, roundsUp: Bool) {
        checkedWindow = Result { () throws(CLMatError) in
            try SlidingWindow.square(size, stride: stride ?? size, padding: padding)
        }
        (self.roundsUp, countsPadding) = (roundsUp, true)
    }

    init(_ window: SlidingWindow, roundsUp: Bool, countsPadding: Bool = true) {
        checkedWindow = .success(window)
        (self.roundsUp, self.countsPadding) = (roundsUp, countsPadding)
    }

    var window: SlidingWindow? { try? checkedWindow?.get() }

    func callAsFunction(_ input: ImageShape) throws(CLMatError) -> Pooling {
        guard let checkedWindow else { return try Pooling(global: input) }
        return try Pooling(
            input: input, window: checkedWindow.get(), roundsUp: roundsUp, countsPadding: countsPadding)
    }

    func receptiveField(of output: ImageWindow) -> ImageWindow? { window?.field(of: output) }

    func summary(_ what: String) -> String {
        guard checkedWindow != nil else { return "\(what) of each channel" }
        return "\(what) of \(window.map { "\($0)" } ?? "?")"
    }
}

/// The largest pixel of each window.
public struct MaxPool2D: UnaryLayer {
    private let geometry: PoolingGeometry

    /// Windows of `size` × `size`; side by side if no stride is given. `roundsUp`: also where pixels are left over at the edges.
    public init(_ size: Int, stride: Int? = nil, padding: Int = 0, roundsUp: Bool = false) {
        geometry = PoolingGeometry(size, stride: stride, padding: padding, roundsUp: roundsUp)
    }

    /// Windows of any geometry.
    public init(window: SlidingWindow, roundsUp: Bool = false) {
        geometry = PoolingGeometry(window, roundsUp: roundsUp)
    }

    private init(_ geometry: PoolingGeometry) { self.geometry = geometry }

    /// One window over the whole plane of each channel.
    public static let global = MaxPool2D(PoolingGeometry())

    public var summary: String { geometry.summary("maximum") }

    public func output(for input: ImageShape, named name: String) throws(CLMatError) -> ImageShape {
        try fitting(name, input) { () throws(CLMatError) in try geometry(input).output }
    }

    public func receptiveField(of output: ImageWindow) -> ImageWindow? { geometry.receptiveField(of: output) }

    public func forward(_ x: Matrix, _ call: LayerCall) throws(CLMatError) -> LayerOutput {
        let (values, indices) = try x.maxPooled(geometry(call.shape))
        return LayerOutput(values, saved: .argmaxIndices(indices))
    }

    public func inputGradient(_ gradient: Matrix, _ pass: LayerPass) throws(CLMatError) -> Matrix {
        guard case .argmaxIndices(let indices) = pass.saved else { return gradient }
        return try gradient.maxPoolGradient(indices, geometry(pass.shape))
    }
}

/// The mean of each window.
public struct AveragePool2D: UnaryLayer {
    private let geometry: PoolingGeometry

    /// Windows of `size` × `size`; side by side if no stride is given.
    public init(_ size: Int, stride: Int? = nil) {
        geometry = PoolingGeometry(size, stride: stride, padding: 0, roundsUp: false)
    }

    /// Windows of any geometry.
    ///
    /// - Parameters:
    ///   - roundsUp: also where pixels are left over at the edges.
    ///   - countsPadding: whether what a window has in the padding counts as zeros, or not at all.
    public init(window: SlidingWindow, roundsUp: Bool = false, countsPadding: Bool = true) {
        geometry = PoolingGeometry(window, roundsUp: roundsUp, countsPadding: countsPadding)
    }

    private init(_ geometry: PoolingGeometry) { self.geometry = geometry }

    /// One window over the whole plane of each channel.
    public static let global = AveragePool2D(PoolingGeometry())

    public var summary: String { geometry.summary("mean") }

    public func output(for input: ImageShape, named name: String) throws(CLMatError) -> ImageShape {
        try fitting(name, input) { () throws(CLMatError) in try geometry(input).output }
    }

    public func receptiveField(of output: ImageWindow) -> ImageWindow? { geometry.receptiveField(of: output) }

    public func forward(_ x: Matrix, _ call: LayerCall) throws(CLMatError) -> LayerOutput {
        LayerOutput(try x.averagePooled(geometry(call.shape)))
    }

    public func inputGradient(_ gradient: Matrix, _ pass: LayerPass) throws(CLMatError) -> Matrix {
        try gradient.averagePoolGradient(geometry(pass.shape))
    }
}
