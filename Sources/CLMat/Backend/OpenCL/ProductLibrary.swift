import Foundation

/// Which library multiplies matrices on an OpenCL device that is a CPU: `CLMAT_GEMM=clblast|openblas`.
///
/// OpenBLAS on mapped buffers is ten times as fast there. CLBlast's kernels are what GPUs always use: to choose them on
/// PoCL or rusticl tests a GPU's path on a machine without one.
enum ProductLibrary: String, CaseIterable {
    case openBLAS = "openblas"
    case clBlast = "clblast"

    /// What the environment asks for; OpenBLAS if it asks for nothing, or for what there is not, which is then said.
    static let forCPUs: ProductLibrary = {
        guard let asked = ProcessInfo.processInfo.environment["CLMAT_GEMM"], !asked.isEmpty else { return .openBLAS }
        if let library = ProductLibrary(rawValue: asked.lowercased()) { return library }
        let known = allCases.map(\.rawValue).joined(separator: " or ")
        Log.notice("CLMAT_GEMM=\(asked) is not \(known); OpenCL CPU devices multiply with OpenBLAS.")
        return .openBLAS
    }()
}
