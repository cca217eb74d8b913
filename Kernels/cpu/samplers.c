// samplers.c: the kernels of ../cl/samplers.cl as loops over the elements [begin, end).

#include "kernel.h"
#include <clmat/samplers.h>

static inline clmat_source source_of(size_t i, uint seed_low, uint seed_high, uint step_low, uint step_high, uint stream)
{
    return (clmat_source){(uint)i, stream, step_low, step_high, seed_low, seed_high};
}

void sample_gamma(size_t begin, size_t end, uint seed_low, uint seed_high, uint step_low, uint step_high, uint stream,
                  const float *shapes, float *ys)
{
    for (size_t i = begin; i < end; i++)
        ys[i] = clmat_gamma(source_of(i, seed_low, seed_high, step_low, step_high, stream), 0, shapes[i]);
}
CLMAT_KERNEL(samplers, sample_gamma, CL_INT, WORD, WORD, WORD, WORD, WORD, FLOATS, OUT_FLOATS)

void sample_poisson(size_t begin, size_t end, uint seed_low, uint seed_high, uint step_low, uint step_high, uint stream,
                    const float *means, const uint *tables, int *ys)
{
    for (size_t i = begin; i < end; i++) {
        const clmat_source source = source_of(i, seed_low, seed_high, step_low, step_high, stream);
        const clmat_words w = clmat_draw(source, 0, 0);
        ys[i] = clmat_poisson(source, 0, means[i], w.x, w.y, tables);
    }
}
CLMAT_KERNEL(samplers, sample_poisson, CL_INT, WORD, WORD, WORD, WORD, WORD, FLOATS, WORDS, OUT_INTS)

void sample_binomial(size_t begin, size_t end, uint seed_low, uint seed_high, uint step_low, uint step_high,
                     uint stream, const int *trials, const float *chances, int *ys)
{
    for (size_t i = begin; i < end; i++)
        ys[i] = clmat_binomial(source_of(i, seed_low, seed_high, step_low, step_high, stream), 0, trials[i], chances[i]);
}
CLMAT_KERNEL(samplers, sample_binomial, CL_INT, WORD, WORD, WORD, WORD, WORD, INTS, FLOATS, OUT_INTS)

CLMAT_TEXT(samplers) {
#embed "../cl/samplers.cl" suffix(, 0)
};
