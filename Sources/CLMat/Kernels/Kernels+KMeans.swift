extension Kernel {
    static let kmeansDistances = Kernel("kmeans_distances", in: .kmeans)
    static let kmeansPack = Kernel("kmeans_pack", in: .kmeans)
    /// The nearest centroid, without a matrix product made before.
    static let kmeansAssign = Kernel("kmeans_assign", in: .kmeans)
    /// The nearest centroid from products that were made before.
    static let kmeansNearest = Kernel("kmeans_nearest", in: .kmeans)
    static let kmeansMove = Kernel("kmeans_move", in: .kmeans)
    static let kmeansPairs = Kernel("kmeans_pairs", in: .kmeans)
}
