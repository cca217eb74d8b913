extension Kernel {
    static let negate = Kernel("map_negate", in: .elementwise)
    static let absolute = Kernel("map_absolute", in: .elementwise)
    static let square = Kernel("map_square", in: .elementwise)
    static let squareRoot = Kernel("map_square_root", in: .elementwise)
    static let reciprocal = Kernel("map_reciprocal", in: .elementwise)
    static let exp = Kernel("map_exp", in: .elementwise)
    static let log = Kernel("map_log", in: .elementwise)
    static let tanh = Kernel("map_tanh", in: .elementwise)
    static let logistic = Kernel("map_logistic", in: .elementwise)
    static let relu = Kernel("map_relu", in: .elementwise)
    static let sign = Kernel("map_sign", in: .elementwise)

    /// y = c x + d
    static let affine = Kernel("map_affine", in: .elementwise)
    /// y = x held within c…d
    static let clamp = Kernel("map_clamp", in: .elementwise)

    /// y = x / c
    static let divideByConstant = Kernel("map_divide", in: .elementwise)
    /// y = c / x
    static let divideConstant = Kernel("map_divide_into", in: .elementwise)
    /// y = [x = c]
    static let equalToConstant = Kernel("map_equal", in: .elementwise)
    /// y = [x > c]
    static let greaterThanConstant = Kernel("map_greater", in: .elementwise)

    static let add = Kernel("combine_add", in: .elementwise)
    static let subtract = Kernel("combine_subtract", in: .elementwise)
    static let multiply = Kernel("combine_multiply", in: .elementwise)
    static let divide = Kernel("combine_divide", in: .elementwise)
    static let maximum = Kernel("combine_maximum", in: .elementwise)
    static let minimum = Kernel("combine_minimum", in: .elementwise)
    static let equal = Kernel("combine_equal", in: .elementwise)
    static let greater = Kernel("combine_greater", in: .elementwise)
    /// gradient · [y > 0]
    static let reluBackward = Kernel("combine_relu_backward", in: .elementwise)
    /// gradient · (1 − y²)
    static let tanhBackward = Kernel("combine_tanh_backward", in: .elementwise)
    /// gradient · y (1 − y)
    static let logisticBackward = Kernel("combine_logistic_backward", in: .elementwise)

    static let fill = Kernel("fill_value", in: .elementwise)
    /// y ← y + a x
    static let axpy = Kernel("axpy", in: .elementwise)
    static let scaleRange = Kernel("scale_range", in: .elementwise)
}
