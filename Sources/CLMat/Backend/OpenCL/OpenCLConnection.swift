import COpenCL

/// What a device is used through: its context, its in-order queue, what its writes go through. Used under the lock of its backend.
final class OpenCLConnection {
    let context: cl_context
    private(set) var queue: cl_command_queue
    /// Whether the queue notes when each command begins and ends.
    private(set) var keepsTimes = false
    private let device: cl_device_id
    private let name: String
    private var ring: OpenCLStaging?
    /// What reads go to that nobody waits for.
    let pinned = OpenCLPinnedMemory()

    /// - Throws: ``CLMatError/deviceFailed(device:operation:status:)`` if the driver refuses: it is used by somebody else alone, or
    ///   does not work.
    init(_ device: cl_device_id, _ name: String) throws(CLMatError) {
        (self.device, self.name) = (device, name)
        var status: cl_int = 0
        var id: cl_device_id? = device
        guard let context = clCreateContext(nil, 1, &id, nil, nil, &status), status == CL_SUCCESS else {
            throw .deviceFailed(device: name, operation: "clCreateContext", status: statusName(status))
        }
        do throws(CLMatError) {
            queue = try Self.queue(in: context, of: device, name, keepsTimes: false)
        } catch {
            clReleaseContext(context)
            throw error
        }
        self.context = context
        Log.event("\(name): opened")
    }

    deinit {
        clFinish(queue)
        ring?.release(queue)
        pinned.release(queue)
        clReleaseCommandQueue(queue)
        clReleaseContext(context)
    }

    /// The ring that writes go through, made at the first one.
    func staging(_ queue: cl_command_queue) throws(CLMatError) -> OpenCLStaging {
        if let ring { return ring }
        let made = try OpenCLStaging(context, queue)
        ring = made
        return made
    }

    /// Goes on with a queue that keeps times, or one that does not. The old one is finished first, so that the order holds. A
    /// refusal leaves it in place.
    func changeQueue(keepsTimes: Bool) throws(CLMatError) {
        let made = try Self.queue(in: context, of: device, name, keepsTimes: keepsTimes)
        clFinish(queue)
        clReleaseCommandQueue(queue)
        (queue, self.keepsTimes) = (made, keepsTimes)
    }

    func finish() { clFinish(queue) }

    private static func queue(
        in context: cl_context, of device: cl_device_id, _ name: String, keepsTimes: Bool
    ) throws(CLMatError) -> cl_command_queue {
        var status: cl_int = 0
        let properties = cl_command_queue_properties(keepsTimes ? CL_QUEUE_PROFILING_ENABLE : 0)
        guard let queue = clCreateCommandQueue(context, device, properties, &status), status == CL_SUCCESS else {
            throw .deviceFailed(device: name, operation: "clCreateCommandQueue", status: statusName(status))
        }
        return queue
    }
}
