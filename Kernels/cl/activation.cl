// activation.cl: activation functions of one constant, and their backward passes; the formulas stand in ../shared/activation.h.
//
//     y[i] = f(x[i])                 activation_*
//     dx[i] = g[i] f'(x[i])          activation_*_backward
//
// A kernel for each: with one for all, which would choose by an argument, PoCL does not vectorise.
// Launch    1-D, one work-item per element, global size rounded up; any local size is right.
// Layout    x, y, g, dx  n floats

#define ACTIVATION(NAME, VALUE, SLOPE) \
    __kernel void activation_##NAME(const int n, const float c, __global const float *xs, __global float *ys) \
    { \
        const int i = get_global_id(0); \
        if (i < n) { const float x = xs[i]; ys[i] = VALUE; } \
    } \
    __kernel void activation_##NAME##_backward(const int n, const float c, __global const float *gs, \
                                               __global const float *xs, __global float *dxs) \
    { \
        const int i = get_global_id(0); \
        if (i < n) { const float x = xs[i]; dxs[i] = gs[i] * (SLOPE); } \
    }
CLMAT_ACTIVATIONS(ACTIVATION)
