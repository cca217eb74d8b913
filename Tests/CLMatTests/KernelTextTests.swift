import COpenCL
import Foundation
import Testing

@testable import CLMat

/// The OpenCL form of each registered kernel, as a compiler sees it: no text without its C functions, no function without its text,
/// and the parameters that the C file names.
@Suite(.enabled(if: !Device.openCL.isEmpty, "There is no OpenCL device."))
struct KernelTextTests {
    @Test(arguments: Set(Kernel.registered.map(\.family)).sorted { $0.name < $1.name })
    func textAndFunctionsAreOfTheSameKernels(_ family: KernelFamily) throws {
        let compiled = try signatures(of: family.source)
        let registered = Kernel.registered.filter { $0.family == family }
        #expect(compiled.keys.sorted() == registered.map(\.name).sorted(), "in the text, and in C")
        for kernel in registered {
            #expect(compiled[kernel.name] == kernel.parameters?.map(typeInC), "\(kernel.name)")
        }
    }

    /// Of a parameter in OpenCL C, without its name.
    private func typeInC(_ parameter: KernelParameter) -> String {
        switch parameter {
        case .int: "int"
        case .word: "uint"
        case .float: "float"
        case .floats: "const float*"
        case .ints: "const int*"
        case .words: "const uint*"
        case .bytes: "const uchar*"
        case .writtenFloats, .changedFloats: "float*"
        case .writtenInts, .changedInts: "int*"
        }
    }

    /// The parameters' types of each kernel of a text, by its name.
    private func signatures(of text: String) throws -> [String: [String]] {
        var platform: cl_platform_id?
        var device: cl_device_id?
        try check(clGetPlatformIDs(1, &platform, nil))
        try check(clGetDeviceIDs(platform, cl_device_type(CL_DEVICE_TYPE_ALL), 1, &device, nil))
        var status: cl_int = 0
        let context = clCreateContext(nil, 1, &device, nil, nil, &status)
        try check(status)
        defer { clReleaseContext(context) }
        let program = text.withCString { text in
            var text: UnsafePointer<CChar>? = text
            return clCreateProgramWithSource(context, 1, &text, nil, &status)
        }
        try check(status)
        defer { clReleaseProgram(program) }
        try check(clBuildProgram(program, 1, &device, "-cl-std=CL1.2 -cl-kernel-arg-info", nil, nil))
        let names = try string {
            clGetProgramInfo(program, cl_program_info(CL_PROGRAM_KERNEL_NAMES), $0, $1, $2)
        }
        var result: [String: [String]] = [:]
        for name in names.split(separator: ";").map(String.init) {
            let kernel = clCreateKernel(program, name, &status)
            try check(status)
            defer { clReleaseKernel(kernel) }
            var count: cl_uint = 0
            try check(clGetKernelInfo(kernel, cl_kernel_info(CL_KERNEL_NUM_ARGS), 4, &count, nil))
            result[name] = try (0..<count).map { try parameter($0, of: kernel) }
        }
        return result
    }

    private func parameter(_ index: cl_uint, of kernel: cl_kernel?) throws -> String {
        let type = try string {
            clGetKernelArgInfo(kernel, index, cl_kernel_arg_info(CL_KERNEL_ARG_TYPE_NAME), $0, $1, $2)
        }
        var qualifiers: cl_kernel_arg_type_qualifier = 0
        try check(
            clGetKernelArgInfo(kernel, index, cl_kernel_arg_info(CL_KERNEL_ARG_TYPE_QUALIFIER), 8, &qualifiers, nil))
        let isConstant = qualifiers & cl_kernel_arg_type_qualifier(CL_KERNEL_ARG_TYPE_CONST) != 0
        return isConstant && type.hasSuffix("*") ? "const \(type)" : type
    }

    private func string(_ query: (Int, UnsafeMutableRawPointer?, UnsafeMutablePointer<Int>?) -> cl_int) throws -> String
    {
        var size = 0
        try check(query(0, nil, &size))
        var bytes = [UInt8](repeating: 0, count: size)
        try check(query(size, &bytes, nil))
        return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }

    private func check(_ status: cl_int) throws { try #require(status == CL_SUCCESS) }
}
