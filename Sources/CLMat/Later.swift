import Synchronization

/// A value that is made, on the host, of numbers which the device is still computing.
///
/// A read waits for the device until it has nothing left to do. Who does not need a number at once asks for it later, when the next work
/// is in the queue:
/// ```swift
/// let device = try Device.default
/// let x = try Matrix(uniform: 0...1, RandomKey(seed: 1, stream: 0), Shape(1000, 10), on: device)
/// let sum = try x.sumLater()
/// try Reading.start(sum.readings)
/// let y = try x.squared()                // more work
/// print(try sum.value, try y.sum())
/// ```
/// It is made once, by whoever asks first.
public final class Later<Value: Sendable>: Sendable {
    private enum State: Sendable {
        case waiting(@Sendable () throws(CLMatError) -> Value)
        case known(Value)
        case failed(CLMatError)
    }
    private let state: Mutex<State>
    /// What it is made of. Those that were not started are read one by one when the value is asked for.
    public let readings: [Reading]

    /// A value that is known.
    public init(_ value: Value) {
        state = Mutex(.known(value))
        readings = []
    }

    /// A value that `make` makes when the readings are there.
    public init(_ readings: [Reading], _ make: @escaping @Sendable () throws(CLMatError) -> Value) {
        state = Mutex(.waiting(make))
        self.readings = readings
    }

    /// The value. Waits for the readings.
    ///
    /// - Throws: what reading throws; ``CLMatError``s of what makes the value.
    public var value: Value {
        get throws(CLMatError) {
            let result = state.withLock { state -> Result<Value, CLMatError> in
                switch state {
                case .known(let value): return .success(value)
                case .failed(let error): return .failure(error)
                case .waiting(let make):
                    do throws(CLMatError) {
                        let value = try make()
                        state = .known(value)
                        return .success(value)
                    } catch {
                        state = .failed(error)
                        return .failure(error)
                    }
                }
            }
            return try result.get()
        }
    }

    /// Whether asking waits for nothing.
    public var isKnown: Bool {
        if state.withLock({ if case .waiting = $0 { false } else { true } }) { return true }
        return readings.allSatisfy(\.isKnown)
    }

    /// What `body` makes of the value.
    public func map<New: Sendable>(_ body: @escaping @Sendable (Value) throws(CLMatError) -> New) -> Later<New> {
        Later<New>(readings) { () throws(CLMatError) in try body(self.value) }
    }
}

extension Later {
    /// The sum of values, in their order.
    public static func sum(_ parts: [Later<Double>]) -> Later<Double> where Value == Double {
        Later(parts.flatMap(\.readings)) { () throws(CLMatError) in
            var sum = 0.0
            for part in parts { sum += try part.value }
            return sum
        }
    }
}
