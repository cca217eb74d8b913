import CLMat
import Foundation

extension KernelFamily {
    /// Kernels/softplus.cl and .c.
    static let softplus = KernelFamily("softplus")
}

extension Kernel {
    static let softplus = Kernel("softplus", in: .softplus)
}

extension Matrix {
    /// ln(1 + eˣ) of each element.
    ///
    /// - Accuracy: within some 10⁻⁷ of 1 or of itself, whichever is larger.
    func softplus() throws(CLMatError) -> Matrix {
        let result = try Matrix(uninitialised: shape, on: device)
        try device.launch(
            .softplus, [.int(count), argument, result.argument], over: .elements(count, bytes: 8, operations: 40))
        return result
    }
}

/// Says how far each device is from the definition, and what a launch says that does not fit.
@main struct Program {
    static func main() throws {
        let x = (0..<1009).map { Float($0) * 0.1 - 50 }
        for device in Device.all {
            let found = try Matrix(x, 1, x.count, on: device).softplus().values
            let errors = zip(x, found).map { x, found in
                let exact = max(0, Double(x)) + log1p(exp(-abs(Double(x))))
                return abs(Double(found) - exact) / max(1, exact)
            }
            print("\(device): within \(errors.max() ?? .nan)")
        }
        let m = try Matrix(x, 1, x.count, on: .cpu)
        do {
            try Device.cpu.launch(.softplus, [m.argument, m.argument], over: .elements(m.count, bytes: 8))
        } catch {
            print("refused: \(error)")
        }
        let own = Kernel.registered.filter { $0.family == .softplus }
        print("registered: \(own.map { "\($0) \($0.parameters ?? [])" })")
    }
}
