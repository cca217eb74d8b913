// elementwise.h: the formulas of the elementwise kernels, each once.
//
// ../cl/elementwise.cl and ../cpu/elementwise.c turn each line into a kernel of that name.
#ifndef CLMAT_ELEMENTWISE_H
#define CLMAT_ELEMENTWISE_H

#include <clmat/elementary.h>

static inline float clmat_logistic(float x) { return 1.0f / (1.0f + clmat_exp(-x)); }

// y = f(x)
#define CLMAT_MAPS(MAP) \
    MAP(map_negate, -x) \
    MAP(map_absolute, x < 0.0f ? -x : x) \
    MAP(map_square, x * x) \
    MAP(map_square_root, sqrt(x)) \
    MAP(map_reciprocal, 1.0f / x) \
    MAP(map_exp, clmat_exp(x)) \
    MAP(map_log, clmat_log(x)) \
    MAP(map_tanh, clmat_tanh(x)) \
    MAP(map_logistic, clmat_logistic(x)) \
    MAP(map_relu, x > 0.0f ? x : 0.0f) \
    MAP(map_sign, (x > 0.0f ? 1.0f : 0.0f) - (x < 0.0f ? 1.0f : 0.0f))

// y = f(x, c, d) with two constants, of which some formulas use the first alone
#define CLMAT_MAPS_WITH_CONSTANTS(MAP) \
    MAP(map_affine, c * x + d) \
    MAP(map_clamp, x < c ? c : (x > d ? d : x)) \
    MAP(map_divide, x / c) \
    MAP(map_divide_into, c / x) \
    MAP(map_equal, x == c ? 1.0f : 0.0f) \
    MAP(map_greater, x > c ? 1.0f : 0.0f) \
    MAP(map_soft_threshold, x >= -c && x <= c ? 0.0f : (x > 0.0f ? x - c : x + c)) \
    MAP(map_zero_small, x >= -c && x <= c ? 0.0f : x)

// z = f(x, y), each of which may be broadcast
#define CLMAT_COMBINATIONS(COMBINE) \
    COMBINE(combine_add, x + y) \
    COMBINE(combine_subtract, x - y) \
    COMBINE(combine_multiply, x * y) \
    COMBINE(combine_divide, x / y) \
    COMBINE(combine_maximum, x > y ? x : y) \
    COMBINE(combine_minimum, x < y ? x : y) \
    COMBINE(combine_equal, x == y ? 1.0f : 0.0f) \
    COMBINE(combine_greater, x > y ? 1.0f : 0.0f) \
    COMBINE(combine_relu_backward, y > 0.0f ? x : 0.0f) \
    COMBINE(combine_tanh_backward, x * (1.0f - y * y)) \
    COMBINE(combine_logistic_backward, x * y * (1.0f - y))

#endif
