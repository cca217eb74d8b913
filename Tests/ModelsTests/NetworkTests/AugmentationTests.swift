import CLMat
import Testing

@testable import Models

@Suite struct AugmentationTests {
    private static let shape = ImageShape(height: 9, width: 11)

    @Test func viewsStayWithinWhatWasSaid() {
        let augmentation = Augmentation(shift: 2, mirrors: true, crop: 0.4)
        let views = augmentation.views(2000, Self.shape, RandomKey(seed: 1, stream: 1))
        for view in views {
            #expect((0.6...1).contains(view.zoom))
            // Moved by up to 2, and within what was cut away.
            #expect(
                abs(view.down) <= 2 + (1 - view.zoom) * 4 + 1e-5 && abs(view.across) <= 2 + (1 - view.zoom) * 5 + 1e-5)
        }
        // 2000 draws of 1/2: within 5 deviations of 22.
        #expect(abs(views.count(where: \.isMirrored) - 1000) < 112)
        let shifts = Augmentation(shift: 1).views(900, Self.shape, RandomKey(seed: 2, stream: 1)).map(\.down)
        #expect(Set(shifts) == [-1, 0, 1])
        for shift: Float in [-1, 0, 1] { #expect(abs(shifts.count { $0 == shift } - 300) < 71) }
    }

    @Test func nothingSaidIsNothingDone() throws {
        let x = try Matrix(uniform: 0...1, RandomKey(seed: 1, stream: 1), Shape(3, Self.shape.count), on: .cpu)
        let key = RandomKey(seed: 1, stream: 2)
        #expect(try Augmentation().applied(to: x, Self.shape, key).values == x.values)
        #expect(try Augmentation(mirrors: true).applied(to: x, Self.shape, key).values != x.values)
    }
}
