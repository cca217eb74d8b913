import CLMat

/// Matrices on whatever device there is: the README's example.
@main struct Hello {
    static func main() throws {
        Descriptors.prepare()  // a standard output that is closed is no file of OpenCL's
        let device = try Device.default
        let x = try Matrix([1, 2, 3, 4, 5, 6], 2, 3, on: device)
        let w = try Matrix(normal: 0, deviation: 1, RandomKey(seed: 1, stream: 0), Shape(3, 2), on: device)
        let y = try (x.matmul(w) + 1).softmaxRows()
        print("softmax(x w + 1) on \(device.name):", try y.values)
        do {
            _ = try w.matmul(w)
        } catch {
            print("an error says what to do:", error)
        }
    }
}
