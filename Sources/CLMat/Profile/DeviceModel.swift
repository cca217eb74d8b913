/// A device by four numbers, to predict how long a program would take there: counted, not measured.
///
///     t = Σ over launches of max(launch, bytes / (bandwidth · u), operations / (rate · u), loop · 0.1 µs)
///     u = min(1, work-groups / 264)          the share of the device that has work: two groups for each of 132 processors
///
/// with the rate of small products (m·n·k < 3.2·10⁹: CLBlast takes its direct kernel) at most 6 TFLOP/s, and 10 µs for each time
/// that the host waits for numbers. Launches are taken one after another, as a queue in order has them.
///
/// - Source: the maximum is that of the roofline (Williams, Waterman, Patterson 2009), with latency beside it.
public struct DeviceModel: Sendable, Equatable {
    /// What a person calls it.
    public let name: String
    /// Seconds that a launch takes at least.
    public let launch: Double
    /// Bytes per second.
    public let bandwidth: Double
    /// Floating-point operations per second, in single precision.
    public let arithmetic: Double

    /// NVIDIA's H100: 5 µs per launch, 3 TB/s, 50 TFLOP/s.
    public static let h100 = DeviceModel(name: "H100", launch: 5e-6, bandwidth: 3e12, arithmetic: 50e12)
    /// NVIDIA's H200 as it was measured under OpenCL (driver 580.159, CLBlast 1.5.3): 8 to 10 µs of the host per launch,
    /// copies of 4.3 TB/s, products of 29 TFLOP/s.
    public static let h200 = DeviceModel(name: "H200", launch: 9e-6, bandwidth: 4.3e12, arithmetic: 29e12)
    /// The devices that have a name.
    public static let known = [h100, h200]

    /// A device of these numbers, in seconds, bytes per second and operations per second.
    public init(name: String, launch: Double, bandwidth: Double, arithmetic: Double) {
        (self.name, self.launch) = (name, launch)
        (self.bandwidth, self.arithmetic) = (bandwidth, arithmetic)
    }

    /// A device by its name (`h100`, `h200`), or by three numbers with commas between: microseconds per launch, GB/s and GFLOP/s
    /// (`5,3000,50000`). Nil for anything else.
    public init?(_ text: String) {
        if let known = Self.known.first(where: { $0.name.lowercased() == text.lowercased() }) {
            self = known
            return
        }
        let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) ?? -1 }
        guard numbers.count == 3, numbers.allSatisfy({ $0 > 0 && $0.isFinite }) else { return nil }
        self.init(
            name: "a device of \(text) (µs, GB/s, GFLOP/s)", launch: numbers[0] / 1e6, bandwidth: numbers[1] * 1e9,
            arithmetic: numbers[2] * 1e9)
    }

    /// m·n·k from which on CLBlast takes its kernel for large products on an NVIDIA GPU (1472³).
    static let largeProduct = 3_200_000_000
    /// Operations per second of CLBlast's direct kernel on an H100.
    static let smallProducts = 6e12
    /// Seconds in which a work-item reads one number after another.
    static let latency = 0.1e-6
    /// Seconds of the host for each time that it waits for numbers.
    static let read = 10e-6
    /// Work-groups that have all of the device work.
    static let groups = 264.0

    /// Seconds of one piece of work.
    public func seconds(for cost: LaunchCost) -> Double {
        let bytes = Double(cost.bytes)
        switch cost.kind {
        case .read: return max(Self.read, bytes / bandwidth)
        case .transfer: return max(launch, bytes / bandwidth)
        case .kernel: return seconds(for: cost, rate: arithmetic)
        case .product(let size):
            return seconds(for: cost, rate: size < Self.largeProduct ? min(arithmetic, Self.smallProducts) : arithmetic)
        }
    }

    private func seconds(for cost: LaunchCost, rate: Double) -> Double {
        let u = min(1, Double(max(1, cost.groups)) / Self.groups)
        return max(
            launch, Double(cost.bytes) / (bandwidth * u), Double(cost.operations) / (rate * u),
            Double(cost.loop) * Self.latency)
    }
}
