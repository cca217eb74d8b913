// samplers.cl: gamma, Poisson and binomial numbers, each with a shape, mean or chance of its own.
//
// Formulas  ../shared/samplers.h
// Layout    shapes, means, chances  n floats;  trials  n ints;  ys  n floats (gamma) or ints
//           tables  the alias tables of Poisson numbers with whole means
// Launch    1-D, one work-item per element, which is the index of its source.

#include <clmat/samplers.h>

__kernel void sample_gamma(const int n, const uint seed_low, const uint seed_high, const uint step_low,
                           const uint step_high, const uint stream, __global const float *shapes, __global float *ys)
{
    const int i = get_global_id(0);
    if (i >= n) return;
    const clmat_source source = {(uint)i, stream, step_low, step_high, seed_low, seed_high};
    ys[i] = clmat_gamma(source, 0, shapes[i]);
}

__kernel void sample_poisson(const int n, const uint seed_low, const uint seed_high, const uint step_low,
                             const uint step_high, const uint stream, __global const float *means,
                             __global const uint *tables, __global int *ys)
{
    const int i = get_global_id(0);
    if (i >= n) return;
    const clmat_source source = {(uint)i, stream, step_low, step_high, seed_low, seed_high};
    const clmat_words w = clmat_draw(source, 0, 0);
    ys[i] = clmat_poisson(source, 0, means[i], w.x, w.y, tables);
}

__kernel void sample_binomial(const int n, const uint seed_low, const uint seed_high, const uint step_low,
                              const uint step_high, const uint stream, __global const int *trials,
                              __global const float *chances, __global int *ys)
{
    const int i = get_global_id(0);
    if (i >= n) return;
    const clmat_source source = {(uint)i, stream, step_low, step_high, seed_low, seed_high};
    ys[i] = clmat_binomial(source, 0, trials[i], chances[i]);
}
