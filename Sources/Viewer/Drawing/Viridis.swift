/// A perceptually even map from 0…1 to colours, from dark violet to yellow.
///
/// - Source: S. van der Walt, N. Smith, "viridis", matplotlib 1.5, 2015 (CC0): every 17th of its 256 colours, and
///   straight lines between them.
enum Viridis {
    private static let stops: [Colour] = [
        0x440154, 0x481a6c, 0x472f7d, 0x414487, 0x39568c, 0x31688e, 0x2a788e, 0x23888e, 0x1f988b, 0x22a884, 0x35b779,
        0x54c568, 0x7ad151, 0xa5db36, 0xd2e21b, 0xfde725,
    ].map { Colour($0) }

    static func colour(_ share: Float) -> Colour {
        let place = min(max(share, 0), 1) * Float(stops.count - 1)
        let index = min(Int(place), stops.count - 2)
        return stops[index].mixed(with: stops[index + 1], place - Float(index))
    }
}
