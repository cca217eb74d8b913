import CLMat
import Exploration
import ModelOperations

/// Changes of the training images that leave their classes as they are: drawn anew for each image at each step.
///
/// - Source: A. Krizhevsky, I. Sutskever, G. Hinton, "ImageNet classification with deep convolutional neural networks", NIPS 2012,
///   section 4.1 (translations and reflections); C. Szegedy et al., "Going deeper with convolutions", CVPR 2015, section 6 (crops of
///   different sizes).
public struct Augmentation: Sendable, Equatable {
    /// Pixels, at most, by which an image is moved each way; what comes in is black.
    public var shift: Int
    /// Whether every second image is mirrored, left to right.
    public var mirrors: Bool
    /// The share of height and width, at most, that is cut away; the rest is enlarged.
    public var crop: Float

    /// None, if nothing is said.
    public init(shift: Int = 0, mirrors: Bool = false, crop: Float = 0) {
        (self.shift, self.mirrors, self.crop) = (shift, mirrors, crop)
    }

    /// Whether images stay as they are.
    public var isNone: Bool { self == Augmentation() }

    /// Changed images.
    ///
    /// - Shapes: N × C·H·W.
    public func applied(to images: Matrix, _ shape: ImageShape, _ key: RandomKey) throws(CLMatError) -> Matrix {
        isNone ? images : try images.imageViews(views(images.rows, shape, key), shape)
    }

    /// How so many images are looked at.
    func views(_ count: Int, _ shape: ImageShape, _ key: RandomKey) -> [ImageView] {
        let uniforms = key.uniforms(6 * count)
        return (0..<count).map { image in
            let u = uniforms[6 * image..<6 * image + 6].map(Float.init)
            let zoom = 1 - crop * u[3]
            func place(_ moved: Float, _ cut: Float, of size: Int) -> Float {
                let whole = min((moved * Float(2 * shift + 1)).rounded(.down), Float(2 * shift)) - Float(shift)
                return whole + (cut - 0.5) * (1 - zoom) * Float(size - 1)
            }
            return ImageView(
                down: place(u[0], u[4], of: shape.height), across: place(u[1], u[5], of: shape.width), zoom: zoom,
                isMirrored: mirrors && u[2] < 0.5)
        }
    }

    // MARK: - Controls

    private static let effects: [Control.Effect] = [
        .up("train-loss"), .down("train-accuracy"), "test-accuracy", "test-accuracy-averaged",
    ]

    private static let shiftControl = Control(
        "augment-shift", title: "shift", group: "augmentation", unit: "pixels", kind: .integer(0...16, .linear),
        initial: 0,
        help: "training images are moved by up to so many pixels each way, drawn anew at each step", affects: effects,
        isShownAtStart: false)

    private static let mirrorControl = Control.toggle(
        "augment-mirror", title: "mirror", group: "augmentation", initial: false,
        help: "every second training image is mirrored, left to right: not for letters and digits",
        affects: ["train-loss", "train-accuracy", "test-accuracy", "test-accuracy-averaged"],
        isShownAtStart: false)

    private static let cropControl = Control(
        "augment-crop", title: "crop", group: "augmentation", unit: "share of the sides", range: 0...0.8, initial: 0,
        help: "up to so much of the sides of a training image is cut away, and the rest enlarged", affects: effects,
        isShownAtStart: false)

    static let controls = [shiftControl, mirrorControl, cropControl]

    /// What the controls say.
    init(_ settings: Settings) throws(CLMatError) {
        self.init(
            shift: try settings.int(Self.shiftControl), mirrors: try settings.isOn(Self.mirrorControl),
            crop: Float(try settings[Self.cropControl]))
    }
}

extension Streams {
    /// How training images are changed.
    static let views: UInt32 = 10
}
