import Foundation
import Synchronization

/// Short rows of numbers that are the same in every step (priors, weights, scales), on one device: each is uploaded once.
final class ConstantRows: Sendable {
    /// How many are kept: more than a step of any model needs. Those that nobody asked for longest go.
    static let limit = 32
    /// Longer rows are data.
    static let longest = 16_384

    /// Numbers by their bits: 0 and −0 are two, and a NaN is equal to itself.
    private struct Key: Hashable {
        let values: [Float]

        static func == (a: Key, b: Key) -> Bool {
            guard a.values.count == b.values.count else { return false }
            return a.values.withUnsafeBytes { left in
                b.values.withUnsafeBytes { right in
                    guard let one = left.baseAddress, let other = right.baseAddress else { return true }
                    return memcmp(one, other, left.count) == 0
                }
            }
        }
        func hash(into hasher: inout Hasher) { values.withUnsafeBytes { hasher.combine(bytes: $0) } }
    }

    private struct Entry {
        let buffer: Buffer
        var lastUse: Int
    }

    private struct Rows {
        var entries: [Key: Entry] = [:]
        var uses = 0
    }

    private let rows = Mutex(Rows())

    /// The memory that holds `values`; nil if none does.
    func find(_ values: [Float]) -> Buffer? {
        rows.withLock { rows in
            rows.uses += 1
            let uses = rows.uses
            let key = Key(values: values)
            guard let found = rows.entries[key]?.buffer else { return nil }
            rows.entries[key]?.lastUse = uses
            return found
        }
    }

    func keep(_ buffer: Buffer, for values: [Float]) {
        rows.withLock { rows in
            if rows.entries.count >= Self.limit,
                let oldest = rows.entries.min(by: { $0.value.lastUse < $1.value.lastUse })
            {
                rows.entries[oldest.key] = nil
            }
            rows.entries[Key(values: values)] = Entry(buffer: buffer, lastUse: rows.uses)
        }
    }
}

extension Matrix {
    /// A row of numbers that are the same again and again, such as a prior or the weights of features: the device keeps the row, so that
    /// it is uploaded when the numbers change and not in every step.
    public init(constantRow values: [Float], on device: Device) throws(CLMatError) {
        if let kept = device.constantRows.find(values) {
            self.init(sharing: kept, Shape(1, values.count), on: device)
            return
        }
        try self.init(values, 1, values.count, on: device)
        if (1...ConstantRows.longest).contains(values.count) { device.constantRows.keep(buffer, for: values) }
    }
}
