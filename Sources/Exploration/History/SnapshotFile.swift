import CLMat
import Foundation
import Synchronization

/// A file without a name for snapshots that memory has no room for: it goes with the process, however that ends.
final class SnapshotFile: Sendable {
    private struct Space {
        /// The file's length.
        var end = 0
        /// What was given back, in order, no two touching.
        var gaps: [Range<Int>] = []
    }

    private let descriptor: Int32
    private let folder: String
    /// The most bytes that it takes.
    let limit: Int
    private let space = Mutex(Space())

    /// - Parameters:
    ///   - folder: made if it is not there.
    ///   - limit: a tenth of what the disk has free if nil.
    /// - Throws: ``/CLMat/CLMatError/fileNotWritable(path:reason:)``.
    init(in folder: String, limit: Int?) throws(CLMatError) {
        self.folder = folder
        try Files.makeFolder(folder)
        var name = Array("\(folder)/snapshots-XXXXXX".utf8CString)
        descriptor = mkstemp(&name)
        guard descriptor >= 0 else {
            throw .fileNotWritable(path: folder, reason: Descriptors.words(errno))
        }
        unlink(name)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        var system = statvfs()
        let free = fstatvfs(descriptor, &system) == 0 ? Int(system.f_bavail) * Int(system.f_frsize) : 0
        self.limit = limit ?? free / 10
    }

    deinit { close(descriptor) }

    /// A part of the file, which is given back with the last reference to it.
    final class Extent: Sendable {
        fileprivate let file: SnapshotFile
        let range: Range<Int>

        fileprivate init(_ file: SnapshotFile, _ range: Range<Int>) { (self.file, self.range) = (file, range) }
        deinit { file.giveBack(range) }

        /// - Throws: ``/CLMat/CLMatError/fileNotWritable(path:reason:)``: the disk is full, say.
        func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(CLMatError) {
            var done = 0
            while done < bytes.count {
                let place = off_t(range.lowerBound + offset + done)
                let count = pwrite(file.descriptor, bytes.baseAddress! + done, bytes.count - done, place)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else {
                    throw .fileNotWritable(path: file.folder, reason: Descriptors.words(count == 0 ? ENOSPC : errno))
                }
                done += count
            }
        }

        /// The bytes, read where they are used.
        ///
        /// - Throws: ``/CLMat/CLMatError/fileDamaged(path:place:problem:)``.
        func read() throws(CLMatError) -> Data {
            guard !range.isEmpty else { return Data() }
            guard let start = mmap(nil, range.count, PROT_READ, MAP_PRIVATE, file.descriptor, off_t(range.lowerBound)),
                start != MAP_FAILED
            else {
                throw .fileDamaged(
                    path: file.folder, place: "a snapshot", problem: "it cannot be read: \(Descriptors.words(errno))")
            }
            let (count, owner) = (range.count, self)
            return Data(
                bytesNoCopy: start, count: count,
                deallocator: .custom { start, _ in
                    munmap(start, count)
                    withExtendedLifetime(owner) {}
                })
        }
    }

    /// Room for so many bytes; nil if the file would become too large.
    func reserve(_ bytes: Int) -> Extent? {
        // What is mapped begins at a page.
        let page = sysconf(Int32(_SC_PAGESIZE))
        let length = (max(1, bytes) + page - 1) / page * page
        let start = space.withLock { space -> Int? in
            if let gap = space.gaps.firstIndex(where: { $0.count >= length }) {
                let start = space.gaps[gap].lowerBound
                let rest = start + length..<space.gaps[gap].upperBound
                if rest.isEmpty { space.gaps.remove(at: gap) } else { space.gaps[gap] = rest }
                return start
            }
            guard length <= limit, space.end <= limit - length else { return nil }
            defer { space.end += length }
            return space.end
        }
        return start.map { Extent(self, $0..<$0 + length) }
    }

    private func giveBack(_ range: Range<Int>) {
        space.withLock { space in
            let place = space.gaps.firstIndex { $0.lowerBound > range.lowerBound } ?? space.gaps.count
            space.gaps.insert(range, at: place)
            // Neighbours become one.
            if place + 1 < space.gaps.count, space.gaps[place].upperBound == space.gaps[place + 1].lowerBound {
                space.gaps[place] = space.gaps[place].lowerBound..<space.gaps.remove(at: place + 1).upperBound
            }
            if place > 0, space.gaps[place - 1].upperBound == space.gaps[place].lowerBound {
                space.gaps[place - 1] = space.gaps[place - 1].lowerBound..<space.gaps.remove(at: place).upperBound
            }
            if let last = space.gaps.last, last.upperBound == space.end {
                space.end = last.lowerBound
                space.gaps.removeLast()
            }
        }
    }
}
