import CLMat
import COpenCL

/// What an OpenCL device says of itself, for a report.
enum OpenCLFacts {
    /// Nothing for the CPU by CLMat's own C.
    static func of(deviceNamed name: String) -> [(name: String, value: String)] {
        for platform in ids({ clGetPlatformIDs($0, $1, $2) }) {
            let devices: [cl_device_id] = ids {
                clGetDeviceIDs(platform, cl_device_type(CL_DEVICE_TYPE_ALL), $0, $1, $2)
            }
            for device in devices where text(device, CL_DEVICE_NAME) == name { return facts(of: device) }
        }
        return []
    }

    private static func facts(of id: cl_device_id) -> [(name: String, value: String)] {
        func number(_ parameter: Int32) -> UInt64 {
            var value: UInt64 = 0
            _ = clGetDeviceInfo(id, cl_device_info(parameter), 8, &value, nil)
            return value
        }
        var platform: cl_platform_id?
        _ = clGetDeviceInfo(id, cl_device_info(CL_DEVICE_PLATFORM), 8, &platform, nil)
        let platformName = string { clGetPlatformInfo(platform, cl_platform_info(CL_PLATFORM_NAME), $0, $1, $2) }
        var sides = [Int](repeating: 0, count: Int(max(3, number(CL_DEVICE_MAX_WORK_ITEM_DIMENSIONS))))
        _ = clGetDeviceInfo(id, cl_device_info(CL_DEVICE_MAX_WORK_ITEM_SIZES), 8 * sides.count, &sides, nil)
        let floats = number(CL_DEVICE_SINGLE_FP_CONFIG)
        func has(_ flag: Int32) -> String { floats & UInt64(flag) != 0 ? "yes" : "no" }
        return [
            ("vendor", text(id, CL_DEVICE_VENDOR)), ("platform", platformName),
            ("OpenCL", text(id, CL_DEVICE_VERSION)), ("OpenCL C", text(id, CL_DEVICE_OPENCL_C_VERSION)),
            ("profile", text(id, CL_DEVICE_PROFILE)), ("driver", text(id, CL_DRIVER_VERSION)),
            ("compute units", "\(number(CL_DEVICE_MAX_COMPUTE_UNITS))"),
            ("clock", "\(number(CL_DEVICE_MAX_CLOCK_FREQUENCY)) MHz"),
            ("memory", "\(number(CL_DEVICE_GLOBAL_MEM_SIZE) >> 20) MiB"),
            ("largest buffer", "\(number(CL_DEVICE_MAX_MEM_ALLOC_SIZE) >> 20) MiB"),
            ("local memory", "\(number(CL_DEVICE_LOCAL_MEM_SIZE)) bytes"),
            ("local memory is apart", number(CL_DEVICE_LOCAL_MEM_TYPE) == UInt64(CL_LOCAL) ? "yes" : "no"),
            ("constant memory", "\(number(CL_DEVICE_MAX_CONSTANT_BUFFER_SIZE)) bytes"),
            ("largest work-group", "\(number(CL_DEVICE_MAX_WORK_GROUP_SIZE))"),
            ("largest work-group by side", sides.map { "\($0)" }.joined(separator: " × ")),
            ("subnormal floats", has(CL_FP_DENORM)), ("fused multiply-add", has(CL_FP_FMA)),
            ("address bits", "\(number(CL_DEVICE_ADDRESS_BITS))"),
            ("extensions", text(id, CL_DEVICE_EXTENSIONS)),
        ]
    }

    private static func ids<ID>(_ ask: (cl_uint, UnsafeMutablePointer<ID?>?, UnsafeMutablePointer<cl_uint>?) -> cl_int)
        -> [ID]
    {
        var count: cl_uint = 0
        guard ask(0, nil, &count) == CL_SUCCESS, count > 0 else { return [] }
        var found = [ID?](repeating: nil, count: Int(count))
        guard ask(count, &found, nil) == CL_SUCCESS else { return [] }
        return found.compactMap { $0 }
    }

    private static func text(_ id: cl_device_id, _ parameter: Int32) -> String {
        string { clGetDeviceInfo(id, cl_device_info(parameter), $0, $1, $2) }
    }

    private static func string(_ ask: (Int, UnsafeMutableRawPointer?, UnsafeMutablePointer<Int>?) -> cl_int) -> String {
        var size = 0
        guard ask(0, nil, &size) == CL_SUCCESS, size > 1 else { return "" }
        var bytes = [UInt8](repeating: 0, count: size)
        guard ask(size, &bytes, nil) == CL_SUCCESS else { return "" }
        return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
}
