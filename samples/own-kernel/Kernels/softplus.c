// softplus.c: the kernel of softplus.cl as a loop over [begin, end).

#include <clmat/kernel.h>

CLMAT_VECTORISED
static void softplus(size_t begin, size_t end, const float *xs, float *ys)
{
    for (size_t i = begin; i < end; i++) {
        const float x = xs[i], most = x > 0.0f ? x : 0.0f, least = x > 0.0f ? -x : x;
        ys[i] = most + clmat_log(1.0f + clmat_exp(least));
    }
}
CLMAT_KERNEL(softplus, softplus, CL_INT, FLOATS, OUT_FLOATS)

CLMAT_TEXT(softplus) {
#embed "softplus.cl" suffix(, 0)
};
