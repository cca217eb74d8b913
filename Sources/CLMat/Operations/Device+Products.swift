extension KernelFamily {
    static let slices = KernelFamily("slices")
}

extension Kernel {
    /// The sum of products over slices of k.
    static let sumSlices = Kernel("sum_slices", in: .slices)
    /// The same with a bias for each column, and a rectifier.
    static let sumSlicesOfLayer = Kernel("sum_slices_of_layer", in: .slices)
}

/// How a product is split over k where its result alone would keep few of a GPU's cores busy.
///
/// CLBlast's kernel for small products gives each tile of C to one work-group, which walks over all of k: the weight gradient of
/// LeNet's first convolution, 20 × 25 with k = 57,600, is one group. Products of slices of k are independent; their sum, in
/// the order of the slices, is the product.
struct GemmSlices: Equatable {
    static let enoughGroups = LaunchCost.enoughGroups

    /// How many slices there are.
    let count: Int
    /// Terms of a slice.
    let length: Int
    /// Terms that no slice has: fewer than there are slices. They are added to the first one.
    let rest: Int

    /// `count` slices of `k` terms.
    init(of k: Int, count: Int) {
        (self.count, length, rest) = (count, k / count, k % count)
    }

    /// Work-groups of a product whose result is m × n.
    static func groups(_ m: Int, _ n: Int) -> Int {
        let tile = LaunchCost.directTile
        return ((m + tile - 1) / tile) * ((n + tile - 1) / tile)
    }

    /// Slices for a product, or nil where it has groups enough, too little work (1 MFLOP is some microseconds on one core), or
    /// too few terms.
    init?(m: Int, n: Int, k: Int) {
        let groups = Self.groups(m, n)
        guard groups > 0, groups < Self.enoughGroups, 2 * m * n * k > 1_000_000, k >= 64 else { return nil }
        // Enough groups; where k is tall, slices of some 256 terms, as long as the sums that they leave stay few.
        let few = (Self.enoughGroups + groups - 1) / groups
        let tall = min((k + 255) / 256, (4 * Self.enoughGroups + groups - 1) / groups)
        let least = min(max(few, tall), k / 8)
        // Equal slices need no product for a rest.
        let even = (least...2 * least).first { k % $0 == 0 && k / $0 >= 8 }
        self.init(of: k, count: even ?? least)
    }
}

extension Device {
    /// All products of a batch.
    func gemm(_ batch: GemmBatch) throws(CLMatError) {
        let (m, n, k) = (batch.first.m, batch.first.n, batch.first.k)
        guard m > 0, n > 0, batch.count > 0 else { return }
        var cost = LaunchCost(productOf: m, n, k, batch: batch.count)
        cost.bytes = batch.bytes
        try noting("gemm", "\(batch.count) × \(m) × \(k) × \(n)", cost) { () throws(CLMatError) in
            try backend.gemm(batch)
            return true
        }
    }

    /// The product over slices of k, each into its own part of `partials`: `slices.count` × m × n from `product.c.offset` on. The
    /// factors α and β are those of each slice.
    func gemm(_ product: Gemm, in slices: GemmSlices) throws(CLMatError) {
        // Elements from a term to the next one in A and in B.
        let a = product.a.isTransposed ? product.a.leadingDimension : 1
        let b = product.b.isTransposed ? 1 : product.b.leadingDimension
        var first = product
        first.k = slices.length
        if slices.length > 0 {
            try gemm(
                GemmBatch(
                    first, count: slices.count, aStride: slices.length * a, bStride: slices.length * b,
                    cStride: product.m * product.n))
        }
        guard slices.rest > 0 else { return }
        var rest = product
        rest.k = slices.rest
        rest.a.offset += slices.count * slices.length * a
        rest.b.offset += slices.count * slices.length * b
        if slices.length > 0 { rest.beta = 1 }
        try gemmWhole(rest)
    }

    /// The slices of a product in memory of their own.
    private func partials(of product: Gemm, _ slices: GemmSlices) throws(CLMatError) -> Buffer {
        let (m, n) = (product.m, product.n)
        let partials = try allocate(bytes: 4 * slices.count * m * n)
        var own = product
        own.beta = 0
        own.c = Gemm.Operand(partials, leadingDimension: n)
        try gemm(own, in: slices)
        return partials
    }

    /// C ← α·op(A)·op(B) + β·C by slices, and their sum.
    func gemmBySlices(_ product: Gemm, _ slices: GemmSlices) throws(CLMatError) {
        let (m, n) = (product.m, product.n)
        let partials = try self.partials(of: product, slices)
        try sumSlices(
            slices.count, rows: m, columns: n, of: partials, into: product.c.buffer, offset: product.c.offset,
            pitch: product.c.leadingDimension, beta: product.beta)
    }

    private static let groupOfSlices = 64

    /// Elements of `count` that a work-group takes: up to 32 slices are added by one work-item; more are shared by those of a group,
    /// and so are the slices of much memory that would be too few groups.
    private static func width(of slices: Int, _ count: Int) -> Int {
        let isMuch = 4 * slices * count > 500_000
        var width = groupOfSlices
        while width > 4,
            slices * width > 32 * groupOfSlices || isMuch && count < GemmSlices.enoughGroups * width
        {
            width /= 2
        }
        return width
    }

    /// z ← op(A)·op(B) + biases, z the whole of C, and with `rectified` max(0, z) there: one launch after the product.
    func gemm(_ product: Gemm, adding biases: Buffer, rectified: Buffer?) throws(CLMatError) {
        let (m, n) = (product.m, product.n)
        guard m > 0, n > 0 else { return }
        var (source, count) = (product.c.buffer, 1)
        if backend.multipliesInTiles, let slices = GemmSlices(m: m, n: n, k: product.k) {
            (source, count) = (try partials(of: product, slices), slices.count)
        } else {
            try gemmWhole(product)
        }
        let width = Self.width(of: count, m * n)
        try launch(
            .sumSlicesOfLayer,
            [
                .int(count), .int(m * n), .int(n), .int(width), .int(rectified == nil ? 0 : 1), .buffer(source),
                .buffer(biases), .buffer(product.c.buffer), .buffer(rectified ?? product.c.buffer),
            ],
            over: .groups(
                (m * n + width - 1) / width, of: Self.groupOfSlices,
                bytes: 4 * width * (count + (rectified == nil ? 1 : 2)), operations: width * (count + 1)))
    }

    /// c ← β·c + the sum of the slices, rows × columns each; columns from `split` on go to `rest`, if there is one.
    func sumSlices(
        _ slices: Int, rows: Int, columns: Int, of partials: Buffer, into target: Buffer, offset: Int = 0, pitch: Int,
        beta: Float = 0, split: Int? = nil, rest: Buffer? = nil
    ) throws(CLMatError) {
        let count = rows * columns
        let (group, width) = (Self.groupOfSlices, Self.width(of: slices, count))
        try launch(
            .sumSlices,
            [
                .int(slices), .int(rows), .int(columns), .int(split ?? columns), .int(offset), .int(pitch),
                .float(beta), .int(width), .buffer(partials), .buffer(target), .buffer(rest ?? target),
            ],
            over: .groups(
                (count + width - 1) / width, of: group, bytes: 4 * width * (slices + 1), operations: width * slices))
    }
}
