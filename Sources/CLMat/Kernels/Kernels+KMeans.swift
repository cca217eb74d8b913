import CLMatKernels

extension Kernel {
    static let kmeansDistances = Kernel("kmeans_distances", in: .kmeans) { a, rows in
        kmeans_distances(
            rows.lowerBound, rows.upperBound, a.int(0), a.floats(1), a.floats(2), a.floats(3), a.mutableFloats(4))
    }
    static let kmeansPack = Kernel("kmeans_pack", in: .kmeans) { a, centroids in
        kmeans_pack(
            centroids.lowerBound, centroids.upperBound, a.int(0), a.int(1), a.floats(2), a.floats(3), a.floats(4),
            a.mutableFloats(5), a.mutableFloats(6))
    }
    /// The nearest centroid, without a matrix product made before.
    static let kmeansAssign = Kernel("kmeans_assign", in: .kmeans) { a, points in
        kmeans_assign(
            points.lowerBound, points.upperBound, a.int(0), a.int(1), a.floats(2), a.floats(3), a.floats(4),
            a.floats(5), a.floats(6), a.floats(7), a.mutableInts(8), a.mutableFloats(9))
    }
    /// The nearest centroid from products that were made before.
    static let kmeansNearest = Kernel("kmeans_nearest", in: .kmeans) { a, points in
        kmeans_nearest(
            points.lowerBound, points.upperBound, a.int(0), a.int(1), a.int(2), a.floats(3), a.floats(4), a.floats(5),
            a.floats(6), a.floats(7), a.floats(8), a.mutableInts(9), a.mutableFloats(10))
    }
    static let kmeansMove = Kernel("kmeans_move", in: .kmeans) { a, items in
        kmeans_move(
            items.lowerBound, items.upperBound, a.int(1), a.ints(2), a.floats(3), a.floats(4), a.floats(5),
            a.mutableFloats(6))
    }
    static let kmeansPairs = Kernel("kmeans_pairs", in: .kmeans) { a, rows in
        kmeans_pairs(
            rows.lowerBound, rows.upperBound, a.int(0), a.int(1), a.floats(2), a.floats(3), a.floats(4),
            a.mutableFloats(5))
    }
}
