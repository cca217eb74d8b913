// fused.c: the kernels of ../cl/fused.cl as loops over [begin, end) of the elements.

#include "kernel.h"

CLMAT_VECTORISED void bias_relu(size_t begin, size_t end, int channels, int area, const float *bs, const float *xs,
                                float *zs, float *ys)
{
    for (size_t i = begin; i < end;) {
        // A run of one channel, or of a dense layer's row.
        const size_t start = i / area, c = start % channels;
        const size_t run = clmat_minimum(end - i, area == 1 ? channels - c : area - i % area);
        const float *b = bs + c;
        if (area == 1)
            for (size_t j = 0; j < run; j++) {
                const float z = xs[i + j] + b[j];
                zs[i + j] = z;
                ys[i + j] = z > 0.0f ? z : 0.0f;
            }
        else
            for (size_t j = 0; j < run; j++) {
                const float z = xs[i + j] + b[0];
                zs[i + j] = z;
                ys[i + j] = z > 0.0f ? z : 0.0f;
            }
        i += run;
    }
}

CLMAT_VECTORISED void scaled_ratio(size_t begin, size_t end, float e, float d, const float *as, const float *bs,
                                   const float *cs, float *ys)
{
    for (size_t i = begin; i < end; i++) ys[i] = as[i] * (bs[i] + e) / (cs[i] + d);
}
