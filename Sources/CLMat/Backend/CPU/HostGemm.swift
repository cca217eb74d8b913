import CLMatKernels
import COpenBLAS

/// Matrix products on host memory, by tiles for AVX-512 or by OpenBLAS, split over the thread pool. The split depends on the sizes and the
/// number of threads alone, so a run repeats bit for bit.
enum HostGemm {
    static func run(
        _ g: Gemm, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ c: UnsafeMutablePointer<Float>,
        on pool: ThreadPool
    ) {
        guard g.m > 0, g.n > 0 else { return }
        let threads = g.m * g.n * max(1, g.k) < 32 * 32 * 32 ? 1 : pool.threadCount
        // Split the longer side of C into as many equal parts as there are threads, in multiples of a register tile.
        let splitsRows = g.m >= g.n
        let length = splitsRows ? g.m : g.n
        let part = max(16, ((length + threads - 1) / threads + 15) / 16 * 16)
        pool.run((length + part - 1) / part, grain: 1) { parts in
            for index in parts {
                let start = index * part
                let count = min(part, length - start)
                let rows = splitsRows ? start : 0
                let columns = splitsRows ? 0 : start
                sgemm(
                    g.a.isTransposed, g.b.isTransposed, splitsRows ? count : g.m, splitsRows ? g.n : count, g.k,
                    g.alpha, a + (g.a.isTransposed ? rows : rows * g.a.leadingDimension), g.a.leadingDimension,
                    b + (g.b.isTransposed ? columns * g.b.leadingDimension : columns), g.b.leadingDimension, g.beta,
                    c + rows * g.c.leadingDimension + columns, g.c.leadingDimension)
            }
        }
    }

    /// The products of a batch, each on one thread.
    static func run(
        _ batch: GemmBatch, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ c: UnsafeMutablePointer<Float>,
        on pool: ThreadPool
    ) {
        let g = batch.first
        guard g.m > 0, g.n > 0 else { return }
        let operations = 2 * g.m * g.n * max(1, g.k)
        pool.run(batch.count, grain: max(1, 400_000 / operations)) { range in
            for index in range {
                sgemm(
                    g.a.isTransposed, g.b.isTransposed, g.m, g.n, g.k, g.alpha, a + index * batch.aStride,
                    g.a.leadingDimension, b + index * batch.bStride, g.b.leadingDimension, g.beta,
                    c + index * batch.cStride, g.c.leadingDimension)
            }
        }
    }

    private static func sgemm(
        _ transposeA: Bool, _ transposeB: Bool, _ m: Int, _ n: Int, _ k: Int, _ alpha: Float,
        _ a: UnsafePointer<Float>, _ lda: Int, _ b: UnsafePointer<Float>, _ ldb: Int, _ beta: Float,
        _ c: UnsafeMutablePointer<Float>, _ ldc: Int
    ) {
        function(
            transposeA ? 1 : 0, transposeB ? 1 : 0, Int32(m), Int32(n), Int32(k), alpha, a, Int32(lda), b, Int32(ldb),
            beta, c, Int32(ldc))
    }

    /// A product on one thread: by tiles of the project's own where they can do it, else by OpenBLAS, whose older builds
    /// leave half the width of newer processors unused.
    static let function: clmat_sgemm = { transposeA, transposeB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc in
        if clmat_product(transposeA, transposeB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc) != 0 { return }
        // BLAS asks for leading dimensions of at least 1, also where there is nothing to read.
        cblas_sgemm(
            CblasRowMajor, transposeA != 0 ? CblasTrans : CblasNoTrans, transposeB != 0 ? CblasTrans : CblasNoTrans,
            m, n, k, alpha, a, max(1, lda), b, max(1, ldb), beta, c, max(1, ldc))
    }

    /// OpenBLAS's name for the processor whose kernels it uses.
    static var coreName: String { String(cString: openblas_get_corename()) }
}
