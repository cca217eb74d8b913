import CLMat

/// Images of each class, against which sampled ones are held: how like an image of its class is what a neuron wants to see?
///
/// Two images are compared by the cosine between them after each one's mean was taken off, so that neither brightness nor contrast
/// counts.
public struct ImageExamples: Sendable {
    /// The shape of each image.
    public let shape: ImageShape
    /// The name of each class, by its label.
    public let classNames: [String]
    /// By class: examples × pixels, every row of mean 0 and length 1; all zeros for an image of one grey.
    private let rows: [Matrix]
    /// By class: which image of the data each row is.
    private let indices: [[Int]]
    /// By class: the images as they are, one after the other.
    private let originals: [[UInt8]]

    /// An example with how like it an image is.
    public struct Match: Sendable, Equatable {
        /// The image among those of the data.
        public let index: Int
        /// −1 to 1.
        public let cosine: Double
    }

    /// Examples of every class, spread evenly over its images.
    ///
    /// - Parameters:
    ///   - limit: of each class, at most.
    ///   - bytes: that they may take on the device; fewer are taken where more would not fit.
    public init(
        _ images: LabelledImages, limit: Int = 1000, bytes: Int = 64_000_000, on device: Device
    ) throws(CLMatError) {
        (shape, classNames) = (images.shape, images.classNames)
        var byClass = [[Int]](repeating: [], count: classNames.count)
        for (index, label) in images.labels.enumerated() { byClass[Int(label)].append(index) }
        let fitting = bytes / max(1, 4 * shape.count * classNames.count)
        let most = max(1, min(limit, fitting))
        indices = byClass.map { all in
            let count = min(most, all.count)
            return (0..<count).map { all[$0 * all.count / count] }
        }
        let size = shape.count
        var (rows, originals): ([Matrix], [[UInt8]]) = ([], [])
        for own in indices {
            let pixels = own.flatMap { images.pixels[$0 * size..<($0 + 1) * size] }
            originals.append(pixels)
            let bytes = try ByteMatrix(pixels, own.count, size, on: device)
            rows.append(
                try bytes.rows(IntVector((0..<own.count).map(Int32.init), on: device), scale: 1 / 255).centredUnitRows()
            )
        }
        (self.rows, self.originals) = (rows, originals)
    }

    /// The image of a match with an example of a class, in units of full scale; nil if there is none.
    public func image(_ match: Match, ofClass label: Int) -> [Float]? {
        guard indices.indices.contains(label), let place = indices[label].firstIndex(of: match.index) else {
            return nil
        }
        return originals[label][place * shape.count..<(place + 1) * shape.count].map { Float($0) / 255 }
    }

    /// Of each image, the example of a class that is most like its positive part; nil for an image without a class, one that is like
    /// none of them, or one that is not of numbers.
    ///
    /// - Parameters:
    ///   - images: one per row.
    ///   - classes: the class of each row, if it has one.
    /// - Throws: ``/CLMat/CLMatError/shapeMismatch(operation:left:right:rule:)`` for images of another size,
    ///   ``/CLMat/CLMatError/invalidArgument(operation:problem:)`` for classes that do not fit.
    public func nearest(to images: Matrix, ofClasses classes: [Int?]) throws(CLMatError) -> [Match?] {
        guard images.columns == shape.count else {
            throw .shapeMismatch(
                operation: "nearest", left: images.shape, right: Shape(images.rows, shape.count),
                rule: "The images have to be of the examples' size.")
        }
        guard classes.count == images.rows, classes.compactMap({ $0 }).allSatisfy(rows.indices.contains) else {
            throw .invalidArgument(
                operation: "nearest", problem: "There has to be a class from 0 to \(rows.count - 1) for each image.")
        }
        let units = try images.relu().centredUnitRows()
        // Everything is asked for before the first answer is waited for.
        var found: [(own: [Int], label: Int, most: Matrix, places: IntVector)] = []
        for label in rows.indices {
            let own = classes.indices.filter { classes[$0] == label }
            guard !own.isEmpty, rows[label].rows > 0 else { continue }
            let chosen = try units.gatherRows(IntVector(own.map(Int32.init), on: images.device))
            let cosines = try chosen.matmul(rows[label], transposing: .right)
            found.append((own, label, try cosines.rowMax(), try cosines.rowArgmax()))
        }
        var matches = [Match?](repeating: nil, count: classes.count)
        for (own, label, most, places) in found {
            let (values, indices) = (try most.values, try places.values)
            for (number, row) in own.enumerated() where values[number].isFinite && values[number] != 0 {
                matches[row] = Match(
                    index: self.indices[label][Int(indices[number])], cosine: Double(values[number]))
            }
        }
        return matches
    }
}

extension Matrix {
    /// Each row with its mean taken off, divided by its length; a row of one value is zero.
    func centredUnitRows() throws(CLMatError) -> Matrix {
        let centred = try self - rowMeans()
        return try centred / (centred.rowSumsOfSquares().sqrt() + 1e-12)
    }
}
