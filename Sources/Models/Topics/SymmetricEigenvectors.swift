/// Eigenvalues and eigenvectors of small symmetric matrices, on the host.
enum SymmetricEigenvectors {
    /// The eigenvectors of the `count` greatest eigenvalues, of length 1, with the greatest first. Of each, the component of
    /// the greatest magnitude (the first of such) is positive.
    ///
    /// For more than 200 rows the matrix must have no negative eigenvalue that is greater in magnitude than these.
    /// - Parameter a: n × n, symmetric and finite.
    /// - Cost: some 60 n³ operations up to 200 rows; at most 300 products with 8 vectors above.
    static func leading(_ a: [Double], size n: Int, count: Int) -> [(value: Double, vector: [Double])] {
        guard n > 0, count > 0, a.count == n * n else { return [] }
        var pairs = n <= 200 ? jacobi(a, n) : iterated(a, n, block: min(n, count + 6))
        pairs.sort { $0.value > $1.value }
        return pairs.prefix(count).map { value, vector in
            var greatest = 0
            for i in 0..<n where abs(vector[i]) > abs(vector[greatest]) * (1 + 1e-9) { greatest = i }
            return (value, vector[greatest] < 0 ? vector.map { -$0 } : vector)
        }
    }

    /// All of them, by rotations that make one pair of elements 0 after the other.
    ///
    /// - Source: C. Jacobi, 1846; G. Golub, C. Van Loan, *Matrix Computations*, 4th ed., section 8.5 (cyclic by row).
    static func jacobi(_ matrix: [Double], _ n: Int) -> [(value: Double, vector: [Double])] {
        var a = matrix
        // Row i becomes the i-th eigenvector.
        var v = [Double](repeating: 0, count: n * n)
        for i in 0..<n { v[i * n + i] = 1 }
        var size = 0.0
        for x in a { size += x * x }
        a.withUnsafeMutableBufferPointer { a in
            v.withUnsafeMutableBufferPointer { v in
                for _ in 0..<30 {
                    var off = 0.0
                    for p in 0..<n { for q in 0..<p { off += 2 * a[p * n + q] * a[p * n + q] } }
                    guard off > 1e-26 * size else { break }
                    for p in 0..<n {
                        for q in p + 1..<max(n, p + 1) where a[p * n + q] != 0 {
                            let tau = (a[q * n + q] - a[p * n + p]) / (2 * a[p * n + q])
                            let t = (tau < 0 ? -1 : 1) / (abs(tau) + (1 + tau * tau).squareRoot())
                            let c = 1 / (1 + t * t).squareRoot()
                            let s = t * c
                            // Rows of a and v; then columns of a, which are its rows by symmetry.
                            for i in 0..<n {
                                let (x, y) = (a[p * n + i], a[q * n + i])
                                a[p * n + i] = c * x - s * y
                                a[q * n + i] = s * x + c * y
                            }
                            for i in 0..<n {
                                let (x, y) = (v[p * n + i], v[q * n + i])
                                v[p * n + i] = c * x - s * y
                                v[q * n + i] = s * x + c * y
                            }
                            for i in 0..<n {
                                let (x, y) = (a[i * n + p], a[i * n + q])
                                a[i * n + p] = c * x - s * y
                                a[i * n + q] = s * x + c * y
                            }
                        }
                    }
                }
            }
        }
        return (0..<n).map { (a[$0 * n + $0], Array(v[$0 * n..<($0 + 1) * n])) }
    }

    /// Those of greatest magnitude, by powers of the matrix on a few vectors at once.
    ///
    /// - Source: G. Golub, C. Van Loan, *Matrix Computations*, 4th ed., section 8.2.4 (orthogonal iteration with a Ritz step).
    static func iterated(_ a: [Double], _ n: Int, block m: Int) -> [(value: Double, vector: [Double])] {
        var random = Xoshiro(seed: 1)
        var vectors = (0..<m).map { _ in (0..<n).map { _ in random.uniform() - 0.5 } }
        orthonormalise(&vectors)
        var values = [Double](repeating: 0, count: m)
        for round in 0..<300 {
            let products = vectors.map { multiply(a, n, $0) }
            // Within the space of these vectors the eigenvectors are found exactly.
            var small = [Double](repeating: 0, count: m * m)
            for i in 0..<m { for j in 0..<m { small[i * m + j] = dot(vectors[i], products[j]) } }
            for i in 0..<m {
                for j in 0..<i {
                    small[i * m + j] = 0.5 * (small[i * m + j] + small[j * m + i])
                    small[j * m + i] = small[i * m + j]
                }
            }
            let pairs = jacobi(small, m).sorted { $0.value > $1.value }
            func combined(_ basis: [[Double]]) -> [[Double]] {
                pairs.map { pair in
                    var sum = [Double](repeating: 0, count: n)
                    for j in 0..<m { for i in 0..<n { sum[i] += pair.vector[j] * basis[j][i] } }
                    return sum
                }
            }
            let change = zip(values, pairs).reduce(0) { max($0, abs($1.0 - $1.1.value)) }
            values = pairs.map(\.value)
            let greatest = values.reduce(0) { max($0, abs($1)) }
            if round > 0, change <= 1e-12 * greatest {
                vectors = combined(vectors)
                break
            }
            vectors = combined(products)
            orthonormalise(&vectors)
        }
        return zip(values, vectors).map { ($0, $1) }
    }

    private static func multiply(_ a: [Double], _ n: Int, _ x: [Double]) -> [Double] {
        // A column at a time, which is a row by symmetry: sums that do not wait for each other.
        var y = [Double](repeating: 0, count: n)
        a.withUnsafeBufferPointer { a in
            y.withUnsafeMutableBufferPointer { y in
                for j in 0..<n {
                    let factor = x[j]
                    for i in 0..<n { y[i] += factor * a[j * n + i] }
                }
            }
        }
        return y
    }

    private static func dot(_ x: [Double], _ y: [Double]) -> Double {
        var sum = 0.0
        for i in 0..<min(x.count, y.count) { sum += x[i] * y[i] }
        return sum
    }

    /// Gram and Schmidt, twice; what depends on those before becomes 0.
    private static func orthonormalise(_ vectors: inout [[Double]]) {
        for i in vectors.indices {
            let before = dot(vectors[i], vectors[i]).squareRoot()
            for _ in 0..<2 {
                for j in 0..<i {
                    let part = dot(vectors[i], vectors[j])
                    for p in vectors[i].indices { vectors[i][p] -= part * vectors[j][p] }
                }
            }
            let length = dot(vectors[i], vectors[i]).squareRoot()
            let factor = length > 1e-13 * before ? 1 / length : 0
            for p in vectors[i].indices { vectors[i][p] *= factor }
        }
    }
}
