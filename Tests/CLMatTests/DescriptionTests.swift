import CLMat
import Testing

/// What print shows of values on a device.
@Suite struct DescriptionTests {
    @Test(arguments: Device.all)
    func shapesAndFirstValuesAreShown(on device: Device) throws {
        let name = device.name
        #expect("\(try IntVector([0, 1], on: device))" == "IntVector of 2 on \(name): [0, 1]")
        #expect("\(try IntVector([Int](), on: device))" == "IntVector of 0 on \(name): []")
        let many = "\(try IntVector(Array(0..<100), on: device))"
        #expect(many.hasPrefix("IntVector of 100 on \(name): [0, 1, 2,") && many.hasSuffix("19, …]"))
        #expect(
            "\(try Matrix([1, 2, 3, 4, 5, 6], 2, 3, on: device))"
                == "Matrix 2 × 3 on \(name): [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]")
        #expect("\(try ByteMatrix([7, 255], 1, 2, on: device))" == "ByteMatrix 1 × 2 on \(name): [[7, 255]]")
        let large = "\(try Matrix(filledWith: 2, Shape(5, 9), on: device))"
        #expect(
            large.contains("[[2.0, 2.0,") && large.hasSuffix("2.0, …], …]") && large.filter { $0 == "[" }.count == 5)
        #expect("\(try Matrix(zeros: Shape(0, 3), on: device))" == "Matrix 0 × 3 on \(name)")
        #expect("\(try Matrix(zeros: Shape(3, 70_000), on: device))".hasSuffix("0.0, …], …]"))
    }
}
