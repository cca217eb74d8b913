import COpenCL

/// What the system's OpenCL loader offers.
enum OpenCLPlatforms {
    /// The devices, and what is to be said of a platform that is installed but offers none.
    struct Found {
        var devices: [Device] = []
        var emptyPlatforms: [EmptyPlatform] = []
    }

    struct EmptyPlatform: Sendable {
        let name: String
        let reason: String
    }

    static func search() -> Found {
        var found = Found()
        var count: cl_uint = 0
        guard clGetPlatformIDs(0, nil, &count) == CL_SUCCESS, count > 0 else { return found }
        var platforms = [cl_platform_id?](repeating: nil, count: Int(count))
        guard clGetPlatformIDs(count, &platforms, nil) == CL_SUCCESS else { return found }
        for platform in platforms.compactMap({ $0 }) { search(platform, &found) }
        return found
    }

    private static func search(_ platform: cl_platform_id, _ found: inout Found) {
        let platformName = informationString {
            clGetPlatformInfo(platform, cl_platform_info(CL_PLATFORM_NAME), $0, $1, $2)
        }
        var count: cl_uint = 0
        let all = cl_device_type(CL_DEVICE_TYPE_ALL)
        var status = clGetDeviceIDs(platform, all, 0, nil, &count)
        var ids = [cl_device_id?](repeating: nil, count: Int(count))
        if status == CL_SUCCESS, count > 0 { status = clGetDeviceIDs(platform, all, count, &ids, nil) }
        guard status == CL_SUCCESS, count > 0 else {
            // PoCL that cannot make its cache's folder has no device.
            let why = CompilerCache.problem(platform: platformName) ?? "Its driver says \(statusName(status))."
            found.emptyPlatforms.append(EmptyPlatform(name: platformName, reason: why))
            Log.event("\(platformName) is installed, but offers no device. \(why)")
            return
        }
        found.devices += ids.compactMap { $0 }.map { device(id: $0, platformName: platformName) }
    }

    private static func device(id: cl_device_id, platformName: String) -> Device {
        func text(_ parameter: Int32) -> String {
            informationString { clGetDeviceInfo(id, cl_device_info(parameter), $0, $1, $2) }
        }
        func number<Number: FixedWidthInteger>(_ parameter: Int32, as type: Number.Type) -> Number {
            var value: Number = 0
            _ = clGetDeviceInfo(id, cl_device_info(parameter), MemoryLayout<Number>.size, &value, nil)
            return value
        }
        let name = text(CL_DEVICE_NAME)
        let type = number(CL_DEVICE_TYPE, as: cl_device_type.self)
        let kind: Device.Kind =
            if type & cl_device_type(CL_DEVICE_TYPE_GPU) != 0 {
                .gpu
            } else if type & cl_device_type(CL_DEVICE_TYPE_CPU) != 0 {
                .openCLCPU
            } else {
                .accelerator
            }
        let memory = Int(clamping: number(CL_DEVICE_GLOBAL_MEM_SIZE, as: cl_ulong.self))
        // The context is made when the device is first used: to look at the list opens none.
        let profile = Profile()
        let backend = OpenCLBackend(
            id: id, name: name, platform: platformName, kind: kind, memory: memory,
            largestBuffer: Int(clamping: number(CL_DEVICE_MAX_MEM_ALLOC_SIZE, as: cl_ulong.self)), profile: profile)
        let device = Device(
            name: name, kind: kind,
            details: "\(platformName), \(text(CL_DEVICE_VERSION)), driver \(text(CL_DRIVER_VERSION))",
            memory: memory, computeUnits: Int(number(CL_DEVICE_MAX_COMPUTE_UNITS, as: cl_uint.self)),
            sharesHostMemory: number(CL_DEVICE_HOST_UNIFIED_MEMORY, as: cl_bool.self) != 0, backend: backend,
            profile: profile)
        Log.event("found \(device.summary)")
        return device
    }
}
