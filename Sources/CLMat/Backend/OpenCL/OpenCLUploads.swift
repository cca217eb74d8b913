import COpenCL
import Foundation
import Synchronization

/// Copies of what was written to a device, kept until it has them.
///
/// They are freed when the host next writes, reads or waits, not by `clSetEventCallback`: with callbacks and several
/// threads NVIDIA's driver (580.159) comes to a standstill, each thread waiting inside it while the device is idle.
final class OpenCLUploads: Sendable {
    /// `@unchecked Sendable`: used behind a lock alone.
    private struct Upload: @unchecked Sendable {
        let staging: UnsafeMutableRawPointer
        let event: cl_event

        /// Whether the device has the bytes, or never will (a status below 0 is an error).
        var isDone: Bool {
            var status = CL_QUEUED
            let size = MemoryLayout.size(ofValue: status)
            return clGetEventInfo(event, cl_event_info(CL_EVENT_COMMAND_EXECUTION_STATUS), size, &status, nil)
                == CL_SUCCESS && status <= CL_COMPLETE
        }
    }

    private let pending = Mutex<[Upload]>([])

    /// - Parameters:
    ///   - staging: what `malloc` gave, and an enqueued write reads.
    ///   - event: that of the write; it is released with `staging`.
    func add(_ staging: UnsafeMutableRawPointer, _ event: cl_event) {
        let upload = Upload(staging: staging, event: event)
        pending.withLock { $0.append(upload) }
    }

    /// Frees the copies that the device has. The queue is in order: behind the first that it lacks there is none.
    func free() {
        let done = pending.withLock { pending in
            let done = pending.prefix { $0.isDone }
            pending.removeFirst(done.count)
            return done
        }
        for upload in done {
            Foundation.free(upload.staging)
            clReleaseEvent(upload.event)
        }
    }
}
