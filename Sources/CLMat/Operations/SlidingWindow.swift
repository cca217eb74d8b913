/// The window of a convolution or of pooling: its size, how far it moves, what lies around the image, and how far apart its
/// elements are.
///
/// Output pixel (y, x) takes its element (j, i) from the pixel (y·``strideDown`` + j·``dilationDown`` − ``paddingTop``,
/// x·``strideAcross`` + i·``dilationAcross`` − ``paddingLeft``) of the image.
/// ```swift
/// let window = try SlidingWindow.square(3, padding: 1)
/// let uneven = try SlidingWindow(height: 5, width: 3, strideDown: 2, paddingTop: 2, paddingBottom: 1)
/// print("from \(window) to \(uneven)")
/// ```
public struct SlidingWindow: Sendable, Hashable, CustomStringConvertible {
    /// Rows of elements.
    public let height: Int
    /// Columns of elements.
    public let width: Int
    /// Pixels from one place of the window to the next one below.
    public let strideDown: Int
    /// Pixels from one place of the window to the next one to the right.
    public let strideAcross: Int
    /// Rows of padding above the image.
    public let paddingTop: Int
    /// Columns of padding to the left of the image.
    public let paddingLeft: Int
    /// Rows of padding below the image.
    public let paddingBottom: Int
    /// Columns of padding to the right of the image.
    public let paddingRight: Int
    /// Pixels from one row of elements to the next; 1 where they are neighbours.
    public let dilationDown: Int
    /// Pixels from one column of elements to the next; 1 where they are neighbours.
    public let dilationAcross: Int

    /// - Throws: ``CLMatError/invalidArgument(operation:problem:)`` if a size, a stride or a dilation is not positive, a padding is
    ///   negative, or one is too large for kernels that count with 32 bits.
    public init(
        height: Int, width: Int, strideDown: Int = 1, strideAcross: Int = 1, paddingTop: Int = 0, paddingLeft: Int = 0,
        paddingBottom: Int = 0, paddingRight: Int = 0, dilationDown: Int = 1, dilationAcross: Int = 1
    ) throws(CLMatError) {
        let positive = [
            ("height", height), ("width", width), ("stride down", strideDown), ("stride across", strideAcross),
            ("dilation down", dilationDown), ("dilation across", dilationAcross),
        ]
        for (name, value) in positive where !(1...Self.limit ~= value) {
            throw .invalidArgument(
                operation: "SlidingWindow", problem: "The \(name) is \(value), but must be from 1 to \(Self.limit).")
        }
        let paddings = [("top", paddingTop), ("left", paddingLeft), ("bottom", paddingBottom), ("right", paddingRight)]
        for (side, value) in paddings where !(0...Self.limit ~= value) {
            throw .invalidArgument(
                operation: "SlidingWindow",
                problem: "The padding at the \(side) is \(value), but must be from 0 to \(Self.limit).")
        }
        (self.height, self.width) = (height, width)
        (self.strideDown, self.strideAcross) = (strideDown, strideAcross)
        (self.paddingTop, self.paddingLeft) = (paddingTop, paddingLeft)
        (self.paddingBottom, self.paddingRight) = (paddingBottom, paddingRight)
        (self.dilationDown, self.dilationAcross) = (dilationDown, dilationAcross)
        guard reachDown <= Self.limit, reachAcross <= Self.limit else {
            throw .invalidArgument(
                operation: "SlidingWindow",
                problem: "With its dilation, the window covers more than \(Self.limit) pixels down or across.")
        }
    }

    /// A window of `size` × `size` elements, the same in both directions and on all sides.
    ///
    /// - Throws: as ``init(height:width:strideDown:strideAcross:paddingTop:paddingLeft:paddingBottom:paddingRight:dilationDown:dilationAcross:)``.
    public static func square(
        _ size: Int, stride: Int = 1, padding: Int = 0, dilation: Int = 1
    ) throws(CLMatError) -> SlidingWindow {
        try even(height: size, width: size, stride: stride, padding: padding, dilation: dilation)
    }

    /// A window with the same stride, padding and dilation in both directions and on all sides.
    ///
    /// - Throws: as ``init(height:width:strideDown:strideAcross:paddingTop:paddingLeft:paddingBottom:paddingRight:dilationDown:dilationAcross:)``.
    public static func even(
        height: Int, width: Int, stride: Int = 1, padding: Int = 0, dilation: Int = 1
    ) throws(CLMatError) -> SlidingWindow {
        try SlidingWindow(
            height: height, width: width, strideDown: stride, strideAcross: stride, paddingTop: padding,
            paddingLeft: padding, paddingBottom: padding, paddingRight: padding, dilationDown: dilation,
            dilationAcross: dilation)
    }

    /// A quarter of what kernels count to leaves room for padding on both sides.
    private static let limit = Int(Int32.max) / 4

    /// Rows of pixels from the window's first row of elements to its last, both included.
    public var reachDown: Int { (height - 1) * dilationDown + 1 }
    /// Columns of pixels from the window's first column of elements to its last, both included.
    public var reachAcross: Int { (width - 1) * dilationAcross + 1 }
    /// Elements of the window.
    public var area: Int { height * width }

    /// Whether it has one element, which meets each pixel once: there are no patches then, only pixels.
    var isOnePixel: Bool {
        height == 1 && width == 1 && strideDown == 1 && strideAcross == 1 && !hasPadding
    }
    var hasPadding: Bool { paddingTop > 0 || paddingLeft > 0 || paddingBottom > 0 || paddingRight > 0 }

    /// The output's rows and columns for an image: places where the window lies within image and padding. With `roundsUp`, also one
    /// more in each direction where pixels are left over, if it begins before the image ends (PyTorch's `ceil_mode`).
    func places(over image: ImageShape, roundsUp: Bool = false) -> (height: Int, width: Int) {
        func places(_ size: Int, _ before: Int, _ after: Int, _ reach: Int, _ stride: Int) -> Int {
            let free = size + before + after - reach
            guard roundsUp else { return free / stride + 1 }
            let last = (free + stride - 1) / stride
            return last * stride >= size + before ? last : last + 1
        }
        return (
            places(image.height, paddingTop, paddingBottom, reachDown, strideDown),
            places(image.width, paddingLeft, paddingRight, reachAcross, strideAcross)
        )
    }

    /// Throws if images are no rows of a matrix, if the window is larger than the padded image, or if its places there do not fit
    /// 32 bits.
    func check(over image: ImageShape, operation: String) throws(CLMatError) {
        guard image.fitsARow else {
            throw .invalidArgument(
                operation: operation, problem: "An image of \(image) is empty or does not fit a row of a matrix.")
        }
        let (down, across) = (
            image.height + paddingTop + paddingBottom, image.width + paddingLeft + paddingRight
        )
        guard reachDown <= down, reachAcross <= across else {
            throw .invalidArgument(
                operation: operation,
                problem:
                    "A window of \(self) is larger than the image, \(image), with its padding: \(down) × \(across).")
        }
        // A pixel's place plus a window, or plus a stride, is what kernels count to.
        guard down + max(reachDown, strideDown) <= Int(Int32.max),
            across + max(reachAcross, strideAcross) <= Int(Int32.max)
        else {
            throw .invalidArgument(
                operation: operation,
                problem: "With padding, \(image) has more pixels down or across than 32 bits count.")
        }
    }

    public var description: String {
        var text = "\(height) × \(width)"
        if strideDown != 1 || strideAcross != 1 { text += ", stride \(strideDown) × \(strideAcross)" }
        if hasPadding { text += ", padding \(paddingTop) \(paddingLeft) \(paddingBottom) \(paddingRight)" }
        if dilationDown != 1 || dilationAcross != 1 { text += ", dilation \(dilationDown) × \(dilationAcross)" }
        return text
    }

    /// As kernels take it: size, strides, padding before, dilation.
    var arguments: [Argument] {
        [height, width, strideDown, strideAcross, paddingTop, paddingLeft, dilationDown, dilationAcross].map {
            .int($0)
        }
    }
}
