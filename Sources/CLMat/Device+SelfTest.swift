extension Device {
    /// A small matrix product, a softmax, a convolution and an atomic addition against plain Swift. Returns what was wrong, or nil.
    ///
    /// Old OpenBLAS builds compute wrong products on processors that are newer than they are, and a driver may be broken:
    /// better to learn it now.
    public func selfTest() -> String? {
        do {
            return try testProduct() ?? testSoftmax() ?? testConvolution()
                ?? (kind == .cpu ? nil : testAtomicAddition())
        } catch {
            return "\(error)"
        }
    }

    /// Small whole numbers: every partial sum is exact in Float, whatever the order.
    private static func numbers(_ count: Int, _ factor: Int, _ modulus: Int) -> [Float] {
        (0..<count).map { Float($0 * factor % modulus - modulus / 2) }
    }

    private func testProduct() throws(CLMatError) -> String? {
        let (m, k, n) = (37, 65, 50)
        let (a, b) = (Self.numbers(m * k, 7, 23), Self.numbers(k * n, 5, 19))
        let found = try Matrix(a, m, k, on: self).matmul(Matrix(b, k, n, on: self)).values
        for i in 0..<m {
            for j in 0..<n {
                let exact = (0..<k).reduce(Float(0)) { $0 + a[i * k + $1] * b[$1 * n + j] }
                guard found[i * n + j] == exact else { return "a matrix product gave \(found[i * n + j]) for \(exact)" }
            }
        }
        return nil
    }

    private func testSoftmax() throws(CLMatError) -> String? {
        let sums = try Matrix(Self.numbers(37 * 65, 7, 23), 37, 65, on: self).softmaxRows().rowSums().values
        return sums.allSatisfy { abs($0 - 1) < 1e-5 } ? nil : "rows of a softmax do not add up to 1"
    }

    private func testConvolution() throws(CLMatError) -> String? {
        let g = try Convolution(
            input: ImageShape(channels: 2, height: 7, width: 6), filters: 3, kernelHeight: 3, kernelWidth: 3, padding: 1
        )
        let (images, count, size) = (2, g.output.count, g.input.count)
        let (x, w, b) = (
            Self.numbers(images * size, 7, 23), Self.numbers(3 * g.patchSize, 5, 19), [1, -2, 3] as [Float]
        )
        let found = try Matrix(x, images, size, on: self).convolved(
            Matrix(w, 3, g.patchSize, on: self), biases: Matrix(b, 1, 3, on: self), g
        ).values
        for place in 0..<images * count {
            let (image, f, row, column) = (place / count, place % count / 42, place % 42 / 6, place % 6)
            var exact = b[f]
            for tap in 0..<g.patchSize {
                let (y, z) = (row + tap % 9 / 3 - 1, column + tap % 3 - 1)
                guard 0..<7 ~= y, 0..<6 ~= z else { continue }
                exact += w[f * g.patchSize + tap] * x[image * size + tap / 9 * 42 + y * 6 + z]
            }
            guard found[place] == exact else { return "a convolution gave \(found[place]) for \(exact)" }
        }
        return nil
    }

    /// Work-items that count in one place, as samplers do on OpenCL devices. (On the CPU nothing is added atomically.)
    private func testAtomicAddition() throws(CLMatError) -> String? {
        let (count, places) = (1000, 7)
        var sums = try IntVector([Int32](repeating: 0, count: places), on: self)
        try sums.makeUnique()
        try launch(
            .countByRemainder, [.int(count), .int(places), sums.argument], over: .elements(count, bytes: 4))
        let exact = (0..<places).map { Int32((count - 1 - $0) / places + 1) }
        let found = try sums.values
        return found == exact ? nil : "atomic additions gave \(found) for \(exact)"
    }
}

extension Kernel {
    /// Counts the work-items by the remainder of their number. The function for the CPU is right for one thread alone.
    fileprivate static let countByRemainder = Kernel(
        "count_by_remainder",
        in: KernelFamily(
            "self_test",
            source: """
                __kernel void count_by_remainder(const int n, const int places, __global int *sums)
                {
                    const int i = get_global_id(0);
                    if (i < n) atomic_add(sums + i % places, 1);
                }
                """)
    ) { arguments, items in
        let sums = arguments.mutableInts(2)
        for item in items { sums[item % Int(arguments.int(1))] += 1 }
    }
}
