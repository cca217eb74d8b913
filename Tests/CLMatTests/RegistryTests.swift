import TestSupport
import Testing

@testable import CLMat

/// C functions that are found by name, with what their lines say of the parameters.
@Suite struct RegistryTests {
    @Test func everyKernelIsRegisteredOnce() {
        let all = RegisteredKernel.all
        #expect(Set(all.map { "\($0.family) \($0.name)" }).count == all.count && all.count > 80)
        #expect(all.allSatisfy { KernelFamily(builtIn: $0.family).source.contains("__kernel") }, "a family has a text")
        #expect(
            RegisteredKernel.named("cross_entropy", in: "softmax").parameters
                == [.int, .float, .floats, .ints, .writtenFloats, .writtenFloats])
    }

    @Test(arguments: Device.all)
    func argumentsOfAnotherKindOrNumberAreRefusedBeforeTheLaunch(on device: Device) throws {
        let m = try Matrix([1, 2, 3, 4], 2, 2, on: device)
        let work = WorkSize.groups(2, bytes: 16)
        func problem(_ arguments: [Argument]) -> String? {
            let error = #expect(throws: CLMatError.self) { try device.launch(.rowDots, arguments, over: work) }
            guard case .invalidArgument("row_dots", let problem) = error else { return nil }
            return problem
        }
        let signature = "int, floats, floats, floats to write."
        #expect(
            problem([.int(2), m.argument, m.argument])
                == "3 arguments were passed for 4 parameters: \(signature)")
        #expect(
            problem([.int(2), m.argument, .float(1), m.argument])
                == "Argument 2 is a float; the parameters are: \(signature)")
        #expect(
            problem([m.argument, m.argument, m.argument, m.argument])
                == "Argument 0 is memory; the parameters are: \(signature)")
        #expect(
            problem([.word(2), m.argument, m.argument, m.argument])
                == "Argument 0 is a word; the parameters are: \(signature)")
        #expect(try m.rowDots(m).values == [5, 25], "and the device goes on")
    }

    /// A registered function does the same as a closure, through the public property too.
    @Test func theCPUFormIsCallable() throws {
        let (x, y) = (try Matrix([1, 2, 3], 1, 3, on: .cpu), try Matrix(zeros: Shape(1, 3), on: .cpu))
        let arguments = KernelArguments(values: [.int(3), x.argument, y.argument])
        Kernel.square.cpu(arguments, 1..<3)
        #expect(try y.values == [0, 4, 9])
    }
}
