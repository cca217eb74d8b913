// reduction.h: what a reduction starts from and how it takes one more element.
//
// Each line becomes kernels `reduce_<name>` (of segments of a row-major array) and `reduce_columns_<name>`.
// A NaN is passed over by minimum, maximum and largest size, and makes a sum NaN. The size of a number is its absolute value.
#ifndef CLMAT_REDUCTION_H
#define CLMAT_REDUCTION_H

#include <clmat/common.h>

#define CLMAT_NEGATIVE_INFINITY as_float((int)0xff800000u)
#define CLMAT_POSITIVE_INFINITY as_float(0x7f800000)

//         name            start                     a with element x           a with another partial result b
#define CLMAT_REDUCTIONS(REDUCE) \
    REDUCE(sum,            0.0f,                     a + x,                     a + b) \
    REDUCE(sum_of_squares, 0.0f,                     a + x * x,                 a + b) \
    REDUCE(maximum,        CLMAT_NEGATIVE_INFINITY,  x > a ? x : a,             b > a ? b : a) \
    REDUCE(minimum,        CLMAT_POSITIVE_INFINITY,  x < a ? x : a,             b < a ? b : a) \
    REDUCE(sum_of_sizes,   0.0f,                     a + (x < 0.0f ? -x : x),   a + b) \
    REDUCE(largest_size,   0.0f,                     x > a ? x : (-x > a ? -x : a), b > a ? b : a)

//         name      start                     x comes before a
#define CLMAT_ARGUMENT_REDUCTIONS(REDUCE) \
    REDUCE(argmax,   CLMAT_NEGATIVE_INFINITY,  x > a) \
    REDUCE(argmin,   CLMAT_POSITIVE_INFINITY,  x < a)

#endif
