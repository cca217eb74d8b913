import CLMat
import Exploration
import Foundation

/// Replica exchange: rows of different temperatures (``temperatureRatio``) exchange their images, so that what a hot chain finds
/// comes to the cold ones.
///
/// Two chains with temperatures T and T' sample exp(−E/T) exp(−E'/T') together. To exchange their images multiplies that by
/// exp((1/T − 1/T')(E − E')): by detailed balance the exchange is accepted with the probability min(1, exp((1/T − 1/T')(E − E'))).
/// It always is where the colder chain has the higher energy. Velocities go with their images, scaled by √(T'/T), so that they keep
/// their distribution too.
///
/// The energy of d pixels spreads over √(d/2) T, so that about half of the exchanges are accepted at a ratio of 1 + √(1.8/d): 1.05 for
/// 28 × 28 pixels. Steps of a size β sample exp(−E/T) up to their correction (``LangevinTemperature``); an exchange does not know of it.
///
/// - Source: R. H. Swendsen, J.-S. Wang, "Replica Monte Carlo simulation of spin-glasses", Phys. Rev. Lett. 57, 1986; Y. Sugita,
///   Y. Okamoto, "Replica-exchange molecular dynamics method for protein folding", Chem. Phys. Lett. 314, 1999.
extension LangevinSampler {
    /// Whether neighbouring rows exchange their images.
    public enum Exchange: Int, Sendable {
        /// Every chain keeps to its row.
        case off = 0
        /// Only where that leaves the distribution of each row as it is.
        case exact = 1
        /// Also while the network changes, and with criteria that have no score per image, which are left out of the energies then.
        case approximate = 2
    }

    /// Why no images are exchanged.
    public struct ExchangeObstacle: Sendable, Equatable {
        /// Without a full stop: "there is no noise, so no temperature".
        public let problem: String
        /// What to do, as a sentence.
        public let advice: String
    }

    /// Steps from one exchange to the next; even and odd pairs of rows take turns.
    public static let exchangeInterval = 10

    /// Why nothing is exchanged as things are; nil if it is, or ``exchange`` is off.
    ///
    /// - Parameter isLearning: whether the network is another one at each step.
    public func exchangeObstacle(whileLearning isLearning: Bool = false) -> ExchangeObstacle? {
        guard exchange != .off else { return nil }
        if chainCount < 2 {
            return .init(problem: "there is one row", advice: "Exchange takes two chains per neuron or more.")
        }
        if !hasEnergy {
            return .init(
                problem: "gradients divided by running mean squares have no energy",
                advice: "Choose off or fixed as their normalisation.")
        }
        if temperature <= 0 {
            return .init(problem: "there is no noise, so no temperature", advice: "Raise the noise.")
        }
        if temperatureRatio == 1 {
            return .init(
                problem: "all rows have one temperature", advice: "Raise the temperature ladder above 1.")
        }
        guard exchange == .exact else { return nil }
        if isLearning {
            return .init(
                problem: "the network is learning, so that energies change",
                advice: "Turn its training off, or choose approximate exchange.")
        }
        if let criterion = couplingCriterion {
            return .init(
                problem: "the criterion '\(criterion)' has no score per image",
                advice: "Remove it, set it to off, or choose approximate exchange.")
        }
        return nil
    }

    /// T of each row of ``chains``, as its step size is now.
    public func temperatures() throws(CLMatError) -> [Double] {
        var temperatures = (0..<chainCount).flatMap { chain in
            Array(repeating: temperature * pow(temperatureRatio, Double(chain)), count: columns)
        }
        guard parameters.decayExponent != 0 else { return temperatures }
        for (row, age) in try chains.ages.values.enumerated() {
            temperatures[row] *= pow(
                1 + Double(age) / Double(parameters.decayStart), -Double(parameters.decayExponent))
        }
        return temperatures
    }

    /// The share of the exchanges proposed lately that were accepted, over some 50 times; nil if there were none.
    public var exchangeAcceptance: Double? { acceptance.share }

    /// Exchanges images between neighbouring rows of each column, where it is time to.
    ///
    /// - Parameter key: of the step's noise; exchanges have numbers of their own.
    mutating func exchangeIfDue(
        on network: Network, _ key: RandomKey, whileLearning isLearning: Bool
    ) throws(CLMatError) {
        guard exchange != .off else {
            acceptance = ExchangeAcceptance()
            return
        }
        guard stepCount % Self.exchangeInterval == 0, exchangeObstacle(whileLearning: isLearning) == nil else { return }
        let energies = try scoredEnergies(on: network).values
        let temperatures = try temperatures()
        var ownKey = key
        ownKey.stream = Streams.exchange
        let uniforms = ownKey.uniforms(energies.count)
        var pairs: [(Int, Int)] = []
        var proposed = 0
        for chain in stride(from: stepCount / Self.exchangeInterval % 2, to: chainCount - 1, by: 2) {
            for column in neurons.indices {
                let (row, next) = (chain * columns + column, (chain + 1) * columns + column)
                // Not of columns whose c is still estimated, nor of chains that left the numbers.
                guard energies[row].isFinite, energies[next].isFinite else { continue }
                proposed += 1
                let (inverse, inverseNext) = (1 / temperatures[row], 1 / temperatures[next])
                let exponent = (inverse - inverseNext) * (Double(energies[row]) - Double(energies[next]))
                if uniforms[row] < exp(exponent) { pairs.append((row, next)) }
            }
        }
        try chains.exchange(pairs)
        acceptance.add(accepted: pairs.count, of: proposed)
    }
}

/// How many exchanges were accepted of those that were proposed, those of long ago with ever less weight.
struct ExchangeAcceptance: Sendable {
    private var accepted = 0.0
    private var proposed = 0.0

    /// Of what was counted, at each time.
    private static let memory = 0.98

    var share: Double? { proposed > 0 ? accepted / proposed : nil }

    mutating func add(accepted: Int, of proposed: Int) {
        guard proposed > 0 else { return }
        self.accepted = Self.memory * self.accepted + Double(accepted)
        self.proposed = Self.memory * self.proposed + Double(proposed)
    }

    /// Files of earlier versions lack it.
    mutating func archive(_ archive: Archive) throws(CLMatError) {
        if archive.isReading, !archive.has("exchanges-accepted") {
            self = ExchangeAcceptance()
            return
        }
        try archive.keep("exchanges-accepted", &accepted)
        try archive.keep("exchanges-proposed", &proposed)
    }
}

extension Streams {
    /// Whether an exchange is accepted.
    static let exchange: UInt32 = 40
}
