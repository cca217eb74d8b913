import CImGui
import CSDL2
import Exploration
import Foundation
import TestSupport
import Testing

@testable import Viewer

extension WindowTests {
    /// What is drawn again where something changed is what a drawing of all would be, pixel by pixel; and it is little.
    @MainActor @Suite(.serialized) struct Redrawing {
        // MARK: Shapes

        /// Something on a page, of any kind.
        private enum Shape {
            case fill(Box, Colour, radius: Float)
            case line([Point], Colour, thickness: Float)
            case disc(Point, Float, Colour)
            case words(String, Point, Colour, isUpwards: Bool)
            case image(Box, u: Float, v: Float)
        }

        private static let size = Point(320, 200)

        private func random(_ random: inout SplitMix64) -> Shape {
            func number(_ limit: Float) -> Float { Float(random.next() % 1_000_003) / 1_000_003 * limit }
            func point() -> Point { Point(number(380) - 30, number(260) - 30) }
            let alpha: Float = random.next() % 3 == 0 ? number(1) : 1
            let colour = Colour(UInt32(random.next() % 0x1000000), alpha: alpha)
            let at = point()
            switch random.next() % 6 {
            case 0, 1:
                return .fill(Box(at.x, at.y, number(150), number(90)), colour, radius: random.next() % 2 == 0 ? 0 : 6)
            case 2: return .line((0..<9).map { _ in point() }, colour, thickness: 0.5 + number(4))
            case 3: return .disc(at, number(40), colour)
            case 4:
                return .words("Step \(random.next() % 1000), λ₁", at, colour, isUpwards: random.next() % 3 == 0)
            default: return .image(Box(at.x, at.y, 1 + number(90), 1 + number(60)), u: number(0.5), v: number(0.5))
            }
        }

        private func draw(_ shapes: [Shape], _ image: OpaquePointer, on surface: Surface) {
            gui_begin_frame(surface.gui, Self.size.x, Self.size.y, 0.01)
            gui_begin_overlay()
            for (number, shape) in shapes.enumerated() {
                func draw() {
                    switch shape {
                    case .fill(let box, let colour, let radius): UI.fill(box, colour, radius: radius)
                    case .line(let points, let colour, let thickness):
                        UI.polyline(points, colour, thickness: thickness)
                    case .disc(let centre, let radius, let colour): UI.disc(centre, radius: radius, colour)
                    case .words(let text, let at, let colour, let isUpwards):
                        if isUpwards { UI.textUpwards(text, at, colour) } else { UI.text(text, at, colour) }
                    case .image(let box, let u, let v):
                        gui_image(image, box.x, box.y, box.width, box.height, u, v, u + 0.5, v + 0.5)
                    }
                }
                if number % 3 == 0 { UI.clipped(to: Box(20, 15, 251.5, 140.25), draw) } else { draw() }
            }
            gui_end_overlay()
            surface.clear(Theme.dark.background)
            gui_end_frame(surface.gui)
        }

        private func pixels(_ random: inout SplitMix64) -> [UInt8] {
            (0..<24 * 16 * 4).map { _ in UInt8(random.next() % 256) }
        }

        @Test(arguments: [Float(1), 1.75]) func aPageThatChangesIsDrawnAsAFreshOne(_ scale: Float) throws {
            var source = SplitMix64(seed: 5)
            func surface() throws -> Surface {
                try Surface(
                    width: Int(Self.size.x * scale), height: Int(Self.size.y * scale), theme: .dark, scale: scale)
            }
            let (page, fresh) = (try surface(), try surface())
            let image = try #require(gui_texture_create(page.gui, 24, 16))
            defer { gui_texture_destroy(image) }
            gui_texture_update(image, pixels(&source))
            var shapes = (0..<25).map { _ in random(&source) }
            var shares: [Double] = []
            for _ in 0..<40 {
                // Some come, some go, one moves, another one is covered, the image gets other pixels in place.
                switch source.next() % 6 {
                case 0: shapes.append(random(&source))
                case 1 where shapes.count > 10: shapes.remove(at: Int(source.next() % UInt64(shapes.count)))
                case 2: shapes.swapAt(0, Int(source.next() % UInt64(shapes.count)))
                case 3: gui_texture_update(image, pixels(&source))
                case 4: break
                default: shapes[Int(source.next() % UInt64(shapes.count))] = random(&source)
                }
                draw(shapes, image, on: page)
                #expect(gui_check(page.gui) == 0)
                shares.append(page.shareDrawn)
                // What has another size has nothing drawn yet.
                gui_resize(fresh.gui, 1, 1)
                draw(shapes, image, on: fresh)
                #expect(fresh.shareDrawn == 1)
                let (found, wanted) = (try page.read(), try fresh.read())
                #expect(found.pixels == wanted.pixels)
            }
            #expect(shares[0] == 1 && shares.contains(0) && shares.dropFirst().contains { $0 > 0 && $0 < 0.5 })
        }

        @Test func aPixelBelongsToAShapeIfItsCentreDoes() throws {
            let surface = try Surface(width: 64, height: 64, theme: .dark, scale: 1)
            let corners: [(Float, Float)] = [(10.3, 5.6), (58.1, 22.7), (21.9, 61.2)]
            gui_begin_frame(surface.gui, 64, 64, 0.01)
            gui_begin_overlay()
            // Without soft edges: a filled rectangle, of which a triangle alone is seen, has none.
            UI.fill(Box(3.4, 40.6, 5, 7.5), Colour(0x204060))
            gui_triangle(
                corners[0].0, corners[0].1, corners[1].0, corners[1].1, corners[2].0, corners[2].1,
                Colour(0xffffff).packed)
            gui_end_overlay()
            surface.clear(Colour(0))
            gui_end_frame(surface.gui)
            let picture = try surface.read()
            for y in 0..<64 {
                for x in 0..<10 {
                    // 3.4…8.4 and 40.6…48.1 hold the centres 3.5…7.5 and 41.5…47.5.
                    let isIn = (3...7).contains(x) && (41...47).contains(y)
                    #expect((picture[x, y] == Colour(0x204060)) == isIn, "\(x), \(y)")
                }
            }
            for y in 0..<64 {
                for x in 10..<64 {
                    // How far the centre lies inside the nearest side.
                    let distance = (0..<3).map { side -> Double in
                        let (a, b) = (corners[side], corners[(side + 1) % 3])
                        let (dx, dy) = (Double(b.0 - a.0), Double(b.1 - a.1))
                        return (dx * (Double(y) + 0.5 - Double(a.1)) - dy * (Double(x) + 0.5 - Double(a.0)))
                            / (dx * dx + dy * dy).squareRoot()
                    }.min()!
                    // ImGui's edges fade over a pixel.
                    if distance > 0.8 { #expect(picture[x, y] == Colour(0xffffff), "\(x), \(y)") }
                    if distance < -1.5 { #expect(picture[x, y] == Colour(0), "\(x), \(y)") }
                }
            }
        }

        @Test func trianglesThatMeetCoverEachPixelOnce() throws {
            let surface = try Surface(width: 96, height: 96, theme: .dark, scale: 1)
            gui_begin_frame(surface.gui, 96, 96, 0.01)
            gui_begin_overlay()
            // A half transparent polygon is a fan of triangles: where two met twice, or not at all, it would be seen.
            UI.disc(Point(48.2, 47.7), radius: 40, Colour(0xffffff, alpha: 0.5))
            gui_end_overlay()
            surface.clear(Colour(0))
            gui_end_frame(surface.gui)
            let picture = try surface.read()
            for y in 0..<96 {
                for x in 0..<96 {
                    let (dx, dy) = (Float(x) + 0.5 - 48.2, Float(y) + 0.5 - 47.7)
                    let distance = (dx * dx + dy * dy).squareRoot()
                    if distance < 38 { #expect(picture[x, y] == Colour(0x808080), "\(x), \(y)") }
                    if distance > 42 { #expect(picture[x, y] == Colour(0), "\(x), \(y)") }
                }
            }
        }

        // MARK: The window

        @Test func whateverHappensTheWindowIsAsIfDrawnWhole() throws {
            let hands = try Hands(ViewerOptions(width: 1280, height: 720), stepSeconds: 0.001)
            defer { hands.finish() }
            hands.learner.send(.resume)
            var (wrong, frames, pixels) = (0, 0, 0.0)
            let surface = hands.window.surface
            hands.window.frameWasDrawn = {
                wrong += Int(gui_check(surface.gui))
                frames += 1
                pixels += surface.shareDrawn
            }
            var random = SplitMix64(seed: 14)
            func number(_ limit: Int) -> Int { Int(random.next() % UInt64(limit)) }
            func point() -> Point { Point(Float(number(1280)), Float(number(720))) }
            for action in 0..<40 {
                switch number(10) {
                case 0: hands.wheel(Int32(number(7)) - 3, at: point())
                case 1: hands.rightClick(point())
                case 2: hands.press(SDLK_ESCAPE, SDL_SCANCODE_ESCAPE)
                case 3: hands.press(SDLK_TAB, SDL_SCANCODE_TAB)
                case 4: hands.press(SDLK_F1, SDL_SCANCODE_F1)
                case 5:
                    let panels = hands.view.dashboard.panels
                    hands.view.setOpen(panels[number(panels.count)], number(3) > 0)
                    hands.window.settle()
                case 6:
                    // A panel by its title: others lie below it then.
                    let open = hands.view.layout.openPanels(hands.view.dashboard)
                    guard !open.isEmpty, let title = try? hands.place("\(open[number(open.count)].name)/title") else {
                        continue
                    }
                    hands.drag(from: title.middle, to: point())
                case 7:
                    guard let track = try? hands.place("controls:/alpha/track") else { continue }
                    hands.drag(from: Point(track.x + Float(number(Int(track.width))), track.midY), to: point())
                default: hands.move(to: point())
                }
                #expect(wrong == 0, "after action \(action)")
                if wrong > 0 { break }
            }
            #expect(frames > 60)
            // Of a window in which a model learns and a person acts.
            #expect(pixels / Double(max(1, frames)) < 0.5, "\(pixels) of \(frames)")
        }

        @Test func aPersonIsFollowedForTwoSecondsAndTheRunMoreSeldom() throws {
            let hands = try Hands()
            defer { hands.finish() }
            let window = hands.window
            hands.move(to: Point(500, 500))
            #expect(window.interval == 1.0 / 25)
            hands.clock.advance(by: 1.9)
            #expect(window.interval == 1.0 / 25)
            hands.clock.advance(by: 0.2)
            #expect(window.interval >= 0.1 && window.interval <= 0.5)
            hands.press(SDLK_LEFT, SDL_SCANCODE_LEFT)
            #expect(window.interval == 1.0 / 25)
            // However much a frame costs, and however little: an answer comes at once, the run takes its share.
            var meter = DrawingMeter(hands.clock)
            meter.add(0.0001, drawn: 1)
            #expect(meter.restingInterval == 0.1 && meter.answerInterval == 1.0 / 60)
            for _ in 0..<100 { meter.add(1, drawn: 1) }
            #expect(meter.restingInterval == 0.5 && meter.answerInterval == 1.0 / 25)
        }

        @Test func whereNothingChangesNothingIsDrawn() throws {
            let hands = try Hands()
            defer { hands.finish() }
            #expect(hands.wait { hands.view.figurePanels.areCurrent(at: 0) })
            // The status line tells of memory twice a second.
            hands.window.settle()
            let surface = hands.window.surface
            hands.window.draw()
            #expect(surface.shareDrawn < 0.03)
            // A slider under the mouse is drawn again, and little else.
            let track = try hands.place("controls:/alpha/track")
            var most = 0.0
            hands.window.frameWasDrawn = { most = max(most, surface.shareDrawn) }
            hands.move(to: Point(track.midX, track.midY))
            #expect(most > 0 && most < 0.15, "\(most)")
            // Another window that was above it takes nothing away: all of it is shown, and none is drawn.
            let before = try surface.read()
            surface.expose()
            hands.window.draw()
            #expect(surface.shareDrawn < 0.03)
            #expect(try surface.read().pixels.count == before.pixels.count)
        }
    }
}
