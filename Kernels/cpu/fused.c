// fused.c: the kernels of ../cl/fused.cl as loops over [begin, end) of the elements.

#include "kernel.h"

CLMAT_VECTORISED void scaled_ratio(size_t begin, size_t end, float e, float d, const float *as, const float *bs,
                                   const float *cs, float *ys)
{
    for (size_t i = begin; i < end; i++) ys[i] = as[i] * (bs[i] + e) / (cs[i] + d);
}
CLMAT_KERNEL(fused, scaled_ratio, CL_INT, FLOAT, FLOAT, FLOATS, FLOATS, FLOATS, OUT_FLOATS)

CLMAT_TEXT(fused) {
#embed "../cl/fused.cl" suffix(, 0)
};
