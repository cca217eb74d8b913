import Foundation
import TestSupport
import Testing

@testable import CLMat

/// C functions that are found by name, with what their lines say of the parameters.
@Suite struct RegistryTests {
    @Test func everyKernelIsRegisteredOnce() {
        let all = RegisteredKernel.all
        #expect(Set(all.map { "\($0.family) \($0.name)" }).count == all.count && all.count > 80)
        #expect(
            all.allSatisfy { KernelFamily(registered: $0.family).source.contains("__kernel") }, "a family has a text")
        #expect(
            RegisteredKernel.named("cross_entropy", in: "softmax").parameters
                == [.int, .float, .floats, .ints, .writtenFloats, .writtenFloats])
    }

    /// Each file of OpenCL C is in the program, as the text of a family that has kernels in C; and nothing else is.
    @Test func everyTextIsAFamilyWithKernels() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Kernels")
        let files = try ["cl", "models/cl"].flatMap {
            try FileManager.default.contentsOfDirectory(atPath: root.appendingPathComponent($0).path)
        }
        let families = files.filter { $0.hasSuffix(".cl") }.map { String($0.dropLast(3)) }.sorted()
        #expect(RegisteredText.names.filter { !$0.hasSuffix(".h") }.sorted() == families)
        #expect(Set(RegisteredKernel.all.map(\.family)).sorted() == families)
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

    // MARK: - Headers in texts

    @Test func aTextHasTheHeadersThatItIncludesOnceEach() {
        let text = RegisteredText.including(
            """
            // before
            #include <clmat/philox.h>
            #include <clmat/common.h>
            #include <clmat/philox.h>
            #include "clmat/group.h"
            #include <clmat/nothing.h>
            __kernel void k() {}
            """)
        #expect(text.hasPrefix("// before\n") && text.hasSuffix("__kernel void k() {}"))
        // philox.h includes common.h itself, before all else.
        let places = ["#define CLMAT_COMMON_H", "#define CLMAT_ELEMENTARY_H", "clmat_words clmat_philox("].map {
            text.ranges(of: $0)
        }
        #expect(places.allSatisfy { $0.count == 1 })
        #expect(places[0][0].lowerBound < places[1][0].lowerBound && places[1][0].lowerBound < places[2][0].lowerBound)
        #expect(!text.contains("#include <clmat/philox.h>") && !text.contains("#include <clmat/common.h>"))
        #expect(text.contains("#include \"clmat/group.h\"") && text.contains("#include <clmat/nothing.h>"), "not known")
    }

    /// A kernel with a closure, in a text that uses CLMat's headers.
    @Test(arguments: Device.openCL)
    func anOwnTextUsesTheHeaders(on device: Device) throws {
        let family = KernelFamily(
            "including",
            source: """
                #include <clmat/group.h>
                #include <clmat/elementary.h>
                __kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
                void sum_of_exp(__global const float *xs, __global float *ys)
                {
                    __local float partials[GROUP];
                    const float sum = group_sum(clmat_exp(xs[get_global_id(0)]), partials);
                    if (get_local_id(0) == 0) ys[get_group_id(0)] = sum;
                }
                """)
        let kernel = Kernel("sum_of_exp", in: family) { _, _ in }
        let x = try Matrix(zeros: Shape(3, 64), on: device)
        let y = try Matrix(zeros: Shape(3, 1), on: device)
        try device.launch(kernel, [x.argument, y.argument], over: .groups(3, bytes: 256))
        #expect(try y.values == [64, 64, 64])
    }
}
