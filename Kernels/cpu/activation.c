// activation.c: the kernels of ../cl/activation.cl as loops over [begin, end).

#include "kernel.h"
#include "../shared/activation.h"

// Elements of a result at a time, where it is streamed.
enum { BLOCK = 1024 };

// ys[i] = FORMULA for i in [begin, end)
#define EACH(FORMULA) \
    if ((end - begin) * sizeof *ys >= CLMAT_STREAMED) { \
        float block[BLOCK]; \
        for (size_t start = begin; start < end; start += BLOCK) { \
            const size_t count = clmat_minimum(BLOCK, end - start); \
            for (size_t j = 0; j < count; j++) { const size_t i = start + j; const float x = xs[i]; block[j] = FORMULA; } \
            clmat_stream(count, 1.0f, block, ys + start); \
        } \
        clmat_end_stream(); \
        return; \
    } \
    for (size_t i = begin; i < end; i++) { const float x = xs[i]; ys[i] = FORMULA; }

#define ACTIVATION(NAME, VALUE, SLOPE) \
    CLMAT_VECTORISED void activation_##NAME(size_t begin, size_t end, float c, const float *xs, float *restrict ys) \
    { \
        (void)c; \
        EACH(VALUE) \
    } \
    CLMAT_KERNEL(activation, activation_##NAME, CL_INT, FLOAT, FLOATS, OUT_FLOATS) \
    CLMAT_VECTORISED void activation_##NAME##_backward(size_t begin, size_t end, float c, const float *gs, \
                                                       const float *xs, float *restrict ys) \
    { \
        (void)c; \
        EACH(gs[i] * (SLOPE)) \
    } \
    CLMAT_KERNEL(activation, activation_##NAME##_backward, CL_INT, FLOAT, FLOATS, FLOATS, OUT_FLOATS)
CLMAT_ACTIVATIONS(ACTIVATION)

CLMAT_TEXT(activation) {
#embed "../shared/activation.h" suffix(,)
#embed "../cl/activation.cl" suffix(, 0)
};
