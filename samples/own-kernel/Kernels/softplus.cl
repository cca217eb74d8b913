// softplus.cl: y = ln(1 + exp x), without overflow.
//
// Launch    1-D, one work-item per element.
// Layout    x, y  n floats

#include <clmat/elementary.h>

__kernel void softplus(const int n, __global const float *xs, __global float *ys)
{
    const int i = get_global_id(0);
    if (i >= n) return;
    const float x = xs[i];
    ys[i] = fmax(x, 0.0f) + clmat_log(1.0f + clmat_exp(-fabs(x)));
}
