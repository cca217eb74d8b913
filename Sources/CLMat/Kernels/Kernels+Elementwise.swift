import CLMatKernels

extension Kernel {
    private static func map(
        _ name: String,
        _ function:
            @escaping @Sendable @convention(c) (
                Int, Int, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?
            ) -> Void
    ) -> Kernel {
        Kernel(name, in: .elementwise) { a, items in
            function(items.lowerBound, items.upperBound, a.floats(1), a.mutableFloats(2))
        }
    }

    static let negate = map("map_negate", map_negate)
    static let absolute = map("map_absolute", map_absolute)
    static let square = map("map_square", map_square)
    static let squareRoot = map("map_square_root", map_square_root)
    static let reciprocal = map("map_reciprocal", map_reciprocal)
    static let exp = map("map_exp", map_exp)
    static let log = map("map_log", map_log)
    static let tanh = map("map_tanh", map_tanh)
    static let logistic = map("map_logistic", map_logistic)
    static let relu = map("map_relu", map_relu)
    static let sign = map("map_sign", map_sign)

    /// y = c x + d
    static let affine = Kernel("map_affine", in: .elementwise) { a, items in
        map_affine(items.lowerBound, items.upperBound, a.float(1), a.float(2), a.floats(3), a.mutableFloats(4))
    }
    /// y = x held within c…d
    static let clamp = Kernel("map_clamp", in: .elementwise) { a, items in
        map_clamp(items.lowerBound, items.upperBound, a.float(1), a.float(2), a.floats(3), a.mutableFloats(4))
    }

    private static func mapWithConstants(
        _ name: String,
        _ function:
            @escaping @Sendable @convention(c) (
                Int, Int, Float, Float, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?
            ) -> Void
    ) -> Kernel {
        Kernel(name, in: .elementwise) { a, items in
            function(
                items.lowerBound, items.upperBound, a.float(1), a.float(2), a.floats(3), a.mutableFloats(4))
        }
    }

    /// y = x / c
    static let divideByConstant = mapWithConstants("map_divide", map_divide)
    /// y = c / x
    static let divideConstant = mapWithConstants("map_divide_into", map_divide_into)
    /// y = [x = c]
    static let equalToConstant = mapWithConstants("map_equal", map_equal)
    /// y = [x > c]
    static let greaterThanConstant = mapWithConstants("map_greater", map_greater)

    private static func combination(
        _ name: String,
        _ function:
            @escaping @Sendable @convention(c) (
                Int, Int, Int32, Int32, Int32, Int32, Int32, UnsafePointer<Float>?, UnsafePointer<Float>?,
                UnsafeMutablePointer<Float>?
            ) -> Void
    ) -> Kernel {
        Kernel(name, in: .elementwise) { a, items in
            function(
                items.lowerBound, items.upperBound, a.int(1), a.int(2), a.int(3), a.int(4), a.int(5), a.floats(6),
                a.floats(7), a.mutableFloats(8))
        }
    }

    static let add = combination("combine_add", combine_add)
    static let subtract = combination("combine_subtract", combine_subtract)
    static let multiply = combination("combine_multiply", combine_multiply)
    static let divide = combination("combine_divide", combine_divide)
    static let maximum = combination("combine_maximum", combine_maximum)
    static let minimum = combination("combine_minimum", combine_minimum)
    static let equal = combination("combine_equal", combine_equal)
    static let greater = combination("combine_greater", combine_greater)
    /// gradient · [y > 0]
    static let reluBackward = combination("combine_relu_backward", combine_relu_backward)
    /// gradient · (1 − y²)
    static let tanhBackward = combination("combine_tanh_backward", combine_tanh_backward)
    /// gradient · y (1 − y)
    static let logisticBackward = combination("combine_logistic_backward", combine_logistic_backward)

    static let fill = Kernel("fill_value", in: .elementwise) { a, items in
        fill_value(items.lowerBound, items.upperBound, a.float(1), a.mutableFloats(2))
    }
    /// y ← y + a x
    static let axpy = Kernel("axpy", in: .elementwise) { a, items in
        CLMatKernels.axpy(items.lowerBound, items.upperBound, a.float(1), a.floats(2), a.mutableFloats(3))
    }
    static let scaleRange = Kernel("scale_range", in: .elementwise) { a, items in
        scale_range(items.lowerBound, items.upperBound, a.int(1), a.float(2), a.mutableFloats(3))
    }
}
