/// Products of one shape, whose operands lie a fixed distance apart: product i takes A, B and C `i` strides farther in their
/// buffers than the first one does. A stride of 0 gives all products the same operand; the targets must not overlap.
public struct GemmBatch: Sendable {
    /// The first product.
    public var first: Gemm
    /// How many there are.
    public var count: Int
    /// Elements from A of one product to that of the next.
    public var aStride: Int
    /// Elements from B of one product to that of the next.
    public var bStride: Int
    /// Elements from C of one product to that of the next.
    public var cStride: Int

    /// `count` products from `first` on.
    public init(_ first: Gemm, count: Int, aStride: Int, bStride: Int, cStride: Int) {
        (self.first, self.count) = (first, count)
        (self.aStride, self.bStride, self.cStride) = (aStride, bStride, cStride)
    }

    /// Product `index` of the batch.
    public subscript(index: Int) -> Gemm {
        var product = first
        product.a.offset += index * aStride
        product.b.offset += index * bStride
        product.c.offset += index * cStride
        return product
    }

    /// Bytes read and written; an operand that all products share counts once.
    var bytes: Int {
        let (m, n, k) = (first.m, first.n, first.k)
        return 4 * ((aStride == 0 ? 1 : count) * m * k + (bStride == 0 ? 1 : count) * k * n + count * m * n)
    }
}

extension Backend {
    public func gemm(_ batch: GemmBatch) throws(CLMatError) {
        for index in 0..<batch.count { try gemm(batch[index]) }
    }

    public var multipliesInTiles: Bool { false }
    public var largestGroup: Int { .max }
}
