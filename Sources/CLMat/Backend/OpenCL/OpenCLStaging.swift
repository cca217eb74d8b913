import COpenCL
import Foundation
import Synchronization

/// Host memory through which everything passes that is written to a device: a ring of a few segments, page-locked where the driver
/// has such memory, so that it can fetch from there by itself.
///
/// A write copies into the ring and enqueues the transfer without an event of its own. An event is made when a segment is full, and
/// waited for when its turn comes again: with segments of this size the device has them long before, unless it is slower than
/// the host, which then has to wait. An array of any size so takes no more host memory than the ring.
///
/// Two ways were not taken. A blocking write is allowed to return as soon as the data are copied, but drivers let the whole
/// queue run dry first (PoCL does). `clSetEventCallback` lets NVIDIA's driver (580.159) come to a standstill when several threads
/// write: each waits inside it while the device is idle.
final class OpenCLStaging: Sendable {
    static let segmentBytes = 4 << 20
    static let segmentCount = 4

    /// What the owner of the queue does for a write. Calls are made in the order of the bytes.
    struct Queue {
        /// Enqueues the transfer of `count` bytes from `staged` to `offset` in the target, without waiting.
        let transfer: (_ staged: UnsafeRawPointer, _ offset: Int, _ count: Int) throws(CLMatError) -> Void
        /// An event that is complete when all transfers so far are; the queue is flushed behind it.
        let mark: () throws(CLMatError) -> cl_event
    }

    private struct Segment {
        let start: UnsafeMutableRawPointer
        /// When the device has read it; nil if it need not be waited for.
        var isRead: cl_event?
    }

    /// `@unchecked Sendable`: used behind a lock alone.
    private struct Ring: @unchecked Sendable {
        /// The page-locked memory; nil if it is ordinary.
        let pinned: cl_mem?
        let base: UnsafeMutableRawPointer
        var segments: [Segment]
        var current = 0
        /// Bytes of the current segment that are taken.
        var used = 0
    }

    private let ring: Mutex<Ring>

    /// - Throws: ``CLMatError/outOfDeviceMemory(device:asked:available:)`` if the host has no room for the ring.
    init(_ context: cl_context, _ queue: cl_command_queue) throws(CLMatError) {
        let bytes = Self.segmentBytes * Self.segmentCount
        var status: cl_int = 0
        var (pinned, base): (cl_mem?, UnsafeMutableRawPointer?) = (nil, nil)
        let flags = cl_mem_flags(CL_MEM_READ_WRITE) | cl_mem_flags(CL_MEM_ALLOC_HOST_PTR)
        if let memory = clCreateBuffer(context, flags, bytes, nil, &status), status == CL_SUCCESS {
            base = clEnqueueMapBuffer(
                queue, memory, cl_bool(CL_TRUE), cl_map_flags(CL_MAP_WRITE), 0, bytes, 0, nil, nil, &status)
            if status == CL_SUCCESS, base != nil { pinned = memory } else { clReleaseMemObject(memory) }
        }
        if pinned == nil { base = malloc(bytes) }
        guard let base else {
            throw .outOfDeviceMemory(device: "the host", asked: bytes, available: CPUMemory.available)
        }
        let segments = (0..<Self.segmentCount).map { Segment(start: base + $0 * Self.segmentBytes) }
        ring = Mutex(Ring(pinned: pinned, base: base, segments: segments))
    }

    /// Gives the ring back. The queue must have finished, and nobody may write any more.
    func release(_ queue: cl_command_queue) {
        ring.withLock { ring in
            for segment in ring.segments { if let event = segment.isRead { clReleaseEvent(event) } }
            ring.segments = []
            if let pinned = ring.pinned {
                clEnqueueUnmapMemObject(queue, pinned, ring.base, 0, nil, nil)
                clFinish(queue)
                clReleaseMemObject(pinned)
            } else {
                free(ring.base)
            }
        }
    }

    /// Copies `bytes`, and enqueues their way to the device.
    func write(_ bytes: UnsafeRawBufferPointer, _ queue: Queue) throws(CLMatError) {
        guard let source = bytes.baseAddress else { return }
        // The lock's closure does not carry typed errors out.
        let result = ring.withLock { ring in
            Result { () throws(CLMatError) in
                var done = 0
                while done < bytes.count {
                    let left = bytes.count - done
                    // What fits a segment goes there in one piece.
                    if ring.used + min(left, Self.segmentBytes) > Self.segmentBytes { try Self.turn(&ring, queue) }
                    let count = min(left, Self.segmentBytes - ring.used)
                    let place = ring.segments[ring.current].start + ring.used
                    place.copyMemory(from: source + done, byteCount: count)
                    try queue.transfer(place, done, count)
                    // The next begins where a device likes it to.
                    ring.used += (count + 63) / 64 * 64
                    done += count
                }
            }
        }
        try result.get()
    }

    /// Goes on to the next segment, which may have to be waited for.
    private static func turn(_ ring: inout Ring, _ queue: Queue) throws(CLMatError) {
        ring.segments[ring.current].isRead = try queue.mark()
        ring.current = (ring.current + 1) % ring.segments.count
        ring.used = 0
        var isRead = ring.segments[ring.current].isRead
        guard let event = isRead else { return }
        ring.segments[ring.current].isRead = nil
        // After an error of the device there is nothing to wait for; the next call that can fail tells it.
        clWaitForEvents(1, &isRead)
        clReleaseEvent(event)
    }
}
